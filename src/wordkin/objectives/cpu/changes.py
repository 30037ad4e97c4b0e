"""Kernels that merge the rows of several replicas, and copy rows between whole tables and lists of rows.

A *list of rows* is distinct ids int32 [n] and one row for each id. Merging has two steps: :func:`add_pulls` for each
replica, then :func:`add_changes` for each replica, both in the order of the replicas. The rule is that of
:func:`wordkin.objectives.cpu.copies.merge_rows`, and the results are bit-identical.
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
    """The rows of one table that any replica has changed, in order of first occurrence.

    Attributes
    ----------
    numbers : int32 [rows of the table]
        The index of each changed row in the arrays below. Other elements are arbitrary: this is a sparse set,
        where ``row_ids`` confirms an index.
    row_ids : int32 [room]
        The id of each changed row.
    joint, summed : float64 [room]
        The sum of u, and of 1 - e^-u, over the replicas that changed the row, where u is the replica's pull.
    replicas : int32 [room]
        How many replicas changed the row.
    rows : float32 [room, row_size]
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
    """Add the rows that a replica has changed, and its pulls float32 [n], to the union.

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
    """Add the changes of one replica, scaled by the share that the rule of merging gives to each row.

    A row that only one replica changed is copied unscaled.

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
        Their changed values: the one of ``ids[slot]`` is at ``slot``, or at ``ids[slot]`` if ``whole``.
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
    """Add a scaled change to ``sums[sum_row]``, and write the result to the union."""
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
def clear_numbers(numbers, ids):
    """Set some of the float32 ``numbers`` to 0: ``numbers[ids] = 0``."""
    for slot in range(ids.shape[0]):
        numbers[ids[slot]] = 0.0
