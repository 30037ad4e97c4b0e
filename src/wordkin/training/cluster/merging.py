"""Merging of the rows of replicas, from the rows before and the rows that each replica changed.

The changes of a row are scaled and added in the order of the replicas, which is the order of the text. The scale
follows the rule by which one process merges the parts of a round, see :mod:`wordkin.training.cpu.merging`. Here a
replica corresponds to a part.

Rows are merged in *stripes* of neighbouring rows. Each stripe has one machine as its owner, which merges it. Stripes
are assigned to the machines in turn, so that all machines merge about equally many of the frequent rows, which come
first.
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
    start_rows,
)
from wordkin.objectives.cpu.layout import Layout, aligned_zeros

STRIPE_ROWS = 1024  # small enough that the frequent rows are spread over several machines

Rows: TypeAlias = NDArray[np.float32]
ScalarT = TypeVar("ScalarT", bound=np.generic)


class ChangedRows(NamedTuple):
    """Rows of one table that a replica has changed.

    Attributes
    ----------
    ids : int32 [n]
        Distinct row ids.
    rows : float32 [n, row_size]
        The rows after the change.
    pulls : float32 [n]
        For each row, the number of updates since it was merged, times the pull of one update.
    """

    ids: NDArray[np.int32]
    rows: Rows
    pulls: NDArray[np.float32]


class MergedRows(NamedTuple):
    """Rows of one table after merging, with distinct ids as in :class:`ChangedRows`."""

    ids: NDArray[np.int32]
    rows: Rows


def owner_of(ids: NDArray[Any], owners: int) -> NDArray[Any]:
    """Return the index of the machine, less than ``owners``, that merges each row."""
    numbers: NDArray[Any] = ids // STRIPE_ROWS % owners
    return numbers


class Merger:
    """Merges lists of changed rows in its own buffers.

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
        """Compile the kernels by merging no rows, so that the time of training does not include it."""
        table = np.empty((0, self._layout.row_size), np.float32)
        ids, pulls = np.empty(0, np.int32), np.empty(0, np.float32)
        nothing = ChangedRows(ids, list_of_rows(self._layout, table, ids), pulls)
        put_rows(self._layout, table, self._merge_table(0, table, [nothing]))
        clear_numbers(pulls, read_only(ids))

    def merge(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """Return the merged rows of all replicas. They are valid until the next call.

        Parameters
        ----------
        before : sequence of float32 [rows, row_size]
            All rows of each table as last merged.
        changes : sequence of sequence of ChangedRows
            For each replica, in the order of the replicas, the changed rows of each table.
        """
        return [
            self._merge_table(number, rows, [of_replica[number] for of_replica in changes])
            for number, rows in enumerate(before)
        ]

    def _merge_table(self, number: int, before: Rows, changes: Sequence[ChangedRows]) -> MergedRows:
        union = self._unions[number]
        room = sum(len(changed.ids) for changed in changes)
        if room > len(union.row_ids):
            union = self._unions[number] = self._union(union.numbers, room)
        shapes = self._layout.shapes
        count = 0
        given = [ChangedRows(read_only(ids), read_only(rows), read_only(pulls)) for ids, rows, pulls in changes]
        for changed in given:
            count = add_pulls(union, changed.ids, changed.pulls, count)
        start_rows(shapes, union, before, count)
        for changed in given:
            add_changes(shapes, union, before, changed.ids, changed.rows)
        return MergedRows(union.row_ids[:count], union.rows[:count])

    def _union(self, numbers: NDArray[np.int32], room: int) -> Union:
        """Allocate buffers for ``room`` rows and a quarter more, to reallocate less often."""
        room += room // 4
        return Union(
            numbers=numbers,
            row_ids=np.empty(room, np.int32),
            joint=np.empty(room, np.float64),
            summed=np.empty(room, np.float64),
            replicas=np.empty(room, np.int32),
            rows=aligned_zeros((room, self._layout.row_size)),
        )


def list_of_rows(layout: Layout, table: Rows, ids: NDArray[np.int32]) -> Rows:
    """Return a copy of the rows ``ids`` of a table."""
    rows = np.empty((len(ids), layout.row_size), np.float32)
    list_rows(layout.shapes, table, read_only(ids), rows)
    return rows


def put_rows(layout: Layout, table: Rows, merged: MergedRows) -> None:
    """Set rows of a table to the merged rows."""
    set_rows(layout.shapes, table, *map(read_only, merged))


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Return a read-only view: arrays of other machines are read-only, and so Numba compiles for one type only."""
    view = array.view()
    view.flags.writeable = False
    return view
