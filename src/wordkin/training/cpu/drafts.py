"""Rounds of drafts: how workers train to the same bits, however many they are.

A round is a few shards of text, next to each other, that are trained at the same time. A row that only one of
them reads is trained where it is; of a row that several read, each trains a copy, its *draft*, and nobody writes
to the row itself. When all shards of a round are done, the changes of the copies are added to their row, in the
order of the text. So nothing depends on who did what, or when.

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

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.cpu.drafts import Drafts, claim_rows, mean_squares, merge_rows, take_rows
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.training.cpu.numbering import LocalIds, RowSet, renumbered
from wordkin.training.cpu.sampler import Sample
from wordkin.training.cpu.steps import SPARE_ROWS, Outputs, Step, alikeness, hidden_square
from wordkin.training.tables import output_rows
from wordkin.windows.windows import Windows

MOST_ROUND_WORDS = 32_768  # of the text; longer rounds train less well, and copying takes a larger part of shorter ones
MOST_BYTES = 2**27  # of the copies of a round
ROWS_PER_WORD = 3  # that a draft copies, all tables together, at most
CURVATURE = 0.25  # of the logistic loss at most, for each squared length along a row; see also steps.alikeness
GENERATIONS = 2  # of rounds: while one is trained, the next is prepared
_FLOAT_BYTES = 4

Array = NDArray[Any]


class RoundSize(NamedTuple):
    """Drafts in a round, and words of the text for each."""

    drafts: int
    words: int


def round_size(drafts: int, steps: Sequence[Step], words: int, row_size: int, vocabulary_size: int) -> RoundSize:
    """``drafts`` or as many as fit into memory, of at most ``words`` words. It depends on the configuration alone.

    One draft, where two of all rows do not fit, means that the tables themselves are trained, by one worker.
    """
    row_bytes = row_size * _FLOAT_BYTES
    if any(step.reads_all_rows for step in steps):
        fitting = MOST_BYTES // (row_bytes * vocabulary_size * (1 + len(steps)))
        return RoundSize(max(1, min(drafts, fitting)), words)
    fitting_words = MOST_BYTES // (row_bytes * ROWS_PER_WORD * drafts)
    return RoundSize(drafts, max(1, min(words, MOST_ROUND_WORDS // drafts, fitting_words)))


def make_drafts(rows: int, row_size: int, room: int, drafts: int) -> Drafts:
    """A table of zeros, with room behind its rows for the ``room`` rows that each draft of a round reads at most."""
    shards = GENERATIONS * drafts
    copies = padded(rows, SPARE_ROWS)
    return Drafts(
        rows=aligned_zeros((copies + drafts * room, row_size)),
        copies=copies,
        room=room,
        row_ids=np.zeros(shards * room, np.int32),
        numbers=np.zeros(shards * room, np.int32),
        updates=np.zeros(shards * room, np.float32),
        pulls=np.zeros(shards),
        counts=np.zeros(shards, np.int64),
        heads=np.zeros((GENERATIONS, rows), np.int32),
        links=np.zeros(shards * room, np.int32),
    )


def places_of(drafts: Drafts, shard: int) -> slice:
    """The places of a shard."""
    return slice(shard * drafts.room, (shard + 1) * drafts.room)


def row_set(drafts: Drafts, shard: int) -> RowSet:
    """The rows of a shard, to be filled."""
    places = places_of(drafts, shard)
    return RowSet(drafts.row_ids[places], drafts.updates[places], drafts.counts[shard : shard + 1])


def in_order(drafts: Drafts, shard: int) -> Array:
    """All rows, or all copies of them, of a shard that reads every row."""
    first = int(drafts.numbers[shard * drafts.room]) if drafts.room else 0
    return drafts.rows[first : first + drafts.room]


class Rounds:
    """The tables of a model, trained in rounds.

    While a round is trained the next is prepared, so there are shards of two rounds at a time.

    Parameters
    ----------
    steps : of each objective.
    size : of a round.
    """

    def __init__(
        self, config: TrainingConfig, layout: Layout, steps: Sequence[Step], size: RoundSize, vocabulary_size: int
    ) -> None:
        self.drafts = size.drafts
        self._shapes = layout.shapes
        self._steps = steps
        self._vocabulary_size = vocabulary_size
        self._hidden_square = hidden_square(config, vocabulary_size)
        self._bias_column = config.vector_size if config.output_bias else -1
        self._bias_rows = int(config.projection_bias)
        self._all_rows = any(step.reads_all_rows for step in steps)
        words = vocabulary_size if self._all_rows else min(size.words + 2 * config.window, vocabulary_size)
        rows_and_rooms = [(vocabulary_size, words), (self._bias_rows, self._bias_rows)]
        for objective, step in zip(config.objectives, steps, strict=True):
            room = padded(min(words + step.most_rows(words), vocabulary_size), SPARE_ROWS)
            rows_and_rooms.append((output_rows(objective, vocabulary_size), room))
        self._tables = tuple(make_drafts(rows, layout.row_size, room, size.drafts) for rows, room in rows_and_rooms)
        self._row_sets = [
            [row_set(table, shard) for table in self._tables] for shard in range(GENERATIONS * size.drafts)
        ]
        self._samples: dict[int, Sample] = {}
        self._claiming = threading.Lock()

    @property
    def tables(self) -> list[Array]:
        """Input table, projection bias, and each output table, with rows to spare behind them."""
        return [table.rows[: table.copies] for table in self._tables]

    def shards(self, number: int) -> range:
        """Numbers of the shards of a round; rounds are counted from 0."""
        first = number % GENERATIONS * self.drafts
        return range(first, first + self.drafts)

    def forget(self) -> None:
        """Drop what was prepared and not trained."""
        for shard, rows in enumerate(self._row_sets):
            for table, each in zip(self._tables, rows, strict=True):
                table.heads[shard // self.drafts, each.ids] = 0
            self.leave_out(shard)

    def leave_out(self, shard: int) -> None:
        """A round has no such shard: the text ends before it."""
        for rows in self._row_sets[shard]:
            rows.restart()

    def prepare(self, shard: int, sample: Sample, local_ids: LocalIds) -> None:
        """Number and claim the rows that a shard reads; those of ``sample`` get their local numbers in place."""
        word_ids = sample.windows.word_ids
        words, bias, *outputs = self._row_sets[shard]
        words.restart()
        if self._all_rows:
            words.number(np.arange(self._vocabulary_size, dtype=np.int32), 0.0, local_ids.words)
        words.number(word_ids, 1.0, local_ids.words)
        bias.restart_with(np.arange(self._bias_rows, dtype=np.int32), len(word_ids))
        targets = [
            step.number(own, words, rows, local_ids)
            for step, own, rows in zip(self._steps, sample.targets, outputs, strict=True)
        ]
        self._samples[shard] = Sample(sample.windows, targets)
        with self._claiming:
            claim_rows(self._tables, shard)

    def take(self, shard: int) -> tuple[Windows, list[Tables], list[Outputs]]:
        """When a round is prepared: the windows of a shard, and for each objective what it trains."""
        take_rows(self._shapes, self._tables, shard)
        windows, targets = self._samples.pop(shard)
        inputs, bias, *outputs = self._tables
        tables, numbered = [], []
        for step, own, rows in zip(self._steps, targets, outputs, strict=True):
            vectors = in_order(rows, shard) if step.reads_all_rows else rows.rows
            tables.append(Tables(inputs.rows, vectors, in_order(bias, shard), self._bias_column))
            numbered.append(step.outputs(windows.word_ids, own, rows.numbers[places_of(rows, shard)]))
        input_ids = renumbered(inputs.numbers[places_of(inputs, shard)], windows.word_ids)
        return windows._replace(word_ids=input_ids), tables, numbered

    def close(self, shard: int, learning_rate: float) -> None:
        """Say of a shard that was trained what part of the way its updates went, by the length of its rows."""
        squares = np.empty(len(self._tables))
        mean_squares(self._shapes, self._tables, shard, squares)
        of_inputs, of_bias, *of_outputs = squares
        part = CURVATURE * alikeness(self._vocabulary_size) * learning_rate
        hidden = of_inputs * self._hidden_square + of_bias + (self._bias_column >= 0)
        pull = part * sum(step.input_updates * each for step, each in zip(self._steps, of_outputs, strict=True))
        for table, each in zip(self._tables, (pull, pull, *(part * hidden for _ in self._steps)), strict=True):
            table.pulls[shard] = each

    def merge(self, number: int, part: int, parts: int) -> None:
        """When all shards of a round are closed: bring a part of the copies together."""
        merge_rows(self._shapes, self._tables, self.shards(number).start, part, parts)
