"""Types that the kernels share (tables, examples, workspaces), and the hidden layer with its backward pass.

The two architectures differ only in which side of an example is one word and which is several words:

* skip-gram: the input is the centre, the outputs are the words of its window; * CBOW: the inputs are the words of the
window, the output is the centre.

An example is therefore a centre with a window, and ``cbow`` selects the direction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.objectives.cpu.products import add_row
from wordkin.objectives.cpu.registers import (
    add_scaled,
    breadth,
    load_row,
    store,
    zeros,
)

Array = np.ndarray[Any, Any]


class Tables(NamedTuple):
    """The trained arrays. Threads update them in place without locks, and may overwrite each other's updates.

    input_vectors [V, row_size], output_vectors [V or tree nodes, row_size], projection_bias [1, row_size], or [0,
    row_size] if there is none. The output bias is column ``bias_column`` of ``output_vectors`` (-1 if there is none).
    In this column, every hidden vector is 1. Training also changes this column of the input rows and of the projection
    bias, where it has no meaning; :func:`clear_bias_column` resets it to 0. Output tables are padded to whole
    registers.
    """

    input_vectors: Array
    output_vectors: Array
    projection_bias: Array
    bias_column: int


class Examples(NamedTuple):
    """A piece of text and its windows; int32 arrays.

    input_ids, output_ids [kept] : for the word at each position, its row of the input table, and its row of the output
        table or its path in a tree. Both may be the same array.
    centres, starts, stops [examples] : example i is the centre at position ``centres[i]`` with the window
        ``starts[i]`` … ``stops[i] - 1``, itself excluded.
    """

    input_ids: Array
    output_ids: Array
    centres: Array
    starts: Array
    stops: Array


class Mode(NamedTuple):
    """How hidden vectors are computed, and how their error is passed to the inputs; see ``TrainingConfig``.

    window : largest distance from a centre to a context word.
    reach : largest distance from a centre to an output: the window for skip-gram, 0 for CBOW.
    buffered : whether the error of a hidden vector is collected in a buffer and then added to the inputs. If not, it is
        added directly to the only input row (skip-gram without a projection bias).
    """

    cbow: bool
    window: int
    reach: int
    buffered: bool
    mean: bool  # divide the sum of the input vectors by their number
    exact: bool  # divide the error likewise


class Workspace(NamedTuple):
    """Buffers of one worker for a block of examples; rows are padded to whole tiles.

    hidden, errors [block, row_size]: hidden vectors and their errors; error_ids int32 [block]: the row to add each
    error to; outputs [output rows, row_size]: copies of the output rows that all examples share, with ids output_ids
    int32; output_columns [row_size, output rows]: outputs transposed; scores, labels [block, output rows];
    upcoming_inputs, upcoming int32: rows of the input and of the output table that the next block reads; pair_scores,
    pair_labels [block + 1, columns padded to whole registers]: scores and labels of the outputs that only one example
    has.
    """

    hidden: Array
    errors: Array
    error_ids: Array
    outputs: Array
    output_ids: Array
    output_columns: Array
    scores: Array
    labels: Array
    upcoming_inputs: Array
    upcoming: Array
    pair_scores: Array
    pair_labels: Array


def make_workspace(layout: Layout, block: int, outputs: int, band: int, dtype: str = "float32") -> Workspace:
    """Allocate buffers for ``block`` hidden vectors and ``outputs`` output rows that they share.

    ``band`` is the number of output rows that each hidden vector has for itself.
    """
    rows = padded(block)
    columns = padded(outputs, max(layout.lanes, 8) * layout.shapes.score.vectors)
    band = padded(band, layout.lanes) if band else layout.lanes

    def buffer(*size: int) -> Array:
        return aligned_zeros(size, dtype)

    return Workspace(
        hidden=buffer(rows, layout.row_size),
        errors=buffer(rows, layout.row_size),
        error_ids=np.zeros(rows, np.int32),
        outputs=buffer(columns, layout.row_size),
        output_ids=np.zeros(columns, np.int32),
        output_columns=buffer(layout.row_size, columns),
        scores=buffer(rows, columns),
        labels=buffer(rows, columns),
        upcoming_inputs=np.zeros(rows, np.int32),
        upcoming=np.zeros(rows + columns, np.int32),
        pair_scores=buffer(block + 1, band),
        pair_labels=buffer(block + 1, band),
    )


@inlined
def input_span(examples, i, cbow):
    """Return the positions of the inputs of example i: first, stop, a position to leave out, and their number.

    The position to leave out is between first and stop, or -1 if there is none.
    """
    if cbow:
        return examples.starts[i], examples.stops[i], examples.centres[i], context_size(examples, i)
    return examples.centres[i], examples.centres[i] + 1, -1, 1 if context_size(examples, i) > 0 else 0


@inlined
def output_span(examples, i, cbow):
    """Return the positions of the outputs of example i: first, stop, a position to leave out, and their number.

    The position to leave out is between first and stop, or -1 if there is none.
    """
    if cbow:
        count = 1 if context_size(examples, i) > 0 else 0
        return examples.centres[i], examples.centres[i] + count, -1, count
    return examples.starts[i], examples.stops[i], examples.centres[i], context_size(examples, i)


@inlined
def context_size(examples, i):
    """Number of context words of example i."""
    centre = examples.centres[i]
    inside = examples.starts[i] <= centre < examples.stops[i]
    return examples.stops[i] - examples.starts[i] - (1 if inside else 0)


@inlined
def fill_hidden(shapes, tables, input_ids, span, mode, hidden, row):
    """Compute the hidden vector of the input words at some positions, and write it to ``hidden[row]``.

    ``span`` is the result of :func:`input_span`.
    """
    start, stop, left_out, count = span
    scale = 1.0 / count if mode.mean and count > 0 else 1.0
    row_size = hidden.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        summed = zeros(shapes.panel)
        for position in range(start, stop):
            if position != left_out:
                source = np.int64(input_ids[position]) * row_size + column
                summed = add_scaled(summed, 1.0, load_row(shapes.panel, tables.input_vectors, source))
        store(add_scaled(zeros(shapes.panel), scale, summed), hidden, row * row_size + column, 0)
    if tables.projection_bias.shape[0] > 0:
        add_row(shapes, tables.projection_bias, 0, 1.0, hidden, row)
    if tables.bias_column >= 0:
        hidden[row, tables.bias_column] = 1.0


@inlined
def hand_back(shapes, tables, input_ids, span, mode, errors, row):
    """Add the error of a hidden vector, ``errors[row]``, to its input rows and to the projection bias.

    The error includes the factor of the learning rate. ``span`` is the result of :func:`input_span`.
    """
    start, stop, left_out, count = span
    scale = 1.0 / count if mode.exact and count > 0 else 1.0
    for position in range(start, stop):
        if position != left_out:
            add_row(shapes, errors, row, scale, tables.input_vectors, np.int64(input_ids[position]))
    if tables.projection_bias.shape[0] > 0 and count > 0:
        add_row(shapes, errors, row, 1.0, tables.projection_bias, 0)


@kernel
def clear_bias_column(tables, input_ids):
    """Set the bias column of the input rows ``input_ids`` (int32) and of the projection bias to 0."""
    for position in range(input_ids.shape[0]):
        tables.input_vectors[input_ids[position], tables.bias_column] = 0.0
    if tables.projection_bias.shape[0] > 0:
        tables.projection_bias[0, tables.bias_column] = 0.0
