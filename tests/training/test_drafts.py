"""Drafts: shards trained apart and brought together, so that the number of threads changes nothing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.hierarchical_softmax import Tree
from wordkin.objectives.cpu.layout import aligned_zeros, choose_layout
from wordkin.training import cpu
from wordkin.training.cpu import CpuBackend
from wordkin.training.drafts import MOST_DRAFTS, DraftTable, round_size
from wordkin.training.numbering import Numbering, Rows, make_numberings
from wordkin.training.schedule import Schedule
from wordkin.vocabulary.huffman import HuffmanTree

VOCABULARY = 60
SHARD = 500  # words, so that a short text has many rounds


def encoded(ids: np.ndarray) -> EncodedCorpus:
    ids = ids.astype(np.int32)
    offsets = np.append(np.arange(0, len(ids), 20), len(ids))
    for array in (ids, offsets):  # as those of every encoded corpus, which Numba tells apart
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


WEIGHTS = 1 / np.arange(1, VOCABULARY + 1)
CORPUS = encoded(np.random.default_rng(6).choice(VOCABULARY, 11_111, p=WEIGHTS / WEIGHTS.sum()))
COUNTS = np.bincount(CORPUS.ids, minlength=VOCABULARY)
SETS_OF_OBJECTIVES = [
    chosen for number in range(1, len(OBJECTIVES) + 1) for chosen in itertools.combinations(OBJECTIVES, number)
]


@pytest.fixture(autouse=True)
def short_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "shard_words", lambda *_: SHARD)


def trained(threads: int, borders: tuple[int, ...] = (), **options: object) -> dict[str, bytes]:
    """Bits of the tables after an epoch, cut into spans at some borders."""
    config = TrainingConfig(**{"vector_size": 7, "threads": threads, "deterministic": True, **options})  # type: ignore[arg-type]
    backend = CpuBackend(config, COUNTS)
    try:
        for start, stop in itertools.pairwise((0, *borders, CORPUS.words)):
            result = backend.train_span(CORPUS, 0, start, stop, Schedule(0.025, 0.0, CORPUS.words), lambda: False)
            assert result.stop == stop
        return {name: table.tobytes() for name, table in backend.tables().items()}
    finally:
        backend.close()


@pytest.mark.parametrize("objectives", SETS_OF_OBJECTIVES, ids="+".join)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_threads_change_no_bit(architecture: str, objectives: tuple[str, ...]) -> None:
    for biases in (False, True):
        options = {
            "architecture": architecture, "objective": objectives, "output_bias": biases, "projection_bias": biases,
        }  # fmt: skip
        results = [trained(threads, **options) for threads in (1, 2, 3, 8)]
        assert all(result == results[0] for result in results)


@pytest.mark.parametrize("options", [{"learning_rate": 1.0, "window": 50}, {"architecture": "cbow", "negative": 64}])
def test_neither_do_extreme_options(options: dict[str, object]) -> None:
    """Also where training goes pair by pair."""
    assert trained(1, **options) == trained(3, **options)


def test_spans_that_end_with_rounds_change_no_bit() -> None:
    step = SHARD * MOST_DRAFTS
    assert trained(1) == trained(2, (step,)) == trained(3, (2 * step, 4 * step))


def test_a_run_that_was_stopped_goes_on_with_other_threads() -> None:
    """The result says where the last whole round ended; going on from there gives the same bits."""
    config = TrainingConfig(vector_size=7, threads=2, deterministic=True)
    first, second = (CpuBackend(config, COUNTS), CpuBackend(TrainingConfig(vector_size=7, deterministic=True), COUNTS))
    answers: Iterator[bool] = iter([False, False])
    try:
        schedule = Schedule(0.025, 0.0, CORPUS.words)
        result = first.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: next(answers, True))
        assert result.stop == 2 * first.step_words == 2 * MOST_DRAFTS * SHARD
        second.load_tables(first.tables())
        second.train_span(CORPUS, 0, result.stop, CORPUS.words, schedule, lambda: False)
        assert {name: table.tobytes() for name, table in second.tables().items()} == trained(1)
    finally:
        first.close()
        second.close()


# --- how changes come together

LAYOUT = choose_layout(5)


def merged(
    changes: list[dict[int, float]], updates: float, pull: float, *, parts: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """A table of ten rows before and after the drafts changed some of its rows by so much."""
    table = aligned_zeros((10, LAYOUT.row_size))
    table[:] = np.random.default_rng(1).normal(size=table.shape)
    before = table.copy()
    drafts = DraftTable(LAYOUT.shapes, table, len(changes), 10)
    for number, change in enumerate(changes):
        ids = np.array(list(change), np.int32)
        copies = drafts.take(number, Rows(ids, np.full(len(ids), updates, np.float32)))
        copies[: len(ids)] += np.array(list(change.values()), np.float32)[:, None]
        drafts.pull(number, pull)
    for part in range(parts):
        drafts.merge(part, parts)
    return before, table


@pytest.mark.parametrize("parts", [1, 2, 3, 11])
def test_changes_add_up_and_other_rows_stay(parts: int) -> None:
    before, after = merged([{3: 1.0, 7: 2.0}, {7: 0.5}, {}, {0: -1.0, 3: 1.0}], updates=0, pull=1, parts=parts)
    expected = np.zeros(10)
    expected[[0, 3, 7]] = [-1, 2, 2.5]
    np.testing.assert_allclose(after - before, np.tile(expected[:, None], LAYOUT.row_size), atol=1e-6)
    np.testing.assert_array_equal(after[[1, 2, 4, 5, 6, 8, 9]], before[[1, 2, 4, 5, 6, 8, 9]])


def test_changes_are_added_in_the_order_of_the_drafts() -> None:
    sizes = [1e6, -1e6, 1.0, 1e-3]
    before, after = merged([{4: size} for size in sizes], updates=0, pull=1)
    expected = before[4].copy()
    for size in sizes:  # as float32, in this order
        expected += (before[4] + np.float32(size)) - before[4]
    np.testing.assert_array_equal(after[4], expected)


@pytest.mark.parametrize(
    ("updates", "share"),
    [
        (1e-9, 1.0),  # few updates: the sum of the changes
        (1e3, 1 / 4),  # each draft moved the row all the way: their mean
        (1.0, -math.expm1(-4) / (-4 * math.expm1(-1))),
    ],
)
def test_rows_that_every_draft_moves_far_get_the_mean_of_the_changes(updates: float, share: float) -> None:
    before, after = merged([{2: 1.0}] * 4, updates=updates, pull=1)
    np.testing.assert_allclose(after[2] - before[2], 4 * share, rtol=1e-5)


def test_a_row_of_one_draft_changes_in_full() -> None:
    before, after = merged([{2: 1.0}, {5: 1.0}], updates=50, pull=1)
    np.testing.assert_allclose(after[[2, 5]] - before[[2, 5]], 1, rtol=1e-5)


# --- local numbers


def test_rows_are_numbered_by_appearance_and_counted() -> None:
    numbering = Numbering(9)
    for _ in range(2):  # what was numbered before leaves no trace
        ids = np.array([7, 2, 7, 8, 2, 7], np.int32)
        numbering.restart()
        numbering.number(ids)
        assert ids.tolist() == [0, 1, 0, 2, 1, 0]
        assert [each.tolist() for each in numbering.rows()] == [[7, 2, 8], [3, 2, 1]]
    more = np.array([8, 0], np.int32)
    numbering.number(more, 0.5)
    assert more.tolist() == [2, 3]
    assert [each.tolist() for each in numbering.rows()] == [[7, 2, 8, 0], [3, 2, 1.5, 0.5]]
    numbering.restart(all_rows=True)
    numbering.number(np.array([5], np.int32))
    assert numbering.rows().ids.tolist() == list(range(9))
    assert numbering.rows().updates.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]


def test_paths_lead_through_the_same_nodes() -> None:
    full = HuffmanTree.from_counts(COUNTS)
    numbers = make_numberings(VOCABULARY)
    words = Rows(np.array([40, 3, 11], np.int32), np.array([2, 1, 5], np.float32))
    paths = numbers.nodes.number_paths(Tree(full.offsets, full.node_ids, full.bits), words)
    nodes = numbers.nodes.rows()
    for local, word in enumerate(words.ids):
        part = slice(paths.offsets[local], paths.offsets[local + 1])
        assert nodes.ids[paths.node_ids[part]].tolist() == full.path(word)[0].tolist()
        assert paths.bits[part].tolist() == full.path(word)[1].tolist()
    assert nodes.updates[0] == words.updates.sum()  # the root


# --- memory


class AllRows:
    reads_all_rows = True


class SomeRows:
    reads_all_rows = False


@pytest.mark.parametrize(
    ("step", "row_size", "vocabulary", "expected"),
    [
        (SomeRows, 112, 10**6, (4, 8192)),
        (SomeRows, 1008, 10**6, (4, 2**27 // (4 * 1008 * 3 * 4))),
        (AllRows, 112, 10_000, (4, 16_384)),
        (AllRows, 112, 60_000, (2, 16_384)),
        (AllRows, 112, 200_000, (1, 16_384)),
    ],
)
def test_a_round_fits_into_memory(step: type, row_size: int, vocabulary: int, expected: tuple[int, int]) -> None:
    assert round_size([step()], 16_384, row_size, vocabulary) == expected


def test_a_softmax_too_large_for_drafts_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordkin.training.drafts.MOST_BYTES", 0)
    assert trained(1, objective="softmax") == trained(3, objective="softmax")
