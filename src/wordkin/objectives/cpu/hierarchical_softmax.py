"""Hierarchical softmax: trains the hidden vectors of a centre, one after the other, with the nodes of its path.

All contexts of a centre share its path, because skip-gram uses the transposed pairs (context word as input, centre as
output; see docs/mathematics.md), which have the same distribution. As in word2vec, each hidden vector sees the updates
of the nodes by the hidden vectors before it.

The kernel computes this sequential result for C hidden vectors at once. Let S be the scores of the C hidden vectors
with the initial nodes, K the products of the hidden vectors with each other, and G = learning_rate x error. After the
updates by the vectors before it, the score of vector c at node l is::

    S[c, l] + sum over b < c of K[c, b] G[b, l]

A short recursion over these numbers therefore gives G. Each node is then loaded once: node l adds G[c, l] times its
value to the error of each vector c, and receives the sum over c of G[c, l] hidden[c]. Finally, the contribution of the
node updates by vectors b < c to the error of vector c is added: the sum of M[c, b] hidden[b] with M[c, b] = G[c] .
G[b]. C is the number of rows of a register tile.
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
    """The paths of the words in a Huffman tree, one after the other.

    The path of word w is ``node_ids[offsets[w]:offsets[w + 1]]``, int32, with the branches taken in ``bits``, uint8;
    ``offsets`` is int64 [V + 1].
    """

    offsets: np.ndarray[Any, Any]
    node_ids: np.ndarray[Any, Any]
    bits: np.ndarray[Any, Any]


@kernel
def train_hierarchical_softmax(shapes, tables, examples, mode, tree, learning_rate, work):
    """Train on all examples in order; return (summed loss, number of examples trained).

    For skip-gram, each (context, centre) pair counts as an example; for CBOW, each centre. The hidden vectors of a
    centre are computed in groups before the input rows of the group are written: a group is one register tile of them,
    or one vector if ``mode.buffered``. ``tables`` are written without locks.
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
    """Return the index in the arrays of the tree at which the path of a word starts, and its number of nodes."""
    return tree.offsets[word], tree.offsets[word + 1] - tree.offsets[word]


@inlined
def _inputs_at(examples, i, position, mode):
    """Return the inputs of one hidden vector of example i, in the form of :func:`input_span`.

    For CBOW, these are all context words; for skip-gram, the word at ``position``.
    """
    if mode.cbow:
        return input_span(examples, i, True)
    return np.int64(position), np.int64(position) + 1, np.int64(-1), np.int64(position != examples.centres[i])


@part
def _fetch_ahead(tables, examples, i, mode, tree):
    """Prefetch the rows of the next centre that are probably not in the cache.

    These are the new word of its window, and the last nodes of its path.
    """
    following = min(i + 1, examples.centres.shape[0] - 1)
    newest = min(examples.centres[following] + mode.window, examples.input_ids.shape[0] - 1)
    prefetch_row(tables.input_vectors, examples.input_ids[newest])
    path, length = _path(tree, examples.output_ids[examples.centres[following]])
    for step in range(path + TOP_LEVELS, path + length):
        prefetch_row(tables.output_vectors, tree.node_ids[step])


@part
def _train_rows(shapes, tables, nodes, rows, error_table, learning_rate, work):
    """Train the first ``rows`` hidden vectors with the nodes of a path, one after the other; return the loss."""
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
    """Compute S and K of the module docstring: products of the hidden vectors with the nodes and with each other.

    Row c of ``work.pair_scores`` receives the product of vector c with each node, followed by its products with the
    vectors before it.
    """
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
    """Replace the scores S by G = learning rate x error, one hidden vector after the other; return the loss.

    The score of each vector includes the effect of the vectors before it. Rows of G are padded with 0 to a whole
    register.
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
    """Compute M of the module docstring: the products of the rows of G with each other.

    Row c of M is written after row c of G; it is 0 from column c on. Rows are processed from last to first, because the
    padding of the earlier rows must still be 0.
    """
    for row in range(rows - 1, -1, -1):
        for before in range(height(shapes.update) - 1):
            product = dot(shapes.vector, shapes.vector, work.pair_scores, row, before, length) if before < row else 0.0
            work.pair_scores[row, length + before] = product


@part
def _pass_nodes(shapes, tables, nodes, error_table, work):
    """Update the nodes of a path and the errors of the hidden vectors, loading each node once."""
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
    """Copy ``count`` rows of a table, from row ``first`` on, to row ``target`` and the following rows."""
    for row in range(count):
        copy_row(shapes, table, first + row, table, target + row)


@kernel
def add_change(shapes, table, first, count, before, after, share):
    """Add a fraction of a change of some rows to other rows of the same table.

    The rows from ``first`` on receive ``share`` times the difference between the rows from ``after`` on and the rows
    from ``before`` on. The rows from ``before`` on are overwritten.
    """
    for row in range(count):
        add_row(shapes, table, after + row, -1.0, table, before + row)  # no change is exactly none
        add_row(shapes, table, before + row, -share, table, first + row)
