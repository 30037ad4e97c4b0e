"""Warning about the time that full softmax takes."""

from __future__ import annotations

from wordkin.config import TrainingConfig
from wordkin.errors import warn

LARGE_VOCABULARY = 10_000  # from this size, softmax is several hundred times slower than negative sampling
_OPERATIONS_PER_SECOND = 5e10  # per core, a rough value


def warn_of_cost(config: TrainingConfig, vocabulary_size: int, corpus_words: int) -> None:
    """Warn if training with full softmax takes very long, because it updates all output rows for each word."""
    if not config.changes_all_rows or vocabulary_size < LARGE_VOCABULARY:
        return
    operations = 6 * vocabulary_size * config.vector_size * corpus_words * config.epochs
    hours = operations / (_OPERATIONS_PER_SECOND * config.worker_threads * 3600)
    warn(
        f'objective="softmax" updates all {vocabulary_size:,} output rows for every word, which takes {operations:.1e} '
        f"operations, about {_duration(hours)} on {config.worker_threads} thread{'s' * (config.worker_threads > 1)}: "
        'use "hierarchical-softmax" or "negative-sampling", which update a few rows, or reduce max_vocabulary',
        RuntimeWarning,
    )


def _duration(hours: float) -> str:
    for name, length in (("day", 24.0), ("hour", 1.0), ("minute", 1 / 60)):
        if hours >= length:
            number = round(hours / length)
            return f"{number:,} {name}{'s' * (number > 1)}"
    return "a minute"
