"""Types shared by the kernels (tables, examples, workspaces), and the hidden layer, forward and backward.

The two architectures differ only in which side of an example is one word and which is several words:

* skip-gram: the input is the centre, the outputs are the words of its window;
* CBOW: the inputs are the words of the window, the output is the centre.

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
    """The trained arrays, updated in place, without locks: threads may overwrite each other's updates.

    input_vectors [V, row_size], output_vectors [V or tree nodes, row_size], projection_bias
    [1, row_size] or [0, row_size] if there is none. The output bias is column ``bias_column`` of ``output_vectors``
    (-1 if there is none), and the hidden layer holds 1 in this column. Kernels also change this column of input rows
    and of the projection bias; :func:`clear_bias_column` resets it to 0. Output tables are padded to whole registers.
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
    """How the hidden layer is computed and its error propagated; see ``TrainingConfig``.

    window : largest distance from a centre to a context word.
    reach : largest distance from a centre to an output: the window for skip-gram, 0 for CBOW.
    buffered : collect the error of a hidden row before adding it to the inputs. Otherwise it is added directly to the
        single input row (skip-gram without a projection bias).
    """

    cbow: bool
    window: int
    reach: int
    buffered: bool
    mean: bool  # divide the sum of the input vectors by their number
    exact: bool  # divide the error likewise


class Workspace(NamedTuple):
    """Buffers of one worker; rows are padded to whole tiles.

    hidden, errors [block, row_size]; error_ids int32 [block]: the row each error goes to;
    outputs [output rows, row_size] with their ids output_ids int32; output_columns [row_size, output
    rows]; scores, labels [block, output rows];
    upcoming_inputs, upcoming int32: rows of the input and of the output table that the next block reads;
    pair_scores, pair_labels [block + 1, band padded to whole registers] for outputs that are not shared.
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
    """Buffers for blocks of ``block`` hidden rows against ``outputs`` shared output rows."""
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
    """Positions of the inputs of example i: first, stop, the position in between to leave out; and their number."""
    if cbow:
        return examples.starts[i], examples.stops[i], examples.centres[i], context_size(examples, i)
    return examples.centres[i], examples.centres[i] + 1, -1, 1 if context_size(examples, i) > 0 else 0


@inlined
def output_span(examples, i, cbow):
    """Positions of the outputs of example i: first, stop, the position in between to leave out; and their number."""
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
    """Write the hidden vector of the inputs at the positions of a span (see :func:`input_span`) to ``hidden[row]``."""
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
    """Add ``errors[row]``, which includes the learning rate, to the inputs of a span and to the projection bias."""
    start, stop, left_out, count = span
    scale = 1.0 / count if mode.exact and count > 0 else 1.0
    for position in range(start, stop):
        if position != left_out:
            add_row(shapes, errors, row, scale, tables.input_vectors, np.int64(input_ids[position]))
    if tables.projection_bias.shape[0] > 0 and count > 0:
        add_row(shapes, errors, row, 1.0, tables.projection_bias, 0)


@kernel
def clear_bias_column(tables, input_ids):
    """Set the bias column to 0 in the input rows ``input_ids`` int32 and in the projection bias."""
    for position in range(input_ids.shape[0]):
        tables.input_vectors[input_ids[position], tables.bias_column] = 0.0
    if tables.projection_bias.shape[0] > 0:
        tables.projection_bias[0, tables.bias_column] = 0.0
