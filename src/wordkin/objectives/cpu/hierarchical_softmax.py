"""Hierarchical softmax: the hidden rows of one centre against the inner nodes on its path.

The contexts of a centre share its path, so they are trained on it together: skip-gram uses the
transposed pairs (context word in, centre out; see docs/mathematics.md), whose distribution is the
same. Path nodes are read before any is updated; reading updated ones diverges.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.objectives.cpu.examples import context_size, fill_hidden, hand_back, input_span
from wordkin.objectives.cpu.jit import inlined, kernel
from wordkin.objectives.cpu.products import Ahead, clear_row, copy_row, score_few, train_on_scores


class Tree(NamedTuple):
    """Paths of a Huffman tree, ragged: offsets int64 [V + 1] into node_ids int32 and bits uint8."""

    offsets: np.ndarray[Any, Any]
    node_ids: np.ndarray[Any, Any]
    bits: np.ndarray[Any, Any]


@kernel
def train_hierarchical_softmax(shapes, tables, examples, mode, tree, learning_rate, work):  # type: ignore[no-untyped-def]
    """Train on all examples, centre by centre; return (loss, examples trained).

    An example is a (context, centre) pair for skip-gram and a centre for CBOW. Writes ``tables``
    without locks.
    """
    loss = 0.0
    trained = 0
    for i in range(examples.centres.shape[0]):
        contexts = context_size(examples, i)
        if contexts > 0:
            loss += _train_centre(shapes, tables, examples, i, mode, tree, learning_rate, work)
            trained += 1 if mode.cbow else contexts
    return loss, trained


@inlined
def _train_centre(shapes, tables, examples, i, mode, tree, learning_rate, work):  # type: ignore[no-untyped-def]
    """All hidden rows of example i against the path of its centre."""
    centre_word = examples.word_ids[examples.centres[i]]
    path = tree.offsets[centre_word]
    length = tree.offsets[centre_word + 1] - path
    for step in range(length):
        work.output_ids[step] = tree.node_ids[path + step]
        copy_row(shapes, tables.output_vectors, np.int64(work.output_ids[step]), work.outputs, step)
    rows = 0
    start, stop = _row_positions(examples, i, mode)
    for position in range(start, stop):
        if position != examples.centres[i] or mode.cbow:
            fill_hidden(
                shapes, tables, examples.word_ids, _row_span(examples, i, mode, position), mode, work.hidden, rows
            )
            work.error_ids[rows] = rows if mode.buffered else examples.word_ids[position]
            if mode.buffered:
                clear_row(shapes, work.errors, rows)
            for step in range(work.labels.shape[1]):
                work.labels[rows, step] = 1.0 - 2.0 * tree.bits[path + step] if step < length else 0.0
            rows += 1
    error_table = work.errors if mode.buffered else tables.input_vectors
    ahead = _rows_ahead(examples, i, tree)
    score_few(shapes, work, rows, length)
    loss = train_on_scores(shapes, work, rows, length, learning_rate, error_table, tables, ahead)
    if mode.buffered:
        rows = 0
        for position in range(start, stop):
            if position != examples.centres[i] or mode.cbow:
                hand_back(
                    shapes, tables, examples.word_ids, _row_span(examples, i, mode, position), mode, work.errors, rows
                )  # fmt: skip
                rows += 1
    return loss


@inlined
def _row_positions(examples, i, mode):  # type: ignore[no-untyped-def]
    """Positions that get a hidden row each: the window for skip-gram (less its centre), the centre for CBOW."""
    if mode.cbow:
        return examples.centres[i], examples.centres[i] + 1
    return examples.starts[i], examples.stops[i]


@inlined
def _row_span(examples, i, mode, position):  # type: ignore[no-untyped-def]
    """The inputs of one hidden row: the context word at ``position`` alone, or the window of the centre."""
    if mode.cbow:
        return input_span(examples, i, True)
    return np.int64(position), np.int64(position) + 1, np.int64(-1), 1


@inlined
def _rows_ahead(examples, i, tree):  # type: ignore[no-untyped-def]
    """The rows of the next centre: its path, and the word that enters its window."""
    following = min(i + 1, examples.centres.shape[0] - 1)
    centre_word = examples.word_ids[examples.centres[following]]
    newest = examples.stops[following] - 1
    return Ahead(
        examples.word_ids[newest : newest + 1], tree.node_ids[tree.offsets[centre_word] : tree.offsets[centre_word + 1]]
    )
