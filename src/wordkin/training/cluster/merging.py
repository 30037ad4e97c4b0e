"""How the rows of replicas come together: a function of the rows before, and of what each replica made of them.

The changes of a row are added in the order of the replicas, which is that of the text, as far as they should lead it
together. What that means is said, and done, where the parts of a round are merged: see
:mod:`wordkin.training.cpu.merging`. Here a replica takes the place of a part.

Rows are merged by *stripes*: neighbouring rows of all tables. One machine merges a stripe, its owner; stripes are dealt
to the machines in turn, so that each merges as many of the frequent rows, which come first, as the others.
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

STRIPE_ROWS = 1024  # few enough that the frequent rows are merged on several machines

Rows: TypeAlias = NDArray[np.float32]
ScalarT = TypeVar("ScalarT", bound=np.generic)


class ChangedRows(NamedTuple):
    """Rows of one table that a replica has changed.

    ids : int32 [n], which differ.
    rows : float32 [n, row_size], as they are now.
    pulls : float32 [n], updates of each times the share of the way that one goes, since the row was merged.
    """

    ids: NDArray[np.int32]
    rows: Rows
    pulls: NDArray[np.float32]


class MergedRows(NamedTuple):
    """Rows of one table after merging; ids as of :class:`ChangedRows`."""

    ids: NDArray[np.int32]
    rows: Rows


def owner_of(ids: NDArray[Any], owners: int) -> NDArray[Any]:
    """The number of the machine, of so many, that merges each of these rows."""
    numbers: NDArray[Any] = ids // STRIPE_ROWS % owners
    return numbers


class Merger:
    """Merges lists of changed rows, in buffers of its own.

    Parameters
    ----------
    layout : of the rows.
    rows : of each table.
    """

    def __init__(self, layout: Layout, rows: Sequence[int]) -> None:
        self._layout = layout
        self._unions = [self._union(np.zeros(count, np.int32), room=0) for count in rows]
        self._compile()

    def _compile(self) -> None:
        """Have the kernels ready before the clock of training starts, by merging no rows."""
        table = np.empty((0, self._layout.row_size), np.float32)
        ids, pulls = np.empty(0, np.int32), np.empty(0, np.float32)
        nothing = ChangedRows(ids, list_of_rows(self._layout, table, ids), pulls)
        put_rows(self._layout, table, self._merge_table(0, table, [nothing]))
        clear_numbers(pulls, read_only(ids))

    def merge(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """The rows that any replica has changed, merged; valid until the next call.

        Parameters
        ----------
        before : of each table, all rows as they were when they were last merged.
        changes : of each replica, in the order of the replicas, the changed rows of each table.
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
        """Buffers for so many rows, and a quarter more."""
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
    """Some rows of a table, copied."""
    rows = np.empty((len(ids), layout.row_size), np.float32)
    list_rows(layout.shapes, table, read_only(ids), rows)
    return rows


def put_rows(layout: Layout, table: Rows, merged: MergedRows) -> None:
    """Set rows of a table."""
    set_rows(layout.shapes, table, *map(read_only, merged))


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """The same numbers as those that come from another machine, which may not be written to: Numba compiles once."""
    view = array.view()
    view.flags.writeable = False
    return view
