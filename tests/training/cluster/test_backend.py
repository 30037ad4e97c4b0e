"""Replicas of the tables: the same bits whatever the machines and spans, and tables that are whole between periods."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ConfigError
from wordkin.training.backend import Backend
from wordkin.training.choose import open_backend
from wordkin.training.cluster import memory
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cluster.clocks import Clocks
from wordkin.training.cluster.machine import Machine, frequent_rows
from wordkin.training.cluster.merging import MergedRows
from wordkin.training.cluster.transport import InProcess
from wordkin.training.cpu import shard_length
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces, table_shapes
from wordkin.vocabulary import Vocabulary

VOCABULARY = 1300  # more than one stripe
OBJECTIVES = ("negative-sampling", "hierarchical-softmax")
PERIOD = 4 * 300 * 2  # replicas, words of a block, rounds
WORDS = 3 * PERIOD + 700  # the last round has two blocks and a part of one
Tables = dict[str, np.ndarray]


def encoded(ids: np.ndarray) -> EncodedCorpus:
    ids = ids.astype(np.int32)
    offsets = np.append(np.arange(0, len(ids), 20), len(ids))
    for array in (ids, offsets):  # as those of every encoded corpus, which Numba tells apart
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


WEIGHTS = 1 / np.arange(1, VOCABULARY + 1)
CORPUS = encoded(np.random.default_rng(6).choice(VOCABULARY, WORDS, p=WEIGHTS / WEIGHTS.sum()))
COUNTS = np.maximum(np.bincount(CORPUS.ids, minlength=VOCABULARY), 1)
SCHEDULE = Schedule(0.05, 0.0, CORPUS.words)


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_length, "shard_words", lambda steps, parts: 100)


def configured(**options: object) -> TrainingConfig:
    clocks = {"replicas": 4, "round_words": 300, "merge_all_every": 2, "frequent_rows": 50}
    return TrainingConfig.from_options(**{"vector_size": 7, "threads": 1, "deterministic": True, **clocks, **options})


def opened(config: TrainingConfig, machines: int = 1) -> ReplicatedBackend:
    if machines == 1:
        return ReplicatedBackend.in_process(config, COUNTS, first_pieces(config, VOCABULARY))
    transport = InProcess(config, COUNTS, first_pieces(config, VOCABULARY), machines=machines)
    return ReplicatedBackend(Clocks.of(config, WORDS), transport)


def tables_of(backend: Backend) -> Tables:
    return {name: table.copy() for name, table in backend.tables().items()}


def trained(machines: int = 1, borders: tuple[int, ...] = (), **options: object) -> Tables:
    """The tables after the whole text, cut into spans at some borders."""
    backend = opened(configured(**options), machines)
    try:
        start = 0
        for stop in (*borders, WORDS):
            start = backend.train_span(CORPUS, 0, start, stop, SCHEDULE, lambda: False).stop
        assert start == WORDS
        return tables_of(backend)
    finally:
        backend.close()


@functools.cache
def usual() -> Tables:
    """The tables of the usual options."""
    return trained()


def same(found: Tables, expected: Tables) -> bool:
    return all(found[name].tobytes() == table.tobytes() for name, table in expected.items())


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_machines_change_no_bit(architecture: str, objective: str) -> None:
    options = {"architecture": architecture, "objective": objective}
    expected = trained(1, **options)
    assert same(trained(2 if architecture == "cbow" else 4, threads=2, **options), expected)


MERGING = {
    "usual": {},
    "bfloat16": {"merge_dtype": "bfloat16"},
    "late": {"merge_late": True, "merge_all_every": 3},
    "late, bfloat16": {"merge_late": True, "merge_all_every": 3, "merge_dtype": "bfloat16"},
}
MERGINGS = pytest.mark.parametrize("merging", MERGING.values(), ids=MERGING.keys())


@MERGINGS
def test_neither_do_machines_in_default_mode_with_one_thread(merging: dict[str, object]) -> None:
    options = {"deterministic": False, "objective": OBJECTIVES, "output_bias": True, "projection_bias": True}
    assert same(trained(3, **options, **merging), trained(1, **options, **merging))


def test_changes_in_bfloat16_are_rounded() -> None:
    found = trained(merge_dtype="bfloat16")
    assert same(trained(4, (PERIOD,), threads=2, merge_dtype="bfloat16"), found)
    for name, precise in usual().items():
        assert 0 < np.abs(found[name] - precise).max() < 0.01 * np.abs(precise).max()


def test_rows_that_are_merged_late_are_as_if_training_had_started_from_them() -> None:
    """Each round brings a row of both replicas closer to its optimum, as in the model of the merging rule."""
    config = configured(replicas=2, frequent_rows=1, merge_late=True)
    machine = Machine(config, COUNTS, first_pieces(config, VOCABULARY), range(2))
    row = int(np.argmax(COUNTS))
    optimum, pull = machine.merged[0][row] + 1, 0.5
    rounds = []  # that would have brought both replicas to where they are, if they had trained in sequence

    def train() -> None:
        for replica in machine.replicas.values():
            replica.rows[0][row] = optimum + (replica.rows[0][row] - optimum) * np.float32(math.exp(-pull))
            replica.pulls[0][row] += pull

    def merge(*, all_rows: bool) -> list[list[MergedRows]]:
        (changes,) = machine.changes(1, all_rows=all_rows)
        return [machine.merge(changes)]

    def note() -> None:
        left = [float(optimum[0] - replica.rows[0][row, 0]) for replica in machine.replicas.values()]
        rounds.append([-math.log(each) / pull for each in left])

    train()
    late = merge(all_rows=False)
    train()
    note()
    machine.take(late, all_rows=False)
    note()
    machine.take(merge(all_rows=True), all_rows=True)
    note()
    assert rounds == [pytest.approx([each] * 2, abs=1e-4) for each in (2, 3, 4)]
    machine.close()


def test_late_merges_wait_for_the_next_round_of_a_period_only() -> None:
    late = {"merge_late": True, "merge_all_every": 3}
    assert not same(trained(**late), trained(merge_all_every=3))
    assert same(trained(merge_late=True, merge_all_every=1), trained(merge_all_every=1))
    assert same(trained(4, (3 * 4 * 75,), threads=2, **late), trained(**late))


def test_spans_that_end_with_periods_change_no_bit() -> None:
    assert same(trained(borders=(PERIOD, PERIOD + 1, 3 * PERIOD)), usual())


@pytest.mark.parametrize(
    "options", [{"replicas": 2}, {"round_words": 299}, {"merge_all_every": 1}, {"frequent_rows": 0}, {"parts": 3}]
)
def test_each_clock_counts(options: dict[str, int]) -> None:
    assert not same(trained(**options), usual())


def test_one_replica_is_the_cpu_backend() -> None:
    config = configured(replicas=1)
    backend = open_backend(config, Vocabulary([f"w{n}" for n in range(VOCABULARY)], COUNTS), ())
    backend.close()
    assert type(backend) is CpuBackend


def test_the_result_counts_every_shard_once() -> None:
    config = configured(learning_rate=1e-9, min_learning_rate=0.0)
    alone, replicated = CpuBackend(config, COUNTS, first_pieces(config, VOCABULARY)), opened(config)
    try:
        schedule = Schedule(0.0, 0.0, WORDS)  # so that tables stay as they are
        expected, found = (
            each.train_span(CORPUS, 0, 0, WORDS, schedule, lambda: False) for each in (alone, replicated)
        )
        assert found.examples == expected.examples
        assert sum(found.losses) == pytest.approx(sum(expected.losses), rel=0.01)  # early shards have other noise words
    finally:
        alone.close()
        replicated.close()


@MERGINGS
def test_a_period_that_was_told_to_stop_leaves_no_trace(merging: dict[str, object]) -> None:
    config = configured(**merging)
    backend = opened(config)
    first = tables_of(backend)
    rounds = config.merge_all_every
    questions = rounds * 4 * 2  # of a short period: rounds of four replicas, which ask before and after 75 words
    for answers in (0, 1, questions // 2 - 2, questions // 2 + 4, questions - 2, questions + 5):
        remaining: Iterator[bool] = iter([False] * answers)
        stopped = backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda left=remaining: next(left, True))
        assert stopped.stop == (rounds * 4 * 75 if answers > questions else 0)
        assert same(tables_of(backend), first) == (stopped.stop == 0)
    backend.train_span(CORPUS, 0, stopped.stop, WORDS, SCHEDULE, lambda: False)
    assert same(tables_of(backend), trained(**merging) if merging else usual())
    backend.close()


def test_a_run_goes_on_from_the_tables_of_another() -> None:
    first, second = opened(configured()), opened(configured(seed=1))
    try:
        done = first.train_span(CORPUS, 0, 0, 2 * PERIOD, SCHEDULE, lambda: False).stop
        second.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: False)  # something else
        second.load_tables(first.tables())
        second.train_span(CORPUS, 0, done, WORDS, SCHEDULE, lambda: False)
        assert same(tables_of(second), usual())
    finally:
        first.close()
        second.close()


@MERGINGS
def test_all_replicas_are_the_same_between_periods(merging: dict[str, object]) -> None:
    config = configured(objective=OBJECTIVES, projection_bias=True, **merging)
    transport = InProcess(config, COUNTS, first_pieces(config, VOCABULARY), machines=2)
    backend = ReplicatedBackend(Clocks.of(config, WORDS), transport)
    try:
        backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: False)
        replicas = [replica for machine in transport.machines for replica in machine.replicas.values()]
        assert len(replicas) == 4
        for replica in replicas:
            assert not any(pulls.any() for pulls in replica.pulls)
            for rows, merged in zip(replica.rows, transport.machines[0].merged, strict=True):
                assert rows.tobytes() == merged.tobytes()
    finally:
        backend.close()


def test_frequent_rows_are_frequent_words_and_the_top_of_the_tree() -> None:
    config = configured(objective=OBJECTIVES, frequent_rows=2)
    words, bias, outputs, nodes = frequent_rows(config, np.array([3, 9, 1, 9, 5]), [5, 0, 5, 4])
    assert [np.flatnonzero(each).tolist() for each in (words, bias, outputs, nodes)] == [[1, 3], [], [1, 3], [0, 1]]


def test_more_replicas_than_memory_has_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(vector_size=100)
    tables = sum(4 * shape[0] * 112 for shape in table_shapes(config, VOCABULARY).values())
    monkeypatch.setattr(memory, "physical_memory", lambda: 5 * memory.replica_bytes(config, VOCABULARY))
    assert memory.replica_bytes(config, VOCABULARY) >= tables
    memory.refuse_too_many_replicas(config, VOCABULARY, 4)
    with pytest.raises(
        ConfigError, match=r"replicas must be at most 4 on this machine, which has .* GB of memory .each replica"
    ):
        memory.refuse_too_many_replicas(config, VOCABULARY, 5)


def test_a_full_softmax_has_one_replica() -> None:
    with pytest.raises(ConfigError, match=r'replicas must be 1 with objective="softmax", which .*; got 4'):
        configured(objective="softmax")
