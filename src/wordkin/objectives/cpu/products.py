"""Small dense products and row moves: what every kernel is made of.

Buffers are C-contiguous 2-D arrays whose row count is a multiple of MAX_TILE_ROWS; tables are
[rows, row_size]. Nothing here knows what a word is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from wordkin.objectives.cpu.layout import MAX_TILE_ROWS
from wordkin.objectives.cpu.registers import (
    add_outer,
    add_scaled,
    add_to_rows,
    breadth,
    height,
    load_row,
    logistic_step,
    prefetch,
    store,
    total,
    transpose,
    zeros,
)


@njit(nogil=True, cache=True, forceinline=True)
def tile_of_product(shape, left, start, left_row, left_column, right, column, inner):  # type: ignore[no-untyped-def]
    """A tile of A @ right[:inner, column:], where A[r, k] = left.flat[start + r * left_row + k * left_column].

    Bound by fused multiply-adds once the tile has 8 or more registers.
    """
    right_row = right.shape[1]
    tile = zeros(shape)
    for k in range(inner):
        across = load_row(shape, right, k * right_row + column)
        tile = add_outer(tile, left, start + k * left_column, left_row, across)
    return tile


@njit(nogil=True, cache=True, forceinline=True)
def transpose_rows(shapes, rows, count, columns):  # type: ignore[no-untyped-def]
    """Write ``rows[:count]`` transposed to ``columns`` [row_size, count or more]; count is rounded up to whole lanes."""
    lanes = breadth(shapes.vector)
    row_size = rows.shape[1]
    column_size = columns.shape[1]
    for row in range(0, count, lanes):
        for column in range(0, row_size, lanes):
            transpose(
                shapes.square, rows, row * row_size + column, row_size, columns, column * column_size + row, column_size
            )


@njit(nogil=True, cache=True, forceinline=True)
def copy_row(shapes, source, source_row, target, target_row):  # type: ignore[no-untyped-def]
    """``target[target_row] = source[source_row]``."""
    row_size = source.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        row = load_row(shapes.panel, source, source_row * row_size + column)
        store(row, target, target_row * row_size + column, 0)


@njit(nogil=True, cache=True, forceinline=True)
def add_row(shapes, source, source_row, scale, target, target_row):  # type: ignore[no-untyped-def]
    """``target[target_row] += scale * source[source_row]``; the row as it is now."""
    row_size = source.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        row = load_row(shapes.panel, target, target_row * row_size + column)
        row = add_scaled(row, scale, load_row(shapes.panel, source, source_row * row_size + column))
        store(row, target, target_row * row_size + column, 0)


@njit(nogil=True, cache=True, forceinline=True)
def errors_of_scores(shapes, scores, labels, start, count, learning_rate):  # type: ignore[no-untyped-def]
    """Replace ``scores.flat[start : start + count]`` by learning_rate x error; return the loss (see logistic_step).

    ``count`` is rounded up to whole lanes, where labels must be 0.
    """
    losses = zeros(shapes.vector)
    for place in range(start, start + count, breadth(shapes.vector)):
        errors, loss = logistic_step(load_row(shapes.vector, scores, place), load_row(shapes.vector, labels, place))
        store(add_scaled(zeros(shapes.vector), learning_rate, errors), scores, place, 0)
        losses = add_scaled(losses, 1.0, loss)
    return total(losses)


@njit(nogil=True, cache=True, forceinline=True)
def add_product_to_rows(shape, left, start, left_row, left_column, right, rows, inner, table, row_ids, first):  # type: ignore[no-untyped-def]
    """``table[row_ids[first + r]] += (A @ right[:inner])[r]`` for r < rows, A as in :func:`tile_of_product`.

    ``rows`` is rounded up to whole tiles: there A must be 0 and ``row_ids`` name some row.
    """
    row_size = right.shape[1]
    for column in range(0, row_size, breadth(shape)):
        for row in range(0, rows, height(shape)):
            tile = tile_of_product(shape, left, start + row * left_row, left_row, left_column, right, column, inner)
            add_to_rows(tile, table, row_ids, first + row, row_size, column)


@njit(nogil=True, cache=True, forceinline=True)
def dense_step(shapes, work, hidden_count, output_count, learning_rate, error_table, output_table, ahead):  # type: ignore[no-untyped-def]
    """Train every hidden row against every shared output row of a workspace; return the loss.

    Reads ``work.hidden`` [hidden_count, row_size], ``work.outputs`` [output_count, row_size] and the
    signed weights ``work.labels`` (see logistic_step). With G = learning_rate x error of the scores
    ``hidden @ outputs.T``: row ``work.error_ids[i]`` of ``error_table`` grows by (G @ outputs)[i], then
    row ``work.output_ids[m]`` of ``output_table`` by (G.T @ hidden)[m]. Both use rows as copied into
    the workspace. Meanwhile the rows listed in ``ahead`` are brought into the cache.
    """
    row_size = work.hidden.shape[1]
    score_row = work.scores.shape[1]
    transpose_rows(shapes, work.outputs, output_count, work.output_columns)
    loss = 0.0
    for first in range(0, hidden_count, MAX_TILE_ROWS):
        count = min(MAX_TILE_ROWS, hidden_count - first)
        for column in range(0, output_count, breadth(shapes.score)):
            for row in range(first, first + count, height(shapes.score)):
                tile = tile_of_product(
                    shapes.score, work.hidden, row * row_size, row_size, 1, work.output_columns, column, row_size
                )
                store(tile, work.scores, row * score_row + column, score_row)
        for row in range(first, first + count):
            loss += errors_of_scores(shapes, work.scores, work.labels, row * score_row, output_count, learning_rate)
        if count < MAX_TILE_ROWS:
            work.scores[first + count : first + MAX_TILE_ROWS] = 0.0
        prefetch_ahead(ahead, first, hidden_count)
        add_product_to_rows(
            shapes.update, work.scores, first * score_row, score_row, 1, work.outputs, count, output_count,
            error_table, work.error_ids, first,
        )  # fmt: skip
    work.scores[:hidden_count, output_count : padded_to(output_count, MAX_TILE_ROWS)] = 0.0
    add_product_to_rows(
        shapes.update, work.scores, 0, 1, score_row, work.hidden, output_count, hidden_count,
        output_table, work.output_ids, 0,
    )  # fmt: skip
    return loss


@njit(nogil=True, cache=True, forceinline=True)
def padded_to(count, multiple):  # type: ignore[no-untyped-def]
    """``count`` rounded up to a multiple."""
    return (count + multiple - 1) // multiple * multiple


class Ahead(NamedTuple):
    """Rows that the next block will read: ids int32 into the input and the output table, and both tables."""

    input_vectors: np.ndarray[Any, Any]
    input_ids: np.ndarray[Any, Any]
    output_vectors: np.ndarray[Any, Any]
    output_ids: np.ndarray[Any, Any]


@njit(nogil=True, cache=True, forceinline=True)
def prefetch_ahead(ahead, first, count):  # type: ignore[no-untyped-def]
    """Ask for the share of the rows in ``ahead`` that goes with rows ``first`` … of ``count`` hidden rows."""
    stop = min(first + MAX_TILE_ROWS, count)
    row_size = ahead.input_vectors.shape[1]
    inputs, outputs = ahead.input_ids.shape[0], ahead.output_ids.shape[0]
    for place in range(inputs * first // count, inputs * stop // count):
        prefetch(ahead.input_vectors, np.int64(ahead.input_ids[place]) * row_size, row_size)
    for place in range(outputs * first // count, outputs * stop // count):
        prefetch(ahead.output_vectors, np.int64(ahead.output_ids[place]) * row_size, row_size)
