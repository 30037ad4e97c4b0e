"""The CPU backend: shards of the corpus dealt to threads.

Threads update shared tables without locks; or, with ``deterministic``, they train drafts of the tables that
are brought together after every few shards (see drafts.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.cpu.examples import Tables, clear_bias_column
from wordkin.objectives.cpu.layout import aligned_zeros, choose_layout
from wordkin.training.backend import SpanResult
from wordkin.training.cpu.crew import Crew, Queue
from wordkin.training.cpu.drafts import GENERATIONS, Rounds, round_size
from wordkin.training.cpu.numbering import make_local_ids
from wordkin.training.cpu.sampler import Sampler, Text
from wordkin.training.cpu.steps import Outputs, Step, make_step, table_rows
from wordkin.training.cpu.work import affordable_words
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, initial_input_rows, output_rows
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, VALIDATION, WINDOWS
from wordkin.windows.windows import Windows, keep_thresholds

Result = tuple[float, int]  # summed loss, examples


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
        keep = keep_probabilities(self._counts, config.subsample, config.subsample_formula)
        self._steps = [
            make_step(objective, config, self._layout, self._counts, keep) for objective in config.objectives
        ]
        self._shard_words = shard_words(self._steps, config.drafts if config.deterministic else 1)
        self._rounds = self._make_rounds() if config.deterministic else None
        self._make_tables()
        threads = 1 if config.deterministic and self._rounds is None else config.worker_threads
        thresholds = keep_thresholds(keep)
        workers = [Worker(config, thresholds, self._steps) for _ in range(threads)]
        drafts = 0 if self._rounds is None else GENERATIONS * self._rounds.drafts
        self._samplers = [Sampler(config, thresholds, self._steps) for _ in range(drafts)]
        self._crew = Crew(workers[:1])  # compiles on the thread of the caller, where signals can interrupt it
        self._compile()
        self._crew = Crew(workers)

    def _make_rounds(self) -> Rounds | None:
        """Drafts of the tables and the length of their shards; none where only one fits into memory."""
        size = round_size(self._config.drafts, self._steps, self._shard_words, self._layout.row_size, len(self._counts))
        self._shard_words = size.words
        return None if size.drafts == 1 else Rounds(self._config, self._layout, self._steps, size, len(self._counts))

    def _make_tables(self) -> None:
        config, rows = self._config, len(self._counts)
        if self._rounds is None:
            all_rows = [
                rows,
                int(config.projection_bias),
                *(table_rows(each, config, rows) for each in config.objectives),
            ]
            tables = [aligned_zeros((each, self._layout.row_size)) for each in all_rows]
        else:
            tables = self._rounds.tables
        self._input, self._bias, *outputs = tables
        self._outputs = dict(zip(config.objectives, outputs, strict=True))
        for first, initial in initial_input_rows(config, rows):
            self._input[first : first + len(initial), : config.vector_size] = initial

    def _compile(self) -> None:
        """Have every kernel ready before the clock of training starts: a text of one word trains nothing."""
        ids, offsets = np.zeros(1, np.int32), np.array([0, 1])
        for array in ids, offsets:  # as those of every encoded corpus, which Numba tells apart
            array.flags.writeable = False
        corpus = EncodedCorpus(ids, offsets, fingerprint="")
        self.held_out_loss(corpus, lambda: False)
        self.train_span(corpus, 0, 0, 1, Schedule(0.0, 0.0, 1), lambda: False)

    def _shared_tables(self) -> list[Tables]:
        bias_column = self._config.vector_size if self._config.output_bias else -1
        return [Tables(self._input, rows, self._bias, bias_column) for rows in self._outputs.values()]

    @property
    def step_words(self) -> int:
        return self._shard_words * (1 if self._rounds is None else self._rounds.drafts)

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
        train = self._train_shared if self._rounds is None else partial(self._train_in_rounds, self._rounds)
        results = train(text, shards, should_stop)
        return SpanResult(
            losses=[loss for loss, _ in results],
            examples=sum(examples for _, examples in results),
            stop=shards[len(results) - 1].stop if results else start,
        )

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """See the protocol. The training kernels at learning rate 0 measure and change nothing."""
        text = Text(corpus, self._config.seed, (VALIDATION, 0), (VALIDATION, 1), lambda position: 0.0)
        shards = self._shards(0, corpus.words)
        results = self._train_shared(text, shards, should_stop)
        if len(results) < len(shards):
            return None
        return math.fsum(loss for loss, _ in results) / max(1, sum(examples for _, examples in results))

    def _train_shared(self, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]) -> list[Result]:
        """Every worker trains the tables themselves; (loss, examples) of the shards that were trained."""
        tables = self._shared_tables()
        results: dict[range, Result] = {}
        queue = Queue(shards, should_stop)

        def work(worker: Worker) -> None:
            for shard in queue:
                windows, targets = worker.sampler.draw(text, shard)
                outputs = [Outputs(windows.word_ids, each) for each in targets]
                results[shard] = worker.train(windows, tables, outputs, text.rate_at(shard.start))

        self._crew.work(work)
        return [results[shard] for shard in shards if shard in results]

    def _train_in_rounds(
        self, rounds: Rounds, text: Text, shards: Sequence[range], should_stop: Callable[[], bool]
    ) -> list[Result]:
        """Workers train drafts of the tables, and bring them together after every round.

        While a round is trained, the next is prepared: that keeps workers busy that are done first.
        """
        results: dict[range, Result] = {}
        parts = len(self._crew.workers)

        def prepare(worker: Worker, place: int, shard: range | None) -> None:
            if shard is None:
                rounds.leave_out(place)
            else:
                rounds.prepare(place, self._samplers[place].draw(text, shard), worker.local_ids)

        def train(worker: Worker, place: int, shard: range | None) -> None:
            if shard is not None:
                learning_rate = text.rate_at(shard.start)
                results[shard] = worker.train(*rounds.take(place), learning_rate)
                rounds.close(place, learning_rate)

        def tasks(task: Callable[..., None], number: int) -> list[Callable[[Worker], None]]:
            """A task for every place of a round; there are no shards before the first and after the last round."""
            first = number * rounds.drafts
            taken = shards[first : first + rounds.drafts] if number >= 0 else []
            return [
                partial(task, place=place, shard=shard) for place, shard in zip_longest(rounds.shards(number), taken)
            ]

        stages = [
            (Queue(tasks(train, number) + tasks(prepare, number + 1)), Queue([(number, part) for part in range(parts)]))
            for number in range(-1, -(-len(shards) // rounds.drafts))
        ]

        def work(worker: Worker) -> None:
            for training, merging in stages:
                for task in training:
                    task(worker)
                self._crew.meet()
                for number, part in merging:
                    rounds.merge(number, part, parts)
                if self._crew.meet(should_stop):
                    break

        rounds.forget()
        self._crew.work(work)
        return [results[shard] for shard in shards if shard in results]

    def _shards(self, start: int, stop: int) -> list[range]:
        return [range(first, min(first + self._shard_words, stop)) for first in range(start, stop, self._shard_words)]

    def tables(self) -> NamedTables:
        size = self._config.vector_size
        named: dict[str, NDArray[Any]] = {"input": self._input[: len(self._counts), :size]}
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
        self._crew.close()


def shard_words(steps: list[Step], parts: int) -> int:
    """Words of a shard: what the most demanding objective can take, and few enough to stop soon.

    parts : shards that are trained between two questions whether to stop, maybe by one thread.
    """
    words = affordable_words((step.operations for step in steps), parts)
    return min(words, *(step.shard_words for step in steps))


class Worker:
    """One thread's buffers: for what it draws, for numbering rows, and a workspace for each objective."""

    def __init__(self, config: TrainingConfig, thresholds: NDArray[np.uint32], steps: Sequence[Step]) -> None:
        self.sampler = Sampler(config, thresholds, steps)
        self.local_ids = make_local_ids(len(thresholds))
        self._steps = steps
        self._workspaces = [step.workspace() for step in steps]

    def train(
        self, windows: Windows, tables: Sequence[Tables], outputs: Sequence[Outputs], learning_rate: float
    ) -> Result:
        """Train each objective in turn on the same windows.

        Kernels work on whole rows, so they add to the bias column of input rows and of the projection bias as well.
        Nothing there means anything and no checkpoint stores it, so it is 0 again before anybody else reads it.
        """
        loss = 0.0
        examples = 0
        for step, own_tables, own_outputs, workspace in zip(
            self._steps, tables, outputs, self._workspaces, strict=True
        ):
            step_loss, examples = step.train(own_tables, windows, own_outputs, learning_rate, workspace)
            loss += step_loss
        if tables[0].bias_column >= 0:
            clear_bias_column(tables[0], windows.word_ids)
        return loss, examples
