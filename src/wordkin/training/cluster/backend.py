"""The backend that trains several replicas of the tables, period by period: all rows are merged after each period."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.backend import MachineWork, SpanResult, added
from wordkin.training.cluster.clocks import Clocks, Period
from wordkin.training.cluster.memory import refuse_too_many_replicas
from wordkin.training.cluster.transport import InProcess, MachineLostError, Transport
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece


class ReplicatedBackend:
    """A :class:`wordkin.training.backend.Backend` that trains several replicas on the machines of a transport.

    A replica is a full copy of the tables. The text is trained in periods, and all rows are merged after each. Training
    of a span ends with its last complete period. A period that is stopped is undone: the tables get the values that
    they had before it. The period is trained again when the run resumes. A period in which a machine is lost is trained
    again immediately on the other machines.

    Parameters
    ----------
    clocks : Clocks
        The lengths of blocks, rounds and periods, which determine when rows are merged.
    transport : Transport
        Calls the machines.
    """

    def __init__(self, clocks: Clocks, transport: Transport) -> None:
        self._clocks = clocks
        self._transport = transport

    @classmethod
    def in_process(
        cls,
        config: TrainingConfig,
        counts: ArrayLike,
        start: Iterable[TablePiece],
        *,
        text_counts: NDArray[np.int64] | None = None,
    ) -> Self:
        """Make a backend that trains all replicas in this process, one after the other.

        The arguments are those of :class:`~wordkin.training.cpu.backend.CpuBackend`.
        """
        counts = np.asarray(counts, np.int64)
        refuse_too_many_replicas(config, len(counts), config.replicas)
        clocks = Clocks.of(config, int((counts if text_counts is None else text_counts).sum()))
        return cls(clocks, InProcess(config, counts, start, text_counts=text_counts))

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
        works: list[Mapping[str, MachineWork]] = []
        examples = sent_bytes = 0
        done = start
        before = epoch * corpus.words
        for period in self._clocks.periods(range(start, stop), corpus.words, before, schedule.total_words):
            following = self._following(period, corpus.words, before, schedule.total_words)
            result = self._train_period(corpus, epoch, period, following, schedule, should_stop)
            if result is None:
                break
            done = result.stop
            losses += result.losses
            examples += result.examples
            sent_bytes += result.sent_bytes
            works.append(result.work)
        return SpanResult(losses, examples, done, self._transport.size, sent_bytes, added(works))

    def _following(self, period: Period, text_words: int, before: int, total_words: int) -> list[list[range]]:
        """Return the blocks of text of the period after ``period``, in this epoch or the next one.

        ``text_words`` is the number of words of the text, ``before`` that of earlier epochs. The result holds one list
        of blocks per round; it is empty if the run ends.
        """
        start = period.text.stop
        if start == text_words:
            start, before = 0, before + text_words
        if before + start >= total_words:
            return []
        found = next(self._clocks.periods(range(start, text_words), text_words, before, total_words))
        return self._clocks.rounds(found)

    def _train_period(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        period: Period,
        following: Sequence[Sequence[range]],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult | None:
        """Train a whole period. If it is stopped, restore the tables before it and return None."""
        rounds = self._clocks.rounds(period)
        while True:
            try:
                self._transport.begin_period()
                result = self._transport.train_period(corpus, epoch, rounds, schedule, should_stop, following)
            except MachineLostError:
                result = None
                if not should_stop():
                    self._transport.restart_period()
                    continue
            if result is None:
                self._transport.restart_period()
            return result

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        return self._transport.held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        return self._transport.tables()

    def load_tables(self, tables: NamedTables) -> None:
        self._transport.load_tables(tables)

    def close(self) -> None:
        self._transport.close()
