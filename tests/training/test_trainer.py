"""The loop: spans, epochs, reports and stops, on a backend that only pretends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import DivergenceError
from wordkin.training import trainer
from wordkin.training.backend import SpanResult
from wordkin.training.progress import TrainingReport
from wordkin.training.schedule import Schedule
from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables
from wordkin.training.trainer import Trainer

STEP = 100
CORPUS = EncodedCorpus(np.zeros(1050, np.int32), np.array([0, 1050]), "none")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The only clock the loop sees; the backend below moves it on by the time it takes for a span."""
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr(trainer, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    monkeypatch.setattr(PretendBackend, "clock", clock, raising=False)
    return clock


class PretendBackend:
    """Notes the spans it is asked to train on; every word is an example with a loss of its epoch plus one."""

    step_words = STEP
    clock: SimpleNamespace

    def __init__(self, loss: float = 1.0, stops_short: bool = False, seconds: float = 0.01) -> None:
        self.spans: list[tuple[int, int, int]] = []
        self.table = np.zeros((2, 2), np.float32)
        self._loss = loss
        self._stops_short = stops_short
        self._seconds = seconds

    def train_span(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        self.clock.now += self._seconds
        self.spans.append((epoch, start, stop))
        if should_stop() or self._stops_short:
            stop = start + STEP
        return SpanResult([(stop - start) * (epoch + self._loss)], stop - start, stop)

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float:
        return self._loss

    def tables(self) -> NamedTables:
        return {"input": self.table}

    def load_tables(self, tables: NamedTables) -> None:
        self.table[...] = tables["input"]

    def close(self) -> None: ...


def run(backend: PretendBackend, callback: Callable[[TrainingReport], bool | None], **options: object) -> Trainer:
    training = Trainer(TrainingConfig(**{"epochs": 3, **options}), backend, CORPUS, callbacks=[callback])
    training.run()
    return training


def test_spans_cover_each_epoch_in_steps() -> None:
    backend = PretendBackend()
    state = run(backend, lambda report: None).state
    assert state.epoch == 3
    for epoch in range(3):
        spans = [(start, stop) for number, start, stop in backend.spans if number == epoch]
        assert spans[0][0] == 0
        assert spans[-1][1] == CORPUS.words
        assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
        assert all(start % STEP == 0 for start, _ in spans)


@pytest.mark.parametrize(
    ("seconds", "lengths"),
    [(0.01, [100, 800, 150]), (0.07, [100, 400, 550]), (0.2, [100] * 10 + [50])],
)
def test_a_span_is_as_long_as_is_trained_in_the_time_between_reports(seconds: float, lengths: list[int]) -> None:
    backend = PretendBackend(seconds=seconds)
    run(backend, lambda report: None, epochs=1)
    assert [stop - start for _, start, stop in backend.spans] == lengths  # at most eight times the last


def test_a_backend_that_stops_short_is_asked_to_go_on_from_there() -> None:
    backend = PretendBackend(stops_short=True)
    assert run(backend, lambda report: None, epochs=1).state.epoch == 1
    assert [start for _, start, _ in backend.spans] == list(range(0, 1050, STEP))


def test_reports_say_where_training_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "SECONDS_PER_SPAN", 0)
    reports: list[TrainingReport] = []
    state = run(PretendBackend(), reports.append, learning_rate=0.3, min_learning_rate=0.0).state
    assert len(reports) == 33
    assert [report.words for report in reports] == [
        epoch * 1050 + min(1050, 100 * span) for epoch in range(3) for span in range(1, 12)
    ]
    assert {report.total_words for report in reports} == {3150}
    assert [report.epoch for report in reports] == [1] * 11 + [2] * 11 + [3] * 11
    assert [report.epoch_finished for report in reports] == ([False] * 10 + [True]) * 3
    assert [report.loss for report in reports] == pytest.approx([1] * 11 + [2] * 11 + [3] * 11)
    assert state.losses == pytest.approx([1, 2, 3])
    for report in reports:
        assert report.learning_rate == pytest.approx(0.3 * (1 - report.words / 3150))
        assert report.words_per_second == pytest.approx(report.words / report.seconds)
        assert report.epochs == 3
        assert report.validation_loss is None
    assert [report.seconds for report in reports] == pytest.approx([0.01 * (span + 1) for span in range(33)])


@pytest.mark.parametrize("answer", [None, False, 1, "yes"])
def test_only_true_asks_to_stop(answer: object) -> None:
    assert run(PretendBackend(), lambda report: answer).state.epoch == 3  # type: ignore[arg-type, return-value]


def test_true_of_numpy_asks_to_stop_too() -> None:
    """A comparison with a number of NumPy gives it."""
    assert run(PretendBackend(), lambda report: report.epoch_finished and np.True_).state.epoch == 1  # type: ignore[return-value]


def test_a_callback_stops_training_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "SECONDS_PER_SPAN", 0)
    backend = PretendBackend()
    state = run(backend, lambda report: report.words >= 1050 + STEP).state
    assert (state.epoch, state.position) == (1, STEP)
    assert len(state.losses) == 1
    assert backend.spans[-1] == (1, 0, STEP)


def test_training_stops_in_the_middle_of_a_span_when_asked_from_outside() -> None:
    backend = PretendBackend()
    answers = iter([False, False, False])  # before and in the first span, and before the second
    stopping = Trainer(TrainingConfig(), backend, CORPUS, should_stop=lambda: next(answers, True))
    state = stopping.run()
    assert backend.spans == [(0, 0, 100), (0, 100, 900)]
    assert (state.epoch, state.position, state.epoch_examples) == (0, 200, 200)


def test_an_exception_in_a_callback_ends_training() -> None:
    backend = PretendBackend()

    def fail(report: TrainingReport) -> None:
        raise OSError("the log is full")

    with pytest.raises(OSError, match="the log is full"):
        run(backend, fail)
    assert len(backend.spans) == 1


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e4])
def test_a_wild_loss_is_divergence(loss: float) -> None:
    with pytest.raises(
        DivergenceError, match=r"training diverged in epoch 1: the mean loss is .*; lower learning_rate \(now 0.025\)"
    ):
        run(PretendBackend(loss), lambda report: None)


@pytest.mark.parametrize("number", [math.nan, -math.inf, 1e5])
def test_wild_tables_are_divergence(number: float) -> None:
    backend = PretendBackend()
    backend.table[1, 0] = number
    with pytest.raises(DivergenceError, match="the table input holds the value"):
        run(backend, lambda report: None)


class NothingToTrain(PretendBackend):
    """As if subsampling had left no word with a neighbour."""

    def train_span(self, corpus, epoch, start, stop, schedule, should_stop):
        return SpanResult([], 0, stop)


def test_a_text_that_trains_nothing_is_warned_of_once() -> None:
    with pytest.warns(
        RuntimeWarning, match=r"the first epoch had no training example: .*; raise subsample \(now 0.001\)"
    ) as caught:
        assert run(NothingToTrain(), lambda report: None).state.losses == [0, 0, 0]
    assert len(caught) == 1


def test_the_loss_of_an_epoch_does_not_depend_on_the_spans() -> None:
    """Spans are as long as the machine is fast; losses are summed shard by shard, which gives the same bits."""
    losses = np.random.default_rng(1).random(50).tolist()
    found = set()
    for length in (1, 3, 7, 50):
        state = RunState()
        for first in range(0, 50, length):
            state.add(SpanResult(losses[first : first + length], 1, first + length), 0.1)
        found.add(state.epoch_loss)
    assert len(found) == 1
