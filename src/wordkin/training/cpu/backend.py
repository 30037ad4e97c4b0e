"""The CPU backend: threads train pieces of the text on tables that they share or merge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus, TrainingText
from wordkin.objectives.cpu.layout import Layout, choose_layout
from wordkin.training.backend import SpanResult
from wordkin.training.cpu.merging import MergedTables, Pulls
from wordkin.training.cpu.sampler import Text
from wordkin.training.cpu.shard_length import parts_in_memory, shards_between
from wordkin.training.cpu.shared import SharedTables
from wordkin.training.cpu.tally import Tally
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, TablePiece, output_rows
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, VALIDATION, WINDOWS


def hold_tables(
    config: TrainingConfig, counts: NDArray[np.int64], text_counts: NDArray[np.int64]
) -> SharedTables | MergedTables:
    """Allocate tables of zeros for the threads of this process.

    Threads share the tables or, with ``deterministic=True``, train copies of rows and merge them. If the copies do not
    fit into memory, a deterministic run uses shared tables and one thread.
    """
    layout = choose_layout(config.vector_size + config.output_bias)
    keep = keep_probabilities(text_counts, config.subsample, config.subsample_formula)
    if not config.deterministic:
        return SharedTables(config, layout, counts, keep, config.worker_threads)
    parts = parts_in_memory(config, layout.row_size, len(counts))
    if parts == 1:
        return SharedTables(config, layout, counts, keep, threads=1)
    return MergedTables(config, layout, counts, keep, parts)


class CpuBackend:
    """A :class:`wordkin.training.backend.Backend` that trains with the threads of this process.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    counts : array_like of shape (V,)
        Count of each word, for the noise distribution and the tree.
    start : iterable of (str, int, ndarray)
        The initial tables, in pieces of (name of the table, first row, rows). Rows in no piece are 0.
    text_counts : ndarray of shape (V,), default None
        Count of each word in the training text, for subsampling; ``counts`` if None.
    frozen : ndarray of int64, default None
        Ids of words whose input rows keep their initial values.
    """

    def __init__(
        self,
        config: TrainingConfig,
        counts: ArrayLike,
        start: Iterable[TablePiece],
        *,
        text_counts: NDArray[np.int64] | None = None,
        frozen: NDArray[np.int64] | None = None,
    ) -> None:
        self._config = config
        counts = np.asarray(counts, np.int64)
        self._vocabulary_size = len(counts)
        self._layout = choose_layout(config.vector_size + config.output_bias)
        self._held = hold_tables(config, counts, counts if text_counts is None else text_counts)
        with self._held.crew.alone():  # on the caller's thread, where signals can interrupt compilation
            self._compile()
        tables = self.tables()
        for name, first, rows in start:
            tables[name][first : first + len(rows)] = rows
        if frozen is not None:
            self._held.freeze(frozen)

    def _compile(self) -> None:
        """Compile all kernels, so that the time of training does not include it.

        A text of one word is trained, which changes no table.
        """
        corpus = EncodedCorpus.of_arrays(np.zeros(1, np.int32), np.array([0, 1]))
        self.train_span(corpus, 0, 0, 1, Schedule(0.0, 0.0, 1), lambda: False)

    @property
    def step_words(self) -> int:
        return self._held.step_words

    def train_span(
        self,
        corpus: TrainingText,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        def rate_at(position: int) -> float:
            return schedule.at(epoch * corpus.words + position)

        text = Text(corpus, self._config.seed, (WINDOWS, epoch), (NOISE, epoch), rate_at)
        shards = shards_between(start, stop, self._held.shard_words)
        results = self._held.train(text, shards, should_stop)
        return SpanResult(
            losses=[loss for loss, _ in results],
            examples=sum(examples for _, examples in results),
            stop=shards[len(results) - 1].stop if results else start,
        )

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """Mean loss per example of a text for the current tables; see :class:`wordkin.training.backend.Backend`.

        The training kernels run with learning rate 0, so the tables do not change.
        """
        text = Text(corpus, self._config.seed, (VALIDATION, 0), (VALIDATION, 1), lambda position: 0.0)
        shards = shards_between(0, corpus.words, self._held.shard_words)
        results = self._held.train(text, shards, should_stop)
        if len(results) < len(shards):
            return None
        return math.fsum(loss for loss, _ in results) / max(1, sum(examples for _, examples in results))

    def tables(self) -> NamedTables:
        size = self._config.vector_size
        named: dict[str, NDArray[Any]] = {"input": self._held.input_rows[: self._vocabulary_size, :size]}
        for objective, padded_rows in zip(self._config.objectives, self._held.output_rows, strict=True):
            table = padded_rows[: output_rows(objective, self._vocabulary_size)]
            named[f"output/{objective}"] = table[:, :size]
            if self._config.output_bias:
                named[f"output_bias/{objective}"] = table[:, size]
        if self._config.projection_bias:
            named["projection_bias"] = self._held.bias_rows[0, :size]
        return named

    @property
    def layout(self) -> Layout:
        """Memory layout of the rows."""
        return self._layout

    @property
    def row_tables(self) -> tuple[NDArray[np.float32], ...]:
        """Views of the input table, the projection bias and the output tables, with padding.

        Each is a float32 array of shape (rows, row_size).
        """
        outputs = zip(self._config.objectives, self._held.output_rows, strict=True)
        return (
            self._held.input_rows[: self._vocabulary_size],
            self._held.bias_rows[: int(self._config.projection_bias)],
            *(rows[: output_rows(objective, self._vocabulary_size)] for objective, rows in outputs),
        )

    def tally_updates(self) -> Tally:
        """Begin to count how often each row is updated; return the object that holds the counts."""
        tally = self._held.tally = Tally([len(rows) for rows in self.row_tables])
        with self._held.crew.alone():
            self._compile()
        tally.clear()
        return tally

    @property
    def pulls(self) -> Pulls:
        """Computes how far one update moves a row; see :class:`~wordkin.training.cpu.merging.Pulls`."""
        return Pulls(self._config, self._held.steps, self._vocabulary_size)

    def load_tables(self, tables: NamedTables) -> None:
        for name, view in self.tables().items():
            view[...] = tables[name]

    def close(self) -> None:
        self._held.crew.close()
