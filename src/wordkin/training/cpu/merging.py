"""Tables of which threads train copies of rows that are merged, so that the result does not depend on the threads.

The text is trained in rounds. A round consists of a few consecutive shards of the text, its *parts*, which are trained
in parallel. A row that only one part reads is trained in the table itself. If several parts read a row, each trains a
copy, and the row itself is not written. At the end of the round, the changes of all copies are added to the row, in the
order of the text. The result therefore does not depend on scheduling.

The parts of a round are independent. If each moves a row most of the way to the same optimum, the sum of their changes
overshoots. The merge models a part as gradient descent on a parabola: one update moves a row by a small fraction p of
its distance to the optimum, so after n updates the fraction e^-np of the distance is left. Parts trained in sequence
would move the row by 1 - e^-Σnp in total, while the sum of the independent changes is Σ (1 - e^-np). The merge
multiplies the changes by the quotient of the two. The quotient is 1 for rows with few updates, and 1 / parts (the mean)
for rows that every part moves all the way.

The fraction p, the *pull*, is proportional to the mean squared norm of the rows that a row is multiplied with (output
rows for an input row, and the reverse), which is measured. At the start of a run, rows are short and changes count in
full; as rows grow, the quotient becomes smaller.
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
from wordkin.training.cpu import shard_length
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

CURVATURE = 0.25  # maximum curvature of the logistic loss per squared length of a row; see also steps.alikeness
GENERATIONS = 2  # rounds in memory: one is trained while the next is prepared
NOISE_USES = 2  # blocks that share one draw of noise words, so that fewer rows are copied

Array = NDArray[Any]


def make_copies(rows: int, row_size: int, room: int, parts: int) -> RowCopies:
    """Allocate a table of ``rows`` rows of zeros, followed by ``room`` rows of copies for each part of a round."""
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
    """Computes the *pull* of each table: the fraction of its distance to the optimum that one update moves a row.

    It is computed from the norms of the rows that the row is multiplied with; see the module docstring.
    """

    def __init__(self, config: TrainingConfig, steps: Sequence[AnyStep], vocabulary_size: int) -> None:
        self._hidden_square = hidden_square(config, vocabulary_size)
        self._has_output_bias = config.output_bias
        self._curvature = CURVATURE * alikeness(vocabulary_size)
        self._input_updates = [step.input_updates for step in steps]

    def of(self, squares: NDArray[np.float64], learning_rate: float) -> list[float]:
        """Return the pull of each table. ``squares`` holds the mean squared norm of the rows of each table."""
        of_inputs, of_bias, *of_outputs = squares
        factor = self._curvature * learning_rate
        hidden = factor * (of_inputs * self._hidden_square + of_bias + self._has_output_bias)
        pull = factor * sum(updates * each for updates, each in zip(self._input_updates, of_outputs, strict=True))
        return [pull, pull, *(hidden for _ in of_outputs)]


def slots_of(table: RowCopies, shard: int) -> slice:
    """Return the range of slots that belong to a shard, in the arrays of ``table``."""
    return slice(shard * table.room, (shard + 1) * table.room)


def row_set(table: RowCopies, shard: int) -> RowSet:
    """Return the rows that a shard reads, as a view of the arrays of ``table``."""
    slots = slots_of(table, shard)
    return RowSet(table.row_ids[slots], table.updates[slots], table.counts[shard : shard + 1])


def in_order(table: RowCopies, shard: int) -> Array:
    """Return all rows of the table, in order, for a shard that reads every row.

    They are either the rows themselves or the copies of the shard.
    """
    first = int(table.numbers[shard * table.room]) if table.room else 0
    return table.rows[first : first + table.room]


class MergedTables:
    """The tables of a model, of which threads train copies of rows, and the threads.

    A round of text consists of a few shards, its parts, which are trained in parallel and then merged. While a round is
    trained, the next one is prepared, so the shards of two rounds are in memory.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    layout : Layout
        Memory layout of the rows.
    counts, keep : ndarray of shape (V,)
        Count and keep probability of each word.
    parts : int
        Number of parts of a round.

    Attributes
    ----------
    input_rows, bias_rows, output_rows, shard_words, step_words, steps, crew
        See :class:`~wordkin.training.cpu.shared.SharedTables`.
    tally : Tally or None
        Counts the updates of rows if set.
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
        self.shard_words = shard_length.part_words(self.steps, parts, layout.row_size)
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
        """Freeze these input rows at their current values; they are restored after each round."""
        self._frozen = FrozenRows(self.input_rows, ids)

    def _make_tables(self, config: TrainingConfig, row_size: int) -> tuple[RowCopies, ...]:
        """Allocate the input table, the projection bias and the output tables, each with space for copies of rows."""
        size = self._vocabulary_size
        rows = [size, self._bias_rows, *(output_rows(objective, size) for objective in config.objectives)]
        room_of_each = rooms(config, self.steps, size, self.shard_words)
        return tuple(
            make_copies(count, row_size, room, self._parts) for count, room in zip(rows, room_of_each, strict=True)
        )

    def train(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Train the shards of a text in order, several at a time; return the result of each trained shard.

        ``should_stop`` is called after each round of shards. While a round is trained, workers that finish early
        prepare the next one.
        """
        results: dict[range, Result] = {}
        shares = len(self.crew.workers)

        def tasks(task: Callable[..., None], number: int) -> list[Callable[[Worker], None]]:
            """Return a task for each part of round ``number``.

            Before the first and after the last round, tasks get None as their shard.
            """
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
        """Return the indices of the parts of a round in memory; the first round is number 0."""
        first = number % GENERATIONS * self._parts
        return range(first, first + self._parts)

    def _count(self, number: int) -> None:
        """Add the numbers of row updates in a round to the tally, if updates are counted."""
        if self.tally is not None and number >= 0:
            for part in self._round(number):
                self.tally.add(self._row_sets[part])

    def _merge(self, number: int, share: int, shares: int) -> None:
        merge_rows(self._shapes, self._tables, self._round(number).start, share, shares)

    def _forget(self) -> None:
        """Discard the parts of the next round, which were prepared but not trained."""
        for part, rows in enumerate(self._row_sets):
            for table, each in zip(self._tables, rows, strict=True):
                table.heads[part // self._parts, each.ids] = 0
                each.restart()

    def _prepare(
        self, text: Text, worker: Worker, *, part: int, shard: range | None, results: dict[range, Result]
    ) -> None:
        """Draw the windows and noise words of a part, and register the rows that it reads.

        ``shard`` is the range of text of the part, or None after the end of the text.
        """
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
        words.number(word_ids, 1.0, local_ids.words)  # word_ids now holds local numbers
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
        """Train one part of a round. All parts of the round must have been prepared before."""
        if shard is not None:
            learning_rate = text.rate_at(shard.start)
            results[shard] = worker.train(*self._inputs_of(part), learning_rate)
            self._measure(part, learning_rate)

    def _inputs_of(self, part: int) -> tuple[Windows, list[Tables], list[AnyOutputs]]:
        """Return the windows, tables and outputs to train a part with.

        Rows that other parts also read are copied, and the copies are trained.
        """
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
        """Measure the norms of the rows of a trained part, and store the pull of each table that follows from them."""
        squares = np.empty(len(self._tables))
        mean_squares(self._shapes, self._tables, part, squares)
        for table, pull in zip(self._tables, self._pulls.of(squares, learning_rate), strict=True):
            table.pulls[part] = pull
