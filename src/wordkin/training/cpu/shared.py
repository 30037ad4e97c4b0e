"""Tables that all threads write to at the same time, without locks.

Threads may overwrite each other's updates, so with several of them the bits depend on chance; with one they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import Layout, aligned_zeros, padded
from wordkin.training.cpu import work
from wordkin.training.cpu.crew import Crew, Queue
from wordkin.training.cpu.frozen import FrozenRows
from wordkin.training.cpu.sampler import Text
from wordkin.training.cpu.steps import SPARE_ROWS, Outputs, Sharing, make_steps, rooms
from wordkin.training.cpu.tally import Counter, Tally
from wordkin.training.cpu.worker import Result, Worker
from wordkin.training.tables import output_rows
from wordkin.windows.windows import keep_thresholds


class SharedTables:
    """The tables of a model, and the threads that train them.

    Attributes
    ----------
    input_rows, bias_rows, output_rows : the input table, the projection bias (no or one row) and the output table of
        each objective, float32 [rows or more, row_size].
    shard_words, step_words : words of a shard, and from one place where training may be interrupted to the next.
    steps : of each objective. crew : the threads.
    tally : counts the updates of rows, where one is set; threads may lose an update of one another here too.

    Parameters
    ----------
    counts, keep : occurrences and keep probability of each word [V].
    threads : how many train at the same time.
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
        self.shard_words = self.step_words = work.shard_words(self.steps, parts=1)
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
        self._rooms = partial(rooms, config, self.steps, len(counts), self.shard_words)
        self._frozen: FrozenRows | None = None

    def freeze(self, ids: NDArray[np.int64]) -> None:
        """Keep these input rows as they are now.

        Each thread puts back the rows that it read when it has trained a shard. So whatever other threads wrote to them
        meanwhile, the last thing that happens to a frozen row is that it is put back.
        """
        self._frozen = FrozenRows(self.input_rows, ids)

    def train(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Train on shards in their order, each by one thread; the results of those that were trained.

        ``should_stop`` is asked before each shard.
        """
        results: dict[range, Result] = {}
        queue = Queue(shards, should_stop)
        tally = self.tally

        def work_off(worker: Worker) -> None:
            counter = None if tally is None else Counter(self.steps, self._rooms())
            for shard in queue:
                sample = windows, targets = worker.sampler.draw(text, shard)
                if counter is not None and tally is not None:
                    counter.count(sample, worker.local_ids, tally)
                outputs = [Outputs(windows.word_ids, each) for each in targets]
                results[shard] = worker.train(windows, self._tables, outputs, text.rate_at(shard.start))
                if self._frozen is not None:
                    self._frozen.restore(windows.word_ids)

        self.crew.work(work_off)
        return [results[shard] for shard in shards if shard in results]
