"""The loop over epochs and spans: ask the backend, report, stop when told to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import DivergenceError
from wordkin.training.backend import Backend, SpanResult
from wordkin.training.progress import Callback, TrainingReport
from wordkin.training.schedule import Schedule

SECONDS_PER_SPAN = 0.3  # how often a run reports and can be stopped, at least
WILD_LOSS = 20.0  # times the loss of knowing nothing


@dataclass
class RunState:
    """Where a run stands, and what it has measured so far.

    epoch : finished epochs. position : corpus position reached in the epoch under way.
    losses, validation_losses : mean per example of each finished epoch, nats.
    """

    epoch: int = 0
    position: int = 0
    epoch_loss: float = 0.0
    epoch_examples: int = 0
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def mean_loss(self) -> float:
        """Mean loss per example since the epoch began."""
        return self.epoch_loss / max(1, self.epoch_examples)

    def add(self, result: SpanResult) -> None:
        """Take in what a span gave."""
        self.position = result.stop
        self.epoch_loss += result.loss
        self.epoch_examples += result.examples

    def finish_epoch(self) -> None:
        """Close the epoch under way."""
        self.losses.append(self.mean_loss)
        self.epoch += 1
        self.position = 0
        self.epoch_loss, self.epoch_examples = 0.0, 0


class Trainer:
    """Trains a backend on an encoded corpus from a state to the end, or until something asks to stop.

    Parameters
    ----------
    should_stop : asked several times a second, from any thread; true ends training where it stands.
    validation : encoded text whose loss is measured after each epoch.
    """

    def __init__(
        self,
        config: TrainingConfig,
        backend: Backend,
        corpus: EncodedCorpus,
        *,
        callbacks: Sequence[Callback] = (),
        should_stop: Callable[[], bool] = lambda: False,
        validation: EncodedCorpus | None = None,
        state: RunState | None = None,
    ) -> None:
        self._config = config
        self._backend = backend
        self._corpus = corpus
        self._callbacks = tuple(callbacks)
        self._should_stop = should_stop
        self._validation = validation
        self.state = RunState() if state is None else state
        self._schedule = Schedule.of(config, corpus.words)
        self._asked_to_stop = False
        self._words_before = self._words_done()
        self._seconds_before = self.state.seconds
        self._span_words = backend.step_words

    def run(self) -> RunState:
        """Train to the end; the state says how far it went."""
        while self.state.epoch < self._config.epochs and not self._stopping():
            self._train_span()
            finished = self.state.position >= self._corpus.words
            if finished and self._validation is not None:
                self.state.validation_losses.append(self._backend.held_out_loss(self._validation))
            self._report(finished)
            if finished:
                self.state.finish_epoch()
        return self.state

    def _stopping(self) -> bool:
        return self._asked_to_stop or self._should_stop()

    def _train_span(self) -> None:
        """Train on the next words: as many as take about SECONDS_PER_SPAN at the speed of the last ones."""
        start = self.state.position
        stop = min(start + self._span_words, self._corpus.words)
        began = time.perf_counter()
        result = self._backend.train_span(
            self._corpus, self.state.epoch, start, stop, self._schedule, self._stopping
        )  # fmt: skip
        seconds = time.perf_counter() - began
        self.state.add(result)
        self.state.seconds += seconds
        self._refuse_divergence(result)
        step = self._backend.step_words
        affordable = (result.stop - start) * SECONDS_PER_SPAN / max(seconds, 1e-6)
        self._span_words = step * max(1, min(int(affordable / step), 8 * self._span_words // step))

    def _words_done(self) -> int:
        return self.state.epoch * self._corpus.words + self.state.position

    def _report(self, epoch_finished: bool) -> None:
        words = self._words_done()
        seconds = self.state.seconds
        validation = self.state.validation_losses
        report = TrainingReport(
            epoch=self.state.epoch + 1,
            epochs=self._config.epochs,
            epoch_finished=epoch_finished,
            words=words,
            total_words=self._schedule.total_words,
            words_per_second=(words - self._words_before) / max(seconds - self._seconds_before, 1e-9),
            loss=self.state.mean_loss,
            learning_rate=self._schedule.at(words),
            validation_loss=validation[-1] if epoch_finished and self._validation is not None else None,
            seconds=seconds,
        )
        for callback in self._callbacks:
            self._asked_to_stop |= callback(report) is True

    def _refuse_divergence(self, result: SpanResult) -> None:
        mean = result.loss / max(1, result.examples)
        limit = WILD_LOSS * math.log(2) * (1 + self._config.negative) * len(self._config.objectives)
        if not math.isfinite(mean) or mean > max(limit, WILD_LOSS * 10):
            raise DivergenceError(
                f"training diverged in epoch {self.state.epoch + 1}: the mean loss is {mean:.4g}; lower learning_rate "
                f"(now {self._config.starting_learning_rate:g}), window ({self._config.window}) or negative ({self._config.negative})"
            )
