"""The interface between the backend of replicas and the machines, and an implementation in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus, TrainingText
from wordkin.training.backend import MachineWork, SpanResult
from wordkin.training.cluster.machine import Machine
from wordkin.training.cluster.merging import ChangedRows, MergedRows
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece, pieces_of


class MachineLostError(Exception):
    """A machine was lost during a period, which must be trained again on the remaining machines."""


class Transport(Protocol):
    """What the backend of replicas calls to train on all machines of a run.

    Each call returns when all machines have finished it. If a machine is lost, training raises
    :class:`MachineLostError`. After :meth:`restart_period`, the other machines also train the replicas of the lost
    machine.
    """

    @property
    def size(self) -> int:
        """The number of machines."""

    def begin_period(self) -> None:
        """Assign the replicas to the machines that are available now."""

    def train_period(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        rounds: Sequence[Sequence[range]],
        schedule: Schedule,
        should_stop: Callable[[], bool],
        following: Sequence[Sequence[range]] = (),
    ) -> SpanResult | None:
        """Train the rounds of a period and merge after each.

        ``rounds`` holds, for each round, the block of text of each replica. After the last round all rows are merged;
        after the others, only the frequent rows. Returns None if ``should_stop`` returns True. ``following`` holds the
        rounds of the next period, whose text may be fetched meanwhile.
        """

    def restart_period(self) -> None:
        """Undo training since the last complete period: restore all rows on all machines."""

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """Mean loss per example of held-out text; see :class:`wordkin.training.backend.Backend`."""

    def tables(self) -> NamedTables:
        """Return the current tables; see :class:`wordkin.training.backend.Backend`."""

    def load_tables(self, tables: NamedTables) -> None:
        """Replace the values of all tables; see :class:`wordkin.training.backend.Backend`."""

    def close(self) -> None:
        """Release the memory, threads and connections of this transport."""


def dealt(replicas: int, machines: int) -> list[range]:
    """Divide ``replicas`` replicas among the machines; return the numbers of the replicas of each machine.

    >>> [list(each) for each in dealt(5, 2)]
    [[0, 2, 4], [1, 3]]
    """
    return [range(first, replicas, machines) for first in range(machines)]


def period_result(
    trained: Sequence[Mapping[int, SpanResult]],
    rounds: Sequence[Sequence[range]],
    machines: int,
    sent_bytes: int,
    work: Mapping[str, MachineWork],
) -> SpanResult:
    """Combine the results of all replicas in all rounds of a period, in the order of the text.

    ``trained`` holds, for each round, the result of each replica; ``rounds`` the blocks of text.
    """
    results = [of_round[number] for of_round in trained for number in sorted(of_round)]
    losses = [loss for result in results for loss in result.losses]
    examples = sum(result.examples for result in results)
    return SpanResult(losses, examples, rounds[-1][-1].stop, machines, sent_bytes, work)


class InProcess:
    """A transport whose machines are objects of this process and exchange rows without copies.

    Parameters
    ----------
    config, counts, start, text_counts
        See :class:`~wordkin.training.cpu.backend.CpuBackend`.
    machines : int, default 1
        The number of machines that the replicas are assigned to. The result does not depend on it.
    """

    def __init__(
        self,
        config: TrainingConfig,
        counts: NDArray[np.int64],
        start: Iterable[TablePiece],
        *,
        text_counts: NDArray[np.int64] | None = None,
        machines: int = 1,
    ) -> None:
        pieces = start if machines == 1 else list(start)
        self.machines = [
            Machine(config, counts, pieces, numbers, text_counts=text_counts)
            for numbers in dealt(config.replicas, machines)
        ]
        self._merged: list[list[MergedRows]] = []  # of each owner, until the replicas take them

    @property
    def size(self) -> int:
        """The number of machines."""
        return len(self.machines)

    def begin_period(self) -> None:
        """Do nothing: in one process, the machines never change."""

    def train_period(
        self,
        corpus: TrainingText,
        epoch: int,
        rounds: Sequence[Sequence[range]],
        schedule: Schedule,
        should_stop: Callable[[], bool],
        following: Sequence[Sequence[range]] = (),
    ) -> SpanResult | None:
        trained: list[dict[int, SpanResult]] = []
        for number, blocks in enumerate(rounds, 1):
            texts, by_number = dict.fromkeys(range(len(blocks)), corpus), dict(enumerate(blocks))
            results: dict[int, SpanResult] = {}
            for machine in self.machines:
                results |= machine.train(texts, epoch, by_number, schedule, should_stop)
            if any(result.stop < by_number[replica].stop for replica, result in results.items()):
                return None
            trained.append(results)
            self._merge(all_rows=number == len(rounds))
        return period_result(trained, rounds, self.size, 0, {})

    def _merge(self, *, all_rows: bool) -> None:
        self._take_merged(all_rows=False)  # of the round before, if they are merged late
        found = [machine.changes(len(self.machines), all_rows=all_rows) for machine in self.machines]
        for owner, machine in enumerate(self.machines):
            changes: dict[int, list[ChangedRows]] = {}
            for each in found:
                changes |= each[owner]
            self._merged.append(machine.merge(changes))
        if not self.machines[0].merges_late(all_rows=all_rows):
            self._take_merged(all_rows=all_rows)

    def _take_merged(self, *, all_rows: bool) -> None:
        merged, self._merged = self._merged, []
        if not merged:
            return
        for machine in self.machines:
            machine.take(merged, all_rows=all_rows)
            if all_rows:
                machine.end_period()

    def restart_period(self) -> None:
        self._merged = []
        for machine in self.machines:
            machine.restart_period()

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        return self.machines[0].held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        return self.machines[0].tables()

    def load_tables(self, tables: NamedTables) -> None:
        for machine in self.machines:
            machine.load_tables(pieces_of(tables))

    def close(self) -> None:
        for machine in self.machines:
            machine.close()
