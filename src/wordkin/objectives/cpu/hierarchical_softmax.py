"""Hierarchical softmax: trains the hidden rows of a centre, in sequence, with the nodes of its path.

The contexts of a centre share its path: skip-gram uses the transposed pairs (context word as input, centre as output;
see docs/mathematics.md), which have the same distribution. As in word2vec, each row sees the node updates of the rows
before it.

The kernel computes this sequential result for C rows at once. Let S be the scores of the C hidden rows with the initial
nodes, K the products of the hidden rows with each other, and G = learning_rate x error. After the updates of the rows
before it, the score of row c at node l is::

    S[c, l] + sum over b < c of K[c, b] G[b, l]

A short recursion over these numbers therefore gives G. Each node is then loaded once: node l adds G[c, l] times its
value to the error of each row c, and receives the sum over c of G[c, l] hidden[c]. Finally, the contribution of the
node updates of rows b < c to the error of row c is added: the sum of M[c, b] hidden[b] with M[c, b] = G[c] . G[b]. C is
the height of a register tile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inlined, kernel, part
from wordkin.objectives.cpu.examples import fill_hidden, hand_back, input_span
from wordkin.objectives.cpu.products import (
    add_row,
    clear_band,
    clear_row,
    copy_row,
    dot,
    prefetch_row,
    score_four,
)
from wordkin.objectives.cpu.registers import (
    add_outer,
    add_rows,
    add_scaled,
    add_to_rows,
    breadth,
    height,
    load,
    load_row,
    logistic_step,
    store,
    total,
    zeros,
)

HOT_NODES = 255  # top nodes of the tree, on almost every path: threads would contend for their cache lines
TOP_LEVELS = 10  # top levels of the tree, whose nodes stay in the L2 cache


class Tree(NamedTuple):
    """Paths of a Huffman tree, ragged: offsets int64 [V + 1] into node_ids int32 and bits uint8."""

    offsets: np.ndarray[Any, Any]
    node_ids: np.ndarray[Any, Any]
    bits: np.ndarray[Any, Any]


@kernel
def train_hierarchical_softmax(shapes, tables, examples, mode, tree, learning_rate, work):
    """Train on all examples in order; return (loss, examples trained).

    An example is a (context, centre) pair for skip-gram and a centre for CBOW. Reads one update tile of
    a centre's hidden rows (one row if ``mode`` is buffered) before it writes an input row. Writes ``tables`` without
    locks.
    """
    loss = 0.0
    trained = 0
    error_table = work.errors if mode.buffered else tables.input_vectors
    for i in range(examples.centres.shape[0]):
        centre = np.int64(examples.centres[i])
        path, length = _path(tree, examples.output_ids[centre])
        nodes = tree.node_ids[path : path + length]
        clear_band(shapes, work.pair_labels, 0)
        for step in range(length):
            work.pair_labels[0, step] = 1.0 - 2.0 * tree.bits[path + step]
        _fetch_ahead(tables, examples, i, mode, tree)
        position, stop = (centre, centre + 1) if mode.cbow else (examples.starts[i], examples.stops[i])
        while position < stop:
            rows = 0
            span = _inputs_at(examples, i, position, mode)
            while position < stop and rows < height(shapes.update):
                span = _inputs_at(examples, i, position, mode)
                if span[3] > 0:
                    fill_hidden(shapes, tables, examples.input_ids, span, mode, work.hidden, rows)
                    work.error_ids[rows] = rows if mode.buffered else examples.input_ids[position]
                    rows += 1
                position += 1
            if rows > 0:
                if mode.buffered:
                    clear_row(shapes, work.errors, 0)
                loss += _train_rows(shapes, tables, nodes, rows, error_table, learning_rate, work)
                if mode.buffered:
                    hand_back(shapes, tables, examples.input_ids, span, mode, work.errors, 0)
                trained += rows
    return loss, trained


@inlined
def _path(tree, word):
    """Return the index at which the path of a word starts, and the number of its nodes."""
    return tree.offsets[word], tree.offsets[word + 1] - tree.offsets[word]


@inlined
def _inputs_at(examples, i, position, mode):
    """The inputs of one hidden row of example i (see input_span): all for CBOW, the word at ``position`` otherwise."""
    if mode.cbow:
        return input_span(examples, i, True)
    return np.int64(position), np.int64(position) + 1, np.int64(-1), np.int64(position != examples.centres[i])


@part
def _fetch_ahead(tables, examples, i, mode, tree):
    """Prefetch rows of the next centre that may not be cached: the new word of its window, the end of its path."""
    following = min(i + 1, examples.centres.shape[0] - 1)
    newest = min(examples.centres[following] + mode.window, examples.input_ids.shape[0] - 1)
    prefetch_row(tables.input_vectors, examples.input_ids[newest])
    path, length = _path(tree, examples.output_ids[examples.centres[following]])
    for step in range(path + TOP_LEVELS, path + length):
        prefetch_row(tables.output_vectors, tree.node_ids[step])


@part
def _train_rows(shapes, tables, nodes, rows, error_table, learning_rate, work):
    """Train the first rows of ``work.hidden`` with the nodes of a path, in sequence; return the loss."""
    _score_rows(shapes, tables, nodes, rows, work)
    loss = _errors_in_turn(shapes, nodes.shape[0], rows, learning_rate, work)
    for row in range(rows, height(shapes.update)):
        work.error_ids[row] = work.error_ids[0]
        clear_band(shapes, work.pair_scores, row)
    _products_of_errors(shapes, nodes.shape[0], rows, work)
    _pass_nodes(shapes, tables, nodes, error_table, work)
    return loss


@part
def _score_rows(shapes, tables, nodes, rows, work):
    """Write the products of each row with the nodes and with the rows before it to its row of ``work.pair_scores``."""
    length = nodes.shape[0]
    for row in range(0, rows, height(shapes.pair)):
        for step in range(0, length, 4):
            score_four(
                shapes.pair, shapes.pair_sums, work.hidden, row, tables.output_vectors,
                nodes[step], nodes[min(step + 1, length - 1)], nodes[min(step + 2, length - 1)],
                nodes[min(step + 3, length - 1)], work.pair_scores, row * work.pair_scores.shape[1] + step,
            )  # fmt: skip
    for row in range(1, rows):
        for before in range(row):
            product = dot(shapes.panel, shapes.vector, work.hidden, row, before, work.hidden.shape[1])
            work.pair_scores[row, length + before] = product


@part
def _errors_in_turn(shapes, length, rows, learning_rate, work):
    """Replace the scores of each row by G = learning rate x error, with the effect of the rows before it; return the
    loss.

    The errors of a row are padded with 0 to a whole register.
    """
    losses = zeros(shapes.vector)
    score_row = work.pair_scores.shape[1]
    for row in range(rows):
        for step in range(0, length, breadth(shapes.vector)):
            scores = load_row(shapes.vector, work.pair_scores, row * score_row + step)
            for before in range(row):
                errors = load_row(shapes.vector, work.pair_scores, before * score_row + step)
                scores = add_scaled(scores, work.pair_scores[row, length + before], errors)
            errors, loss = logistic_step(scores, load_row(shapes.vector, work.pair_labels, step))
            store(add_scaled(zeros(shapes.vector), learning_rate, errors), work.pair_scores, row * score_row + step, 0)
            losses = add_scaled(losses, 1.0, loss)
    return total(losses)


@part
def _products_of_errors(shapes, length, rows, work):
    """Write M (see the module docstring) after the errors of the rows of a tile; M is 0 from its diagonal on.

    Rows are processed from last to first, because the padding of the earlier rows must still be 0.
    """
    for row in range(rows - 1, -1, -1):
        for before in range(height(shapes.update) - 1):
            product = dot(shapes.vector, shapes.vector, work.pair_scores, row, before, length) if before < row else 0.0
            work.pair_scores[row, length + before] = product


@part
def _pass_nodes(shapes, tables, nodes, error_table, work):
    """Update the nodes of a path and the errors of the hidden rows, loading each node once."""
    row_size = work.hidden.shape[1]
    score_row = work.pair_scores.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        hidden = load(shapes.update, work.hidden, column, row_size)
        errors = zeros(shapes.update)
        for step in range(nodes.shape[0]):
            place = np.int64(nodes[step]) * row_size + column
            node = load_row(shapes.panel, tables.output_vectors, place)
            errors = add_outer(errors, work.pair_scores, step, score_row, node)
            node = add_rows(node, work.pair_scores, step, score_row, hidden)
            store(node, tables.output_vectors, place, 0)
        for before in range(height(shapes.update) - 1):
            row = load_row(shapes.panel, work.hidden, before * row_size + column)
            errors = add_outer(errors, work.pair_scores, nodes.shape[0] + before, score_row, row)
        add_to_rows(errors, error_table, work.error_ids, 0, row_size, column)


@kernel
def copy_rows(shapes, table, first, count, target):
    """Copy ``count`` rows of a table from row ``first`` on to the rows from ``target`` on."""
    for row in range(count):
        copy_row(shapes, table, first + row, table, target + row)


@kernel
def add_change(shapes, table, first, count, before, after, share):
    """Add ``share`` of the change from the rows at ``before`` to the rows at ``after`` to those at ``first``."""
    for row in range(count):
        add_row(shapes, table, after + row, -1.0, table, before + row)  # no change is exactly none
        add_row(shapes, table, before + row, -share, table, first + row)
