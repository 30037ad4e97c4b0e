"""Kernels that merge the rows of several replicas, and copy rows between whole tables and lists of rows.

A *list of rows* is ids int32 [n], which differ, and one row for each. The rows of all replicas are merged in three
steps: :func:`add_pulls` for each replica, :func:`start_rows`, and :func:`add_changes` for each replica, in the order of
the replicas. The rule is that of :func:`wordkin.objectives.cpu.copies.merge_rows`, and so are the bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.products import copy_row, prefetch_row
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, store

Array = np.ndarray[Any, Any]

ROWS_AHEAD = 8  # so many rows are asked for before they are read


class Union(NamedTuple):
    """The rows of one table that any replica has changed, in order of appearance.

    numbers : int32 [rows of the table], the number of a row in the arrays below, among anything else (a sparse set).
    row_ids : int32 [room].
    joint, summed : float64 [room], over the replicas that changed a row: sum of u, and of 1 - e^-u, u its pull.
    replicas : int32 [room], how many changed it.
    rows : float32 [room, row_size], the merged rows.
    """

    numbers: Array
    row_ids: Array
    joint: Array
    summed: Array
    replicas: Array
    rows: Array


@kernel
def add_pulls(union, ids, pulls, count):
    """Enter the rows that a replica has changed, and how far it pulled them, float32 [n].

    ``count`` rows are in the union so far; returns how many there are now.
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
def start_rows(shapes, union, before, count):
    """Set the rows of the union to what they were before, float32 [rows of the table, row_size]."""
    for number in range(count):
        prefetch_row(before, union.row_ids[min(number + ROWS_AHEAD, count - 1)])
        if union.replicas[number] > 1:
            copy_row(shapes, before, np.int64(union.row_ids[number]), union.rows, np.int64(number))


@kernel
def add_changes(shapes, union, before, ids, rows):
    """Add what a replica changed, as far as all replicas should lead each row together; a row of one is taken as is."""
    for slot in range(ids.shape[0]):
        ahead = min(slot + ROWS_AHEAD, ids.shape[0] - 1)
        prefetch_row(before, ids[ahead])
        prefetch_row(union.rows, union.numbers[ids[ahead]])
        number = np.int64(union.numbers[ids[slot]])
        if union.replicas[number] == 1:
            copy_row(shapes, rows, np.int64(slot), union.rows, number)
        else:
            _add_change(shapes, union, before, np.int64(ids[slot]), rows, np.int64(slot), number)


@inlined
def _add_change(shapes, union, before, row, rows, slot, number):
    share = -math.expm1(-union.joint[number]) / union.summed[number] if union.summed[number] > 0.0 else 1.0
    row_size = rows.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        old = load_row(shapes.panel, before, row * row_size + column)
        changed = load_row(shapes.panel, rows, slot * row_size + column)
        after = load_row(shapes.panel, union.rows, number * row_size + column)
        after = add_scaled(after, share, add_scaled(changed, -1.0, old))
        store(after, union.rows, number * row_size + column, 0)


@kernel
def list_rows(shapes, table, ids, rows):
    """``rows = table[ids]``."""
    for slot in range(ids.shape[0]):
        prefetch_row(table, ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)])
        copy_row(shapes, table, np.int64(ids[slot]), rows, np.int64(slot))


@kernel
def set_rows(shapes, table, ids, rows):
    """``table[ids] = rows``."""
    for slot in range(ids.shape[0]):
        prefetch_row(table, ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)])
        copy_row(shapes, rows, np.int64(slot), table, np.int64(ids[slot]))


@kernel
def clear_numbers(numbers, ids):
    """``numbers[ids] = 0``, float32."""
    for slot in range(ids.shape[0]):
        numbers[ids[slot]] = 0.0
