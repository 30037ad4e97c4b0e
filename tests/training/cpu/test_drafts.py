"""Drafts: shards trained apart and brought together, so that the number of threads changes nothing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.drafts import (
    PLACES_TOGETHER,
    Drafts,
    claim_rows,
    merge_rows,
    take_rows,
)
from wordkin.objectives.cpu.hierarchical_softmax import Tree
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cpu import backend as cpu
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.cpu.drafts import make_drafts, places_of, round_size, row_set
from wordkin.training.cpu.numbering import RowSet, make_local_ids
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


def trained(
    threads: int, borders: tuple[int, ...] = (), words: int = CORPUS.words, **options: object
) -> dict[str, bytes]:
    """Bits of the tables after so many words, cut into spans at some borders."""
    config = TrainingConfig(**{"vector_size": 7, "threads": threads, "deterministic": True, **options})  # type: ignore[arg-type]
    backend = CpuBackend(config, COUNTS)
    try:
        for start, stop in itertools.pairwise((0, *borders, words)):
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


@pytest.mark.parametrize(
    "options", [{"learning_rate": 1.0, "window": 50}, {"architecture": "cbow", "negative": 64}, {"drafts": 7}]
)
def test_neither_do_extreme_options(options: dict[str, object]) -> None:
    """Also where training goes pair by pair."""
    assert trained(1, **options) == trained(3, **options)


def test_spans_that_end_with_rounds_change_no_bit() -> None:
    step = SHARD * TrainingConfig().drafts
    assert trained(1) == trained(2, (step,)) == trained(3, (2 * step, 4 * step))


def test_rounds_may_be_short() -> None:
    """The last round of a text has any number of shards, one as well."""
    for words in (SHARD, SHARD + 1, 5 * SHARD):
        results = [trained(threads, words=words, drafts=4, objective=OBJECTIVES) for threads in (1, 3)]
        assert results[0] == results[1]


def test_a_run_that_was_stopped_goes_on_with_other_threads() -> None:
    """The result says where the last whole round ended; going on from there gives the same bits."""
    config = TrainingConfig(vector_size=7, threads=2, deterministic=True)
    first, second = (CpuBackend(config, COUNTS), CpuBackend(TrainingConfig(vector_size=7, deterministic=True), COUNTS))
    answers: Iterator[bool] = iter([False, False])
    try:
        schedule = Schedule(0.025, 0.0, CORPUS.words)
        result = first.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: next(answers, True))
        assert result.stop == 2 * first.step_words == 2 * config.drafts * SHARD
        second.load_tables(first.tables())
        second.train_span(CORPUS, 0, result.stop, CORPUS.words, schedule, lambda: False)
        assert {name: table.tobytes() for name, table in second.tables().items()} == trained(1)
    finally:
        first.close()
        second.close()


def test_a_round_that_was_prepared_and_not_trained_leaves_no_trace() -> None:
    backend = CpuBackend(TrainingConfig(vector_size=7, deterministic=True, threads=2), COUNTS)
    try:
        schedule = Schedule(0.025, 0.0, CORPUS.words)
        assert backend.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: True).stop == 0
        backend.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: False)
        assert {name: table.tobytes() for name, table in backend.tables().items()} == trained(1)
    finally:
        backend.close()


# --- how changes come together

LAYOUT = choose_layout(5)


def drafts_of(rows: list[list[int]], updates: float, *, first_shard: int = 0, drafts: Drafts | None = None) -> Drafts:
    """A table of ten rows, row by row 0, 1, … in all columns, and shards that read some of them."""
    drafts = make_drafts(10, LAYOUT.row_size, 10, len(rows)) if drafts is None else drafts
    drafts.rows[:10] = np.arange(10)[:, None]
    shards = range(first_shard, first_shard + len(rows))
    for shard, ids in zip(shards, rows, strict=True):
        row_set(drafts, shard).restart_with(np.array(ids, np.int32), updates)
    for shard in (*shards[1::2], *shards[::2]):  # in any order
        claim_rows((drafts,), shard)
    for shard in shards:
        take_rows(LAYOUT.shapes, (drafts,), shard)
    return drafts


def numbers_of(drafts: Drafts, shard: int) -> np.ndarray:
    """Where a shard finds its rows."""
    return drafts.numbers[places_of(drafts, shard)][: drafts.counts[shard]]


def merged(changes: list[dict[int, float]], updates: float, pull: float, *, parts: int = 1) -> np.ndarray:
    """What is added to each of ten rows when the drafts changed some of them by so much."""
    drafts = drafts_of([list(change) for change in changes], updates)
    before = drafts.rows[:10].copy()
    for shard, change in enumerate(changes):
        drafts.rows[numbers_of(drafts, shard)] += np.array(list(change.values()), np.float32)[:, None]
        drafts.pulls[shard] = pull
    for part in range(parts):
        merge_rows(LAYOUT.shapes, (drafts,), 0, part, parts)
    assert not drafts.heads.any()  # nothing is left of the round
    change = drafts.rows[:10] - before
    assert (change == change[:, :1]).all()
    return change[:, 0]


def test_rows_are_copied_where_several_read_them() -> None:
    drafts = make_drafts(10, LAYOUT.row_size, 10, 3)
    for first in (0, 3, 0):  # generations take turns, and leave no trace
        drafts_of([[7, 2, 5], [], [5, 1, 7, 0]], 1.0, first_shard=first, drafts=drafts)
        one, other = (numbers_of(drafts, first + shard) for shard in (0, 2))
        assert one[1] == 2
        assert other[[1, 3]].tolist() == [1, 0]
        copies = [*one[[0, 2]], *other[[0, 2]]]
        assert len(set(copies)) == 4
        assert min(copies) >= drafts.copies
        assert drafts.rows[copies, 0].tolist() == [7, 5, 5, 7]
        merge_rows(LAYOUT.shapes, (drafts,), first, 0, 1)


def test_two_generations_do_not_meet() -> None:
    drafts = drafts_of([[4], [5]], 1.0)
    drafts_of([[5], [6]], 1.0, first_shard=2, drafts=drafts)
    assert [numbers_of(drafts, shard).tolist() for shard in range(4)] == [[4], [5], [5], [6]]


@pytest.mark.parametrize("parts", [1, 2, 3, 11])
def test_changes_add_up_and_other_rows_stay(parts: int) -> None:
    change = merged([{3: 1.0, 7: 2.0}, {7: 0.5}, {}, {0: -1.0, 3: 1.0}], updates=0, pull=1, parts=parts)
    assert change.tolist() == [-1, 0, 0, 2, 0, 0, 0, 2.5, 0, 0]


def test_many_rows_are_merged_in_any_number_of_parts() -> None:
    """More rows than are dealt to a thread at a time."""
    rows = 5 * PLACES_TOGETHER + 3
    for parts in (1, 2, 3):
        drafts = make_drafts(rows, LAYOUT.row_size, rows, 2)
        for shard in range(2):
            row_set(drafts, shard).restart_with(np.arange(rows, dtype=np.int32), 0.0)
            claim_rows((drafts,), shard)
        for shard in range(2):
            take_rows(LAYOUT.shapes, (drafts,), shard)
            drafts.rows[numbers_of(drafts, shard)] += 1
        for part in range(parts):
            merge_rows(LAYOUT.shapes, (drafts,), 0, part, parts)
        assert (drafts.rows[:rows] == 2).all()
        assert not drafts.rows[rows : drafts.copies].any()


def test_changes_are_added_in_the_order_of_the_drafts() -> None:
    sizes = [1e6, -1e6, 1.0, 1e-3]
    expected = np.float32(4)
    for size in sizes:  # as float32, in this order
        expected += (np.float32(4) + np.float32(size)) - np.float32(4)
    assert merged([{4: size} for size in sizes], updates=0, pull=1)[4] == expected - np.float32(4)


@pytest.mark.parametrize(
    ("updates", "share"),
    [
        (1e-9, 1.0),  # few updates: the sum of the changes
        (1e3, 1 / 4),  # each draft moved the row all the way: their mean
        (1.0, -math.expm1(-4) / (-4 * math.expm1(-1))),
    ],
)
def test_rows_that_every_draft_moves_far_get_the_mean_of_the_changes(updates: float, share: float) -> None:
    assert merged([{2: 1.0}] * 4, updates=updates, pull=1)[2] == pytest.approx(4 * share, rel=1e-5)


def test_a_row_of_one_draft_changes_in_full() -> None:
    assert merged([{2: 1.0}, {5: 1.0}], updates=50, pull=1)[[2, 5]].tolist() == [1, 1]


# --- local numbers


def some_rows(room: int) -> RowSet:
    return RowSet(np.zeros(room, np.int32), np.zeros(room, np.float32), np.zeros(1, np.int64))


def test_rows_are_numbered_by_appearance_and_counted() -> None:
    rows, local_ids = some_rows(9), make_local_ids(9).words
    for _ in range(2):  # what was numbered before leaves no trace
        ids = np.array([7, 2, 7, 8, 2, 7], np.int32)
        rows.restart()
        rows.number(ids, 1.0, local_ids)
        assert ids.tolist() == [0, 1, 0, 2, 1, 0]
        assert rows.ids.tolist() == [7, 2, 8]
        assert rows.updates.tolist() == [3, 2, 1]
    others = some_rows(9)
    others.restart_with(rows.ids, rows.updates * 2)
    more = np.array([8, 0], np.int32)
    others.number(more, 0.5, local_ids)
    assert more.tolist() == [2, 3]
    assert others.ids.tolist() == [7, 2, 8, 0]
    assert others.updates.tolist() == [6, 4, 2.5, 0.5]


@pytest.mark.parametrize("top", [0, 5, VOCABULARY - 1])
def test_paths_lead_through_the_same_nodes(top: int) -> None:
    full = HuffmanTree.from_counts(COUNTS)
    words, nodes = some_rows(3), some_rows(VOCABULARY)
    words.restart_with(np.array([40, 3, 11], np.int32), [2, 1, 5])
    tree = Tree(full.offsets, full.node_ids, full.bits)
    nodes.restart_with(np.arange(top, dtype=np.int32), 0)
    paths = nodes.number_paths(tree, words, 0.5, make_local_ids(VOCABULARY).nodes)
    for local, word in enumerate(words.ids):
        part = slice(paths.offsets[local], paths.offsets[local + 1])
        assert nodes.ids[paths.node_ids[part]].tolist() == full.path(word)[0].tolist()
        assert paths.bits[part].tolist() == full.path(word)[1].tolist()
    assert nodes.updates[0] == words.updates.sum() / 2  # the root


# --- memory


class AllRows:
    reads_all_rows = True


class SomeRows:
    reads_all_rows = False


@pytest.mark.parametrize(
    ("drafts", "step", "row_size", "vocabulary", "expected"),
    [
        (2, SomeRows, 112, 10**6, (2, 16_384)),
        (2, SomeRows, 1008, 10**6, (2, 2**27 // (4 * 1008 * 3 * 2))),
        (8, SomeRows, 112, 10**6, (8, 4096)),
        (4, AllRows, 112, 10_000, (4, 16_384)),
        (4, AllRows, 112, 60_000, (2, 16_384)),
        (2, AllRows, 112, 200_000, (1, 16_384)),
    ],
)
def test_a_round_fits_into_memory(
    drafts: int, step: type, row_size: int, vocabulary: int, expected: tuple[int, int]
) -> None:
    assert round_size(drafts, [step()], 16_384, row_size, vocabulary) == expected


def test_a_softmax_too_large_for_drafts_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordkin.training.cpu.drafts.MOST_BYTES", 0)
    assert trained(1, objective="softmax") == trained(3, objective="softmax")
