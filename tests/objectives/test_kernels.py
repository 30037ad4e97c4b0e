"""The kernels that ship equal the block step of the reference: same reads, same writes, same loss.

Numba makes one machine program per number type and tile shape, each of which takes seconds to compile. So
a few shapes are compiled, and each is driven through corpora, sizes and options of every kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordkin.objectives import reference
from wordkin.objectives.cpu.examples import Examples, Mode, Tables, make_workspace
from wordkin.objectives.cpu.hierarchical_softmax import Tree, train_hierarchical_softmax
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, choose_layout, padded
from wordkin.objectives.cpu.negative_sampling import Noise, draw_noise, train_negative_sampling
from wordkin.objectives.cpu.softmax import Classes, train_softmax
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import alias_table, noise_probabilities

SPARE_ROWS = 64  # output tables have rows to spare up to a multiple of this
TOLERANCE = {"float64": 1e-9, "float32": 2e-5}
KEY = 0x1234_5678_9ABC_DEF0


class Variant(NamedTuple):
    """A machine program: number type, lanes of a register, registers in a panel."""

    dtype: str
    lanes: int
    panel: int

    def __str__(self) -> str:
        return f"{self.dtype} by {self.lanes}, {self.panel} to a panel"

    def layout(self, numbers: int) -> Layout:
        """Rows that hold ``numbers``, in as many panels as it takes."""
        breadth = self.panel * self.lanes
        return choose_layout(breadth, self.dtype, self.lanes)._replace(row_size=padded(numbers, breadth))


@dataclass(frozen=True)
class Case:
    """A piece of text as examples, what to train on it, and how."""

    words: int
    word_ids: list[int]
    centres: list[int]
    starts: list[int]
    stops: list[int]
    window: int
    vector_size: int
    architecture: str
    combine: str
    gradient: str
    projection_bias: bool
    output_bias: bool
    pair_by_pair: bool
    block: int
    negative: int
    noise: int
    rate: float
    scale: float
    cut: int
    seed: int

    @property
    def cbow(self) -> bool:
        return self.architecture == "cbow"

    @property
    def counts(self) -> np.ndarray:
        return np.random.default_rng(self.seed).integers(1, 50, self.words)

    def shards(self) -> Iterator[tuple[int, int]]:
        """The examples as two pieces, trained one after the other with the same buffers."""
        return iter(((0, self.cut), (self.cut, len(self.centres))))


@st.composite
def cases(draw: st.DrawFn, most_words: int, exact: bool) -> Case:
    """``exact``: also steps so long and scores so large that rounding errors grow from step to step."""
    words = draw(st.one_of(st.integers(1, 4), st.integers(5, most_words)))
    word = st.integers(0, words - 1)
    sentences = draw(st.lists(st.lists(word, min_size=1, max_size=12), min_size=1, max_size=4))
    window = draw(st.one_of(st.integers(1, 5), st.just(20)))
    seed = draw(st.integers(0, 1000))
    reaches = np.random.default_rng(seed).integers(1 if draw(st.booleans()) else window, window + 1, size=48)
    word_ids: list[int] = []
    starts, stops = [], []
    for sentence in sentences:
        first, end = len(word_ids), len(word_ids) + len(sentence)
        for centre in range(first, end):
            starts.append(max(first, centre - int(reaches[centre])))
            stops.append(min(end, centre + int(reaches[centre]) + 1))
        word_ids += sentence
    left_out = draw(st.integers(0, min(2, len(word_ids) - 1)))  # words before the first centre of a span
    centres = list(range(left_out, len(word_ids)))
    starts, stops = starts[left_out:], stops[left_out:]
    architecture = draw(st.sampled_from(["skip-gram", "cbow"]))
    pair_by_pair = draw(st.sampled_from([False, False, True]))
    if pair_by_pair and architecture == "skip-gram":
        pairs = [
            (centre, place)
            for centre, start, stop in zip(centres, starts, stops, strict=True)
            for place in range(start, stop)
            if place != centre
        ]
        centres = [centre for centre, _ in pairs]
        starts, stops = [place for _, place in pairs], [place + 1 for _, place in pairs]
    combine = draw(st.sampled_from(["mean", "sum"]))
    negative = draw(st.integers(1, 12))
    return Case(
        words=words,
        word_ids=word_ids,
        centres=centres,
        starts=starts,
        stops=stops,
        window=window,
        vector_size=draw(st.one_of(st.integers(1, 40), st.integers(41, 300))),
        architecture=architecture,
        combine=combine,
        gradient=draw(st.sampled_from(["word2vec", "exact"])) if combine == "mean" else "word2vec",
        projection_bias=draw(st.booleans()),
        output_bias=draw(st.booleans()),
        pair_by_pair=pair_by_pair,
        block=1 if pair_by_pair else draw(st.sampled_from([1, 2, 3, 8, 16, 32])),
        negative=negative,
        noise=negative if pair_by_pair else draw(st.sampled_from([32, 8, 5, 1])),
        rate=draw(st.sampled_from([0.025, 0.2] if exact else [0.025])),
        scale=draw(st.sampled_from([0.0, 0.5, 3.0] if exact else [0.0, 0.5, 1.0])),
        cut=draw(st.integers(0, len(centres))),
        seed=seed,
    )


def starting_tables(case: Case, output_rows: int, dtype: str) -> reference.Tables:
    """Random tables whose scores are about ``scale`` squared, exact in the number type of the kernel."""
    random = np.random.default_rng(case.seed)
    spread = case.scale / case.vector_size**0.25

    def numbers(*shape: int) -> np.ndarray:
        return (spread * random.normal(size=shape)).astype(dtype).astype(np.float64)

    return reference.Tables(
        numbers(case.words, case.vector_size) + spread,
        numbers(output_rows, case.vector_size),
        numbers(case.vector_size) if case.projection_bias else None,
        numbers(output_rows) if case.output_bias else None,
    )


def padded_table(rows: np.ndarray, row_size: int, dtype: str) -> np.ndarray:
    """A table [V, row_size] that holds ``rows`` [V, numbers] and zeros."""
    table = aligned_zeros((rows.shape[0], row_size), dtype)
    table[:, : rows.shape[1]] = rows
    return table


def kernel_tables(case: Case, tables: reference.Tables, layout: Layout, dtype: str) -> Tables:
    """The same tables in the layout of the kernels."""
    outputs = tables.output_vectors
    if tables.output_bias is not None:
        outputs = np.column_stack([outputs, tables.output_bias])
    output_vectors = aligned_zeros((padded(len(outputs), SPARE_ROWS), layout.row_size), dtype)
    output_vectors[: len(outputs), : outputs.shape[1]] = outputs
    bias = np.zeros((0, 1)) if tables.projection_bias is None else tables.projection_bias[np.newaxis]
    return Tables(
        padded_table(tables.input_vectors, layout.row_size, dtype),
        output_vectors,
        padded_table(bias, layout.row_size, dtype),
        case.vector_size if case.output_bias else -1,
    )


def assert_trained(case: Case, found: Tables, expected: reference.Tables, tolerance: float) -> None:
    size, rows = case.vector_size, len(expected.output_vectors)
    numbers = {
        "input_vectors": found.input_vectors[:, :size],
        "output_vectors": found.output_vectors[:rows, :size],
        "projection_bias": found.projection_bias[0, :size] if case.projection_bias else None,
        "output_bias": found.output_vectors[:rows, size] if case.output_bias else None,
    }
    for name, array in expected.arrays().items():
        np.testing.assert_allclose(numbers[name], array, rtol=tolerance, atol=tolerance, err_msg=name)
    padding = size + case.output_bias
    assert not found.input_vectors[:, padding:].any()
    assert not found.output_vectors[:, padding:].any()
    assert not found.output_vectors[rows:].any()


def mode_of(case: Case, buffered: bool) -> Mode:
    return Mode(
        cbow=case.cbow,
        window=case.window,
        reach=0 if case.cbow else case.window,
        buffered=buffered or case.cbow or case.projection_bias,
        mean=case.cbow and case.combine == "mean",
        exact=case.cbow and case.gradient == "exact",
    )


def examples_of(case: Case, first: int, stop: int) -> Examples:
    arrays = case.word_ids, case.centres[first:stop], case.starts[first:stop], case.stops[first:stop]
    word_ids, *windows = (np.array(each, np.int32) for each in arrays)
    return Examples(word_ids, word_ids, *windows)


class ByReference:
    """Trains the examples of a case block by block with :func:`reference.block_step`."""

    def __init__(
        self,
        case: Case,
        objective: str,
        tables: reference.Tables,
        tree: HuffmanTree | None = None,
        together: int = 1,
    ) -> None:
        self._case, self._objective, self._tree, self._together = case, objective, tree, together
        self.tables, self.loss, self.examples = tables, 0.0, 0

    def train(self, first: int, stop: int, noise_ids: list[int] | None = None) -> None:
        case = self._case
        for number, start in enumerate(range(first, stop, case.block)):
            span = slice(start, min(start + case.block, stop))
            step = reference.block_step(
                self.tables,
                reference.Block(case.word_ids, case.centres[span], case.starts[span], case.stops[span]),
                architecture=case.architecture,
                objective=self._objective,
                learning_rate=case.rate,
                noise_ids=noise_ids[number * case.noise : (number + 1) * case.noise] if noise_ids else (),
                negative=case.negative,
                tree=self._tree,
                together=self._together,
                cbow_combine=case.combine,
                cbow_gradient=case.gradient,
            )
            self.tables = step.tables
            self.loss += step.loss
            self.examples += step.examples

    def assert_same(self, tables: Tables, results: list[tuple[float, int]], tolerance: float) -> None:
        assert_trained(self._case, tables, self.tables, tolerance)
        assert sum(examples for _, examples in results) == self.examples
        assert sum(loss for loss, _ in results) == pytest.approx(self.loss, rel=tolerance, abs=tolerance)


many = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize(
    "variant",
    [Variant("float64", 2, 5), Variant("float32", 16, 7)],
    ids=Variant.__str__,
)
@many
@given(data=st.data(), buffered=st.booleans())
def test_negative_sampling(variant: Variant, data: st.DataObject, buffered: bool) -> None:
    case = data.draw(cases(12, variant.dtype == "float64"))
    layout = variant.layout(case.vector_size + case.output_bias)
    start = starting_tables(case, case.words, variant.dtype)
    expected = ByReference(case, "negative-sampling", start)
    tables, mode = kernel_tables(case, start, layout, variant.dtype), mode_of(case, buffered)
    work = make_workspace(layout, case.block, case.noise, 2 * mode.reach + 1, variant.dtype)
    table = alias_table(noise_probabilities(case.counts))
    results = []
    for first, stop in case.shards():
        blocks = -(-(stop - first) // case.block)
        noise = Noise(np.empty(blocks * case.noise, np.int32), case.noise, case.negative)
        draw_noise(table.thresholds, table.aliases, np.uint64(KEY + first), noise.ids)
        expected.train(first, stop, noise.ids.tolist())
        results.append(
            train_negative_sampling(
                layout.shapes, tables, examples_of(case, first, stop), mode, noise, case.block, case.rate, work
            )
        )
    expected.assert_same(tables, results, TOLERANCE[variant.dtype])


@pytest.mark.parametrize(
    "variant",
    [Variant("float64", 4, 3), Variant("float32", 8, 1)],
    ids=Variant.__str__,
)
@many
@given(data=st.data(), buffered=st.booleans(), together=st.sampled_from([1, 2, 8]))
def test_hierarchical_softmax(variant: Variant, data: st.DataObject, buffered: bool, together: int) -> None:
    case = data.draw(cases(40, variant.dtype == "float64"))
    mode = mode_of(case, buffered)
    layout = variant.layout(case.vector_size + case.output_bias).with_update_rows(1 if mode.buffered else together)
    together = layout.shapes.update.rows
    tree = HuffmanTree.from_counts(case.counts)
    start = starting_tables(case, case.words - 1, variant.dtype)
    tables = kernel_tables(case, start, layout, variant.dtype)
    expected = ByReference(case, "hierarchical-softmax", start, tree, together)
    work = make_workspace(layout, together, 1, int(tree.lengths.max()) + together, variant.dtype)
    paths = Tree(tree.offsets, tree.node_ids, tree.bits)
    results = []
    for first, stop in case.shards():
        expected.train(first, stop)
        results.append(
            train_hierarchical_softmax(
                layout.shapes, tables, examples_of(case, first, stop), mode, paths, case.rate, work
            )
        )
    expected.assert_same(tables, results, TOLERANCE[variant.dtype])


@pytest.mark.parametrize(
    "variant",
    [Variant("float64", 4, 3), Variant("float32", 8, 1)],
    ids=Variant.__str__,
)
@many
@given(data=st.data())
def test_softmax(variant: Variant, data: st.DataObject) -> None:
    case = data.draw(cases(100, variant.dtype == "float64"))
    layout = variant.layout(case.vector_size + case.output_bias)
    start = starting_tables(case, case.words, variant.dtype)
    expected = ByReference(case, "softmax", start)
    tables, mode = kernel_tables(case, start, layout, variant.dtype), mode_of(case, True)
    work = make_workspace(layout, case.block, 32, 1, variant.dtype)
    scores = aligned_zeros((padded(case.block), padded(case.words, SPARE_ROWS)), variant.dtype)
    classes: Any = Classes(case.words, scores, np.zeros(0, np.int32))
    results = []
    for first, stop in case.shards():
        expected.train(first, stop)
        results.append(
            train_softmax(
                layout.shapes, tables, examples_of(case, first, stop), mode, classes, case.block, case.rate, work
            )
        )
    expected.assert_same(tables, results, TOLERANCE[variant.dtype])
