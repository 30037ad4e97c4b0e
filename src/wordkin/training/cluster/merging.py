"""Merging of the tables of several replicas, row by row.

All replicas start with equal tables, and each changes some rows. To merge a row, the changes of all replicas are scaled
and added to the row as it was after the previous merge. They are added in the order of the replicas, which is the order
of the text. The scale is computed as in :mod:`wordkin.training.cpu.merging`, where copies of rows are merged in the
same way.

The work is divided among the machines by *stripes*, ranges of :data:`STRIPE_ROWS` consecutive rows. Each stripe is
merged by one machine, its *owner*. Consecutive stripes have different owners. Frequent rows come first in a table, so
they are shared about equally among the machines.

With ``merge_dtype="bfloat16"``, replicas exchange the rounded changes of rows instead of rows, and a merged row is the
previous row plus the rounded change. All machines, including the owner, compute it from the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.bfloat16 import add_short_changes, list_changes, round_changes, set_changed_rows
from wordkin.objectives.cpu.changes import (
    Union,
    add_changes,
    add_pulls,
    list_rows,
    rebase_rows,
    set_rows,
)
from wordkin.objectives.cpu.layout import Layout, aligned_zeros
from wordkin.training.cluster.buffers import Buffer

STRIPE_ROWS = 1024  # small enough that the frequent rows are spread over several machines

Rows: TypeAlias = NDArray[np.float32]
ShortRows: TypeAlias = NDArray[np.uint16]  # bfloat16
ScalarT = TypeVar("ScalarT", bound=np.generic)


class ChangedRows(NamedTuple):
    """The rows of one table that a replica has changed since the last merge.

    Attributes
    ----------
    ids : ndarray of shape (n,), int32
        Distinct row ids.
    rows : ndarray of shape (n, row_size), float32, or of shape (n, columns), uint16
        The changed rows, or their changes in bfloat16.
    pulls : ndarray of shape (n,), float32
        For each row, the number of its updates since the last merge, multiplied by the *pull*: the fraction of the
        distance to the optimum that one update covers.
    whole : bool
        If True, ``rows`` is the whole table of the replica, and the changed rows are ``rows[ids]``. An owner in the
        same process then needs no copy of them.
    """

    ids: NDArray[np.int32]
    rows: Rows | ShortRows
    pulls: NDArray[np.float32]
    whole: bool = False


class MergedRows(NamedTuple):
    """The rows of one table after a merge, or the changes that the merge made to them in bfloat16.

    ``ids`` are the row ids, ``rows`` the values, as in :class:`ChangedRows`.
    """

    ids: NDArray[np.int32]
    rows: Rows | ShortRows


def owner_of(ids: NDArray[Any], owners: int) -> NDArray[Any]:
    """Return the index of the machine that merges each row (its owner), out of ``owners`` machines."""
    numbers: NDArray[Any] = ids // STRIPE_ROWS % owners
    return numbers


def owned_rows(rows: int, owners: int) -> list[int]:
    """Return how many of the rows of a table each of ``owners`` machines merges.

    >>> owned_rows(2500, 2)
    [1476, 1024]
    """
    return np.bincount(owner_of(np.arange(rows), owners), minlength=owners).tolist()  # type: ignore[no-any-return]


class Merger:
    """Merges the changed rows of several replicas. All calls share the same buffers."""

    def __init__(self, layout: Layout, rows: Sequence[int], short_columns: int | None = None) -> None:
        self._layout = layout
        self._short_columns = short_columns
        self._short = [Buffer() for _ in rows]  # merged changes in bfloat16
        self._unions = [self._union(np.zeros(count, np.int32), room=0) for count in rows]
        self._compile()

    def _compile(self) -> None:
        """Compile the kernels by merging empty lists of rows.

        The time of training then does not include compilation.
        """
        table = np.empty((0, self._layout.row_size), np.float32)
        ids, pulls = np.empty(0, np.int32), np.empty(0, np.float32)
        if self._short_columns is None:
            listed: Rows | ShortRows = list_of_rows(self._layout, table, ids, Buffer())
        else:
            listed = list_of_changes(table, table, ids, self._short_columns, Buffer())
        merged = self._merge_table(0, table, [ChangedRows(ids, listed, pulls)])
        put_rows(self._layout, table, table, merged)
        rebase_rows(self._layout.shapes, table, read_only(ids), pulls, table, table)

    def reserve(self, rooms: Sequence[int]) -> None:
        """Allocate buffers for ``rooms[i]`` rows of each table i, and fill them so that the system provides memory."""
        for number, (union, room) in enumerate(zip(self._unions, rooms, strict=True)):
            if room > len(union.row_ids):
                self._unions[number] = self._union(union.numbers, room)
                self._unions[number].rows.fill(0.0)
            self._short[number].reserve(room * 2 * (self._short_columns or 0))

    def merge(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """Return the merged rows of each table. The next call overwrites them.

        Parameters
        ----------
        before : sequence of ndarray of shape (rows, row_size), float32
            All rows of each table, as they were after the last merge.
        changes : sequence of sequence of ChangedRows
            For each replica, in the order of the replicas, the changed rows of each table.
        """
        return [
            self._merge_table(number, rows, [of_replica[number] for of_replica in changes])
            for number, rows in enumerate(before)
        ]

    def _merge_table(self, number: int, before: Rows, changes: Sequence[ChangedRows]) -> MergedRows:
        union = self._unions[number]
        room = min(sum(len(changed.ids) for changed in changes), len(before))
        if room > len(union.row_ids):
            union = self._unions[number] = self._union(union.numbers, min(room + room // 4, len(before)))
        count = 0
        known = []  # for each replica, the rows that earlier ones changed
        for changed in changes:
            known.append(count)
            count = add_pulls(union, read_only(changed.ids), read_only(changed.pulls), count)
        for changed, earlier in zip(changes, known, strict=True):
            self._add(union, before, changed, earlier)
        ids = union.row_ids[:count]
        if self._short_columns is None:
            return MergedRows(ids, union.rows[:count])
        short = self._short[number].rows(count, self._short_columns, np.uint16)
        round_changes(union, before, count, short)
        return MergedRows(ids, short)

    def _add(self, union: Union, before: Rows, changed: ChangedRows, earlier: int) -> None:
        ids, rows = read_only(changed.ids), read_only(changed.rows)
        if rows.dtype == np.uint16:
            add_short_changes(union, before, ids, rows, earlier)
        else:
            add_changes(self._layout.shapes, union, before, ids, rows, changed.whole, earlier)

    def _union(self, numbers: NDArray[np.int32], room: int) -> Union:
        """Allocate arrays for at most ``room`` merged rows; ``numbers`` has an element for each row of a table."""
        return Union(
            numbers=numbers,
            row_ids=np.empty(room, np.int32),
            joint=np.empty(room, np.float64),
            summed=np.empty(room, np.float64),
            replicas=np.empty(room, np.int32),
            rows=aligned_zeros((room, self._layout.row_size)),
        )


def list_of_rows(layout: Layout, table: Rows, ids: NDArray[np.int32], buffer: Buffer) -> Rows:
    """Return a copy of the rows ``ids`` of a table, in the memory of ``buffer``."""
    rows = buffer.rows(len(ids), layout.row_size, np.float32)
    list_rows(layout.shapes, table, read_only(ids), rows)
    return rows


def list_of_changes(table: Rows, before: Rows, ids: NDArray[np.int32], columns: int, buffer: Buffer) -> ShortRows:
    """Return ``table[ids] - before[ids]`` in bfloat16, in the memory of ``buffer``."""
    changes = buffer.rows(len(ids), columns, np.uint16)
    list_changes(table, before, read_only(ids), changes)
    return changes


def put_rows(layout: Layout, table: Rows, before: Rows, merged: MergedRows) -> None:
    """Set rows of a table to merged rows.

    If ``merged`` holds changes in bfloat16, they are added to the rows in ``before``, the table after the previous
    merge. ``before`` may be ``table`` itself.
    """
    ids, rows = read_only(merged.ids), read_only(merged.rows)
    if rows.dtype == np.uint16:
        set_changed_rows(table, before, ids, rows)
    else:
        set_rows(layout.shapes, table, ids, rows)


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Return a read-only view of an array.

    Arrays received from other machines are read-only. If all arguments of a kernel are, Numba compiles it only once.
    """
    view = array.view()
    view.flags.writeable = False
    return view
