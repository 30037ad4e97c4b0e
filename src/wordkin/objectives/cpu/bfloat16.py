"""Kernels that merge replicas whose changes of rows are sent as bfloat16.

A bfloat16 number is the upper half of a float32 number: the same range, with 8 significant bits. The change of a row is
rounded, not the row itself, so that the error is relative to the change. A *list of changes* consists of distinct row
ids, int32 [n], and uint16 [n, columns]: the difference between each row and the same row of the table ``before``, as of
the last merge. Columns of padding are left out. :mod:`wordkin.objectives.cpu.changes` has the same kernels for float32.
"""

from __future__ import annotations

import math

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.changes import ROWS_AHEAD
from wordkin.objectives.cpu.products import prefetch_row

NAN = 0x7FC0


@inlined
def rounded(number):
    """Round a float32 number to the nearest bfloat16 number, as uint16; ties go to the even one. NaN stays NaN."""
    bits = np.float32(number).view(np.uint32)
    even = np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
    upper = np.uint32(np.uint32(bits + np.uint32(0x7FFF) + even) >> np.uint32(16))
    return np.uint16(NAN) if math.isnan(number) else np.uint16(upper)


@inlined
def widened(number):
    """Convert a bfloat16 number, given as uint16, to the equal float32 number."""
    return np.uint32(np.uint32(number) << np.uint32(16)).view(np.float32)


@kernel
def list_changes(table, before, ids, changes):
    """Compute ``changes[:] = table[ids] - before[ids]``, rounded to bfloat16."""
    for slot in range(ids.shape[0]):
        ahead = ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)]
        prefetch_row(table, ahead)
        prefetch_row(before, ahead)
        row = np.int64(ids[slot])
        for column in range(changes.shape[1]):
            changes[slot, column] = rounded(table[row, column] - before[row, column])


@kernel
def add_short_changes(union, before, ids, changes, known):
    """Add the changes of one replica to the merged rows.

    The arguments are those of :func:`wordkin.objectives.cpu.changes.add_changes`, with changes instead of rows. If only
    one replica changed a row, its change is added as it is; otherwise changes are scaled.
    """
    for slot in range(ids.shape[0]):
        prefetch_row(before, ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)])
        row = np.int64(ids[slot])
        number = np.int64(union.numbers[row])
        share = np.float32(1.0)
        if union.replicas[number] > 1 and union.summed[number] > 0.0:
            share = np.float32(-math.expm1(-union.joint[number]) / union.summed[number])
        if number < known:
            for column in range(changes.shape[1]):
                union.rows[number, column] += share * widened(changes[slot, column])
        else:
            for column in range(changes.shape[1]):
                union.rows[number, column] = before[row, column] + share * widened(changes[slot, column])


@kernel
def round_changes(union, before, count, changes):
    """Compute ``changes[:count] = union.rows[:count] - before[union.row_ids[:count]]``, rounded to bfloat16."""
    for number in range(count):
        prefetch_row(before, union.row_ids[min(number + ROWS_AHEAD, count - 1)])
        row = np.int64(union.row_ids[number])
        for column in range(changes.shape[1]):
            changes[number, column] = rounded(union.rows[number, column] - before[row, column])


@kernel
def set_changed_rows(table, before, ids, changes):
    """Compute ``table[ids] = before[ids] + changes``; ``table`` may be the same array as ``before``."""
    for slot in range(ids.shape[0]):
        ahead = ids[min(slot + ROWS_AHEAD, ids.shape[0] - 1)]
        prefetch_row(table, ahead)
        prefetch_row(before, ahead)
        row = np.int64(ids[slot])
        for column in range(changes.shape[1]):
            table[row, column] = before[row, column] + widened(changes[slot, column])
