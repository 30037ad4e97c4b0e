"""Merging of the tables of several replicas, row by row.

All replicas start with equal tables, and each changes some rows. To merge a row, the changes of all replicas are scaled
and added to the row as it was after the previous merge. They are added in the order of the replicas, which is the order
of the text. The scale is computed as in :mod:`wordkin.training.cpu.merging`, with a replica in the role of a part.

The work is divided among the machines by *stripes*, ranges of :data:`STRIPE_ROWS` consecutive rows. Each stripe is
merged by one machine, its *owner*. Consecutive stripes have different owners. Frequent rows come first in a table, so
they are shared about equally among the machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.changes import (
    Union,
    add_changes,
    add_pulls,
    clear_numbers,
    list_rows,
    set_rows,
)
from wordkin.objectives.cpu.layout import Layout, aligned_zeros
from wordkin.training.cluster.buffers import Buffer

STRIPE_ROWS = 1024  # small enough that the frequent rows are spread over several machines

Rows: TypeAlias = NDArray[np.float32]
ScalarT = TypeVar("ScalarT", bound=np.generic)


class ChangedRows(NamedTuple):
    """The rows of one table that a replica changed since the last merge.

    Attributes
    ----------
    ids : int32 [n]
        Distinct row ids.
    rows : float32 [n, row_size]
        The changed values of these rows.
    pulls : float32 [n]
        For each row, the number of its updates since the last merge, multiplied by the *pull*: the fraction of the
        distance to the optimum that one update covers.
    whole : bool
        Whether ``rows`` is the whole table of the replica instead, in which the values of ``ids[i]`` are at ``ids[i]``.
        So rows that stay in this process need no copy.
    """

    ids: NDArray[np.int32]
    rows: Rows
    pulls: NDArray[np.float32]
    whole: bool = False


class MergedRows(NamedTuple):
    """The rows of one table after a merge. ``ids`` are distinct, as in :class:`ChangedRows`."""

    ids: NDArray[np.int32]
    rows: Rows


def owner_of(ids: NDArray[Any], owners: int) -> NDArray[Any]:
    """Return the index of the owner of each row; ``owners`` is the number of machines."""
    numbers: NDArray[Any] = ids // STRIPE_ROWS % owners
    return numbers


class Merger:
    """Merges changed rows of several replicas, in buffers that all calls share.

    Parameters
    ----------
    layout : Layout
        The layout of the rows.
    rows : sequence of int
        The number of rows of each table.
    """

    def __init__(self, layout: Layout, rows: Sequence[int]) -> None:
        self._layout = layout
        self._unions = [self._union(np.zeros(count, np.int32), room=0) for count in rows]
        self._compile()

    def _compile(self) -> None:
        """Compile the kernels by merging no rows, so that training is timed without compilation."""
        table = np.empty((0, self._layout.row_size), np.float32)
        ids, pulls = np.empty(0, np.int32), np.empty(0, np.float32)
        nothing = ChangedRows(ids, list_of_rows(self._layout, table, ids), pulls)
        put_rows(self._layout, table, self._merge_table(0, table, [nothing]))
        clear_numbers(pulls, read_only(ids))

    def merge(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """Return the merged rows of each table. The next call overwrites them.

        Parameters
        ----------
        before : sequence of float32 [rows, row_size]
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
            union = self._unions[number] = self._union(union.numbers, room)
        count = 0
        known = []  # for each replica, the rows that earlier ones changed
        for changed in changes:
            known.append(count)
            count = add_pulls(union, read_only(changed.ids), read_only(changed.pulls), count)
        for changed, earlier in zip(changes, known, strict=True):
            ids, rows = read_only(changed.ids), read_only(changed.rows)
            add_changes(self._layout.shapes, union, before, ids, rows, changed.whole, earlier)
        return MergedRows(union.row_ids[:count], union.rows[:count])

    def _union(self, numbers: NDArray[np.int32], room: int) -> Union:
        """Allocate buffers for 1.25 * ``room`` rows, so that later calls reallocate less often."""
        room = min(room + room // 4, len(numbers))
        return Union(
            numbers=numbers,
            row_ids=np.empty(room, np.int32),
            joint=np.empty(room, np.float64),
            summed=np.empty(room, np.float64),
            replicas=np.empty(room, np.int32),
            rows=aligned_zeros((room, self._layout.row_size)),
        )


def list_of_rows(layout: Layout, table: Rows, ids: NDArray[np.int32], buffer: Buffer | None = None) -> Rows:
    """Return a copy of the rows ``ids`` of a table, in the memory of ``buffer`` if one is given."""
    rows = (buffer or Buffer()).rows(len(ids), layout.row_size)
    list_rows(layout.shapes, table, read_only(ids), rows)
    return rows


def put_rows(layout: Layout, table: Rows, merged: MergedRows) -> None:
    """Set rows of a table to the merged rows."""
    set_rows(layout.shapes, table, *map(read_only, merged))


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Return a read-only view. Arrays from other machines are read-only; if all are, Numba compiles a kernel once."""
    view = array.view()
    view.flags.writeable = False
    return view
