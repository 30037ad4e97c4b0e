"""Counts of how often each row is updated, which merging replicas needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.copies import add_updates, count_ids
from wordkin.training.cpu.numbering import RowSet
from wordkin.training.cpu.sampler import Sample
from wordkin.training.cpu.steps import AnyStep


class Counter:
    """Counts how often the shards of one thread contain each word, and draw each word as a target. Not thread-safe.

    Counting a word is one access to a small array. :meth:`Tally.add_counts` later computes, for many shards at once,
    how often each row was updated.

    Parameters
    ----------
    steps : sequence of Step
        The step of each objective.
    vocabulary_size : int
        Number of words.

    Attributes
    ----------
    words : ndarray of shape (V,), int32
        How often each word occurred.
    targets : list of ndarray of shape (V,) or (0,), int32
        For each objective, how often each word was drawn as an additional target, such as a noise word. Empty if the
        objective draws none.
    """

    def __init__(self, steps: Sequence[AnyStep], vocabulary_size: int) -> None:
        self._steps = steps
        self.words = np.zeros(vocabulary_size, np.int32)
        self.targets = [np.zeros(vocabulary_size if step.draws_words else 0, np.int32) for step in steps]

    def count(self, sample: Sample) -> None:
        """Add the words of a shard, and the targets drawn for it, to the counts."""
        count_ids(sample.windows.word_ids, self.words)
        for step, targets, counts in zip(self._steps, sample.targets, self.targets, strict=True):
            if step.draws_words:
                count_ids(targets.ids, counts)

    def clear(self) -> None:
        for counts in (self.words, *self.targets):
            counts.fill(0)


class Tally:
    """How often each row of each table has been updated since the counts were cleared.

    Attributes
    ----------
    updates : tuple of ndarray of shape (rows,), float32
        Updates of the rows of the input table, the projection bias and each output table. One update is counted as in
        :class:`~wordkin.training.cpu.numbering.RowSet`.
    """

    def __init__(self, rows: Sequence[int]) -> None:
        self.updates = tuple(np.zeros(count, np.float32) for count in rows)

    def add(self, row_sets: Sequence[RowSet]) -> None:
        """Add the numbers of updates of the rows that a shard read, one set of rows for each table."""
        for updates, rows in zip(self.updates, row_sets, strict=True):
            add_updates(rows.ids, rows.updates, updates)

    def add_counts(self, counters: Sequence[Counter], steps: Sequence[AnyStep]) -> None:
        """Add the updates of all shards that the threads have counted, and clear the counters.

        How often rows were updated is computed from how often words occurred and were drawn.
        """
        words = _summed([counter.words for counter in counters])
        inputs, bias, *outputs = self.updates
        inputs += words
        bias += np.sum(words)
        for number, (step, updates) in enumerate(zip(steps, outputs, strict=True)):
            drawn = _summed([counter.targets[number] for counter in counters])
            step.add_updates(words.astype(np.float32), drawn, updates)
        for counter in counters:
            counter.clear()

    def clear(self) -> None:
        for updates in self.updates:
            updates.fill(0.0)


def _summed(counts: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    total = counts[0].copy()
    for each in counts[1:]:
        total += each
    return total
