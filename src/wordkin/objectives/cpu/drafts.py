"""Drafts: shards of text that are trained at the same time and yet know nothing of each other.

The kernels of the objectives know rows by number. A row that only one shard reads is trained where it is. Of a
row that several read, each trains a copy, which has a number of its own behind the end of the table; so the
very same kernels do both. In the end, the changes of the copies come together.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.products import copy_row, dot, prefetch_row
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, prefetch, store

Array = np.ndarray[Any, Any]

PATHS_AHEAD = 4  # so many paths are asked for before they are read
ROWS_AHEAD = 8  # so many rows are asked for before they are copied
ROWS_APART = 16  # of those whose length is measured
PLACES_TOGETHER = 64  # dealt to a thread when copies come together


@kernel
def number_rows(ids, weight, local_ids, row_ids, updates, count):
    """Replace ``ids`` int32 by local numbers, in order of appearance; return how many there are now.

    ``count`` rows have numbers so far: ``row_ids[:count]`` int32, whose local numbers stand in
    ``local_ids`` int32 [rows], among anything else (a sparse set: Briggs and Torczon 1993). Each
    appearance adds ``weight`` to ``updates`` float32 at its local number.
    """
    for place in range(ids.shape[0]):
        local, count = _number(ids[place], local_ids, row_ids, updates, count)
        updates[local] += weight
        ids[place] = local
    return count


@inlined
def _number(row, local_ids, row_ids, updates, count):
    """The local number of a row, a new one if it has none, and how many rows have numbers then."""
    local = local_ids[row]
    if local >= count or row_ids[local] != row:
        local = np.int32(count)
        local_ids[row] = local
        row_ids[local] = row
        updates[local] = 0.0
        count += 1
    return local, count


@kernel
def number_paths(tree, word_ids, weights, paths, local_ids, row_ids, updates, top):
    """Write the paths of some words, their nodes by local numbers, to the tree ``paths``; return how many nodes.

    Nodes before ``top`` have numbers already: their own. Each path adds the weight of its word, float32, to
    ``updates`` of its nodes; the rest as in :func:`number_rows`.
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
    """``renumbered = numbers[ids]``; they may be the same array as ``ids``."""
    for place in range(ids.shape[0]):
        renumbered[place] = numbers[ids[place]]


class Drafts(NamedTuple):
    """The rows of one table that some shards read. Each shard has ``room`` for their places, one shard after another.

    The shards of two generations are known at a time: the first half of them is trained while the second is
    prepared, and the other way round.

    rows : float32 [copies + half the shards * room, row_size], the table and the copies behind it.
    copies : the first row that is a copy.
    row_ids, numbers : int32 [places], rows of the table, and where the shard finds them in ``rows``.
    updates : float32 [places], how often the shard updates each.
    pulls : float64 [shards], part of the way to where it leads that a row goes at one update.
    counts : int64 [shards], places in use.
    heads : int32 [2, rows of the table], links : int32 [places]: for each generation, the places of a row strung
        together in the order of the shards. Both hold a place plus 1; 0 ends a list.
    """

    rows: Array
    copies: int
    room: int
    row_ids: Array
    numbers: Array
    updates: Array
    pulls: Array
    counts: Array
    heads: Array
    links: Array


@inlined
def _shards_of_generation(drafts):
    return drafts.counts.shape[0] // drafts.heads.shape[0]


@inlined
def _generation_of(drafts, shard):
    return shard // _shards_of_generation(drafts)


@inlined
def _places_of(drafts, shard):
    """Places of a shard: first, stop."""
    return shard * drafts.room, shard * drafts.room + drafts.counts[shard]


@kernel
def claim_rows(tables, shard):
    """Enter the places of a shard into the lists of their rows; ``tables``: the drafts of each table.

    Not to be done for two shards at once; in any order.
    """
    for drafts in tables:
        generation = _generation_of(drafts, shard)
        first, stop = _places_of(drafts, shard)
        for place in range(first, stop):
            row = drafts.row_ids[place]
            if 0 < drafts.heads[generation, row] <= place:
                before = drafts.heads[generation, row] - 1
                while 0 < drafts.links[before] <= place:
                    before = drafts.links[before] - 1
                drafts.links[place] = drafts.links[before]
                drafts.links[before] = place + 1
            else:
                drafts.links[place] = drafts.heads[generation, row]
                drafts.heads[generation, row] = place + 1


@kernel
def take_rows(shapes, tables, shard):
    """When all shards of a generation have claimed their rows: number those of one; copy them unless it is alone."""
    for drafts in tables:
        generation = _generation_of(drafts, shard)
        first, stop = _places_of(drafts, shard)
        shards = _shards_of_generation(drafts)
        first_copy = drafts.copies + (shard % shards) * drafts.room
        for place in range(first, stop):
            row = drafts.row_ids[place]
            following = drafts.row_ids[min(place + ROWS_AHEAD, stop - 1)]
            if not _is_alone(drafts, generation, min(place + ROWS_AHEAD, stop - 1), following):
                prefetch_row(drafts.rows, following)
            if _is_alone(drafts, generation, place, row):
                drafts.numbers[place] = row
            else:
                drafts.numbers[place] = first_copy + place - first
                copy_row(shapes, drafts.rows, np.int64(row), drafts.rows, np.int64(drafts.numbers[place]))


@inlined
def _is_alone(drafts, generation, place, row):
    """Whether nobody else reads the row of a place."""
    return drafts.heads[generation, row] == place + 1 and drafts.links[place] == 0


@kernel
def mean_squares(shapes, tables, shard, squares):
    """Mean squared length of the rows that a shard reads, as it sees them now, to ``squares`` float64 [tables].

    Each row counts as often as it was updated.
    """
    for number in range(len(tables)):
        drafts = tables[number]
        row_size = drafts.rows.shape[1]
        first, stop = _places_of(drafts, shard)
        summed = 0.0
        updates = 0.0
        for place in range(first, stop, ROWS_APART):
            row = np.int64(drafts.numbers[place])
            square = dot(shapes.panel, shapes.vector, drafts.rows, row, row, row_size)
            summed += drafts.updates[place] * square
            updates += drafts.updates[place]
        squares[number] = summed / updates if updates > 0.0 else 0.0


@kernel
def merge_rows(shapes, tables, first_shard, part, parts):
    """Add to each row that a generation copied the changes of its copies, in the order of the shards.

    Everything is forgotten about the rows then. The work is dealt in parts, by the first place of a row, so that
    threads which take different parts never meet.
    """
    for drafts in tables:
        generation = _generation_of(drafts, first_shard)
        for shard in range(first_shard, first_shard + _shards_of_generation(drafts)):
            first, stop = _places_of(drafts, shard)
            for stretch in range(first + part * PLACES_TOGETHER, stop, parts * PLACES_TOGETHER):
                stretch_stop = min(stretch + PLACES_TOGETHER, stop)
                for place in range(stretch, min(stretch + ROWS_AHEAD, stretch_stop)):
                    _prefetch_copies(drafts, generation, place)
                for place in range(stretch, stretch_stop):
                    _prefetch_copies(drafts, generation, min(place + ROWS_AHEAD, stretch_stop - 1))
                    row = drafts.row_ids[place]
                    if drafts.heads[generation, row] == place + 1:
                        drafts.heads[generation, row] = 0
                        if drafts.links[place] > 0:
                            _merge_copies(shapes, drafts, place, np.int64(row))


@inlined
def _prefetch_copies(drafts, generation, place):
    """Ask for the row of a place and its copies, if there are any and this is the first."""
    row = drafts.row_ids[place]
    if drafts.heads[generation, row] == place + 1 and drafts.links[place] > 0:
        prefetch_row(drafts.rows, row)
        following = place + 1
        while following > 0:
            prefetch_row(drafts.rows, drafts.numbers[following - 1])
            following = drafts.links[following - 1]


@inlined
def _merge_copies(shapes, drafts, first_place, row):
    """Add the changes of the copies of a row to it, as far as they should lead it together."""
    share = _share_of_changes(drafts, first_place)
    row_size = drafts.rows.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        before = load_row(shapes.panel, drafts.rows, row * row_size + column)
        after = before
        following = np.int64(first_place + 1)
        while following > 0:
            copy = np.int64(drafts.numbers[following - 1]) * row_size
            changed = load_row(shapes.panel, drafts.rows, copy + column)
            after = add_scaled(after, share, add_scaled(changed, -1.0, before))
            following = np.int64(drafts.links[following - 1])
        store(after, drafts.rows, row * row_size + column, 0)


@inlined
def _share_of_changes(drafts, first_place):
    """(1 - e^-sum of u) / sum of (1 - e^-u), u = updates x pull of each copy of a row."""
    joint = 0.0
    summed = 0.0
    following = np.int64(first_place + 1)
    while following > 0:
        place = following - 1
        pull = drafts.updates[place] * drafts.pulls[place // drafts.room]
        joint += pull
        summed -= math.expm1(-pull)
        following = np.int64(drafts.links[place])
    return -math.expm1(-joint) / summed if summed > 0.0 else 1.0
