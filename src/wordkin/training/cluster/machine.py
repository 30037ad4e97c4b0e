"""What one machine of a cluster holds: some of the replicas, and the rows after the last merge."""

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
    """The replicas that one machine trains, and the tables after the last merge.

    Replicas are trained one after the other, each with all threads.

    Parameters
    ----------
    config, counts, start, text_counts
        See :class:`~wordkin.training.cpu.backend.CpuBackend`.
    numbers : sequence of int
        The numbers of the replicas that this machine trains; at least one.

    Attributes
    ----------
    config : TrainingConfig
        The options.
    replicas : dict of int to Replica
        The replicas by number.
    merged : tuple of ndarray of shape (rows, row_size), float32
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
        """Train the replicas with the given ``numbers`` from now on, and no others.

        Replicas that this machine did not train before start from the rows after the last merge.
        """
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
        """Train each replica of this machine on its block of text in one round.

        ``texts`` and ``blocks`` give the text and the range of positions for each replica, by number.
        """
        return {
            number: replica.train(texts[number], epoch, blocks[number], schedule, should_stop)
            for number, replica in self.replicas.items()
        }

    def changes(
        self, owners: int, *, all_rows: bool, elsewhere: Collection[int] = ()
    ) -> list[dict[int, list[ChangedRows]]]:
        """Return the rows that each replica has changed since the last merge, by the owner that will merge them.

        ``owners`` is the number of machines that merge. If ``all_rows`` is false, only frequent rows are considered.
        ``elsewhere`` holds the indices of the owners in other processes, for which rows are copied. Rows that are
        merged late are copied for all owners, because training continues before they are merged. The result is indexed
        by owner, replica number and table.
        """
        among = None if all_rows else self._frequent
        if self.merges_late(all_rows=all_rows):
            elsewhere = range(owners)
            for replica in self.replicas.values():
                replica.mark(self._frequent)
        before, columns = (None, 0) if self._short_columns is None else (self.merged, self._short_columns)
        found = {
            number: replica.changes(owners, among, elsewhere, before, columns)
            for number, replica in self.replicas.items()
        }
        return [{number: changed[owner] for number, changed in found.items()} for owner in range(owners)]

    def merges_late(self, *, all_rows: bool) -> bool:
        """Return whether merged rows are written to the replicas only after the next round."""
        return self.config.merge_late and not all_rows

    @property
    def row_bytes(self) -> int:
        """Number of bytes of one row in a message to another machine."""
        return 4 * self._layout.row_size if self._short_columns is None else 2 * self._short_columns

    def reserve(self, rooms: Sequence[Sequence[int]], index: int, elsewhere: Collection[int]) -> None:
        """Allocate the buffers for merging.

        ``rooms[table][owner]`` is the maximum number of rows that an owner merges. This machine is owner ``index``; the
        owners in ``elsewhere`` are other machines.
        """
        self._merger.reserve([of_owners[index] for of_owners in rooms])
        for replica in self.replicas.values():
            replica.reserve(rooms, elsewhere, self.row_bytes)

    def merge(self, changes: Mapping[int, Sequence[ChangedRows]]) -> list[MergedRows]:
        """Merge the changes of all replicas to the rows that this machine owns; return the merged rows.

        ``changes`` has the changed rows of each replica, by number, and the result the merged rows of each table.
        Tables do not change. The next call overwrites the result.
        """
        return self._merger.merge(self.merged, [changes[number] for number in sorted(changes)])

    def take(self, merged: Sequence[Sequence[MergedRows]], *, all_rows: bool) -> None:
        """Write the merged rows of all owners to the tables of every replica of this machine.

        If rows are merged late, the changes that a replica has made meanwhile are added. If only frequent rows were
        merged (``all_rows`` is false), :meth:`restart_period` can undo this.
        """
        if not all_rows and not self._kept:
            tables = zip(self.merged, self._frequent, strict=True)
            self._kept = [MergedRows(ids, list_of_rows(self._layout, rows, ids, Buffer())) for rows, ids in tables]
        late = self.merges_late(all_rows=all_rows)
        for of_owner in merged:
            for number, (before, rows) in enumerate(zip(self.merged, of_owner, strict=True)):
                if not late:
                    for replica in self.replicas.values():
                        replica.take(number, before, rows)
                put_rows(self._layout, before, before, rows)
        if late:
            for replica in self.replicas.values():
                replica.rebase(self._frequent, self.merged)

    def end_period(self) -> None:
        """Mark the end of a period: all rows have been merged, and the period can no longer be undone."""
        self._kept = []

    def restart_period(self) -> None:
        """Undo the training since the end of the last period: restore all rows."""
        for rows, before in zip(self.merged, self._kept, strict=False):
            put_rows(self._layout, rows, rows, before)
        self._kept = []
        for replica in self.replicas.values():
            replica.restart_from(self.merged)

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """Mean loss per example of a text for the tables; see :class:`wordkin.training.backend.Backend`."""
        return self._any_backend.held_out_loss(corpus, should_stop)

    def tables(self) -> NamedTables:
        """Return views of the tables. They are equal to the merged tables only between periods."""
        return self._any_backend.tables()

    def load_tables(self, pieces: Iterable[TablePiece]) -> None:
        """Set the rows that are in ``pieces``, each (name of the table, first row, rows).

        It may be called only between periods.
        """
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
    """Return a boolean array for each table: whether each row is frequent, that is, merged after every round.

    Frequent rows belong to the most frequent words, or to the nodes of the Huffman tree nearest to the root. All other
    rows are merged only after each period. ``rows`` is the number of rows of each table.
    """
    common = np.zeros(len(counts), np.bool_)
    common[np.argsort(-counts, kind="stable")[: config.frequent_rows]] = True
    nodes = np.arange(len(counts) - 1) < config.frequent_rows
    outputs = (nodes if TRAITS[each].rows_are_nodes else common for each in config.objectives)
    return (common, np.ones(rows[1], np.bool_), *outputs)
