"""Negative sampling over blocks of examples that share their noise words.

A block of T examples uses the same M noise words. Scores and both updates are then matrix products of size T x M x N
(see products.py), and each noise row is loaded once per block instead of once per pair. Each (example, noise word) pair
is weighted so that the expected gradient is the same as with K noise words for each positive pair.
``reference.block_step`` defines the exact computation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel, part, uint32, uint64
from wordkin.objectives.cpu.examples import (
    fill_hidden,
    hand_back,
    input_span,
    output_span,
)
from wordkin.objectives.cpu.products import (
    Ahead,
    clear_band,
    copy_row,
    errors_of_scores,
    padded_to,
    score_four,
    score_shared,
    train_on_scores,
)
from wordkin.objectives.cpu.registers import (
    add_scaled,
    any_equal,
    breadth,
    filled,
    load_row,
    store,
    zeros,
)
from wordkin.windows.rng import random_bits, scaled

EXAMPLES_IN_CACHE = 8  # examples whose true pairs are scored and summed together, while their rows are in the L1 cache


class Noise(NamedTuple):
    """The noise words for a piece of text.

    ids : int32 [blocks * shared], the noise words of each block; after the last, the first are used again.
    shared : number of noise words that the examples of a block share (M); per_pair : noise words per positive pair (K).
    """

    ids: np.ndarray[Any, Any]
    shared: int
    per_pair: int


@kernel
def draw_noise(thresholds, aliases, key, ids):
    """Fill ``ids`` int32 with words drawn from an alias table (see vocabulary/noise).

    ``key`` selects the stream of random numbers.
    """
    for counter in range(ids.shape[0]):
        bits = random_bits(key, counter)
        slot = scaled(bits >> uint64(32), thresholds.shape[0])
        ids[counter] = slot if uint32(bits) <= thresholds[slot] else aliases[slot]


@kernel
def train_negative_sampling(shapes, tables, examples, mode, noise, block_size, learning_rate, work):
    """Train on all examples, block by block; return (loss, positive pairs).

    Writes ``tables`` without locks.
    """
    loss = 0.0
    pairs = 0
    example_count = examples.centres.shape[0]
    for first in range(0, example_count, block_size):
        stop = min(first + block_size, example_count)
        drawn = _drawn_for(noise, first // block_size)
        for m in range(noise.shared):
            work.output_ids[m] = noise.ids[drawn + m]
        ahead = _rows_ahead(examples, stop, block_size, mode, noise, _drawn_for(noise, first // block_size + 1), work)
        block_loss, block_pairs = _train_block(
            shapes, tables, examples, first, stop, mode, noise, ahead, learning_rate, work
        )
        loss += block_loss
        pairs += block_pairs
    return loss, pairs


@inlined
def _drawn_for(noise, block):
    """Index in ``noise.ids`` of the first noise word of a block."""
    return block * noise.shared % noise.ids.shape[0]


@part
def _rows_ahead(examples, first, block_size, mode, noise, drawn, work):
    """Return the rows that the next block will read, to be prefetched.

    The next block begins with example ``first`` and uses the noise words from index ``drawn`` on.
    """
    stop = min(first + block_size, examples.centres.shape[0])
    last = examples.input_ids.shape[0] - 1
    outputs = 0
    for i in range(first, stop):
        centre = examples.centres[i]
        newest = min(centre + mode.window, last)
        work.upcoming_inputs[i - first] = examples.input_ids[newest if mode.cbow else centre]
        work.upcoming[outputs] = examples.output_ids[centre if mode.cbow else newest]
        outputs += 1
    if stop > first:
        for m in range(noise.shared):
            work.upcoming[outputs + m] = noise.ids[drawn + m]
        outputs += noise.shared
    return Ahead(work.upcoming_inputs[: max(0, stop - first)], work.upcoming[:outputs])


@part
def _train_block(shapes, tables, examples, first, stop, mode, noise, ahead, learning_rate, work):
    """Train examples ``first`` to ``stop - 1``; return (loss, positive pairs).

    The ids of the noise words are in ``work.output_ids``.
    """
    size = stop - first
    pairs = 0
    for row in range(size):
        span = input_span(examples, first + row, mode.cbow)
        fill_hidden(shapes, tables, examples.input_ids, span, mode, work.hidden, row)
    for m in range(noise.shared):
        copy_row(shapes, tables.output_vectors, np.int64(work.output_ids[m]), work.outputs, m)
    _label_noise(shapes, examples, first, stop, mode, noise, work)
    error_table = work.errors if mode.buffered else tables.input_vectors
    loss = 0.0
    band = work.pair_scores.shape[1]
    for group in range(0, size, EXAMPLES_IN_CACHE):
        group_stop = min(group + EXAMPLES_IN_CACHE, size)
        for row in range(group, group_stop):
            pairs += _score_outputs(shapes, tables, examples, first + row, mode, work, row)
        loss += errors_of_scores(
            shapes, work.pair_scores, work.pair_labels, group * band, (group_stop - group) * band, learning_rate
        )
        for row in range(group, group_stop):
            work.error_ids[row] = row if mode.buffered else examples.input_ids[examples.centres[first + row]]
            _add_output_errors(shapes, tables, examples, first + row, mode, work, row, error_table)
    _update_outputs(shapes, tables, examples, first, stop, mode, work)
    score_shared(shapes, work, size, noise.shared)
    loss += train_on_scores(shapes, work, size, noise.shared, learning_rate, error_table, tables, ahead)
    if mode.buffered:
        for row in range(size):
            span = input_span(examples, first + row, mode.cbow)
            hand_back(shapes, tables, examples.input_ids, span, mode, work.errors, row)
    return loss, pairs


@part
def _label_noise(shapes, examples, first, stop, mode, noise, work):
    """Set the weight of each (example, noise word) pair of a block.

    It is K / M times the number of outputs of the example that differ from the noise word. In ``work.labels`` it is
    negative, which marks a negative pair.
    """
    share = noise.per_pair / noise.shared
    for i in range(first, stop):
        weight = -share * output_span(examples, i, mode.cbow)[3]
        for m in range(0, noise.shared, breadth(shapes.vector)):
            store(filled(shapes.vector, weight), work.labels, (i - first) * work.labels.shape[1] + m, 0)
        for m in range(noise.shared, padded_to(noise.shared, breadth(shapes.vector))):
            work.labels[i - first, m] = 0.0
    lowest, highest = _positions(examples, first, stop, mode)
    for position in range(lowest, highest):
        word = examples.output_ids[position]
        found = False
        for m in range(0, noise.shared, breadth(shapes.vector)):
            found |= any_equal(shapes.vector, work.output_ids, m, word)
        if found:
            _exclude(examples, first, stop, position, mode, noise, share, work)


@kernel
def _exclude(examples, first, stop, position, mode, noise, share, work):
    """Reduce the weights of the noise words that equal the output at ``position``.

    This is done for each of the examples ``first`` to ``stop - 1`` that has this output. ``share`` is K / M.
    """
    word = examples.output_ids[position]
    for i in range(first, stop):
        start, end, left_out, _ = output_span(examples, i, mode.cbow)
        if start <= position < end and position != left_out:
            for m in range(noise.shared):
                if work.output_ids[m] == word:
                    work.labels[i - first, m] += share


@part
def _score_outputs(shapes, tables, examples, i, mode, work, row):
    """Compute the scores of the true outputs of example i, and set their labels to 1; return the number of outputs.

    They are written to row ``row`` of ``work.pair_scores`` and ``work.pair_labels``. The output at position p is in
    column p - centre + reach. Other columns get the label 0, so that their scores (of the centre, or of a repeated last
    word) do not count.
    """
    start, stop, left_out, count = output_span(examples, i, mode.cbow)
    shift = mode.reach - examples.centres[i]
    clear_band(shapes, work.pair_labels, row)
    for position in range(start, stop):
        work.pair_labels[row, shift + position] = 0.0 if position == left_out else 1.0
    for position in range(start, stop, 4):
        score_four(
            shapes.panel, shapes.vector, work.hidden, row, tables.output_vectors,
            examples.output_ids[position],
            examples.output_ids[min(position + 1, stop - 1)],
            examples.output_ids[min(position + 2, stop - 1)],
            examples.output_ids[min(position + 3, stop - 1)],
            work.pair_scores, row * work.pair_scores.shape[1] + shift + position,
        )  # fmt: skip
    return count


@part
def _add_output_errors(shapes, tables, examples, i, mode, work, row, error_table):
    """Add the contribution of the true outputs of example i to the error of its hidden vector.

    The error is in row ``work.error_ids[row]`` of ``error_table``.
    """
    start, stop, _, _ = output_span(examples, i, mode.cbow)
    row_size = work.hidden.shape[1]
    shift = mode.reach - examples.centres[i]
    target = np.int64(work.error_ids[row]) * row_size
    for column in range(0, row_size, breadth(shapes.panel)):
        errors = zeros(shapes.panel) if mode.buffered else load_row(shapes.panel, error_table, target + column)
        for position in range(start, stop):
            place = np.int64(examples.output_ids[position]) * row_size + column
            output = load_row(shapes.panel, tables.output_vectors, place)
            errors = add_scaled(errors, work.pair_scores[row, shift + position], output)
        store(errors, error_table, target + column, 0)


@part
def _update_outputs(shapes, tables, examples, first, stop, mode, work):
    """Update the output rows of the true pairs of examples ``first`` to ``stop - 1``.

    For each position, the output row of its word receives the updates of all examples that have it as an output.
    """
    row_size = work.hidden.shape[1]
    nearest = first
    lowest, highest = _positions(examples, first, stop, mode)
    for position in range(lowest, highest):
        while examples.centres[nearest] < position - mode.reach:
            nearest += 1
        word = np.int64(examples.output_ids[position]) * row_size
        for column in range(0, row_size, breadth(shapes.panel)):
            output = load_row(shapes.panel, tables.output_vectors, word + column)
            i = nearest
            while i < stop and examples.centres[i] <= position + mode.reach:
                error = work.pair_scores[i - first, position - examples.centres[i] + mode.reach]
                hidden = load_row(shapes.panel, work.hidden, (i - first) * row_size + column)
                output = add_scaled(output, error, hidden)
                i += 1
            store(output, tables.output_vectors, word + column, 0)


@inlined
def _positions(examples, first, stop, mode):
    """Return the range of positions that holds the outputs of examples ``first`` to ``stop - 1``."""
    lowest = examples.output_ids.shape[0]
    highest = 0
    for i in range(first, stop):
        start, end, _, _ = output_span(examples, i, mode.cbow)
        lowest = min(lowest, start)
        highest = max(highest, end)
    return lowest, highest
