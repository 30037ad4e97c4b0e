"""Tables that are trained in rounds of parts and merged: the same bits, however many threads there are.

A round is a few shards of text next to each other, its *parts*, that are trained at the same time. A row that only
one part reads is trained where it is; of a row that several read, each trains a copy, and nobody writes to the row
itself. When all parts of a round are done, the changes of the copies are added to their row, in the order of the
text. So nothing depends on who did what, or when.

Parts know nothing of each other. Where every one of them moved a row most of the way to the same place, the sum of
their changes would lead it far beyond. Take it that a part moves its rows as gradient descent on a parabola does:
an update goes a small share p of the way that is left, so n of them leave e^-np. Parts trained one after the other
would leave the product of that and move a row by 1 - e^-Σnp of the way; the sum of their changes is Σ (1 - e^-np).
The quotient of the two is the share of the changes that is added: 1 for rows that few examples touch, 1 / parts (the
mean) for rows that every part moves all the way.

The share p grows with the squared length of the rows on the other side, which is measured. So the first examples of
a run, where rows are short, count in full, and rows that grow are led with more and more care.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.cpu.copies import RowCopies, claim_rows, mean_squares, merge_rows, take_rows
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.training.cpu import work
from wordkin.training.cpu.crew import Crew, Queue
from wordkin.training.cpu.frozen import FrozenRows
from wordkin.training.cpu.numbering import RowSet, renumbered
from wordkin.training.cpu.sampler import Sample, Sampler, Text
from wordkin.training.cpu.steps import (
    SPARE_ROWS,
    AnyOutputs,
    AnyStep,
    Sharing,
    alikeness,
    hidden_square,
    make_steps,
    rooms,
)
from wordkin.training.cpu.tally import Tally
from wordkin.training.cpu.worker import Result, Worker
from wordkin.training.tables import output_rows
from wordkin.windows.windows import Windows, keep_thresholds

MOST_ROUND_WORDS = 32_768  # of the text: longer rounds merge more rows, shorter ones copy more for each word
MOST_BYTES = 2**27  # of the copies of a round
ROWS_PER_WORD = 3  # that a part copies, all tables together, at most
CURVATURE = 0.25  # of the logistic loss at most, for each squared length along a row; see also steps.alikeness
GENERATIONS = 2  # of rounds: while one is trained, the next is prepared
NOISE_USES = 2  # blocks that one draw of noise words serves: fewer rows to copy
_FLOAT_BYTES = 4

Array = NDArray[Any]


def parts_in_memory(config: TrainingConfig, row_size: int, vocabulary_size: int) -> int:
    """``config.parts``, or as many as find room for their copies; it depends on configuration and vocabulary alone.

    A full softmax copies every output row for each part. Where there is room for one only, nothing can be merged.
    """
    if "softmax" not in config.objectives:
        return config.parts  # shorter parts copy fewer rows
    copied = row_size * _FLOAT_BYTES * vocabulary_size * (1 + len(config.objectives))
    return max(1, min(config.parts, MOST_BYTES // copied))


def part_words(steps: Sequence[AnyStep], parts: int, row_size: int) -> int:
    """Words of a part: what its objectives and the memory for copies allow."""
    words = work.shard_words(steps, parts)
    if any(step.reads_all_rows for step in steps):
        return words
    fitting = MOST_BYTES // (row_size * _FLOAT_BYTES * ROWS_PER_WORD * parts)
    return max(1, min(words, MOST_ROUND_WORDS // parts, fitting))


def make_copies(rows: int, row_size: int, room: int, parts: int) -> RowCopies:
    """A table of zeros, with room behind its rows for the ``room`` rows that each part of a round reads at most."""
    shards = GENERATIONS * parts
    first_copy = padded(rows, SPARE_ROWS)
    return RowCopies(
        rows=aligned_zeros((first_copy + parts * room, row_size)),
        first_copy=first_copy,
        room=room,
        row_ids=np.zeros(shards * room, np.int32),
        numbers=np.zeros(shards * room, np.int32),
        updates=np.zeros(shards * room, np.float32),
        pulls=np.zeros(shards),
        counts=np.zeros(shards, np.int64),
        heads=np.zeros((GENERATIONS, rows), np.int32),
        links=np.zeros(shards * room, np.int32),
    )


class Pulls:
    """What share of the way the updates of a row go, by the length of the rows on the other side."""

    def __init__(self, config: TrainingConfig, steps: Sequence[AnyStep], vocabulary_size: int) -> None:
        self._hidden_square = hidden_square(config, vocabulary_size)
        self._has_output_bias = config.output_bias
        self._curvature = CURVATURE * alikeness(vocabulary_size)
        self._input_updates = [step.input_updates for step in steps]

    def of(self, squares: NDArray[np.float64], learning_rate: float) -> list[float]:
        """The pull of each table; ``squares`` : mean squared length of its rows, each counted as it was updated."""
        of_inputs, of_bias, *of_outputs = squares
        factor = self._curvature * learning_rate
        hidden = factor * (of_inputs * self._hidden_square + of_bias + self._has_output_bias)
        pull = factor * sum(updates * each for updates, each in zip(self._input_updates, of_outputs, strict=True))
        return [pull, pull, *(hidden for _ in of_outputs)]


def slots_of(table: RowCopies, shard: int) -> slice:
    """The slots of a shard."""
    return slice(shard * table.room, (shard + 1) * table.room)


def row_set(table: RowCopies, shard: int) -> RowSet:
    """The rows of a shard, to be filled."""
    slots = slots_of(table, shard)
    return RowSet(table.row_ids[slots], table.updates[slots], table.counts[shard : shard + 1])


def in_order(table: RowCopies, shard: int) -> Array:
    """All rows, or all copies of them, of a shard that reads every row."""
    first = int(table.numbers[shard * table.room]) if table.room else 0
    return table.rows[first : first + table.room]


class MergedTables:
    """The tables of a model, and the threads that train copies of their rows.

    While a round is trained the next is prepared, so there are shards of two rounds at a time.

    Attributes
    ----------
    input_rows, bias_rows, output_rows, shard_words, step_words, steps, crew : as of
        :class:`~wordkin.training.cpu.shared.SharedTables`.
    tally : counts the updates of rows, where one is set.

    Parameters
    ----------
    counts, keep : occurrences and keep probability of each word [V].
    parts : of a round.
    """

    def __init__(
        self,
        config: TrainingConfig,
        layout: Layout,
        counts: NDArray[np.int64],
        keep: NDArray[np.float64],
        parts: int,
    ) -> None:
        self.steps = make_steps(config, layout, counts, keep, Sharing(writers=1, noise_uses=NOISE_USES))
        self._parts = parts
        self.shard_words = part_words(self.steps, parts, layout.row_size)
        self.step_words = parts * self.shard_words
        self._shapes = layout.shapes
        self._vocabulary_size = len(counts)
        self._pulls = Pulls(config, self.steps, len(counts))
        self.tally: Tally | None = None
        self._bias_column = config.vector_size if config.output_bias else -1
        self._bias_rows = int(config.projection_bias)
        self._all_rows = any(step.reads_all_rows for step in self.steps)
        self._tables = self._make_tables(config, layout.row_size)
        self.input_rows, self.bias_rows, *self.output_rows = [each.rows[: each.first_copy] for each in self._tables]
        shards = range(GENERATIONS * parts)
        self._row_sets = [[row_set(table, shard) for table in self._tables] for shard in shards]
        self._samples: dict[int, Sample] = {}
        self._claiming = threading.Lock()
        thresholds = keep_thresholds(keep)
        self._samplers = [Sampler(config, thresholds, self.steps) for _ in shards]
        self.crew = Crew([Worker(config, thresholds, self.steps, 0) for _ in range(config.worker_threads)])
        self._frozen: FrozenRows | None = None

    def freeze(self, ids: NDArray[np.int64]) -> None:
        """Keep these input rows as they are now: they are put back after each round."""
        self._frozen = FrozenRows(self.input_rows, ids)

    def _make_tables(self, config: TrainingConfig, row_size: int) -> tuple[RowCopies, ...]:
        """Input table, projection bias, and each output table."""
        size = self._vocabulary_size
        rows = [size, self._bias_rows, *(output_rows(objective, size) for objective in config.objectives)]
        room_of_each = rooms(config, self.steps, size, self.shard_words)
        return tuple(
            make_copies(count, row_size, room, self._parts) for count, room in zip(rows, room_of_each, strict=True)
        )

    def train(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Train on shards in their order, round by round; the results of those that were trained.

        ``should_stop`` is asked after each round. While a round is trained, the next is prepared: that keeps workers
        busy that are done first.
        """
        results: dict[range, Result] = {}
        shares = len(self.crew.workers)

        def tasks(task: Callable[..., None], number: int) -> list[Callable[[Worker], None]]:
            """A task for every part of a round; there are no shards before the first and after the last round."""
            first = number * self._parts
            taken = shards[first : first + self._parts] if number >= 0 else []
            return [
                partial(task, text, part=part, shard=shard, results=results)
                for part, shard in zip_longest(self._round(number), taken)
            ]

        stages = [
            (
                Queue(tasks(self._train, number) + tasks(self._prepare, number + 1)),
                Queue(
                    [partial(self._count, number), *(partial(self._merge, number, n, shares) for n in range(shares))]
                ),
                Queue([number]),
            )
            for number in range(-1, -(-len(shards) // self._parts))
        ]

        def work_off(worker: Worker) -> None:
            for training, merging, restoring in stages:
                for task in training:
                    task(worker)
                self.crew.meet()
                for merge in merging:
                    merge()
                if self._frozen is not None:
                    self.crew.meet()
                    for number in restoring:
                        self._frozen.restore(
                            np.concatenate([self._row_sets[part][0].ids for part in self._round(number)])
                        )
                if self.crew.meet(should_stop):
                    break

        self._forget()
        self.crew.work(work_off)
        return [results[shard] for shard in shards if shard in results]

    def _round(self, number: int) -> range:
        """The numbers by which the parts of a round are known; rounds are counted from 0."""
        first = number % GENERATIONS * self._parts
        return range(first, first + self._parts)

    def _count(self, number: int) -> None:
        """Add the updates of a round to the tally, if there is one, in the order of the parts."""
        if self.tally is not None and number >= 0:
            for part in self._round(number):
                self.tally.add(self._row_sets[part])

    def _merge(self, number: int, share: int, shares: int) -> None:
        merge_rows(self._shapes, self._tables, self._round(number).start, share, shares)

    def _forget(self) -> None:
        """Drop what was prepared and not trained."""
        for part, rows in enumerate(self._row_sets):
            for table, each in zip(self._tables, rows, strict=True):
                table.heads[part // self._parts, each.ids] = 0
                each.restart()

    def _prepare(
        self, text: Text, worker: Worker, *, part: int, shard: range | None, results: dict[range, Result]
    ) -> None:
        """Draw for a part; number and claim the rows that it reads. Without a shard, the text ends before it."""
        words, bias, *outputs = self._row_sets[part]
        if shard is None:
            for rows in self._row_sets[part]:
                rows.restart()
            return
        sample = self._samplers[part].draw(text, shard)
        word_ids, local_ids = sample.windows.word_ids, worker.local_ids
        words.restart()
        if self._all_rows:
            words.number(np.arange(self._vocabulary_size, dtype=np.int32), 0.0, local_ids.words)
        words.number(word_ids, 1.0, local_ids.words)  # from here on they are local numbers
        bias.restart_with(np.arange(self._bias_rows, dtype=np.int32), len(word_ids))
        targets = [
            step.number(own, words, rows, local_ids)
            for step, own, rows in zip(self.steps, sample.targets, outputs, strict=True)
        ]
        self._samples[part] = Sample(sample.windows, targets)
        with self._claiming:
            claim_rows(self._tables, part)

    def _train(
        self, text: Text, worker: Worker, *, part: int, shard: range | None, results: dict[range, Result]
    ) -> None:
        """When all parts of a round are prepared: train one of them."""
        if shard is not None:
            learning_rate = text.rate_at(shard.start)
            results[shard] = worker.train(*self._take(part), learning_rate)
            self._measure(part, learning_rate)

    def _take(self, part: int) -> tuple[Windows, list[Tables], list[AnyOutputs]]:
        """The windows of a part, and for each objective what it trains; copies the rows that others read as well."""
        take_rows(self._shapes, self._tables, part)
        windows, targets = self._samples.pop(part)
        inputs, bias, *outputs = self._tables
        tables, numbered = [], []
        for step, own, rows in zip(self.steps, targets, outputs, strict=True):
            vectors = in_order(rows, part) if step.reads_all_rows else rows.rows
            tables.append(Tables(inputs.rows, vectors, in_order(bias, part), self._bias_column))
            numbered.append(step.outputs(windows.word_ids, own, rows.numbers[slots_of(rows, part)]))
        input_ids = renumbered(inputs.numbers[slots_of(inputs, part)], windows.word_ids)
        return windows._replace(word_ids=input_ids), tables, numbered

    def _measure(self, part: int, learning_rate: float) -> None:
        """Note what share of the way the updates of a trained part went, by the length of its rows."""
        squares = np.empty(len(self._tables))
        mean_squares(self._shapes, self._tables, part, squares)
        for table, pull in zip(self._tables, self._pulls.of(squares, learning_rate), strict=True):
            table.pulls[part] = pull
