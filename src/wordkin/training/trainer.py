"""The training loop over epochs and spans of text: trains, reports, writes checkpoints, and stops on request."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import DivergenceError, warn
from wordkin.training.backend import Backend, MachineWork, added
from wordkin.training.persistence import BestTables, Checkpoints
from wordkin.training.progress import Callback, MachineProgress, TrainingReport
from wordkin.training.sanity import refuse_wild_loss, refuse_wild_tables
from wordkin.training.schedule import Schedule
from wordkin.training.snapshot import Snapshot
from wordkin.training.state import RunState
from wordkin.training.tables import OldRows
from wordkin.vocabulary import Vocabulary

SECONDS_PER_SPAN = 0.3  # target duration of a span; a run reports and can be stopped after each span


class Trainer:
    """Trains a backend on an encoded corpus, from a given state to the end or until a request to stop.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    backend : Backend
        Holds the tables.
    corpus : EncodedCorpus
        The training corpus.
    callbacks : sequence of functions, default ()
        Called with each report.
    should_stop : function, default returns False
        Called several times a second, from any thread. Training stops when it returns True.
    validation : EncodedCorpus, default None
        Held-out text; its loss is measured after each epoch.
    best_tables : BestTables, default None
        Storage for the tables of the best epoch; needed only with ``patience``.
    checkpoints : Checkpoints, default None
        Writes checkpoints.
    state : RunState, default None
        State to continue from; the tables of the backend must be those of this state.
    vocabulary : Vocabulary, default None
        The words of the corpus. With it, callbacks can read vectors.
    old_rows : OldRows, default None
        Rows to average with the trained ones at the end.
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
        best_tables: BestTables | None = None,
        checkpoints: Checkpoints | None = None,
        state: RunState | None = None,
        vocabulary: Vocabulary | None = None,
        old_rows: OldRows | None = None,
    ) -> None:
        self._config = config
        self._backend = backend
        self._corpus = corpus
        self._callbacks = tuple(callbacks)
        self._should_stop = should_stop
        self._validation = validation
        self._best_tables = best_tables
        self._checkpoints = checkpoints
        self.state = RunState() if state is None else state
        self._schedule = Schedule.of(config, corpus.words)
        self._vocabulary = vocabulary
        self._old_rows = old_rows
        self._asked_to_stop = False
        self._words_before = self._words_done()
        self._seconds_before = self.state.seconds
        self._span_words = backend.step_words
        self._machines, self._sent_bytes = 1, 0
        self._work: Mapping[str, MachineWork] = {}  # of each machine in the last span
        self._whole_work: dict[str, MachineWork] = {}  # since the start of this process

    def run(self) -> RunState:
        """Train to the end or until a request to stop, and return the state of the run.

        Raises :class:`DivergenceError`, and any exception of a callback. The last checkpoint stays on disk.
        """
        while not self._finished() and not self._stopping():
            self._train_span()
            report = self._close_span()
            if self._finished():
                self._return_to_best()
                self._average_with_old()
            self._tell(report)
            if self._checkpoints is not None and self._checkpoints.due():
                self._save()
        self._save()
        return self.state

    def _finished(self) -> bool:
        return self.state.epoch >= self._config.epochs or self.state.stopped_early

    def _stopping(self) -> bool:
        return self._asked_to_stop or self._should_stop()

    def _train_span(self) -> None:
        """Train on a span of text that takes about SECONDS_PER_SPAN at the speed of the previous span."""
        start = self.state.position
        stop = min(start + self._span_words, self._corpus.words)
        began = time.perf_counter()
        result = self._backend.train_span(
            self._corpus, self.state.epoch, start, stop, self._schedule, self._stopping
        )  # fmt: skip
        seconds = time.perf_counter() - began
        refuse_wild_loss(result.loss / max(1, result.examples), self._config, self.state.epoch + 1)
        self.state.add(result, seconds)
        self._machines = result.machines
        self._sent_bytes += result.sent_bytes
        if result.work:  # otherwise the span ended before a period did
            self._work, self._whole_work = result.work, added([self._whole_work, result.work])
        step = self._backend.step_words
        affordable = (result.stop - start) * SECONDS_PER_SPAN / max(seconds, 1e-6)
        self._span_words = step * max(1, min(int(affordable / step), 8 * self._span_words // step))

    def _close_span(self) -> TrainingReport:
        """Return a report of the progress; at the end of an epoch, measure the held-out loss and finish the epoch.

        If the measurement is interrupted, the epoch stays unfinished, and a resumed run measures again.
        """
        finished = self.state.position >= self._corpus.words
        held_out = None
        if finished and self._validation is not None:
            held_out = self._backend.held_out_loss(self._validation, self._stopping)
            finished = held_out is not None
        if held_out is not None:
            refuse_wild_loss(held_out, self._config, self.state.epoch + 1)
        report = self._report(finished, held_out)
        if finished:
            if self.state.epoch == 0 and self.state.epoch_examples == 0:
                warn(f"the first epoch had no training example: {self._why_nothing()}", RuntimeWarning)
            self.state.finish_epoch()
            if held_out is not None:
                self.state.validation_losses.append(held_out)
                self._judge_epoch()
        return report

    def _why_nothing(self) -> str:
        """Explain why an epoch had no training example, and what to do."""
        if not self._corpus.has_neighbours():
            return (
                "no sentence has two words of the vocabulary; use longer sentences, or lower min_count "
                f"(now {self._config.min_count})"
            )
        return (
            "subsampling left no sentence with two words; "
            f"raise subsample (now {self._config.subsample:g}), or set it to 0 to keep every word"
        )

    def _judge_epoch(self) -> None:
        """Compare the held-out loss with the lowest so far.

        If it is lower, store the tables. If it has not fallen for ``patience`` epochs, end training.
        """
        if self._config.patience is None or self._best_tables is None:
            return
        losses = self.state.validation_losses
        if losses[-1] < min(losses[:-1], default=float("inf")):
            self._best_tables.keep_best(self._backend.tables())
            self.state.best_epoch = self.state.epoch
        elif self.state.epoch - self.state.best_epoch >= self._config.patience:
            self.state.stopped_early = True

    def _return_to_best(self) -> None:
        """Load the tables of the best epoch, so that they are in the final checkpoint."""
        if self._best_tables is not None and 0 < self.state.best_epoch < self.state.epoch:
            self._backend.load_tables(self._best_tables.best_tables())

    def _average_with_old(self) -> None:
        """At the end of an update, average the trained tables with the tables from before the update."""
        if self._old_rows is not None:
            self._backend.load_tables(self._old_rows.averaged_with(self._backend.tables()))

    def _tell(self, report: TrainingReport) -> None:
        """Call the callbacks. If one raises an exception, a checkpoint is written first, so no training is lost."""
        snapshot: Snapshot | None = None
        if self._vocabulary is not None and self._callbacks:
            snapshot = Snapshot(self._config, self._vocabulary, self._backend.tables)
            report = dataclasses.replace(report, snapshot=snapshot)
        try:
            for callback in self._callbacks:
                asked = callback(report)
                self._asked_to_stop |= isinstance(asked, bool | np.bool_) and bool(asked)
        except BaseException:
            with contextlib.suppress(DivergenceError):
                self._save()
            raise
        finally:
            if snapshot is not None:
                snapshot.close()

    def _save(self) -> None:
        """Write a checkpoint if checkpoints are enabled; raise :class:`DivergenceError` if the tables have diverged."""
        refuse_wild_tables(self._backend.tables(), self._config, min(self.state.epoch + 1, self._config.epochs))
        if self._checkpoints is not None:
            self._checkpoints.save(self.state, self._backend.tables(), finished=self._finished())

    def _words_done(self) -> int:
        return self.state.epoch * self._corpus.words + self.state.position

    def _report(self, epoch_finished: bool, held_out: float | None) -> TrainingReport:
        words = self._words_done()
        seconds = self.state.seconds
        return TrainingReport(
            epoch=self.state.epoch + 1,
            epochs=self._config.epochs,
            epoch_finished=epoch_finished,
            words=words,
            total_words=self._schedule.total_words,
            words_per_second=(words - self._words_before) / max(seconds - self._seconds_before, 1e-9),
            loss=self.state.mean_loss,
            learning_rate=self._schedule.at(words),
            validation_loss=held_out,
            seconds=seconds,
            machines=self._machines,
            sent_bytes_per_word=self._sent_bytes / max(1, words - self._words_before),
            progress_of_machines=tuple(map(self._progress_of_machine, self._work)),
        )

    def _progress_of_machine(self, name: str) -> MachineProgress:
        lately = self._work[name]
        speed = lately.words / max(lately.training_seconds, 1e-9)
        share = lately.training_seconds / max(lately.seconds, 1e-9)
        return MachineProgress(name, self._whole_work[name].words, speed, share)
