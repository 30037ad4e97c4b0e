"""Tables that all threads update at the same time without locks (Hogwild)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.training.cpu import shard_length
from wordkin.training.cpu.crew import Crew, Queue
from wordkin.training.cpu.frozen import FrozenRows
from wordkin.training.cpu.sampler import Text
from wordkin.training.cpu.steps import SPARE_ROWS, Outputs, Sharing, make_steps
from wordkin.training.cpu.tally import Counter, Tally
from wordkin.training.cpu.worker import Result, Worker
from wordkin.training.tables import output_rows
from wordkin.windows.windows import keep_thresholds


class SharedTables:
    """The tables of a model, and the threads that train them.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    layout : Layout
        Memory layout of the rows.
    counts, keep : ndarray of shape (V,)
        Count and keep probability of each word.
    threads : int
        Number of threads.

    Attributes
    ----------
    input_rows, bias_rows : ndarray of shape (rows, row_size), float32
        The input table, and the projection bias with 0 or 1 rows.
    output_rows : list of ndarray of shape (rows, row_size), float32
        The output table of each objective.
    shard_words : int
        Words of a shard.
    step_words : int
        Words between two positions where training can stop.
    steps : list of Step
        The step of each objective.
    crew : Crew
        The threads.
    tally : Tally or None
        Counts the updates of rows if set.
    """

    def __init__(
        self,
        config: TrainingConfig,
        layout: Layout,
        counts: NDArray[np.int64],
        keep: NDArray[np.float64],
        threads: int,
    ) -> None:
        self.steps = make_steps(config, layout, counts, keep, Sharing(writers=threads, noise_uses=1))
        self.shard_words = self.step_words = shard_length.shard_words(self.steps, parts=1)
        self.input_rows = aligned_zeros((len(counts), layout.row_size))
        self.bias_rows = aligned_zeros((int(config.projection_bias), layout.row_size))
        self.output_rows = []
        for objective, step in zip(config.objectives, self.steps, strict=True):
            rows = padded(output_rows(objective, len(counts)), SPARE_ROWS) + threads * step.own_rows
            self.output_rows.append(aligned_zeros((rows, layout.row_size)))
        bias_column = config.vector_size if config.output_bias else -1
        self._tables = [Tables(self.input_rows, rows, self.bias_rows, bias_column) for rows in self.output_rows]
        thresholds = keep_thresholds(keep)
        self.crew = Crew([Worker(config, thresholds, self.steps, number) for number in range(threads)])
        self.tally: Tally | None = None
        self._threads = threads
        self._counters: list[Counter] = []  # one per thread, if there is a tally
        self._frozen: FrozenRows | None = None

    def freeze(self, ids: NDArray[np.int64]) -> None:
        """Freeze these input rows at their current values.

        After each shard, a thread restores the frozen rows that it read. Another thread may overwrite them afterwards,
        but it restores them, too, at the end of its shard. So after the last shard, they have their frozen values.
        """
        self._frozen = FrozenRows(self.input_rows, ids)

    def train(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Train the shards of a text in order, each on one thread; return the result of each trained shard.

        ``should_stop`` is called before each shard.
        """
        results: dict[range, Result] = {}
        queue = Queue(shards, should_stop)
        if self.tally is not None and not self._counters:
            self._counters = [Counter(self.steps, len(self.input_rows)) for _ in range(self._threads)]

        def work_off(worker: Worker) -> None:
            counter = self._counters[worker.number] if self._counters else None
            for shard in queue:
                sample = windows, targets = worker.sampler.draw(text, shard)
                if counter is not None:
                    counter.count(sample)
                outputs = [Outputs(windows.word_ids, each) for each in targets]
                results[shard] = worker.train(windows, self._tables, outputs, text.rate_at(shard.start))
                if self._frozen is not None:
                    self._frozen.restore(windows.word_ids)

        self.crew.work(work_off)
        if self.tally is not None:
            self.tally.add_counts(self._counters, self.steps)
        return [results[shard] for shard in shards if shard in results]
