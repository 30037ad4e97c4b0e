"""The choice of a backend: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Iterable

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError
from wordkin.training.backend import Backend
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.tables import TablePiece
from wordkin.vocabulary import Vocabulary


def open_backend(config: TrainingConfig, vocabulary: Vocabulary, start: Iterable[TablePiece]) -> Backend:
    """The backend for a configuration; today there is one, on the CPU.

    start : the tables to start from, in pieces; rows that no piece gives are 0.
    """
    if vocabulary.counts is None:
        raise ConfigError("vocabulary", "must carry counts: subsampling, noise and tree come from them", None)
    return CpuBackend(config, vocabulary.counts, start)
