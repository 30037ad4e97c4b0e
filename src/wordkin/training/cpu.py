"""The CPU backend: shards of the corpus dealt to threads.

Threads update shared tables without locks; or, with ``deterministic``, they train drafts of the tables that
are brought together after every few shards (see drafts.py).
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.examples import Tables
from wordkin.objectives.cpu.layout import aligned_zeros, choose_layout
from wordkin.training.backend import SpanResult
from wordkin.training.drafts import Round, round_size
from wordkin.training.numbering import Numberings, make_numberings
from wordkin.training.schedule import Schedule
from wordkin.training.steps import MOST_SHARD_WORDS, Step, hidden_square, make_step, table_rows
from wordkin.training.tables import NamedTables, initial_input_rows, output_rows
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, VALIDATION, WINDOWS, stream_key
from wordkin.windows.windows import Windows, keep_thresholds, select_windows

T = TypeVar("T")

Result = tuple[float, int]  # summed loss, examples
# Of each objective, the tables that a worker trains on a shard and its targets by the numbers of their rows
Provider = Callable[[Windows, Sequence[Any], Numberings], tuple[Sequence[Tables], Sequence[Any]]]


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
            make_step(objective, config, self._layout, self._counts, self._keep) for objective in config.objectives
        ]
        self._shard_words = shard_words(self._steps)
        self._round = self._make_round() if config.deterministic else None
        threads = 1 if config.deterministic and self._round is None else config.worker_threads
        self._workers = [Worker(config, self._thresholds, self._steps) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="wordkin")
        self._compile()

    def _make_round(self) -> Round | None:
        """Drafts of the tables and the length of their shards; none where only one fits into memory."""
        config = self._config
        drafts, self._shard_words = round_size(self._steps, self._shard_words, self._layout.row_size, len(self._counts))
        if drafts == 1:
            return None
        words = self._shard_words + 2 * config.window
        return Round(
            self._layout.shapes,
            self._steps,
            self._shared_tables(),
            drafts,
            words,
            hidden_square(config, len(self._counts)),
        )

    def _compile(self) -> None:
        """Have every kernel ready before the clock of training starts: a text of one word trains nothing."""
        ids, offsets = np.zeros(1, np.int32), np.array([0, 1])
        for array in ids, offsets:  # as those of every encoded corpus, which Numba tells apart
            array.flags.writeable = False
        corpus = EncodedCorpus(ids, offsets, fingerprint="")
        self.held_out_loss(corpus)
        self.train_span(corpus, 0, 0, 1, Schedule(0.0, 0.0, 1), lambda: False)

    def _shared_tables(self) -> list[Tables]:
        bias_column = self._config.vector_size if self._config.output_bias else -1
        return [Tables(self._input, rows, self._bias, bias_column) for rows in self._outputs.values()]

    @property
    def step_words(self) -> int:
        return self._shard_words * (1 if self._round is None else self._round.drafts)

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

        text = Text(corpus, self._config.seed, (WINDOWS, epoch), (NOISE, epoch), rate_at)
        shards = self._shards(start, stop)
        train = self._train_shared if self._round is None else functools.partial(self._train_in_rounds, self._round)
        results = train(text, shards, should_stop)
        return SpanResult(
            loss=math.fsum(loss for loss, _ in results),
            examples=sum(examples for _, examples in results),
            stop=shards[len(results) - 1].stop if results else start,
        )

    def held_out_loss(self, corpus: EncodedCorpus) -> float:
        """See the protocol. The training kernels at learning rate 0 measure and change nothing."""
        text = Text(corpus, self._config.seed, (VALIDATION, 0), (VALIDATION, 1), lambda position: 0.0)
        results = self._train_shared(text, self._shards(0, corpus.words), lambda: False)
        return math.fsum(loss for loss, _ in results) / max(1, sum(examples for _, examples in results))

    def _train_shared(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Every worker trains the tables themselves; (loss, examples) of the shards that were trained."""
        shared = self._shared_tables()

        def provide(
            windows: Windows, targets: Sequence[Any], numbers: Numberings
        ) -> tuple[Sequence[Tables], Sequence[Any]]:
            return shared, targets

        return self._share_out(
            [functools.partial(Worker.train, text=text, shard=shard, provide=provide) for shard in shards], should_stop
        )

    def _train_in_rounds(
        self, drafts: Round, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]
    ) -> list[Result]:
        """Workers train drafts of the tables, and bring them together after every round."""
        results: list[Result] = []
        parts = len(self._workers)

        def train(worker: Worker, draft: int, shard: range) -> Result:
            result = worker.train(text, shard, functools.partial(drafts.take, draft))
            drafts.close(draft, text.rate_at(shard.start))
            return result

        def merge(_: Worker, part: int) -> None:
            drafts.merge(part, parts)

        while len(results) < len(shards) and not should_stop():
            taken = shards[len(results) : len(results) + drafts.drafts]
            for draft in range(len(taken), drafts.drafts):
                drafts.leave_out(draft)
            results += self._share_out(
                [functools.partial(train, draft=draft, shard=shard) for draft, shard in enumerate(taken)]
            )
            self._share_out([functools.partial(merge, part=part) for part in range(parts)])
        return results

    def _shards(self, start: int, stop: int) -> list[range]:
        return [range(first, min(first + self._shard_words, stop)) for first in range(start, stop, self._shard_words)]

    def _share_out(
        self, tasks: Sequence[Callable[[Worker], T]], should_stop: Callable[[], bool] = lambda: False
    ) -> list[T]:
        """Deal tasks to the workers in order until ``should_stop``; return what those that were dealt gave."""
        results: list[Any] = []
        dealing = threading.Lock()

        def deal() -> int | None:
            """Number of the next task; None when there is none or training should stop."""
            with dealing:
                if len(results) == len(tasks) or should_stop():
                    return None
                results.append(None)
                return len(results) - 1

        def work(worker: Worker) -> None:
            while (number := deal()) is not None:
                results[number] = tasks[number](worker)

        for working in [self._pool.submit(work, worker) for worker in self._workers]:
            working.result()
        return results

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


class Text(NamedTuple):
    """A corpus with the random streams and learning rates by which it is trained."""

    corpus: EncodedCorpus
    seed: int
    window_stream: tuple[int, int]
    noise_stream: tuple[int, int]
    rate_at: Callable[[int], float]


class Worker:
    """One thread's buffers: the windows of a shard, local numbers and a workspace for each objective."""

    def __init__(self, config: TrainingConfig, thresholds: NDArray[np.uint32], steps: Sequence[Step]) -> None:
        self._window, self._dynamic = config.window, config.dynamic_window
        self._thresholds = thresholds
        self._steps = steps
        self._workspaces = [step.workspace() for step in steps]
        self._numbers = make_numberings(len(thresholds))
        room = MOST_SHARD_WORDS + 2 * config.window + 1
        self._word_ids, self._starts, self._stops = (np.zeros(room, np.int32) for _ in range(3))

    def train(self, text: Text, shard: range, provide: Provider) -> Result:
        """Train each objective in turn on the same windows; (summed loss, examples)."""
        windows = self._windows(text.corpus, shard, np.uint64(stream_key(text.seed, *text.window_stream)))
        key = np.uint64(stream_key(text.seed, *text.noise_stream, shard.start))
        learning_rate = text.rate_at(shard.start)
        targets: Sequence[Any] = [
            step.targets(windows, key, workspace) for step, workspace in zip(self._steps, self._workspaces, strict=True)
        ]
        tables, targets = provide(windows, targets, self._numbers)
        loss = 0.0
        examples = 0
        for step, own_tables, own_targets, workspace in zip(
            self._steps, tables, targets, self._workspaces, strict=True
        ):
            step_loss, examples = step.train(own_tables, windows, own_targets, learning_rate, workspace)
            loss += step_loss
        return loss, examples

    def _windows(self, corpus: EncodedCorpus, shard: range, key: np.uint64) -> Windows:
        """The windows of the corpus positions of a shard; valid until the next call."""
        first, last, kept = select_windows(
            corpus.ids, corpus.offsets, shard.start, shard.stop, self._thresholds, key, self._window, self._dynamic,
            self._word_ids, self._starts, self._stops,
        )  # fmt: skip
        return Windows(self._word_ids[:kept], first, last, self._starts, self._stops)
