"""What one machine holds and does: some of the replicas, and the rows as they were when they were last merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus, TrainingText
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.merging import ChangedRows, MergedRows, Merger, Rows, list_of_rows, put_rows
from wordkin.training.cluster.replica import Replica
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece


class Machine:
    """Trains replicas one after the other, each with all threads, and takes part in merging them.

    Attributes
    ----------
    replicas : by number.
    merged : float32 [rows, row_size] of each table: the rows as last merged, the same on every machine.

    Parameters
    ----------
    config, counts, start, text_counts : as of :class:`~wordkin.training.cpu.backend.CpuBackend`.
    numbers : which replicas this machine trains; at least one.
    """

    def __init__(
        self,
        config: TrainingConfig,
        counts: NDArray[np.int64],
        start: Iterable[TablePiece],
        numbers: Sequence[int],
        *,
        text_counts: NDArray[np.int64] | None = None,
    ) -> None:
        self._opened = (config, counts, text_counts)
        self.replicas = {numbers[0]: self._open_replica(start)}
        self.merged: tuple[Rows, ...] = tuple(rows.copy() for rows in self.replicas[numbers[0]].rows)
        frequent = frequent_rows(config, counts, [len(rows) for rows in self.merged])
        self._frequent = tuple(np.flatnonzero(each).astype(np.int32) for each in frequent)
        self._layout = self.replicas[numbers[0]].backend.layout
        self._merger = Merger(self._layout, [len(rows) for rows in self.merged])
        self._kept: list[MergedRows] = []  # frequent rows as they were when the period began, if they have changed
        self.train_replicas(numbers)

    def _open_replica(self, start: Iterable[TablePiece] = ()) -> Replica:
        config, counts, text_counts = self._opened
        return Replica(CpuBackend(config, counts, start, text_counts=text_counts))

    def train_replicas(self, numbers: Sequence[int]) -> None:
        """Train these replicas from now on, at least one; new ones start from the rows as last merged."""
        idle = [self.replicas.pop(number) for number in sorted(self.replicas.keys() - set(numbers))]
        for number in sorted(set(numbers) - self.replicas.keys()):
            self.replicas[number] = idle.pop() if idle else self._open_replica()
            self.replicas[number].restart_from(self.merged)
        for replica in idle:
            replica.backend.close()

    def train(
        self,
        texts: Mapping[int, TrainingText],
        epoch: int,
        blocks: Mapping[int, range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> dict[int, SpanResult]:
        """Train each replica of this machine on its block of a round, read from its text."""
        return {
            number: replica.train(texts[number], epoch, blocks[number], schedule, should_stop)
            for number, replica in self.replicas.items()
        }

    def changes(self, owners: int, *, all_rows: bool) -> list[dict[int, list[ChangedRows]]]:
        """What each replica of this machine changed, of all rows or of the frequent ones, for each of so many owners.

        See :func:`~wordkin.training.cluster.merging.owner_of`.
        """
        among = None if all_rows else self._frequent
        found = {number: replica.changes(owners, among) for number, replica in self.replicas.items()}
        return [{number: changed[owner] for number, changed in found.items()} for owner in range(owners)]

    def merge(self, changes: Mapping[int, Sequence[ChangedRows]]) -> list[MergedRows]:
        """The changes of all replicas to some rows, merged; valid until the next call. No table changes."""
        return self._merger.merge(self.merged, [changes[number] for number in sorted(changes)])

    def take(self, merged: Sequence[MergedRows], *, all_rows: bool) -> None:
        """Set rows of each table to what was merged, in every replica; with ``all_rows``, for good."""
        if not all_rows and not self._kept:
            tables = zip(self.merged, self._frequent, strict=True)
            self._kept = [MergedRows(ids, list_of_rows(self._layout, rows, ids)) for rows, ids in tables]
        for number, rows in enumerate(merged):
            put_rows(self._layout, self.merged[number], rows)
            for replica in self.replicas.values():
                replica.take(number, rows)

    def end_period(self) -> None:
        """To be called when all rows were merged: there is no way back behind this."""
        self._kept = []

    def restart_period(self) -> None:
        """Have all rows as they were when the period began."""
        for rows, before in zip(self.merged, self._kept, strict=False):
            put_rows(self._layout, rows, before)
        self._kept = []
        for replica in self.replicas.values():
            replica.restart_from(self.merged)

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """See :class:`wordkin.training.backend.Backend`."""
        return self._any_backend.held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        """The tables as last merged, between periods; views."""
        return self._any_backend.tables()

    def load_tables(self, pieces: Iterable[TablePiece]) -> None:
        """Set rows of tables, between periods."""
        tables = self.tables()
        for name, first, rows in pieces:
            tables[name][first : first + len(rows)] = rows
        for own, others in zip(self.merged, self._any_backend.row_tables, strict=True):
            own[...] = others
        self.end_period()
        self.restart_period()

    @property
    def _any_backend(self) -> CpuBackend:
        return next(iter(self.replicas.values())).backend

    def close(self) -> None:
        for replica in self.replicas.values():
            replica.backend.close()


def frequent_rows(
    config: TrainingConfig, counts: NDArray[np.int64], rows: Sequence[int]
) -> tuple[NDArray[np.bool_], ...]:
    """Which rows of each table are merged after every round: bool [rows].

    Of words the most frequent ones, of nodes of the tree those nearest to the root, which come first.
    """
    common = np.zeros(len(counts), np.bool_)
    common[np.argsort(-counts, kind="stable")[: config.frequent_rows]] = True
    nodes = np.arange(len(counts) - 1) < config.frequent_rows
    outputs = (nodes if each == "hierarchical-softmax" else common for each in config.objectives)
    return (common, np.ones(rows[1], np.bool_), *outputs)
