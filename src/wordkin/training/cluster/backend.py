"""The backend of several replicas: periods of rounds, and tables that are whole between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.clocks import Clocks, Period
from wordkin.training.cluster.machine import Machine
from wordkin.training.cluster.memory import refuse_too_many_replicas
from wordkin.training.cluster.transport import InProcess
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece


class ReplicatedBackend:
    """See :class:`wordkin.training.backend.Backend`: all replicas in this process, trained one after the other.

    Training of a span ends with its last whole period, where all rows are merged. A period that was told to stop
    leaves no trace: tables are as they were before it, and it is trained again when the run goes on.

    Parameters
    ----------
    config, counts, start, text_counts : as of :class:`~wordkin.training.cpu.backend.CpuBackend`.
    machines : how many machines the replicas are dealt to; changes no bit.
    """

    def __init__(
        self,
        config: TrainingConfig,
        counts: ArrayLike,
        start: Iterable[TablePiece],
        *,
        text_counts: NDArray[np.int64] | None = None,
        machines: int = 1,
    ) -> None:
        counts = np.asarray(counts, np.int64)
        refuse_too_many_replicas(config, len(counts))
        self._clocks = Clocks.of(config, int((counts if text_counts is None else text_counts).sum()))
        pieces = start if machines == 1 else list(start)
        self.machines = [
            Machine(config, counts, pieces, range(first, config.replicas, machines), text_counts=text_counts)
            for first in range(machines)
        ]
        self._transport = InProcess(self.machines)
        self._whole = self.machines[0].replicas[0].backend

    @property
    def step_words(self) -> int:
        return self._clocks.period_words

    def train_span(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        losses: list[float] = []
        examples = 0
        done = start
        before = epoch * corpus.words
        for period in self._clocks.periods(range(start, stop), corpus.words, before, schedule.total_words):
            results = self._train_period(corpus, epoch, period, schedule, should_stop)
            if results is None:
                break
            done = period.text.stop
            losses += [loss for result in results for loss in result.losses]
            examples += sum(result.examples for result in results)
        return SpanResult(losses, examples, done)

    def _train_period(
        self, corpus: EncodedCorpus, epoch: int, period: Period, schedule: Schedule, should_stop: Callable[[], bool]
    ) -> list[SpanResult] | None:
        """Train a period to its end, or leave everything as it was and return None."""
        results: list[SpanResult] = []
        rounds = self._clocks.rounds(period)
        for number, blocks in enumerate(rounds, 1):
            trained = self._transport.train(corpus, epoch, blocks, schedule, should_stop)
            if any(result.stop < block.stop for result, block in zip(trained, blocks, strict=True)):
                self._transport.restart_period()
                return None
            results += trained
            self._transport.merge(all_rows=number == len(rounds))
        return results

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        return self._whole.held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        return self._whole.tables()

    def load_tables(self, tables: NamedTables) -> None:
        self._whole.load_tables(tables)
        rows = self._whole.row_tables
        for machine in self.machines:
            machine.restart_with(rows)

    def close(self) -> None:
        for machine in self.machines:
            machine.close()
