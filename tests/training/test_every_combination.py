"""Every combination of options is refused with a reason, or trains to what the reference trains to.

The reference here is a whole training run in plain Python: windows by their definition, noise words
from the alias table, and :func:`wordkin.objectives.reference.block_step` block by block.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ConfigError
from wordkin.objectives import reference
from wordkin.objectives.blocks import BlockSize
from wordkin.training.cpu import shard_length
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces, initial_input_rows, result_vectors, table_shapes
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import alias_table, noise_probabilities
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows import reference as reference_windows
from wordkin.windows import rng
from wordkin.windows.rng import random_bits, stream_key
from wordkin.windows.windows import keep_thresholds

SENTENCES = [[0, 1, 0, 2, 3, 0, 1], [4], [1, 0, 5, 5, 2], [3, 1], [0, 0, 4, 1, 2, 0]]
SHARD = 8  # words, so that a text of 21 has shards that end inside sentences
EPOCHS = 2


def encoded(sentences: list[list[int]]) -> EncodedCorpus:
    ids = np.array([word for sentence in sentences for word in sentence], np.int32)
    offsets = np.cumsum([0, *map(len, sentences)])
    for array in (ids, offsets):  # as those of every encoded corpus, which Numba tells apart
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


CORPUS = encoded(SENTENCES)
COUNTS = np.bincount(CORPUS.ids)


class PlainTraining:
    """A training run by the reference."""

    def __init__(self, config: TrainingConfig, blocks: dict[str, BlockSize], together: int) -> None:
        self._config = config
        self._blocks, self._together = blocks, together
        self._tree = HuffmanTree.from_counts(COUNTS)
        self._noise = alias_table(noise_probabilities(COUNTS, config.noise_exponent))
        self._keep = keep_thresholds(keep_probabilities(COUNTS, config.subsample, config.subsample_formula))
        self.tables = {name: np.zeros(shape) for name, shape in table_shapes(config, len(COUNTS)).items()}
        for first, rows in initial_input_rows(config, len(COUNTS)):
            self.tables["input"][first : first + len(rows)] = rows
        self.losses: list[float] = []

    def run(self) -> None:
        schedule = Schedule.of(self._config, CORPUS.words)
        for epoch in range(EPOCHS):
            loss, count = 0.0, 0
            for first in range(0, CORPUS.words, SHARD):
                rate = schedule.at(epoch * CORPUS.words + first)
                shard = list(self._windows(epoch, first, first + SHARD))
                for objective in self._config.objectives:
                    key = np.uint64(stream_key(self._config.seed, rng.NOISE, epoch, first))
                    step_loss, examples = self._train(objective, shard, key, rate)
                    loss += step_loss
                count += examples
            self.losses.append(loss / count)

    def _windows(self, epoch: int, first: int, stop: int) -> Iterator[tuple[int, list[int]]]:
        """(centre, context) of the kept words at the corpus positions of a shard, those without context included."""
        config = self._config
        found = reference_windows.windows(
            CORPUS.ids.tolist(), CORPUS.offsets.tolist(), self._keep.tolist(),
            stream_key(config.seed, rng.WINDOWS, epoch), config.reach,
            dynamic=config.dynamic_window, whole=config.whole_sentences,
        )  # fmt: skip
        return ((each.centre, each.context) for each in found if first <= each.place < stop)

    def _train(
        self, objective: str, shard: list[tuple[int, list[int]]], key: np.uint64, rate: float
    ) -> tuple[float, int]:
        size = self._blocks.get(objective, BlockSize(1, 0, False))
        if size.pair_by_pair and self._config.architecture == "skip-gram":
            shard = [(centre, [word]) for centre, context in shard for word in context]
        loss, count = 0.0, 0
        for number, start in enumerate(range(0, len(shard), size.examples)):
            counters = np.arange(number * size.noise, (number + 1) * size.noise)
            bits = np.array([random_bits(key, np.uint64(counter)) for counter in counters], np.uint64)
            step = reference.block_step(
                self._named(objective),
                as_block(shard[start : start + size.examples]),
                architecture=self._config.architecture,
                objective=objective,
                learning_rate=rate,
                noise_ids=self._noise.draw(bits),
                negative=self._config.negative,
                tree=self._tree,
                together=self._together,
                cbow_combine=self._config.cbow_combine,
                cbow_gradient=self._config.cbow_gradient,
            )
            self._keep_tables(objective, step.tables)
            loss, count = loss + step.loss, count + step.examples
        return loss, count

    def _named(self, objective: str) -> reference.Tables:
        return reference.Tables(
            self.tables["input"],
            self.tables[f"output/{objective}"],
            self.tables.get("projection_bias"),
            self.tables.get(f"output_bias/{objective}"),
        )

    def _keep_tables(self, objective: str, tables: reference.Tables) -> None:
        names = ("input", f"output/{objective}", "projection_bias", f"output_bias/{objective}")
        arrays = (tables.input_vectors, tables.output_vectors, tables.projection_bias, tables.output_bias)
        self.tables |= {name: array for name, array in zip(names, arrays, strict=True) if array is not None}


def as_block(windows: list[tuple[int, list[int]]]) -> reference.Block:
    """Windows one after the other, each as a piece of text with its centre in front."""
    word_ids: list[int] = []
    centres, stops = [], []
    for centre, context in windows:
        centres.append(len(word_ids))
        word_ids += [centre, *context]
        stops.append(len(word_ids))
    return reference.Block(word_ids, centres, centres, stops)


def trained(config: TrainingConfig) -> tuple[dict[str, np.ndarray], list[float], dict[str, BlockSize], int]:
    """Tables, loss of each epoch, sizes of blocks and hidden rows taken together, of a run on the CPU."""
    backend = CpuBackend(config, COUNTS, first_pieces(config, len(COUNTS)))
    try:
        schedule = Schedule.of(config, CORPUS.words)
        results = [
            backend.train_span(CORPUS, epoch, 0, CORPUS.words, schedule, lambda: False) for epoch in range(EPOCHS)
        ]
        steps = zip(config.objectives, backend._held.steps, strict=True)
        blocks = {objective: step.block for objective, step in steps if hasattr(step, "block")}
        together = max(getattr(step, "together", 1) for step in backend._held.steps)
        return dict(backend.tables()), [result.loss / result.examples for result in results], blocks, together
    finally:
        backend.close()


def assert_honoured(config: TrainingConfig) -> dict[str, np.ndarray]:
    """Train both ways and compare; return the tables."""
    tables, losses, *sizes = trained(config)
    plain = PlainTraining(config, *sizes)
    plain.run()
    assert tables.keys() == plain.tables.keys()
    for name, table in tables.items():
        np.testing.assert_allclose(table, plain.tables[name], rtol=2e-5, atol=2e-5, err_msg=f"{name} of {config}")
    assert losses == pytest.approx(plain.losses, rel=2e-5), config
    return tables


@pytest.fixture(autouse=True)
def short_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_length, "shard_words", lambda steps, parts: SHARD)


SETS_OF_OBJECTIVES = [
    chosen for number in range(1, len(OBJECTIVES) + 1) for chosen in itertools.combinations(OBJECTIVES, number)
]
CHOICES = {
    "cbow_combine": ("mean", "sum"),
    "cbow_gradient": ("word2vec", "exact"),
    "projection_bias": (False, True),
    "output_bias": (False, True),
    "dynamic_window": (True, False),
    "subsample_formula": ("word2vec", "paper"),
}


def refusal(options: dict[str, Any]) -> str | None:
    """Why a combination is refused, or None."""
    if options["vectors"] != "input" and options["objective"] == ("hierarchical-softmax",):
        return (
            f'vectors must be "input" with objective="hierarchical-softmax", whose output rows belong to tree nodes, '
            f"not to words; got {options['vectors']!r}: leave vectors out"
        )
    if options["cbow_combine"] == "sum" and options["cbow_gradient"] == "exact":
        return (
            'cbow_gradient must be "word2vec" with cbow_combine="sum", because both gradients are the same for a '
            "sum; got 'exact': leave cbow_gradient out"
        )
    return None


def expected_result(tables: dict[str, np.ndarray], config: TrainingConfig) -> np.ndarray:
    if config.vectors == "input":
        return tables["input"]
    first = next(each for each in config.objectives if each != "hierarchical-softmax")
    output = tables[f"output/{first}"]
    return {"output": output, "sum": tables["input"] + output, "average": (tables["input"] + output) / 2}[
        config.vectors
    ]


@pytest.mark.parametrize("objectives", SETS_OF_OBJECTIVES, ids="+".join)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_combination_is_honoured_or_refused(architecture: str, objectives: tuple[str, ...]) -> None:
    for chosen in itertools.product(*CHOICES.values()):
        options: dict[str, Any] = dict(zip(CHOICES, chosen, strict=True))
        options |= {
            "architecture": architecture, "objective": objectives, "vector_size": 7, "window": 3, "negative": 2,
            "subsample": 0.1, "learning_rate": 0.02, "min_count": 1, "epochs": EPOCHS, "threads": 1,
        }  # fmt: skip
        tables: dict[str, np.ndarray] | None = None
        for vectors in ("input", "output", "sum", "average"):
            options["vectors"] = vectors
            reason = refusal(options)
            if reason is not None:
                with pytest.raises(ConfigError) as caught:
                    TrainingConfig(**options)
                assert str(caught.value) == reason
                continue
            config = TrainingConfig(**options)
            if tables is None:
                tables = assert_honoured(config)
            result = result_vectors(config, tables)
            np.testing.assert_allclose(result, expected_result(tables, config), rtol=1e-6)
            assert np.isfinite(result).all()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"noise_exponent": -2.0, "negative": 11},
        {"noise_exponent": 0.0, "window": 30, "dynamic_window": False},
        {"vector_size": 1, "window": 1},
        {"window": "sentence"},
        {"window": "sentence", "max_context": 3, "subsample": 0.0},
        {"window": "sentence", "max_context": 1},
        {"learning_rate": 0.001, "min_learning_rate": 0.001, "subsample": 0.0},
        {"seed": 2**63 - 1, "subsample": 0.03, "subsample_formula": "paper"},
    ],
    ids=lambda options: ", ".join(f"{name}={value}" for name, value in options.items()) or "defaults",
)
def test_numbers_of_every_size_are_honoured(options: dict[str, Any], architecture: str, objective: str) -> None:
    options = {"vector_size": 7, "subsample": 0.1, "epochs": EPOCHS, "threads": 1} | options
    assert_honoured(TrainingConfig(architecture=architecture, objective=objective, **options))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_tiny_vocabularies_are_trained_pair_by_pair(architecture: str) -> None:
    """So what they were compared with above was plain word2vec, not only blocks of it."""
    options = {"architecture": architecture, "vector_size": 7, "subsample": 0.0, "epochs": EPOCHS, "threads": 1}
    *_, blocks, _ = trained(TrainingConfig(learning_rate=0.5, **options))
    assert blocks["negative-sampling"] == BlockSize(examples=1, noise=5, pair_by_pair=True)
    *_, blocks, _ = trained(TrainingConfig(learning_rate=0.001, **options))
    assert blocks["negative-sampling"].examples > 1
