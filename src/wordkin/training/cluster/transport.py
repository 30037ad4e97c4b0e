"""How replicas on several machines work together: train a round, merge rows, begin a period again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.machine import Machine
from wordkin.training.cluster.merging import ChangedRows, stripes
from wordkin.training.schedule import Schedule


class Transport(Protocol):
    """Calls that reach all machines; each returns when all of them are done."""

    def train(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        blocks: Sequence[range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> list[SpanResult]:
        """Train a round; the results of the replicas, in their order."""

    def merge(self, *, all_rows: bool) -> None:
        """Merge what the replicas changed, in all rows or in the frequent ones, and hand it to every machine."""

    def restart_period(self) -> None:
        """Have all rows on all machines as they were after all rows were last merged."""


class InProcess:
    """Machines that are objects of this process; what they hand each other is passed as it is."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.machines = machines

    def train(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        blocks: Sequence[range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> list[SpanResult]:
        results: dict[int, SpanResult] = {}
        for machine in self.machines:
            results |= machine.train(corpus, epoch, blocks, schedule, should_stop)
        return [results[number] for number in sorted(results)]

    def merge(self, *, all_rows: bool) -> None:
        for stripe in stripes([len(rows) for rows in self.machines[0].merged]):
            changes: dict[int, list[ChangedRows]] = {}
            for machine in self.machines:
                changes |= machine.changes(stripe, all_rows=all_rows)
            if any(len(each.ids) for changed in changes.values() for each in changed):
                merged = self.machines[stripe % len(self.machines)].merge(stripe, changes)
                for machine in self.machines:
                    machine.take(stripe, merged, all_rows=all_rows)
        if all_rows:
            for machine in self.machines:
                machine.end_period()

    def restart_period(self) -> None:
        for machine in self.machines:
            machine.restart_period()
