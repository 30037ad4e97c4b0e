"""Rounds of drafts: how workers train to the same bits, however many they are.

A round is a few shards of text, next to each other. Each is trained on a *draft*: a copy of the rows that
it reads, from tables to which nobody writes meanwhile. When all drafts of a round are done, their changes
are added to the tables, for each row in the order of the text. So nothing depends on who did what, or when.

Drafts know nothing of each other. Where every one of them moved a row most of the way to the same place,
the sum of their changes would lead it far beyond. Let a draft move its rows as gradient descent on a
parabola does: an update goes a small part p of the way that is left, so n of them leave e^-np. Drafts
trained one after the other would leave the product of that and move a row by 1 - e^-Σnp of the way; the
sum of their changes is Σ (1 - e^-np). The quotient of the two is the share of the changes that is added: 1
for rows that few examples touch, 1 / drafts (the mean) for rows that every draft moves all the way.

The part p grows with the squared length of the rows on the other side, which is measured. So the first
examples of a run, where rows are short, count in full, and rows that grow are led with more and more care.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.drafts import Drafts, mean_square, merge_rows, take_rows
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import TileShapes, aligned_zeros, padded
from wordkin.training.numbering import Numberings, Rows
from wordkin.training.steps import SPARE_ROWS, Step, alikeness
from wordkin.windows.windows import Windows

MOST_DRAFTS = 4  # in a round: with 8, a round of as many words trains less well, because more is averaged
MOST_DRAFT_WORDS = 8192  # longer drafts train less well, and copying takes a larger part of shorter ones
MOST_BYTES = 2**27  # of the drafts of a round
ROWS_PER_WORD = 3  # that a draft copies, all tables together, roughly
CURVATURE = 0.25  # of the logistic loss at most, for each squared length along a row; see also steps.alikeness
_FLOAT_BYTES = 4

Array = NDArray[Any]


class RoundSize(NamedTuple):
    """Drafts in a round, and words of the text for each."""

    drafts: int
    words: int


def round_size(steps: Sequence[Step], words: int, row_size: int, vocabulary_size: int) -> RoundSize:
    """As many drafts as fit into memory, of at most ``words`` words. It depends on the configuration alone.

    One draft, where two of all rows do not fit, means that the tables themselves are trained, by one worker.
    """
    row_bytes = row_size * _FLOAT_BYTES
    if any(step.reads_all_rows for step in steps):
        fitting = MOST_BYTES // (row_bytes * vocabulary_size * (1 + len(steps)))
        return RoundSize(max(1, min(MOST_DRAFTS, fitting)), words)
    fitting_words = MOST_BYTES // (row_bytes * ROWS_PER_WORD * MOST_DRAFTS)
    return RoundSize(MOST_DRAFTS, max(1, min(words, MOST_DRAFT_WORDS, fitting_words)))


class DraftTable:
    """One table, and room for the rows that each draft of a round copies from it."""

    def __init__(self, shapes: TileShapes, table: Array, drafts: int, room: int) -> None:
        self._shapes = shapes
        self._table = table
        self._room = room
        self.rows = len(table)
        self._drafts = Drafts(
            rows=aligned_zeros((drafts * room, table.shape[1])),
            row_ids=np.zeros((drafts, room), np.int32),
            updates=np.zeros((drafts, room), np.float32),
            counts=np.zeros(drafts, np.int64),
            pulls=np.zeros(drafts),
            links=np.zeros(drafts * room, np.int64),
            heads=np.zeros(len(table), np.int64),
        )

    def take(self, draft: int, rows: Rows) -> Array:
        """Copies of rows, with the rest of the room behind them."""
        take_rows(self._shapes, self._table, self._drafts, draft, *rows)
        return self._drafts.rows[draft * self._room : (draft + 1) * self._room]

    def mean_square(self, draft: int) -> float:
        """Mean squared length of the copies as they are now, over updates."""
        return float(mean_square(self._shapes, self._drafts, draft))

    def pull(self, draft: int, part: float) -> None:
        """Say what part of the way an update of this draft goes."""
        self._drafts.pulls[draft] = part

    def leave_out(self, draft: int) -> None:
        """Nothing was copied for a draft."""
        self._drafts.counts[draft] = 0

    def merge(self, part: int, parts: int) -> None:
        """Add the changes of all drafts to every ``parts``-th row from row ``part`` on."""
        merge_rows(self._shapes, self._table, self._drafts, part, parts)


class Round:
    """Drafts of the tables of a model.

    Parameters
    ----------
    steps, tables : of each objective.
    drafts : how many.
    words : of a shard at most, those around it included.
    hidden_square : mean squared length of hidden rows, in that of input rows.
    """

    def __init__(
        self, shapes: TileShapes, steps: Sequence[Step], tables: Sequence[Tables], drafts: int, words: int,
        hidden_square: float,
    ) -> None:  # fmt: skip
        inputs, _, bias, self._bias_column = tables[0]
        self.drafts = drafts
        self._steps = steps
        self._vocabulary_size = len(inputs)
        self._hidden_square = hidden_square
        self._all_rows = any(step.reads_all_rows for step in steps)
        words = len(inputs) if self._all_rows else min(words, len(inputs))
        self._inputs = DraftTable(shapes, inputs, drafts, words)
        self._bias = DraftTable(shapes, bias, drafts, len(bias))
        self._outputs = []
        for step, (_, outputs, *_) in zip(steps, tables, strict=True):
            room = padded(min(words + step.most_rows(words), len(outputs)), SPARE_ROWS)
            self._outputs.append(DraftTable(shapes, outputs, drafts, room))
        self._tables = (self._inputs, self._bias, *self._outputs)

    def take(
        self, draft: int, windows: Windows, targets: Sequence[Any], numbers: Numberings
    ) -> tuple[list[Tables], list[Any]]:
        """Number and copy what a shard reads: tables and targets of each objective, by local numbers.

        The words of ``windows`` are numbered in place.
        """
        numbers.words.restart(all_rows=self._all_rows)
        numbers.words.number(windows.word_ids)
        words = numbers.words.rows()
        inputs = self._inputs.take(draft, words)
        ids = np.arange(self._bias.rows, dtype=np.int32)
        bias = self._bias.take(draft, Rows(ids, np.full(len(ids), len(windows.word_ids), np.float32)))
        tables, numbered = [], []
        for step, targets_of_step, outputs in zip(self._steps, targets, self._outputs, strict=True):
            own, rows = step.number_outputs(targets_of_step, words, numbers)
            tables.append(Tables(inputs, outputs.take(draft, rows), bias, self._bias_column))
            numbered.append(own)
        return tables, numbered

    def close(self, draft: int, learning_rate: float) -> None:
        """Say of a draft that was trained what part of the way its updates went, by the length of its rows."""
        part = CURVATURE * alikeness(self._vocabulary_size) * learning_rate
        square = self._inputs.mean_square(draft) * self._hidden_square + self._bias.mean_square(draft)
        if self._bias_column >= 0:
            square += 1
        pull = 0.0
        for step, outputs in zip(self._steps, self._outputs, strict=True):
            outputs.pull(draft, part * square)
            pull += part * step.input_updates * outputs.mean_square(draft)
        self._inputs.pull(draft, pull)
        self._bias.pull(draft, pull)

    def leave_out(self, draft: int) -> None:
        """The text ends before this draft."""
        for table in self._tables:
            table.leave_out(draft)

    def merge(self, part: int, parts: int) -> None:
        """Add the changes of all drafts, in their order, to every ``parts``-th row of each table from ``part`` on."""
        for table in self._tables:
            table.merge(part, parts)
