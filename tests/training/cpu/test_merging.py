"""Parts trained apart on copies and merged, so that the number of threads changes nothing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.copies import (
    SLOTS_TOGETHER,
    RowCopies,
    claim_rows,
    merge_rows,
    take_rows,
)
from wordkin.objectives.cpu.hierarchical_softmax import Tree
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cpu import shard_length
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.cpu.merging import make_copies, row_set, slots_of
from wordkin.training.cpu.numbering import RowSet, make_local_ids
from wordkin.training.cpu.shard_length import part_words, parts_in_memory
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces
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
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_length, "shard_words", lambda steps, parts: SHARD)


def opened(config: TrainingConfig) -> CpuBackend:
    return CpuBackend(config, COUNTS, first_pieces(config, VOCABULARY))


def trained(
    threads: int, borders: tuple[int, ...] = (), words: int = CORPUS.words, **options: object
) -> dict[str, bytes]:
    """Bits of the tables after so many words, cut into spans at some borders."""
    config = TrainingConfig(**{"vector_size": 7, "threads": threads, "deterministic": True, **options})  # type: ignore[arg-type]
    backend = opened(config)
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
    "options", [{"learning_rate": 1.0, "window": 50}, {"architecture": "cbow", "negative": 64}, {"parts": 7}]
)
def test_neither_do_extreme_options(options: dict[str, object]) -> None:
    """Also where training goes pair by pair."""
    assert trained(1, **options) == trained(3, **options)


def test_spans_that_end_with_rounds_change_no_bit() -> None:
    step = SHARD * TrainingConfig().parts
    assert trained(1) == trained(2, (step,)) == trained(3, (2 * step, 4 * step))


def test_rounds_may_be_short() -> None:
    """The last round of a text has any number of shards, one as well."""
    for words in (SHARD, SHARD + 1, 5 * SHARD):
        results = [trained(threads, words=words, parts=4, objective=OBJECTIVES) for threads in (1, 3)]
        assert results[0] == results[1]


def test_a_run_that_was_stopped_goes_on_with_other_threads() -> None:
    """The result says where the last whole round ended; going on from there gives the same bits."""
    config = TrainingConfig(vector_size=7, threads=2, deterministic=True)
    first, second = opened(config), opened(TrainingConfig(vector_size=7, deterministic=True))
    answers: Iterator[bool] = iter([False, False])
    try:
        schedule = Schedule(0.025, 0.0, CORPUS.words)
        result = first.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: next(answers, True))
        assert result.stop == 2 * first.step_words == 2 * config.parts * SHARD
        second.load_tables(first.tables())
        second.train_span(CORPUS, 0, result.stop, CORPUS.words, schedule, lambda: False)
        assert {name: table.tobytes() for name, table in second.tables().items()} == trained(1)
    finally:
        first.close()
        second.close()


def test_a_round_that_was_prepared_and_not_trained_leaves_no_trace() -> None:
    backend = opened(TrainingConfig(vector_size=7, deterministic=True, threads=2))
    try:
        schedule = Schedule(0.025, 0.0, CORPUS.words)
        assert backend.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: True).stop == 0
        backend.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: False)
        assert {name: table.tobytes() for name, table in backend.tables().items()} == trained(1)
    finally:
        backend.close()


# --- how changes come together

LAYOUT = choose_layout(5)


def copies_of(
    rows: list[list[int]], updates: float, *, first_shard: int = 0, table: RowCopies | None = None
) -> RowCopies:
    """A table of ten rows, row by row 0, 1, … in all columns, and shards that read some of them."""
    table = make_copies(10, LAYOUT.row_size, 10, len(rows)) if table is None else table
    table.rows[:10] = np.arange(10)[:, None]
    shards = range(first_shard, first_shard + len(rows))
    for shard, ids in zip(shards, rows, strict=True):
        row_set(table, shard).restart_with(np.array(ids, np.int32), updates)
    for shard in (*shards[1::2], *shards[::2]):  # in any order
        claim_rows((table,), shard)
    for shard in shards:
        take_rows(LAYOUT.shapes, (table,), shard)
    return table


def numbers_of(table: RowCopies, shard: int) -> np.ndarray:
    """Where a shard finds its rows."""
    return table.numbers[slots_of(table, shard)][: table.counts[shard]]


def merged(changes: list[dict[int, float]], updates: float, pull: float, *, shares: int = 1) -> np.ndarray:
    """What is added to each of ten rows when the parts changed some of them by so much."""
    table = copies_of([list(change) for change in changes], updates)
    before = table.rows[:10].copy()
    for shard, change in enumerate(changes):
        table.rows[numbers_of(table, shard)] += np.array(list(change.values()), np.float32)[:, None]
        table.pulls[shard] = pull
    for share in range(shares):
        merge_rows(LAYOUT.shapes, (table,), 0, share, shares)
    assert not table.heads.any()  # nothing is left of the round
    change = table.rows[:10] - before
    assert (change == change[:, :1]).all()
    return change[:, 0]


def test_rows_are_copied_where_several_read_them() -> None:
    table = make_copies(10, LAYOUT.row_size, 10, 3)
    for first in (0, 3, 0):  # generations take turns, and leave no trace
        copies_of([[7, 2, 5], [], [5, 1, 7, 0]], 1.0, first_shard=first, table=table)
        one, other = (numbers_of(table, first + shard) for shard in (0, 2))
        assert one[1] == 2
        assert other[[1, 3]].tolist() == [1, 0]
        copies = [*one[[0, 2]], *other[[0, 2]]]
        assert len(set(copies)) == 4
        assert min(copies) >= table.first_copy
        assert table.rows[copies, 0].tolist() == [7, 5, 5, 7]
        merge_rows(LAYOUT.shapes, (table,), first, 0, 1)


def test_two_generations_do_not_meet() -> None:
    table = copies_of([[4], [5]], 1.0)
    copies_of([[5], [6]], 1.0, first_shard=2, table=table)
    assert [numbers_of(table, shard).tolist() for shard in range(4)] == [[4], [5], [5], [6]]


@pytest.mark.parametrize("shares", [1, 2, 3, 11])
def test_changes_add_up_and_other_rows_stay(shares: int) -> None:
    change = merged([{3: 1.0, 7: 2.0}, {7: 0.5}, {}, {0: -1.0, 3: 1.0}], updates=0, pull=1, shares=shares)
    assert change.tolist() == [-1, 0, 0, 2, 0, 0, 0, 2.5, 0, 0]


def test_many_rows_are_merged_in_any_number_of_shares() -> None:
    """More rows than are dealt to a thread at a time."""
    rows = 5 * SLOTS_TOGETHER + 3
    for shares in (1, 2, 3):
        table = make_copies(rows, LAYOUT.row_size, rows, 2)
        for shard in range(2):
            row_set(table, shard).restart_with(np.arange(rows, dtype=np.int32), 0.0)
            claim_rows((table,), shard)
        for shard in range(2):
            take_rows(LAYOUT.shapes, (table,), shard)
            table.rows[numbers_of(table, shard)] += 1
        for share in range(shares):
            merge_rows(LAYOUT.shapes, (table,), 0, share, shares)
        assert (table.rows[:rows] == 2).all()
        assert not table.rows[rows : table.first_copy].any()


def test_changes_are_added_in_the_order_of_the_parts() -> None:
    sizes = [1e6, -1e6, 1.0, 1e-3]
    expected = np.float32(4)
    for size in sizes:  # as float32, in this order
        expected += (np.float32(4) + np.float32(size)) - np.float32(4)
    assert merged([{4: size} for size in sizes], updates=0, pull=1)[4] == expected - np.float32(4)


@pytest.mark.parametrize(
    ("updates", "share"),
    [
        (1e-9, 1.0),  # few updates: the sum of the changes
        (1e3, 1 / 4),  # each part moved the row all the way: their mean
        (1.0, -math.expm1(-4) / (-4 * math.expm1(-1))),
    ],
)
def test_rows_that_every_part_moves_far_get_the_mean_of_the_changes(updates: float, share: float) -> None:
    assert merged([{2: 1.0}] * 4, updates=updates, pull=1)[2] == pytest.approx(4 * share, rel=1e-5)


def test_a_row_of_one_part_changes_in_full() -> None:
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
    ("parts", "step", "row_size", "words"),
    [
        (2, SomeRows, 112, 16_384),
        (2, SomeRows, 1008, 2**27 // (4 * 1008 * 3 * 2)),
        (8, SomeRows, 112, 4096),
        (64, AllRows, 1008, 16_384),
    ],
)
def test_parts_are_as_long_as_their_copies_allow(
    monkeypatch: pytest.MonkeyPatch, parts: int, step: type, row_size: int, words: int
) -> None:
    monkeypatch.setattr(shard_length, "shard_words", lambda steps, parts: 16_384)
    assert part_words([step()], parts, row_size) == words


@pytest.mark.parametrize(
    ("asked", "objective", "vocabulary", "parts"),
    [
        (4, "negative-sampling", 10**6, 4),
        (4, "softmax", 10_000, 4),
        (4, "softmax", 60_000, 2),
        (2, "softmax", 200_000, 1),
        (4, ("negative-sampling", "softmax"), 60_000, 1),
    ],
)
def test_there_are_as_many_parts_as_copies_of_all_rows_fit_into_memory(
    asked: int, objective: str, vocabulary: int, parts: int
) -> None:
    assert parts_in_memory(TrainingConfig(parts=asked, objective=objective), 112, vocabulary) == parts


def test_a_softmax_too_large_to_copy_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordkin.training.cpu.shard_length.MOST_COPIED_BYTES", 0)
    assert trained(1, objective="softmax") == trained(3, objective="softmax")
