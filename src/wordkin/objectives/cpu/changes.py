"""Kernels that merge the rows that several replicas of a table have changed, and copy rows to and from tables.

A *list of rows* consists of distinct row ids, int32 [n], and one row for each id. Tables are merged in two steps:
:func:`add_pulls` for each replica, then :func:`add_changes` for each replica, both in the order of the replicas. The
rule is that of :func:`wordkin.objectives.cpu.copies.merge_rows`, and the results are bit-identical.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.products import copy_row, prefetch_row
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, store

Array = np.ndarray[Any, Any]

ROWS_AHEAD = 8  # distance in rows between a prefetch and the read


class Union(NamedTuple):
    """The rows of one table that at least one replica has changed, in order of first occurrence.

    The arrays have a fixed capacity. The *pull* u of a replica on a row measures how often it updated the row.

    Attributes
    ----------
    numbers : int32 [rows of the table]
        The index of each changed row in the arrays below. For other rows the value is arbitrary: an index is valid only
        if ``row_ids`` has the row at this index.
    row_ids : int32 [capacity]
        The id of each changed row.
    joint, summed : float64 [capacity]
        The sum of u, and the sum of 1 - e^-u, over the replicas that changed the row.
    replicas : int32 [capacity]
        How many replicas changed the row.
    rows : float32 [capacity, row_size]
        The merged rows.
    """

    numbers: Array
    row_ids: Array
    joint: Array
    summed: Array
    replicas: Array
    rows: Array


@kernel
def add_pulls(union, ids, pulls, count):
    """Register the rows ``ids`` that a replica has changed, and add its ``pulls``, float32 [n], to the union.

    ``count`` is the number of rows in the union before the call. Returns the number after it.
    """
    for slot in range(ids.shape[0]):
        row = ids[slot]
        number = union.numbers[row]
        if number >= count or union.row_ids[number] != row:
            number = np.int32(count)
            union.numbers[row] = number
            union.row_ids[number] = row
            union.joint[number] = 0.0
            union.summed[number] = 0.0
            union.replicas[number] = 0
            count += 1
        pull = np.float64(pulls[slot])
        union.joint[number] += pull
        union.summed[number] -= math.expm1(-pull)
        union.replicas[number] += 1
    return count


@kernel
def add_changes(shapes, union, before, ids, rows, whole, known):
    """Add the changes that one replica made to the merged rows of the union.

    A row that only one replica changed is copied. If several replicas changed a row, each change is scaled by the same
    factor, as in :func:`wordkin.objectives.cpu.copies.merge_rows`.

    Parameters
    ----------
    shapes : TileShapes
        The layout of the rows.
    union : Union
        The union, after :func:`add_pulls` of all replicas.
    before : float32 [rows of the table, row_size]
        The rows after the last merge.
    ids : int32 [n]
        The rows that the replica changed.
    rows : float32 [n, row_size] or [rows of the table, row_size]
        The changed rows: the row with id ``ids[i]`` is ``rows[ids[i]]`` if ``whole`` is true, else ``rows[i]``.
    whole : bool
        Whether ``rows`` is a whole table instead of a list of rows.
    known : int
        The number of rows in the union that earlier replicas changed.
    """
    for slot in range(ids.shape[0]):
        ahead = min(slot + ROWS_AHEAD, ids.shape[0] - 1)
        prefetch_row(before, ids[ahead])
        if whole:
            prefetch_row(rows, ids[ahead])
        if union.numbers[ids[ahead]] < known:
            prefetch_row(union.rows, union.numbers[ids[ahead]])
        row = np.int64(ids[slot])
        changed = row if whole else np.int64(slot)
        number = np.int64(union.numbers[row])
        if union.replicas[number] == 1:
            copy_row(shapes, rows, changed, union.rows, number)
        elif number < known:
            _add_change(shapes, union, before, row, rows, changed, union.rows, number, number)
        else:
            _add_change(shapes, union, before, row, rows, changed, before, row, number)


@inlined
def _add_change(shapes, union, before, row, rows, changed_row, sums, sum_row, number):
    """Add the scaled change of a row to ``sums[sum_row]``, and write the sum to the merged row ``number``."""
    share = -math.expm1(-union.joint[number]) / union.summed[number] if union.summed[number] > 0.0 else 1.0
    row_size = rows.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        old = load_row(shapes.panel, before, row * row_size + column)
        changed = load_row(shapes.panel, rows, changed_row * row_size + column)
        after = load_row(shapes.panel, sums, sum_row * row_size + column)
        after = add_scaled(after, share, add_scaled(changed, -1.0, old))
        store(after, union.rows, number * row_size + column, 0)


@kernel
def list_rows(shapes, table, ids, rows):
    """Copy rows out of a table: ``rows[:] = table[ids]``."""
    for slot in range(ids.shape[0]):
        prefetch_row(table, ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)])
        copy_row(shapes, table, np.int64(ids[slot]), rows, np.int64(slot))


@kernel
def set_rows(shapes, table, ids, rows):
    """Copy rows into a table: ``table[ids] = rows``."""
    for slot in range(ids.shape[0]):
        prefetch_row(table, ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)])
        copy_row(shapes, rows, np.int64(slot), table, np.int64(ids[slot]))


@kernel
def rebase_rows(shapes, table, ids, pulls, then, merged):
    """Change trained rows to what they would be if training had started from the merged rows.

    In the model of the merging rule, updates with a pull of u leave e^-u of the distance of a row to its optimum. So if
    a row had started at a distance d from where it did, it would have ended at d e^-u from where it did, and this
    computes ``table[ids] += (merged[ids] - then) * exp(-pulls[ids])``. A row without updates becomes the merged row.

    Parameters
    ----------
    shapes : TileShapes
        The layout of the rows.
    table : float32 [rows of the table, row_size]
        The rows after the updates.
    ids : int32 [n]
        Ids of the trained rows.
    pulls : float32 [rows of the table]
        For each row, the number of its updates since ``then``, multiplied by the pull.
    then : float32 [n, row_size]
        The rows ``ids`` at the start of training.
    merged : float32 [rows of the table, row_size]
        The merged rows.
    """
    row_size = table.shape[1]
    for slot in range(ids.shape[0]):
        ahead = ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)]
        prefetch_row(table, ahead)
        prefetch_row(merged, ahead)
        start = np.int64(ids[slot]) * row_size
        undone = math.expm1(-np.float64(pulls[ids[slot]]))
        for column in range(0, row_size, breadth(shapes.panel)):
            now = load_row(shapes.panel, table, start + column)
            earlier = load_row(shapes.panel, then, slot * row_size + column)
            base = load_row(shapes.panel, merged, start + column)
            after = add_scaled(base, 1.0, add_scaled(now, -1.0, earlier))
            store(add_scaled(after, undone, add_scaled(base, -1.0, earlier)), table, start + column, 0)
