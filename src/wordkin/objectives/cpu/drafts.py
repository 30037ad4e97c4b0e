"""Drafts: private copies of the few rows that one shard of text reads, and how their changes come together.

The kernels of the objectives know rows by number. So a shard whose words, noise words and tree nodes are
numbered anew, and whose rows are copied in that order, is trained by the very same kernels, and nobody
else is written to or read from meanwhile.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.objectives.cpu.jit import inlined, kernel
from wordkin.objectives.cpu.products import copy_row, dot, prefetch_row
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, store

Array = np.ndarray[Any, Any]

ROWS_AHEAD = 8  # so many rows are asked for before they are copied


@kernel
def number_rows(ids, weight, local_ids, row_ids, seen, count):
    """Replace ``ids`` int32 by local numbers, in order of appearance; return how many there are now.

    ``count`` rows have numbers so far: ``row_ids[:count]`` int32, whose local numbers stand in
    ``local_ids`` int32 [rows], among anything else (a sparse set: Briggs and Torczon 1993). Each
    appearance adds ``weight`` to ``seen`` float32 at its local number.
    """
    for place in range(ids.shape[0]):
        row = ids[place]
        local = local_ids[row]
        if local >= count or row_ids[local] != row:
            local = np.int32(count)
            local_ids[row] = local
            row_ids[local] = row
            seen[local] = 0.0
            count += 1
        seen[local] += weight
        ids[place] = local
    return count


@kernel
def number_paths(tree, word_ids, weights, paths, local_ids, row_ids, seen):
    """Write the paths of some words, their nodes by local numbers, to the tree ``paths``; return how many nodes.

    Each path adds the weight of its word, float32, to ``seen`` of its nodes; the rest as in :func:`number_rows`.
    """
    count = 0
    stop = 0
    paths.offsets[0] = 0
    for word in range(word_ids.shape[0]):
        start = stop
        first = tree.offsets[word_ids[word]]
        length = tree.offsets[word_ids[word] + 1] - first
        for step in range(length):
            paths.node_ids[start + step] = tree.node_ids[first + step]
            paths.bits[start + step] = tree.bits[first + step]
        stop = start + length
        paths.offsets[word + 1] = stop
        count = number_rows(paths.node_ids[start:stop], weights[word], local_ids, row_ids, seen, count)
    return count


class Drafts(NamedTuple):
    """Copies of rows of one table, for each of some shards; ``room`` for each shard.

    rows : float32 [shards * room, row_size]. row_ids : int32 [shards, room], what they are copies of.
    updates : float32 [shards, room], how often the shard updates each. counts : int64 [shards], rows in use.
    pulls : float64 [shards], part of the way to where it leads that a row goes at one update.
    links : int64 [shards * room] and heads : int64 [rows of the table], room for the merge; heads are 0 outside it.
    """

    rows: Array
    row_ids: Array
    updates: Array
    counts: Array
    pulls: Array
    links: Array
    heads: Array


@kernel
def take_rows(shapes, table, drafts, shard, row_ids, updates):
    """Copy the rows ``row_ids`` int32 of a table for a shard, which updates each as often as ``updates`` says."""
    count = row_ids.shape[0]
    first = shard * drafts.row_ids.shape[1]
    drafts.counts[shard] = count
    for place in range(count):
        row = np.int64(row_ids[place])
        prefetch_row(table, row_ids[min(place + ROWS_AHEAD, count - 1)])
        drafts.row_ids[shard, place] = row
        drafts.updates[shard, place] = updates[place]
        copy_row(shapes, table, row, drafts.rows, first + place)


@kernel
def mean_square(shapes, drafts, shard):
    """Mean squared length of the rows of a shard as they are now, each counted as often as it was updated."""
    row_size = drafts.rows.shape[1]
    first = shard * drafts.row_ids.shape[1]
    summed = 0.0
    updates = 0.0
    for place in range(drafts.counts[shard]):
        row = np.int64(first + place)
        summed += drafts.updates[shard, place] * dot(shapes.panel, shapes.vector, drafts.rows, row, row, row_size)
        updates += drafts.updates[shard, place]
    return summed / updates if updates > 0.0 else 0.0


@kernel
def merge_rows(shapes, table, drafts, part, parts):
    """Add to each row of a table the changes of its copies, in the order of the shards.

    Only rows whose number leaves ``part`` when divided by ``parts`` are touched: threads that take
    different parts never meet. The copies of a row are strung together first, so that the row itself
    moves through memory once.
    """
    shards, room = drafts.row_ids.shape
    for shard in range(shards - 1, -1, -1):  # backwards, so that lists run forwards
        for place in range(drafts.counts[shard]):
            row = drafts.row_ids[shard, place]
            if np.uint32(row) % np.uint32(parts) == part:
                entry = shard * room + place + 1  # 0 ends a list
                drafts.links[entry - 1] = drafts.heads[row]
                drafts.heads[row] = entry
    for shard in range(shards):
        count = drafts.counts[shard]
        for place in range(count):
            row = np.int64(drafts.row_ids[shard, place])
            following = drafts.row_ids[shard, min(place + ROWS_AHEAD, count - 1)]
            if np.uint32(following) % np.uint32(parts) == part:
                _prefetch_list(table, drafts, following)
            mine = np.uint32(row) % np.uint32(parts) == part
            if mine and drafts.heads[row] == shard * room + place + 1:
                _merge_list(shapes, table, drafts, row)
                drafts.heads[row] = 0


@inlined
def _prefetch_list(table, drafts, row):
    """Ask for a row and its copies."""
    entry = drafts.heads[row]
    if entry > 0:
        prefetch_row(table, row)
    while entry > 0:
        prefetch_row(drafts.rows, entry - 1)
        entry = drafts.links[entry - 1]


@inlined
def _merge_list(shapes, table, drafts, row):
    """Add the changes of the copies of a row to it, as far as they should lead it together."""
    share = _share_of_changes(drafts, row)
    row_size = table.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        before = load_row(shapes.panel, table, row * row_size + column)
        after = before
        entry = drafts.heads[row]
        while entry > 0:
            copy = load_row(shapes.panel, drafts.rows, (entry - 1) * row_size + column)
            after = add_scaled(after, share, add_scaled(copy, -1.0, before))
            entry = drafts.links[entry - 1]
        store(after, table, row * row_size + column, 0)


@inlined
def _share_of_changes(drafts, row):
    """(1 - e^-sum of u) / sum of (1 - e^-u), u = updates x pull of each copy of a row."""
    room = drafts.row_ids.shape[1]
    joint = 0.0
    summed = 0.0
    entry = drafts.heads[row]
    while entry > 0:
        shard = (entry - 1) // room
        pull = drafts.updates[shard, entry - 1 - shard * room] * drafts.pulls[shard]
        joint += pull
        summed -= math.expm1(-pull)
        entry = drafts.links[entry - 1]
    return -math.expm1(-joint) / summed if summed > 0.0 else 1.0
