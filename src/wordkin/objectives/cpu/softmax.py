"""Full softmax: trains a batch of hidden vectors with all V output rows, in blocks that fit in the cache.

There are three passes over the vocabulary: for the scores and their maximum, for the exponentials and their sum, and
for both updates. The speed is limited by fused multiply-adds: 6 B V N operations for a batch of B hidden vectors of
size N.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.examples import fill_hidden, hand_back, input_span, output_span
from wordkin.objectives.cpu.products import add_product_to_rows, clear_row, score_rows, transpose_rows
from wordkin.objectives.cpu.registers import (
    add_scaled,
    breadth,
    exp_of_negative,
    filled,
    highest,
    larger,
    load_row,
    store,
    total,
    zeros,
)


class Classes(NamedTuple):
    """Arrays for full softmax over a vocabulary.

    vocabulary_size : number of words V; scores : work array [batch, V padded to whole blocks]; nothing : an empty int32
    array, because no rows are prefetched.
    """

    vocabulary_size: int
    scores: np.ndarray[Any, Any]
    nothing: np.ndarray[Any, Any]


@kernel
def train_softmax(shapes, tables, examples, mode, classes, batch_size, learning_rate, work):
    """Train on all examples, batch by batch; return (summed loss, number of examples trained).

    For CBOW, each centre is an example and a row of a batch. For skip-gram, each (centre, context) pair counts as an
    example, but a centre is one row of a batch: its softmax is computed once for all its contexts. ``tables`` are
    written without locks.
    """
    loss = 0.0
    trained = 0
    for first in range(0, examples.centres.shape[0], batch_size):
        stop = min(first + batch_size, examples.centres.shape[0])
        batch_loss, batch_trained = _train_batch(
            shapes, tables, examples, first, stop, mode, classes, learning_rate, work
        )  # fmt: skip
        loss += batch_loss
        trained += batch_trained
    return loss, trained


@inlined
def _train_batch(shapes, tables, examples, first, stop, mode, classes, learning_rate, work):
    """Train examples ``first`` to ``stop - 1`` as one batch; return (loss, examples trained).

    All rows are read before any is updated.
    """
    size = stop - first
    for row in range(size):
        span = input_span(examples, first + row, mode.cbow)
        fill_hidden(shapes, tables, examples.input_ids, span, mode, work.hidden, row)
        clear_row(shapes, work.errors, row)
        work.error_ids[row] = row
    _score_all(shapes, tables, size, classes, work)
    loss = 0.0
    trained = 0
    for row in range(size):
        row_loss, outputs = _errors_of_row(shapes, examples, first + row, mode, classes, row, learning_rate)
        loss += row_loss
        trained += outputs
    for row in range(size, classes.scores.shape[0]):
        work.error_ids[row] = 0
        _scale(shapes, classes.scores[row], 0.0)
    _update_all(shapes, tables, size, classes, work)
    for row in range(size):
        span = input_span(examples, first + row, mode.cbow)
        hand_back(shapes, tables, examples.input_ids, span, mode, work.errors, row)
    return loss, trained


@inlined
def _score_all(shapes, tables, size, classes, work):
    """Compute the scores of ``size`` hidden vectors with the output rows of all words."""
    block = work.output_columns.shape[1]
    for first in range(0, classes.vocabulary_size, block):
        count = min(block, classes.vocabulary_size - first)
        transpose_rows(shapes, tables.output_vectors, first, count, work.output_columns)
        score_rows(shapes, work.hidden, size, work.output_columns, count, classes.scores, first)


@inlined
def _errors_of_row(shapes, examples, i, mode, classes, row, learning_rate):
    """Replace the scores of example i by -learning_rate x error; return its loss and its number of outputs C.

    With the softmax probabilities y, the error is C y minus the sum of the one-hot vectors of the C outputs.
    """
    start, stop, left_out, count = output_span(examples, i, mode.cbow)
    scores = classes.scores[row]
    for spare in range(classes.vocabulary_size, scores.shape[0]):
        scores[spare] = -np.inf
    loss = 0.0
    for position in range(start, stop):
        if position != left_out:
            loss -= scores[examples.output_ids[position]]
    peak = _highest_of(shapes, scores)
    mass = _exponentiate(shapes, scores, peak)
    loss += count * (peak + math.log(mass))
    _scale(shapes, scores, -learning_rate * count / mass)
    for position in range(start, stop):
        if position != left_out:
            scores[examples.output_ids[position]] += learning_rate
    for spare in range(classes.vocabulary_size, scores.shape[0]):
        scores[spare] = 0.0
    return loss, count


@inlined
def _highest_of(shapes, scores):
    peak = load_row(shapes.vector, scores, 0)
    for place in range(0, scores.shape[0], breadth(shapes.vector)):
        peak = larger(peak, load_row(shapes.vector, scores, place))
    return highest(peak)


@inlined
def _exponentiate(shapes, scores, peak):
    """Replace scores by e^(score - peak), and return the sum of these.

    Partial sums of a few thousand are added in float64.
    """
    mass = 0.0
    stretch = 256 * breadth(shapes.vector)
    for start in range(0, scores.shape[0], stretch):
        summed = zeros(shapes.vector)
        for place in range(start, min(start + stretch, scores.shape[0]), breadth(shapes.vector)):
            below = add_scaled(load_row(shapes.vector, scores, place), -1.0, filled(shapes.vector, peak))
            power = exp_of_negative(below)
            store(power, scores, place, 0)
            summed = add_scaled(summed, 1.0, power)
        mass += np.float64(total(summed))
    return mass


@inlined
def _scale(shapes, numbers, factor):
    for place in range(0, numbers.shape[0], breadth(shapes.vector)):
        scaled = add_scaled(zeros(shapes.vector), factor, load_row(shapes.vector, numbers, place))
        store(scaled, numbers, place, 0)


@inlined
def _update_all(shapes, tables, size, classes, work):
    """Add G @ W' to the errors of the hidden vectors and G.T @ hidden to the output table W', block by block.

    G is the result of :func:`_errors_of_row`.
    """
    block = work.output_ids.shape[0]
    score_row = classes.scores.shape[1]
    for first in range(0, classes.vocabulary_size, block):
        count = min(block, classes.vocabulary_size - first)
        for m in range(block):
            work.output_ids[m] = min(first + m, classes.vocabulary_size - 1)
        add_product_to_rows(
            shapes.update, classes.scores, first, score_row, 1, tables.output_vectors, first, count,
            work.errors, work.error_ids, size, tables.output_vectors, classes.nothing,
        )  # fmt: skip
        add_product_to_rows(
            shapes.update, classes.scores, first, 1, score_row, work.hidden, 0, size,
            tables.output_vectors, work.output_ids, count, tables.output_vectors, classes.nothing,
        )  # fmt: skip
