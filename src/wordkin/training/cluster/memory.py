"""Estimate of the memory of replicas, and a check that they fit into the memory of a machine."""

from __future__ import annotations

import os

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.tables import output_rows

_FLOAT_BYTES = 4


def replica_bytes(config: TrainingConfig, vocabulary_size: int) -> int:
    """Return the number of bytes that the tables of one replica take."""
    row_size = choose_layout(config.vector_size + config.output_bias).row_size
    rows = vocabulary_size + sum(output_rows(each, vocabulary_size) for each in config.objectives)
    return rows * row_size * _FLOAT_BYTES


def physical_memory() -> int | None:
    """Return the size of the memory of this machine in bytes, or None if the system does not report it."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def refuse_too_many_replicas(config: TrainingConfig, vocabulary_size: int, replicas: int) -> None:
    """Raise :class:`ConfigError` if the replicas and the merged tables need more memory than this machine has."""
    memory, each = physical_memory(), replica_bytes(config, vocabulary_size)
    needed = (replicas + 1) * each
    if memory is not None and needed > memory:
        most = max(1, memory // each - 1)
        raise ConfigError(
            "replicas", f"must be at most {most} on this machine, which has {memory / 1e9:.3g} GB of memory (each "
            f"replica and the merged tables need {each / 1e9:.3g} GB each, together {needed / 1e9:.3g} GB)",
            replicas, "lower replicas, vector_size or max_vocabulary")  # fmt: skip
