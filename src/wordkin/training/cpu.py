"""The CPU backend: shards of the corpus dealt to threads that update shared tables without locks."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import aligned_zeros, choose_layout
from wordkin.training.backend import SpanResult
from wordkin.training.schedule import Schedule
from wordkin.training.steps import MOST_SHARD_WORDS, Step, make_step, table_rows, training_threads
from wordkin.training.tables import NamedTables, initial_input_rows, output_rows
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, VALIDATION, WINDOWS, stream_key
from wordkin.windows.windows import Windows, keep_thresholds, select_windows


class CpuBackend:
    """See :class:`wordkin.training.backend.Backend`.

    Parameters
    ----------
    config : what to train.
    counts : occurrences of each word, shape (V,).
    """

    def __init__(self, config: TrainingConfig, counts: ArrayLike) -> None:
        self._config = config
        self._counts = np.asarray(counts, np.int64)
        self._layout = choose_layout(config.vector_size + config.output_bias)
        self._keep = keep_probabilities(self._counts, config.subsample, config.subsample_formula)
        self._thresholds = keep_thresholds(self._keep)
        rows = len(self._counts)
        self._input = aligned_zeros((rows, self._layout.row_size))
        for first, initial in initial_input_rows(config, rows):
            self._input[first : first + len(initial), : config.vector_size] = initial
        self._bias = aligned_zeros((int(config.projection_bias), self._layout.row_size))
        self._outputs = {
            objective: aligned_zeros((table_rows(objective, config, rows), self._layout.row_size))
            for objective in config.objectives
        }
        self._steps = [
            make_step(objective, config, self._layout, self._counts, self._keep, self._tables(objective))
            for objective in config.objectives
        ]
        threads = training_threads(config)
        self._workers = [
            Worker(config, self._thresholds, [step.workspace() for step in self._steps]) for _ in range(threads)
        ]
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="wordkin")
        self._shard_words = shard_words(self._steps)
        self._compile()

    def _compile(self) -> None:
        """Have every kernel ready before the clock of training starts: a text of one word trains nothing."""
        ids, offsets = np.zeros(1, np.int32), np.array([0, 1])
        for array in ids, offsets:  # as those of every encoded corpus, which Numba tells apart
            array.flags.writeable = False
        self.held_out_loss(EncodedCorpus(ids, offsets, fingerprint=""))

    def _tables(self, objective: str) -> Tables:
        bias_column = self._config.vector_size if self._config.output_bias else -1
        return Tables(self._input, self._outputs[objective], self._bias, bias_column)

    @property
    def step_words(self) -> int:
        return self._shard_words

    def train_span(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        def rate_at(position: int) -> float:
            return schedule.at(epoch * corpus.words + position)

        return self._over_shards(corpus, start, stop, (WINDOWS, epoch), (NOISE, epoch), rate_at, should_stop)

    def held_out_loss(self, corpus: EncodedCorpus) -> float:
        """See the protocol. The training kernels at learning rate 0 measure and change nothing."""
        result = self._over_shards(
            corpus, 0, corpus.words, (VALIDATION, 0), (VALIDATION, 1), lambda position: 0.0, lambda: False
        )
        return result.loss / max(1, result.examples)

    def _over_shards(
        self,
        corpus: EncodedCorpus,
        start: int,
        stop: int,
        window_stream: tuple[int, int],
        noise_stream: tuple[int, int],
        rate_at: Callable[[int], float],
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        seed = self._config.seed
        window_key = np.uint64(stream_key(seed, *window_stream))
        shards = [(first, min(first + self._shard_words, stop)) for first in range(start, stop, self._shard_words)]
        results: list[tuple[float, int]] = []
        dealing = threading.Lock()

        def deal() -> int | None:
            """Number of the next shard, in corpus order; None when there is none or training should stop."""
            with dealing:
                if len(results) == len(shards) or should_stop():
                    return None
                results.append((0.0, 0))
                return len(results) - 1

        def work(worker: Worker) -> None:
            while (number := deal()) is not None:
                first, end = shards[number]
                windows = worker.windows(corpus, first, end, window_key)
                noise_key = np.uint64(stream_key(seed, *noise_stream, first))
                results[number] = worker.train(self._steps, windows, noise_key, rate_at(first))

        for working in [self._pool.submit(work, worker) for worker in self._workers]:
            working.result()
        return SpanResult(
            loss=math.fsum(loss for loss, _ in results),
            examples=sum(examples for _, examples in results),
            stop=shards[len(results) - 1][1] if results else start,
        )

    def tables(self) -> NamedTables:
        size = self._config.vector_size
        named: dict[str, NDArray[Any]] = {"input": self._input[:, :size]}
        for objective, padded_rows in self._outputs.items():
            table = padded_rows[: output_rows(objective, len(self._counts))]
            named[f"output/{objective}"] = table[:, :size]
            if self._config.output_bias:
                named[f"output_bias/{objective}"] = table[:, size]
        if self._config.projection_bias:
            named["projection_bias"] = self._bias[0, :size]
        return named

    def load_tables(self, tables: NamedTables) -> None:
        for name, view in self.tables().items():
            view[...] = tables[name]

    def close(self) -> None:
        self._pool.shutdown()


def shard_words(steps: list[Step]) -> int:
    """Words of a shard: what the most demanding objective can take."""
    return min(step.shard_words for step in steps)


class Worker:
    """One thread's buffers: the windows of a shard and a workspace for each objective."""

    def __init__(self, config: TrainingConfig, thresholds: NDArray[np.uint32], workspaces: list[Any]) -> None:
        self._window, self._dynamic = config.window, config.dynamic_window
        self._thresholds = thresholds
        self._workspaces = workspaces
        room = MOST_SHARD_WORDS + 2 * config.window + 1
        self._word_ids, self._starts, self._stops = (np.zeros(room, np.int32) for _ in range(3))

    def windows(self, corpus: EncodedCorpus, start: int, stop: int, key: np.uint64) -> Windows:
        """The windows of corpus positions start … stop - 1; valid until the next call."""
        first, last, kept = select_windows(
            corpus.ids, corpus.offsets, start, stop, self._thresholds, key, self._window, self._dynamic,
            self._word_ids, self._starts, self._stops,
        )  # fmt: skip
        return Windows(self._word_ids[:kept], first, last, self._starts, self._stops)

    def train(self, steps: list[Step], windows: Windows, key: np.uint64, learning_rate: float) -> tuple[float, int]:
        """Train each objective in turn on the same windows; (summed loss, examples)."""
        loss = 0.0
        examples = 0
        for step, workspace in zip(steps, self._workspaces, strict=True):
            step_loss, examples = step.train(windows, key, learning_rate, workspace)
            loss += step_loss
        return loss, examples
