"""The CPU backend: the same bits for the same seed whatever the spans, and losses true for any number of threads."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, first_pieces, pieces_of

VOCABULARY = 50


def encoded(ids: np.ndarray, sentence_words: int = 20) -> EncodedCorpus:
    ids = ids.astype(np.int32)
    offsets = np.append(np.arange(0, len(ids), sentence_words), len(ids))
    for array in (ids, offsets):  # as those of every encoded corpus, which Numba tells apart
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


WEIGHTS = 1 / np.arange(1, VOCABULARY + 1)
CORPUS = encoded(np.random.default_rng(6).choice(VOCABULARY, 100_000, p=WEIGHTS / WEIGHTS.sum()))
COUNTS = np.bincount(CORPUS.ids, minlength=VOCABULARY)
HELD_OUT = encoded(np.random.default_rng(8).choice(VOCABULARY, 70_000, p=WEIGHTS / WEIGHTS.sum()))

Opener = Callable[..., CpuBackend]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens backends and closes them after the test."""
    backends: list[CpuBackend] = []

    def open_one(counts: np.ndarray = COUNTS, **options: object) -> CpuBackend:
        config = TrainingConfig(**{"vector_size": 7, "threads": 1, "subsample": 0.05, **options})  # type: ignore[arg-type]
        backends.append(CpuBackend(config, counts, first_pieces(config, len(counts))))
        return backends[-1]

    yield open_one
    for backend in backends:
        backend.close()


def train(backend: CpuBackend, start: int = 0, stop: int = CORPUS.words, epoch: int = 0) -> tuple[float, int]:
    """Train on a span; (loss, examples)."""
    schedule = Schedule(0.025, 0.0, 2 * CORPUS.words)
    result = backend.train_span(CORPUS, epoch, start, stop, schedule, lambda: False)
    assert result.stop == stop
    return result.loss, result.examples


def copies(tables: NamedTables) -> dict[str, np.ndarray]:
    return {name: table.copy() for name, table in tables.items()}


def assert_same_bits(found: NamedTables, expected: NamedTables) -> None:
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        np.testing.assert_array_equal(found[name], table, err_msg=name)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_thread_gives_the_same_bits_whatever_the_spans(opened: Opener, architecture: str, objective: str) -> None:
    options = {"architecture": architecture, "objective": objective}
    whole, again, in_steps = (opened(**options) for _ in range(3))
    assert train(whole) == train(again)
    assert_same_bits(again.tables(), whole.tables())
    step = in_steps.step_words
    results = [train(in_steps, start, min(start + step, CORPUS.words)) for start in range(0, CORPUS.words, step)]
    assert_same_bits(in_steps.tables(), whole.tables())
    other = opened(**options)
    train(other)
    assert sum(examples for _, examples in results) > CORPUS.words / 2
    assert not np.array_equal(whole.tables()["input"], opened(**options).tables()["input"])


def test_losses_add_up_over_spans(opened: Opener) -> None:
    whole, in_parts = opened(), opened()
    loss, examples = train(whole)
    border = 2 * in_parts.step_words
    parts = [train(in_parts, 0, border), train(in_parts, border, CORPUS.words)]
    assert math.fsum(part for part, _ in parts) == pytest.approx(loss, rel=1e-12)
    assert sum(part for _, part in parts) == examples


def test_the_seed_reaches_everything(opened: Opener) -> None:
    """Two seeds start differently, and from the same tables still train differently."""
    one, other = opened(seed=1), opened(seed=2)
    assert (one.tables()["input"] != other.tables()["input"]).any()
    other.load_tables(one.tables())
    (_, examples), (_, other_examples) = train(one), train(other)
    assert examples != other_examples  # windows and subsampling
    assert (one.tables()["input"] != other.tables()["input"]).any()


def test_epochs_differ(opened: Opener) -> None:
    one, other = opened(), opened()
    assert train(one, epoch=0)[1] != train(other, epoch=1)[1]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_training_starts_from_knowing_nothing(opened: Opener, objective: str) -> None:
    """Every score is 0 at first, so the loss of text not yet trained on is known exactly."""
    backend = opened(objective=objective)
    tables = backend.tables()
    assert np.abs(tables["input"]).max() <= 0.5 / 7
    assert not tables[f"output/{objective}"].any()
    loss = backend.held_out_loss(HELD_OUT, lambda: False)
    if objective == "softmax":
        assert loss == pytest.approx(math.log(VOCABULARY), rel=1e-6)
    elif objective == "negative-sampling":  # noise words equal to the output are ignored
        assert 5 * math.log(2) < loss < 6 * math.log(2)
    else:
        assert math.log(2) < loss < math.log(2) * VOCABULARY


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_makes_the_text_likelier(opened: Opener, architecture: str, objective: str) -> None:
    backend = opened(architecture=architecture, objective=objective)
    before = backend.held_out_loss(HELD_OUT, lambda: False)
    train(backend)
    assert backend.held_out_loss(HELD_OUT, lambda: False) < before


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_held_out_loss_changes_nothing_and_is_the_same_for_any_number_of_threads(
    opened: Opener, objective: str
) -> None:
    backend = opened(objective=objective, projection_bias=True, output_bias=True)
    train(backend)
    before = copies(backend.tables())
    loss = backend.held_out_loss(HELD_OUT, lambda: False)
    assert_same_bits(backend.tables(), before)
    assert backend.held_out_loss(HELD_OUT, lambda: False) == loss
    threaded = opened(objective=objective, projection_bias=True, output_bias=True, threads=3)
    threaded.load_tables(before)
    assert threaded.held_out_loss(HELD_OUT, lambda: False) == loss


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_share_the_text_out_and_lose_none_of_it(opened: Opener, threads: int) -> None:
    one, several = opened(), opened(threads=threads)
    loss, examples = train(one)
    loss_of_several, examples_of_several = train(several)
    assert examples_of_several == examples
    assert loss_of_several == pytest.approx(loss, rel=0.02)  # they may overwrite each other's updates
    assert np.isfinite(several.tables()["input"]).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_training_stops_between_shards_and_says_where(opened: Opener, threads: int) -> None:
    whole, stopped = opened(), opened(threads=threads)
    train(whole)
    asked = iter([False, False])
    schedule = Schedule(0.025, 0.0, 2 * CORPUS.words)
    result = stopped.train_span(CORPUS, 0, 0, CORPUS.words, schedule, lambda: next(asked, True))
    assert result.stop == 2 * stopped.step_words < CORPUS.words
    assert result.examples == train(opened(), 0, result.stop)[1]
    if threads == 1:
        train(stopped, result.stop)
        assert_same_bits(stopped.tables(), whole.tables())


def test_a_run_that_stops_at_once_has_done_nothing(opened: Opener) -> None:
    backend = opened()
    before = copies(backend.tables())
    result = backend.train_span(CORPUS, 0, 16_384, CORPUS.words, Schedule(0.025, 0.0, 1), lambda: True)
    assert (result.losses, result.examples, result.stop) == ([], 0, 16_384)
    assert_same_bits(backend.tables(), before)


def test_tables_that_are_loaded_are_those_trained_on(opened: Opener) -> None:
    options = {"objective": OBJECTIVES, "projection_bias": True, "output_bias": True}
    one, other = opened(**options), opened(**options, seed=9)
    train(one, 0, 3 * one.step_words)
    other.load_tables(copies(one.tables()))
    assert_same_bits(other.tables(), one.tables())
    assert other.tables().keys() == {
        "input",
        "projection_bias",
        *(f"output/{objective}" for objective in OBJECTIVES),
        *(f"output_bias/{objective}" for objective in OBJECTIVES),
    }


@pytest.mark.parametrize("options", [{"deterministic": True}, {"threads": 1}, {"threads": 3}], ids=str)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_is_zero_after_any_training(opened: Opener, architecture: str, options: dict[str, object]) -> None:
    """Kernels work on whole rows; no checkpoint stores what lies behind the numbers of a row, so nothing may."""
    # Rows of two registers for one objective and mode only, since each would be compiled again for them.
    cases = [*itertools.product((6, 7), (OBJECTIVES,), (False, True)), (15, ("negative-sampling",), False)]
    for size, objectives, projection_bias in cases:
        backend = opened(
            architecture=architecture, objective=objectives, vector_size=size, output_bias=True,
            projection_bias=projection_bias, **options,
        )  # fmt: skip
        train(backend)
        tables = backend.tables()
        assert all(tables[f"output_bias/{objective}"].any() for objective in objectives)
        for name in tables.keys() - {f"output_bias/{objective}" for objective in objectives}:
            numbers = size + name.startswith("output/")  # a bias is a column of the output table
            rows = whole_rows(tables[name])
            assert rows.shape[1] > size
            assert not rows[:, numbers:].any(), name


def whole_rows(table: np.ndarray) -> np.ndarray:
    """The rows of a table with the padding behind them, as they lie in memory."""
    table = np.atleast_2d(table)
    row_size = choose_layout(table.shape[1] + 1).row_size
    return np.lib.stride_tricks.as_strided(table, (len(table), row_size), (row_size * table.itemsize, table.itemsize))


def test_a_backend_starts_from_the_pieces_it_is_given() -> None:
    """It draws nothing: rows that no piece gives are 0."""
    config = TrainingConfig(vector_size=7, objective=OBJECTIVES, projection_bias=True, output_bias=True)
    nothing = CpuBackend(config, COUNTS, [])
    rng = np.random.default_rng(3)
    given = {name: rng.random(table.shape, np.float32) for name, table in nothing.tables().items()}
    assert not any(table.any() for table in nothing.tables().values())
    all_of_them = CpuBackend(config, COUNTS, pieces_of(given))
    assert_same_bits(all_of_them.tables(), given)
    two_rows = CpuBackend(config, COUNTS, [("input", 5, given["input"][5:7])])
    assert np.array_equal(two_rows.tables()["input"][5:7], given["input"][5:7])
    assert np.count_nonzero(two_rows.tables()["input"].any(axis=1)) == 2
    for backend in (nothing, all_of_them, two_rows):
        backend.close()


def test_several_objectives_add_their_losses(opened: Opener) -> None:
    both = opened(objective=("hierarchical-softmax", "negative-sampling"))
    alone = [opened(objective=each) for each in ("hierarchical-softmax", "negative-sampling")]
    losses = [backend.held_out_loss(HELD_OUT, lambda: False) for backend in (both, *alone)]
    assert losses[0] == pytest.approx(losses[1] + losses[2], rel=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_vocabulary_of_one_word_can_be_trained(opened: Opener, architecture: str, objective: str) -> None:
    """With full and hierarchical softmax the word is certain, so nothing is lost."""
    corpus = encoded(np.zeros(500))
    backend = opened(np.array([500]), architecture=architecture, objective=objective, subsample=0.0)
    result = backend.train_span(corpus, 0, 0, 500, Schedule(0.025, 0.0, 500), lambda: False)
    assert result.examples >= 500
    assert np.isfinite(result.loss)
    assert objective == "negative-sampling" or result.loss == pytest.approx(0, abs=1e-3)
    assert all(np.isfinite(table).all() for table in backend.tables().values())
