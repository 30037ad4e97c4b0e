"""Vectors as they are while training goes on, for callbacks that watch words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import TrainingConfig
from wordkin.training.tables import NamedTables, result_vectors
from wordkin.vocabulary import Vocabulary


class Snapshot:
    """Copies rows of the tables while training waits for the callbacks.

    It costs nothing unless it is asked. :meth:`vectors` copies 4 N bytes for each word asked for, and
    training waits meanwhile: 10,000 words of 100 numbers are 4 MB, a few milliseconds, after each report,
    of which there are about three a second. A backend on other machines fetches its tables for it, so
    there a callback should ask seldom.

    It can be used during the callback only: afterwards training goes on, and holding a report must not
    keep the tables in memory.
    """

    def __init__(self, config: TrainingConfig, vocabulary: Vocabulary, tables: Callable[[], NamedTables]) -> None:
        self._config, self._vocabulary = config, vocabulary
        self._tables: Callable[[], NamedTables] | None = tables

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, whose ids are the rows."""
        return self._vocabulary

    def vectors(self, word_ids: ArrayLike) -> NDArray[np.float32]:
        """What the result would hold for some words if training ended now: float32[words, N], a copy.

        Raises :class:`RuntimeError` after the callback, and IndexError for an id that no word has.
        """
        if self._tables is None:
            raise RuntimeError("a snapshot can be read during the callback only: copy what you need there")
        ids = np.asarray(word_ids, dtype=np.int64).reshape(-1)
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self._vocabulary):
            raise IndexError(f"word ids must be 0 to {len(self._vocabulary) - 1:,}")
        tables = self._tables()
        rows = {name: tables[name][ids] for name in self._needed(tables)}
        return result_vectors(self._config, rows)

    def close(self) -> None:
        """Let go of the tables; the trainer calls it after the callbacks."""
        self._tables = None

    def _needed(self, tables: NamedTables) -> list[str]:
        """The tables that have a row for each word: input, and outputs but those of the tree's nodes."""
        if self._config.vectors == "input":
            return ["input"]
        return ["input", *(name for name in tables if name.startswith("output/") and "hierarchical" not in name)]
