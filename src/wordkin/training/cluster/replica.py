"""One replica: tables that the CPU engine trains, and how much each row has been updated since the last merge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.encoded import TrainingText
from wordkin.objectives.cpu.changes import rebase_rows
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.merging import (
    ChangedRows,
    MergedRows,
    Rows,
    list_of_changes,
    list_of_rows,
    owner_of,
    put_rows,
    read_only,
)
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule

SAMPLED_ROWS = 1024  # rows whose length is measured
_SMALLEST_PULL = 1e-30  # above 0, so that every updated row has a positive pull


class Replica:
    """One replica of the tables, whose rows are merged with those of the other replicas.

    Attributes
    ----------
    backend : CpuBackend
        The engine that trains the tables.
    rows : tuple of ndarray of shape (rows, row_size), float32
        Views of the rows of each table.
    pulls : tuple of ndarray of shape (rows,), float32
        For each table and row, the number of updates since :meth:`changes` last returned the row, times the pull of one
        update. 0 if the row has not been updated.
    """

    def __init__(self, backend: CpuBackend) -> None:
        self.backend = backend
        self.rows = backend.row_tables
        self.pulls = tuple(np.zeros(len(rows), np.float32) for rows in self.rows)
        self._tally = backend.tally_updates()
        self._pulls = backend.pulls
        self._buffers: defaultdict[tuple[int, int], Buffer] = defaultdict(Buffer)  # by table and owner
        self._marks = [Buffer() for _ in self.rows]
        self._marked: list[Rows] = []

    def train(
        self,
        corpus: TrainingText,
        epoch: int,
        block: range,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        """Train on a block of the text. ``stop`` of the result is the position that training reached."""
        self._tally.clear()
        result = self.backend.train_span(corpus, epoch, block.start, block.stop, schedule, should_stop)
        tallied = self._tally.updates
        squares = np.array([mean_square(rows, updates) for rows, updates in zip(self.rows, tallied, strict=True)])
        pulls = self._pulls.of(squares, schedule.at(epoch * corpus.words + block.start))
        for summed, updates, pull in zip(self.pulls, tallied, pulls, strict=True):
            summed += updates * np.float32(max(pull, _SMALLEST_PULL))
        return result

    def changes(
        self,
        owners: int,
        among: tuple[NDArray[np.int32], ...] | None,
        elsewhere: Collection[int] = (),
        before: tuple[Rows, ...] | None = None,
        columns: int = 0,
    ) -> list[list[ChangedRows]]:
        """Return the rows updated since they were last returned, for each owner and each table, and clear their pulls.

        An owner is a machine that merges some of the rows.

        Parameters
        ----------
        owners : int
            The number of machines that merge rows.
        among : tuple of ndarray of shape (n,), int32, or None
            The rows of each table to consider; None for all.
        elsewhere : collection of int, default ()
            The indices of the owners in other processes. Rows for them are copied to buffers, which the next call
            reuses. For the other owners, the result refers to the tables.
        before : tuple of ndarray of shape (rows, row_size), float32 or None, default None
            With bfloat16, the rows of each table as they were after the last merge. The result then holds changes for
            all owners.
        columns : int, default 0
            With bfloat16, the number of columns without padding.
        """
        layout = self.backend.layout
        changed: list[list[ChangedRows]] = [[] for _ in range(owners)]
        for number, (rows, pulls) in enumerate(zip(self.rows, self.pulls, strict=True)):
            updated = np.flatnonzero(pulls) if among is None else among[number][pulls[among[number]] > 0]
            owner = owner_of(updated, owners)
            for each, found in enumerate(changed):
                ids = updated[owner == each].astype(np.int32)
                buffer = self._buffers[number, each]
                if before is not None:
                    changes = list_of_changes(rows, before[number], ids, columns, buffer)
                    found.append(ChangedRows(ids, changes, pulls[ids]))
                elif each in elsewhere:
                    found.append(ChangedRows(ids, list_of_rows(layout, rows, ids, buffer), pulls[ids]))
                else:
                    found.append(ChangedRows(ids, rows, pulls[ids], whole=True))
            pulls[updated] = 0.0
        return changed

    def reserve(self, rooms: Sequence[Sequence[int]], elsewhere: Collection[int], row_bytes: int) -> None:
        """Allocate the buffers of :meth:`changes`.

        ``rooms[table][owner]`` is the maximum number of rows, and ``row_bytes`` the size of a row. Only the owners in
        ``elsewhere`` need buffers.
        """
        for table, of_owners in enumerate(rooms):
            for owner in elsewhere:
                self._buffers[table, owner].reserve(of_owners[owner] * row_bytes)

    def take(self, number: int, before: Rows, merged: MergedRows) -> None:
        """Set rows of table ``number`` to merged rows.

        If ``merged`` holds changes in bfloat16, they are added to the rows in ``before``, the table after the previous
        merge.
        """
        put_rows(self.backend.layout, self.rows[number], before, merged)

    def mark(self, among: tuple[NDArray[np.int32], ...]) -> None:
        """Remember the rows ``among`` of each table as they are now, for :meth:`rebase`."""
        tables = zip(self.rows, among, self._marks, strict=True)
        self._marked = [list_of_rows(self.backend.layout, rows, ids, buffer) for rows, ids, buffer in tables]

    def rebase(self, among: tuple[NDArray[np.int32], ...], merged: tuple[Rows, ...]) -> None:
        """Set the rows ``among`` of each table as if training had continued from the merged rows since :meth:`mark`."""
        tables = zip(self.rows, among, self.pulls, self._marked, merged, strict=True)
        for rows, ids, pulls, then, base in tables:
            rebase_rows(self.backend.layout.shapes, rows, read_only(ids), pulls, then, base)

    def restart_from(self, rows: tuple[Rows, ...]) -> None:
        """Copy all tables from ``rows``, and set all pulls to 0."""
        for own, others, pulls in zip(self.rows, rows, self.pulls, strict=True):
            own[...] = others
            pulls.fill(0.0)


def mean_square(rows: Rows, updates: NDArray[np.float32]) -> float:
    """Estimate the mean squared norm of rows, each weighted by its number of updates, from an evenly spaced sample."""
    summed = np.cumsum(updates, dtype=np.float64)
    if not len(summed) or summed[-1] == 0:
        return 0.0
    sampled = np.searchsorted(summed, (np.arange(SAMPLED_ROWS) + 0.5) * (summed[-1] / SAMPLED_ROWS))
    chosen, times = np.unique(sampled, return_counts=True)
    found = rows[chosen].astype(np.float64)
    return float(times @ np.einsum("ij,ij->i", found, found)) / SAMPLED_ROWS
