"""The state of one machine: some of the replicas, and the rows after the last merge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TRAITS, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus, TrainingText
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.merging import ChangedRows, MergedRows, Merger, Rows, list_of_rows, put_rows
from wordkin.training.cluster.replica import Replica
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece


class Machine:
    """Trains replicas one after the other, each with all threads, and merges rows.

    Parameters
    ----------
    config, counts, start, text_counts
        See :class:`~wordkin.training.cpu.backend.CpuBackend`.
    numbers : sequence of int
        The replicas that this machine trains; at least one.

    Attributes
    ----------
    config : TrainingConfig
        The options.
    replicas : dict of int to Replica
        The replicas by number.
    merged : tuple of float32 [rows, row_size]
        The rows of each table after the last merge; equal on all machines.
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
        self.config = config
        self._opened = (config, counts, text_counts)
        self.replicas = {numbers[0]: self._open_replica(start)}
        self.merged: tuple[Rows, ...] = tuple(rows.copy() for rows in self.replicas[numbers[0]].rows)
        frequent = frequent_rows(config, counts, [len(rows) for rows in self.merged])
        self._frequent = tuple(np.flatnonzero(each).astype(np.int32) for each in frequent)
        self._layout = self.replicas[numbers[0]].backend.layout
        short = config.merge_dtype == "bfloat16"
        self._short_columns = config.vector_size + config.output_bias if short else None
        self._merger = Merger(self._layout, [len(rows) for rows in self.merged], self._short_columns)
        self._kept: list[MergedRows] = []  # frequent rows at the start of the period, once they have changed
        self.train_replicas(numbers)

    def _open_replica(self, start: Iterable[TablePiece] = ()) -> Replica:
        config, counts, text_counts = self._opened
        return Replica(CpuBackend(config, counts, start, text_counts=text_counts))

    def train_replicas(self, numbers: Sequence[int]) -> None:
        """Train the replicas ``numbers`` from now on. New ones start from the last merged rows."""
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
        """Train each replica of this machine on its block of a round, taken from its text."""
        return {
            number: replica.train(texts[number], epoch, blocks[number], schedule, should_stop)
            for number, replica in self.replicas.items()
        }

    def changes(
        self, owners: int, *, all_rows: bool, elsewhere: Collection[int] = ()
    ) -> list[dict[int, list[ChangedRows]]]:
        """Return, for each owner, the rows that each replica changed, among all rows or only the frequent ones.

        See :func:`~wordkin.training.cluster.merging.owner_of`, and :meth:`Replica.changes` for ``elsewhere``.
        """
        among = None if all_rows else self._frequent
        before, columns = (None, 0) if self._short_columns is None else (self.merged, self._short_columns)
        found = {
            number: replica.changes(owners, among, elsewhere, before, columns)
            for number, replica in self.replicas.items()
        }
        return [{number: changed[owner] for number, changed in found.items()} for owner in range(owners)]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in a message."""
        return 4 * self._layout.row_size if self._short_columns is None else 2 * self._short_columns

    def reserve(self, rooms: Sequence[Sequence[int]], index: int, elsewhere: Collection[int]) -> None:
        """Allocate the buffers of merging, for the rows of each table and owner; this machine is owner ``index``."""
        self._merger.reserve([of_owners[index] for of_owners in rooms])
        for replica in self.replicas.values():
            replica.reserve(rooms, elsewhere, self.row_bytes)

    def merge(self, changes: Mapping[int, Sequence[ChangedRows]]) -> list[MergedRows]:
        """Merge the changes of all replicas. The result is valid until the next call; tables do not change."""
        return self._merger.merge(self.merged, [changes[number] for number in sorted(changes)])

    def take(self, merged: Sequence[MergedRows], *, all_rows: bool) -> None:
        """Copy the merged rows to every replica. :meth:`restart_period` can undo this unless ``all_rows`` is set."""
        if not all_rows and not self._kept:
            tables = zip(self.merged, self._frequent, strict=True)
            self._kept = [MergedRows(ids, list_of_rows(self._layout, rows, ids, Buffer())) for rows, ids in tables]
        for number, (before, rows) in enumerate(zip(self.merged, merged, strict=True)):
            for replica in self.replicas.values():
                replica.take(number, before, rows)
            put_rows(self._layout, before, before, rows)

    def end_period(self) -> None:
        """Mark the end of a period, after all rows are merged. The period can no longer be undone."""
        self._kept = []

    def restart_period(self) -> None:
        """Restore all rows to their state at the start of the period."""
        for rows, before in zip(self.merged, self._kept, strict=False):
            put_rows(self._layout, rows, rows, before)
        self._kept = []
        for replica in self.replicas.values():
            replica.restart_from(self.merged)

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """See :class:`wordkin.training.backend.Backend`."""
        return self._any_backend.held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        """Return views of the last merged tables. Valid between periods."""
        return self._any_backend.tables()

    def load_tables(self, pieces: Iterable[TablePiece]) -> None:
        """Set rows of tables to these pieces. Call it between periods only."""
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
    """Return a mask, bool [rows], of the rows of each table that are merged after every round.

    These are the rows of the most frequent words, and of the nodes of the Huffman tree nearest to the root.
    """
    common = np.zeros(len(counts), np.bool_)
    common[np.argsort(-counts, kind="stable")[: config.frequent_rows]] = True
    nodes = np.arange(len(counts) - 1) < config.frequent_rows
    outputs = (nodes if TRAITS[each].rows_are_nodes else common for each in config.objectives)
    return (common, np.ones(rows[1], np.bool_), *outputs)
