"""Access to the current vectors during training, for callbacks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.training.tables import NamedTables, result_vectors
from wordkin.vocabulary import Vocabulary


class Snapshot:
    """Gives a callback copies of the current vectors.

    Copies are made only by :meth:`vectors`, which copies 4 N bytes per word while training waits: for 10,000 words of
    100 dimensions, 4 MB and a few milliseconds. There are about three reports a second. On a cluster, the call fetches
    the tables from other machines, so callbacks should use it rarely there.

    A snapshot can be used only during the callback. Afterwards it no longer refers to the tables, so a stored report
    does not keep them in memory.
    """

    def __init__(self, config: TrainingConfig, vocabulary: Vocabulary, tables: Callable[[], NamedTables]) -> None:
        self._config, self._vocabulary = config, vocabulary
        self._tables: Callable[[], NamedTables] | None = tables

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the run."""
        return self._vocabulary

    def vectors(self, word_ids: ArrayLike) -> NDArray[np.float32]:
        """The current vectors of some words, a float32 copy of shape (words, N).

        Raises :class:`RuntimeError` after the callback, and IndexError for an id that is out of range.
        """
        if self._tables is None:
            raise RuntimeError("a snapshot can only be read during the callback: copy what you need there")
        ids = np.asarray(word_ids, dtype=np.int64).reshape(-1)
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self._vocabulary):
            raise IndexError(f"word ids must be 0 to {len(self._vocabulary) - 1:,}")
        tables = self._tables()
        rows = {name: tables[name][ids] for name in self._needed(tables)}
        return result_vectors(self._config, rows)

    def close(self) -> None:
        """Drop the reference to the tables. The trainer calls this after the callbacks."""
        self._tables = None

    def _needed(self, tables: NamedTables) -> list[str]:
        """Names of the tables from which the vectors are computed."""
        if self._config.vectors == "input":
            return ["input"]
        return ["input", *(name for name in tables if name.startswith("output/") and "hierarchical" not in name)]
