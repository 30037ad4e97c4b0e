"""Copies of table rows, so that several shards of text can be trained in parallel and independently.

A *shard* is a piece of text that one thread trains. A row that only one shard reads is trained in the table itself. If
several shards read a row, each of them trains a copy, which is stored after the end of the table. The kernels address
rows by their index, so they treat copies like any row. At the end, the changes of all copies are added to the row.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.products import copy_row, dot, prefetch_row
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, prefetch, store

Array = np.ndarray[Any, Any]

PATHS_AHEAD = 4  # prefetch distance for paths
ROWS_AHEAD = 8  # prefetch distance for rows that are copied
ROWS_APART = 16  # stride of the rows whose length is measured
SLOTS_TOGETHER = 64  # slots per unit of work when copies are merged


@kernel
def number_rows(ids, weight, local_ids, row_ids, updates, count):
    """Replace row ids by local numbers from 0, in order of first occurrence; return how many rows have a number.

    ``ids`` int32 is changed in place. ``row_ids[:count]`` int32 are the rows that have a number already; new ones are
    appended. ``local_ids`` int32 [rows] maps rows to their local numbers; entries of other rows are arbitrary (a sparse
    set, Briggs and Torczon 1993). Each occurrence of a row adds ``weight`` to ``updates`` float32 at its local number.
    """
    for slot in range(ids.shape[0]):
        local, count = _number(ids[slot], local_ids, row_ids, updates, count)
        updates[local] += weight
        ids[slot] = local
    return count


@inlined
def _number(row, local_ids, row_ids, updates, count):
    """Return the local number of a row, and how many rows have a number. A row without one gets the next number."""
    local = local_ids[row]
    if local >= count or row_ids[local] != row:
        local = np.int32(count)
        local_ids[row] = local
        row_ids[local] = row
        updates[local] = 0.0
        count += 1
    return local, count


@kernel
def add_updates(row_ids, updates, tally):
    """Compute ``tally[row_ids] += updates``, float32, for distinct rows.

    If several threads do this at the same time, some additions may be lost.
    """
    for slot in range(row_ids.shape[0]):
        tally[row_ids[slot]] += updates[slot]


@kernel
def count_ids(ids, counts):
    """Add 1 to ``counts[id]``, int32, for each element of ``ids``, which may repeat an id."""
    for slot in range(ids.shape[0]):
        counts[ids[slot]] += 1


@kernel
def add_paths(tree, weights, node_updates):
    """Add the weight of each word to every node on the path of the word.

    ``weights`` float32 [words]; ``node_updates`` float32 [nodes] receives the sums.
    """
    for word in range(weights.shape[0]):
        if weights[word] > 0.0:
            for step in range(tree.offsets[word], tree.offsets[word + 1]):
                node_updates[tree.node_ids[step]] += weights[word]


@kernel
def number_paths(tree, word_ids, weights, paths, local_ids, row_ids, updates, top):
    """Copy the paths of some words to the tree ``paths``, with local node numbers; return the number of nodes.

    The local number of a node with an id below ``top`` is its id. Each path adds the weight of its word, float32, to
    ``updates`` at its nodes. The other arguments are those of :func:`number_rows`.
    """
    count = top
    stop = 0
    paths.offsets[0] = 0
    for word in range(word_ids.shape[0]):
        ahead = word_ids[min(word + PATHS_AHEAD, word_ids.shape[0] - 1)]
        prefetch(tree.node_ids, tree.offsets[ahead], tree.offsets[ahead + 1] - tree.offsets[ahead])
        first = tree.offsets[word_ids[word]]
        length = tree.offsets[word_ids[word] + 1] - first
        for step in range(length):
            node = tree.node_ids[first + step]
            local = node
            if node >= top:
                local, count = _number(node, local_ids, row_ids, updates, count)
            updates[local] += weights[word]
            paths.node_ids[stop + step] = local
            paths.bits[stop + step] = tree.bits[first + step]
        stop += length
        paths.offsets[word + 1] = stop
    return count


@kernel
def renumber(numbers, ids, renumbered):
    """Compute ``renumbered[:] = numbers[ids]``; ``renumbered`` may be the array ``ids`` itself."""
    for slot in range(ids.shape[0]):
        renumbered[slot] = numbers[ids[slot]]


class RowCopies(NamedTuple):
    """A table with copies of rows after its end, and which rows each shard of text reads.

    Shards of two generations are in memory: one generation is trained while the next is prepared. Each shard has
    ``room`` consecutive slots; a slot holds one row that the shard reads.

    rows : float32 [first_copy + half the shards * room, row_size], the table followed by the copies.
    first_copy : index of the first copy in ``rows``.
    row_ids : int32 [slots], the row of the table.
    numbers : int32 [slots], the index in ``rows`` of the row or copy that the shard trains.
    updates : float32 [slots], how often the shard updates the row.
    pulls : float64 [shards], the fraction of its distance to the optimum that one update moves a row.
    counts : int64 [shards], the number of slots in use.
    heads : int32 [2, rows of the table], the first element of a linked list for each generation and row.
    links : int32 [slots], the next element. A list holds the slots of a row, each plus 1, by shard; 0 ends it.
    """

    rows: Array
    first_copy: int
    room: int
    row_ids: Array
    numbers: Array
    updates: Array
    pulls: Array
    counts: Array
    heads: Array
    links: Array


@inlined
def _shards_of_generation(table):
    return table.counts.shape[0] // table.heads.shape[0]


@inlined
def _generation_of(table, shard):
    return shard // _shards_of_generation(table)


@inlined
def _slots_of(table, shard):
    """Return the first slot that a shard uses, and the slot after the last one."""
    return shard * table.room, shard * table.room + table.counts[shard]


@kernel
def claim_rows(tables, shard):
    """Register the rows that a shard reads in the per-row linked lists of all ``tables``.

    The caller must hold a lock; the order of shards does not matter.
    """
    for table in tables:
        generation = _generation_of(table, shard)
        first, stop = _slots_of(table, shard)
        for slot in range(first, stop):
            row = table.row_ids[slot]
            if 0 < table.heads[generation, row] <= slot:
                before = table.heads[generation, row] - 1
                while 0 < table.links[before] <= slot:
                    before = table.links[before] - 1
                table.links[slot] = table.links[before]
                table.links[before] = slot + 1
            else:
                table.links[slot] = table.heads[generation, row]
                table.heads[generation, row] = slot + 1


@kernel
def take_rows(shapes, tables, shard):
    """Decide where a shard trains each of its rows: in the table or, if other shards also read it, in a copy.

    Writes ``numbers``, and copies the rows. All shards must have registered their rows with :func:`claim_rows` before.
    """
    for table in tables:
        generation = _generation_of(table, shard)
        first, stop = _slots_of(table, shard)
        shards = _shards_of_generation(table)
        own_copies = table.first_copy + (shard % shards) * table.room
        for slot in range(first, stop):
            row = table.row_ids[slot]
            following = table.row_ids[min(slot + ROWS_AHEAD, stop - 1)]
            if not _is_alone(table, generation, min(slot + ROWS_AHEAD, stop - 1), following):
                prefetch_row(table.rows, following)
            if _is_alone(table, generation, slot, row):
                table.numbers[slot] = row
            else:
                table.numbers[slot] = own_copies + slot - first
                copy_row(shapes, table.rows, np.int64(row), table.rows, np.int64(table.numbers[slot]))


@inlined
def _is_alone(table, generation, slot, row):
    """Whether only one shard, that of ``slot``, reads a row."""
    return table.heads[generation, row] == slot + 1 and table.links[slot] == 0


@kernel
def mean_squares(shapes, tables, shard, squares):
    """Write the mean squared norm of the rows that a shard trains to ``squares`` float64 [tables].

    If a row has a copy, the copy is measured. Each row is weighted by its number of updates. Only a sample of
    the rows is measured.
    """
    for number in range(len(tables)):
        table = tables[number]
        row_size = table.rows.shape[1]
        first, stop = _slots_of(table, shard)
        summed = 0.0
        updates = 0.0
        for slot in range(first, stop, ROWS_APART):
            row = np.int64(table.numbers[slot])
            square = dot(shapes.panel, shapes.vector, table.rows, row, row, row_size)
            summed += table.updates[slot] * square
            updates += table.updates[slot]
        squares[number] = summed / updates if updates > 0.0 else 0.0


@kernel
def merge_rows(shapes, tables, first_shard, share, shares):
    """Add the changes of all copies of a generation to the rows of the tables, and clear its linked lists.

    For each row, changes are added in the order of the shards. Threads divide the work: a thread merges the rows whose
    first slot is in its share, number ``share`` of ``shares``, so no two threads write to the same row.
    """
    for table in tables:
        generation = _generation_of(table, first_shard)
        for shard in range(first_shard, first_shard + _shards_of_generation(table)):
            first, stop = _slots_of(table, shard)
            for stretch in range(first + share * SLOTS_TOGETHER, stop, shares * SLOTS_TOGETHER):
                stretch_stop = min(stretch + SLOTS_TOGETHER, stop)
                for slot in range(stretch, min(stretch + ROWS_AHEAD, stretch_stop)):
                    _prefetch_copies(table, generation, slot)
                for slot in range(stretch, stretch_stop):
                    _prefetch_copies(table, generation, min(slot + ROWS_AHEAD, stretch_stop - 1))
                    row = table.row_ids[slot]
                    if table.heads[generation, row] == slot + 1:
                        table.heads[generation, row] = 0
                        if table.links[slot] > 0:
                            _merge_copies(shapes, table, slot, np.int64(row))


@inlined
def _prefetch_copies(table, generation, slot):
    """Prefetch a row and all its copies, if it has copies and ``slot`` is the first in its linked list."""
    row = table.row_ids[slot]
    if table.heads[generation, row] == slot + 1 and table.links[slot] > 0:
        prefetch_row(table.rows, row)
        following = slot + 1
        while following > 0:
            prefetch_row(table.rows, table.numbers[following - 1])
            following = table.links[following - 1]


@inlined
def _merge_copies(shapes, table, first_slot, row):
    """Add the changes of all copies of a row, scaled by a common factor, to the row."""
    share = _share_of_changes(table, first_slot)
    row_size = table.rows.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        before = load_row(shapes.panel, table.rows, row * row_size + column)
        after = before
        following = np.int64(first_slot + 1)
        while following > 0:
            copy = np.int64(table.numbers[following - 1]) * row_size
            changed = load_row(shapes.panel, table.rows, copy + column)
            after = add_scaled(after, share, add_scaled(changed, -1.0, before))
            following = np.int64(table.links[following - 1])
        store(after, table.rows, row * row_size + column, 0)


@inlined
def _share_of_changes(table, first_slot):
    """Return the factor by which the changes of all copies of a row are scaled before they are added to the row.

    It is (1 - e^-U) / Σ (1 - e^-u), where u is, for one copy, the number of its updates times the pull of its shard,
    and U is the sum of all u.
    """
    joint = 0.0
    summed = 0.0
    following = np.int64(first_slot + 1)
    while following > 0:
        slot = following - 1
        pull = table.updates[slot] * table.pulls[slot // table.room]
        joint += pull
        summed -= math.expm1(-pull)
        following = np.int64(table.links[slot])
    return -math.expm1(-joint) / summed if summed > 0.0 else 1.0
