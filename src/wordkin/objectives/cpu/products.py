"""Small dense matrix products and row operations, the building blocks of all kernels.

Buffers are C-contiguous 2-D arrays whose row count is a multiple of MAX_TILE_ROWS; tables are [rows, row_size].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, part
from wordkin.objectives.cpu.registers import (
    add_dots,
    add_outer,
    add_scaled,
    add_to_rows,
    breadth,
    height,
    load,
    load_row,
    logistic_step,
    prefetch,
    store,
    store_totals,
    total,
    transpose,
    zeros,
)


@inlined
def tile_of_product(shape, left, start, left_row, left_column, right, right_first, column, inner):
    """Return a tile of the product A @ right[right_first : right_first + inner], beginning at column ``column``.

    A[r, k] is ``left.flat[start + r * left_row + k * left_column]``, so other strides give a transpose of A at no cost.
    If the tile has 8 or more registers, the speed is limited by fused multiply-adds.
    """
    right_row = right.shape[1]
    tile = zeros(shape)
    for k in range(inner):
        across = load_row(shape, right, (right_first + k) * right_row + column)
        tile = add_outer(tile, left, start + k * left_column, left_row, across)
    return tile


@inlined
def transpose_rows(shapes, rows, first, count, columns):
    """Write ``rows[first : first + count]`` transposed to ``columns`` [row_size, count or more].

    ``count`` is rounded up to a multiple of the numbers in a register.
    """
    lanes = breadth(shapes.vector)
    row_size = rows.shape[1]
    column_size = columns.shape[1]
    for row in range(0, count, lanes):
        for column in range(0, row_size, lanes):
            transpose(
                shapes.square,
                rows,
                (first + row) * row_size + column,
                row_size,
                columns,
                column * column_size + row,
                column_size,
            )


@inlined
def copy_row(shapes, source, source_row, target, target_row):
    """Copy a row: ``target[target_row] = source[source_row]``."""
    row_size = source.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        row = load_row(shapes.panel, source, source_row * row_size + column)
        store(row, target, target_row * row_size + column, 0)


@inlined
def clear_row(shapes, target, target_row):
    """Set a row to zeros: ``target[target_row] = 0``."""
    for column in range(0, target.shape[1], breadth(shapes.panel)):
        store(zeros(shapes.panel), target, target_row * target.shape[1] + column, 0)


@inlined
def clear_band(shapes, band, row):
    """Set a row to zeros, whose length is a multiple of a register: ``band[row] = 0``."""
    for column in range(0, band.shape[1], breadth(shapes.vector)):
        store(zeros(shapes.vector), band, row * band.shape[1] + column, 0)


@inlined
def add_row(shapes, source, source_row, scale, target, target_row):
    """Add a multiple of a row: ``target[target_row] += scale * source[source_row]``."""
    row_size = source.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        row = load_row(shapes.panel, target, target_row * row_size + column)
        row = add_scaled(row, scale, load_row(shapes.panel, source, source_row * row_size + column))
        store(row, target, target_row * row_size + column, 0)


@inlined
def errors_of_scores(shapes, scores, labels, start, count, learning_rate):
    """Replace ``count`` scores by learning_rate x error, and return their summed loss; see logistic_step.

    The scores and their ``labels`` begin at the flat index ``start``. ``count`` is rounded up to whole registers;
    labels in the padding must be 0.
    """
    losses = zeros(shapes.vector)
    for place in range(start, start + count, breadth(shapes.vector)):
        errors, loss = logistic_step(load_row(shapes.vector, scores, place), load_row(shapes.vector, labels, place))
        store(add_scaled(zeros(shapes.vector), learning_rate, errors), scores, place, 0)
        losses = add_scaled(losses, 1.0, loss)
    return total(losses)


class Ahead(NamedTuple):
    """Rows that the next block will read, to prefetch them: int32 ids in the input and in the output table."""

    input_ids: np.ndarray[Any, Any]
    output_ids: np.ndarray[Any, Any]


@inlined
def prefetch_row(table, row):
    """Prefetch a row of a table."""
    prefetch(table, np.int64(row) * table.shape[1], table.shape[1])


@inlined
def prefetch_rows(table, ids, first, stop):
    """Prefetch the rows ``ids[first : stop]`` of a table; ``stop`` may exceed the length of ``ids``."""
    for place in range(first, min(stop, ids.shape[0])):
        prefetch_row(table, ids[place])


@inlined
def add_product_to_rows(
    shape, left, start, left_row, left_column, right, right_first, inner, table, row_ids, rows, ahead_table, ahead_ids
):  # fmt: skip
    """Add a matrix product to rows of a table, while rows that will be needed later are prefetched.

    Computes ``table[row_ids[r]] += (A @ right[right_first : right_first + inner])[r]`` for r < rows, where A[r, k] is
    ``left.flat[start + r * left_row + k * left_column]``. ``rows`` is rounded up to whole tiles; in the padding, A must
    be 0 and ``row_ids`` may be any valid rows. Meanwhile the rows ``ahead_ids`` of ``ahead_table`` are prefetched, a
    few per tile, because a burst would fill the queue of outstanding loads.
    """
    row_size = right.shape[1]
    tiles = (rows + height(shape) - 1) // height(shape)
    ahead_per_tile = (ahead_ids.shape[0] + tiles - 1) // tiles
    for column in range(0, row_size, breadth(shape)):
        for tile_number in range(tiles):
            row = tile_number * height(shape)
            if column == 0:
                ahead = tile_number * ahead_per_tile
                prefetch_rows(ahead_table, ahead_ids, ahead, ahead + ahead_per_tile)
            tile = tile_of_product(
                shape, left, start + row * left_row, left_row, left_column, right, right_first, column, inner
            )
            add_to_rows(tile, table, row_ids, row, row_size, column)


@inlined
def score_rows(shapes, hidden, hidden_count, columns, column_count, scores, place):
    """Compute ``scores[:hidden_count, place : place + column_count] = hidden @ columns``.

    Both counts are rounded up to whole tiles.
    """
    row_size = hidden.shape[1]
    score_row = scores.shape[1]
    for row in range(0, hidden_count, height(shapes.score)):
        for column in range(0, column_count, breadth(shapes.score)):
            tile = tile_of_product(shapes.score, hidden, row * row_size, row_size, 1, columns, 0, column, row_size)
            store(tile, scores, row * score_row + place + column, score_row)


@inlined
def score_four(tile, sums, left, left_row, right, first, second, third, fourth, scores, place):
    """Compute the dot products of some rows of ``left`` with the four rows ``first`` to ``fourth`` of ``right``.

    There are as many rows of ``left`` as ``tile`` has, from ``left_row`` on. The four products of row r, counted from
    0, are written to ``scores.flat[place + r * scores.shape[1]:][:4]``. ``sums`` is the shape of a tile of one register
    per row.
    """
    row_size = left.shape[1]
    a = b = c = d = zeros(sums)
    for column in range(0, row_size, breadth(tile)):
        rows = load(tile, left, left_row * row_size + column, row_size)
        a = add_dots(a, rows, load_row(tile, right, np.int64(first) * row_size + column))
        b = add_dots(b, rows, load_row(tile, right, np.int64(second) * row_size + column))
        c = add_dots(c, rows, load_row(tile, right, np.int64(third) * row_size + column))
        d = add_dots(d, rows, load_row(tile, right, np.int64(fourth) * row_size + column))
    store_totals(a, b, c, d, scores, place, scores.shape[1])


@inlined
def dot(panel, vector, rows, first, second, count):
    """Return the dot product of rows ``first`` and ``second`` of an array, over their first ``count`` numbers.

    ``count`` is rounded up to whole panels; ``panel`` and ``vector`` are tile shapes.
    """
    row_size = rows.shape[1]
    summed = zeros(vector)
    for column in range(0, count, breadth(panel)):
        row = load_row(panel, rows, first * row_size + column)
        summed = add_dots(summed, row, load_row(panel, rows, second * row_size + column))
    return total(summed)


@part
def score_shared(shapes, work, hidden_count, output_count):
    """Compute ``work.scores`` = hidden @ outputs.T, by transposing the outputs first."""
    transpose_rows(shapes, work.outputs, 0, output_count, work.output_columns)
    score_rows(shapes, work.hidden, hidden_count, work.output_columns, output_count, work.scores, 0)


@part
def train_on_scores(shapes, work, hidden_count, output_count, learning_rate, error_table, tables, ahead):
    """Train all pairs of hidden rows and shared output rows of a workspace; return the loss.

    ``work.scores`` must hold hidden @ outputs.T for ``work.hidden`` [hidden_count, row_size] and ``work.outputs``
    [output_count, row_size], and ``work.labels`` the signed weights of the pairs (see logistic_step). Let E be the
    errors of the pairs, computed from scores and labels, and G = learning_rate x E. Then row ``work.error_ids[i]`` of
    ``error_table`` grows by (G @ outputs)[i], and then row ``work.output_ids[m]`` of the output table by
    (G.T @ hidden)[m]. Both use the rows in the workspace, which do not change meanwhile, so they may run tile by tile.
    The rows ``ahead`` are prefetched.
    """
    score_row = work.scores.shape[1]
    loss = 0.0
    for row in range(hidden_count):
        loss += errors_of_scores(shapes, work.scores, work.labels, row * score_row, output_count, learning_rate)
    _fill_out_tiles(work, hidden_count, output_count, height(shapes.update))
    add_product_to_rows(
        shapes.update, work.scores, 0, score_row, 1, work.outputs, 0, output_count,
        error_table, work.error_ids, hidden_count, tables.output_vectors, ahead.output_ids,
    )  # fmt: skip
    add_product_to_rows(
        shapes.update, work.scores, 0, 1, score_row, work.hidden, 0, hidden_count,
        tables.output_vectors, work.output_ids, output_count, tables.input_vectors, ahead.input_ids,
    )  # fmt: skip
    return loss


@part
def _fill_out_tiles(work, hidden_count, output_count, tile_rows):
    """Complete the last tile of each product of :func:`train_on_scores` with zero coefficients and valid row ids."""
    for row in range(hidden_count, padded_to(hidden_count, tile_rows)):
        work.error_ids[row] = work.error_ids[0]
        for column in range(output_count):
            work.scores[row, column] = 0.0
    for column in range(output_count, padded_to(output_count, tile_rows)):
        work.output_ids[column] = work.output_ids[0]
        for row in range(hidden_count):
            work.scores[row, column] = 0.0


@inlined
def padded_to(count, multiple):
    """Return the smallest multiple of ``multiple`` that is at least ``count``."""
    return (count + multiple - 1) // multiple * multiple
