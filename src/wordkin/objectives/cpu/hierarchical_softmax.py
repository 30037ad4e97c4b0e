"""Hierarchical softmax: one hidden row after the other against the inner nodes on a path.

The contexts of a centre share its path: skip-gram uses the transposed pairs (context word in,
centre out; see docs/mathematics.md), whose distribution is the same, so that the nodes stay in the
first cache. Each row sees what the row before has taught the nodes; summing over the contexts first
was measured to cost more than a point of analogies and to save no time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.objectives.cpu.examples import fill_hidden, hand_back, input_span
from wordkin.objectives.cpu.jit import inlined, kernel
from wordkin.objectives.cpu.products import add_row, copy_row, errors_of_scores, prefetch_row, score_four
from wordkin.objectives.cpu.registers import add_scaled, breadth, load_row, store, zeros

HOT_NODES = 255  # the top of the tree, which every path passes: threads would take its cache lines from each other


class Tree(NamedTuple):
    """Paths of a Huffman tree, ragged: offsets int64 [V + 1] into node_ids int32 and bits uint8."""

    offsets: np.ndarray[Any, Any]
    node_ids: np.ndarray[Any, Any]
    bits: np.ndarray[Any, Any]


@kernel
def train_hierarchical_softmax(shapes, tables, examples, mode, tree, learning_rate, work):
    """Train on all examples in order; return (loss, examples trained).

    An example is a (context, centre) pair for skip-gram and a centre for CBOW. Writes ``tables``
    without locks.
    """
    loss = 0.0
    trained = 0
    for i in range(examples.centres.shape[0]):
        centre = np.int64(examples.centres[i])
        word = examples.word_ids[centre]
        path = tree.offsets[word]
        length = tree.offsets[word + 1] - path
        _prefetch_next_centre(tables, examples, i, mode, tree)
        for step in range(work.pair_labels.shape[1]):
            work.pair_labels[0, step] = 1.0 - 2.0 * tree.bits[path + step] if step < length else 0.0
        start, stop = (centre, centre + 1) if mode.cbow else (examples.starts[i], examples.stops[i])
        for position in range(start, stop):
            if mode.cbow:
                span = input_span(examples, i, True)
            else:  # the context word alone; none where the position is the centre itself
                span = np.int64(position), np.int64(position) + 1, np.int64(-1), np.int64(position != centre)
            if span[3] > 0:
                loss += _train_row(
                    shapes, tables, examples.word_ids, span, mode, tree, path, length, learning_rate, work
                )
                trained += 1
    return loss, trained


@inlined
def _train_row(shapes, tables, word_ids, span, mode, tree, path, length, learning_rate, work):
    """The hidden row of the inputs of a span against the nodes of a path; return the loss."""
    fill_hidden(shapes, tables, word_ids, span, mode, work.hidden, 0)
    for step in range(0, length, 4):
        score_four(
            shapes, work.hidden, 0, tables.output_vectors,
            tree.node_ids[path + step],
            tree.node_ids[path + min(step + 1, length - 1)],
            tree.node_ids[path + min(step + 2, length - 1)],
            tree.node_ids[path + min(step + 3, length - 1)],
            work.pair_scores, step,
        )  # fmt: skip
    loss = errors_of_scores(shapes, work.pair_scores, work.pair_labels, 0, length, learning_rate)
    row_size = work.hidden.shape[1]
    for column in range(0, row_size, breadth(shapes.panel)):
        hidden = load_row(shapes.panel, work.hidden, column)
        errors = zeros(shapes.panel)
        for step in range(length):
            place = np.int64(tree.node_ids[path + step]) * row_size + column
            node = load_row(shapes.panel, tables.output_vectors, place)
            errors = add_scaled(errors, work.pair_scores[0, step], node)
            store(add_scaled(node, work.pair_scores[0, step], hidden), tables.output_vectors, place, 0)
        store(errors, work.errors, column, 0)
    hand_back(shapes, tables, word_ids, span, mode, work.errors, 0)
    return loss


@kernel
def copy_rows(shapes, table, first, count, target):
    """``table[target : target + count] = table[first : first + count]``."""
    for row in range(count):
        copy_row(shapes, table, first + row, table, target + row)


@kernel
def add_change(shapes, table, first, count, before, after, share):
    """Add ``share`` of the change from the rows at ``before`` to the rows at ``after`` to those at ``first``."""
    for row in range(count):
        add_row(shapes, table, after + row, -1.0, table, before + row)  # no change is exactly none
        add_row(shapes, table, before + row, -share, table, first + row)


@inlined
def _prefetch_next_centre(tables, examples, i, mode, tree):
    """Ask for the path of the next centre and for the word that enters its window."""
    following = min(i + 1, examples.centres.shape[0] - 1)
    newest = min(examples.centres[following] + mode.window, examples.word_ids.shape[0] - 1)
    prefetch_row(tables.input_vectors, examples.word_ids[newest])
    word = examples.word_ids[examples.centres[following]]
    for step in range(tree.offsets[word], tree.offsets[word + 1]):
        prefetch_row(tables.output_vectors, tree.node_ids[step])
