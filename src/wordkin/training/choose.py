"""The choice of a backend: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError
from wordkin.training.backend import Backend
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.tables import TablePiece
from wordkin.vocabulary import Vocabulary


def open_backend(
    config: TrainingConfig,
    vocabulary: Vocabulary,
    start: Iterable[TablePiece],
    *,
    text_counts: NDArray[np.int64] | None = None,
    frozen: NDArray[np.int64] | None = None,
) -> Backend:
    """The backend for a configuration: one set of tables on the CPU, or several replicas.

    start : the tables to start from, in pieces; rows that no piece gives are 0.
    text_counts : how often each word occurs in the text to train on, where that is not its count: subsampling follows
        the text, noise and tree the counts.
    frozen : ids of words whose input rows stay as they start.
    """
    if vocabulary.counts is None:
        raise ConfigError("vocabulary", "must carry counts: subsampling, noise and tree come from them", None)
    if config.replicas == 1:
        return CpuBackend(config, vocabulary.counts, start, text_counts=text_counts, frozen=frozen)
    assert frozen is None, "refused before text was read"
    return ReplicatedBackend(config, vocabulary.counts, start, text_counts=text_counts)
