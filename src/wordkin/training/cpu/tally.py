"""Counts of row updates, needed for merging replicas."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.copies import add_updates
from wordkin.training.cpu.numbering import LocalIds, RowSet
from wordkin.training.cpu.sampler import Sample
from wordkin.training.cpu.steps import AnyStep


class Tally:
    """Number of updates of each row since the tally was cleared.

    Attributes
    ----------
    updates : tuple of ndarray of shape (rows,), float32
        Updates of the input table, the projection bias and each output table, in the units of
        :class:`~wordkin.training.cpu.numbering.RowSet`.
    """

    def __init__(self, rows: Sequence[int]) -> None:
        self.updates = tuple(np.zeros(count, np.float32) for count in rows)

    def add(self, row_sets: Sequence[RowSet]) -> None:
        """Count the updates of a shard."""
        for updates, rows in zip(self.updates, row_sets, strict=True):
            add_updates(rows.ids, rows.updates, updates)

    def clear(self) -> None:
        for updates in self.updates:
            updates.fill(0.0)


class Counter:
    """Counts the row updates of shards; not thread-safe.

    Parameters
    ----------
    steps : sequence of Step
        The step of each objective.
    rooms : sequence of int
        Maximum number of rows of each table that a shard reads.
    """

    def __init__(self, steps: Sequence[AnyStep], rooms: Sequence[int]) -> None:
        self._steps = steps
        self._row_sets = [
            RowSet(np.zeros(room, np.int32), np.zeros(room, np.float32), np.zeros(1, np.int64)) for room in rooms
        ]

    def count(self, sample: Sample, local_ids: LocalIds, tally: Tally) -> None:
        """Add the updates of a shard to a tally; the sample is not modified."""
        words, bias, *outputs = self._row_sets
        word_ids: NDArray[np.int32] = sample.windows.word_ids.copy()
        words.restart()
        words.number(word_ids, 1.0, local_ids.words)
        if len(tally.updates[1]):
            bias.restart_with(np.zeros(1, np.int32), len(word_ids))
        for step, targets, rows in zip(self._steps, sample.targets, outputs, strict=True):
            step.number(copy.deepcopy(targets), words, rows, local_ids)
        tally.add(self._row_sets)
