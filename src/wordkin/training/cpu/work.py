"""Size of shards, bounded so that a request to stop is answered soon for all options.

Training can stop only between shards, or between rounds of shards. The length of a shard therefore follows from an
upper bound on the operations per word of the text. It depends only on configuration and vocabulary, not on the machine,
because the result depends on the shard boundaries.

Operations are float32 multiplications and additions. With 512-bit registers, a core does about 40 billion per second,
so 2**35 operations take less than a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wordkin.config import TrainingConfig

MOST_OPERATIONS = 2**35  # between two checks of should_stop
ROW_OVERHEAD = 48  # fixed cost of finding, scoring and weighting a row, as a number of row elements
PRODUCTS = 6  # operations per element of a pair of rows: a score and two updates, each a multiplication and an addition


def contexts_at_most(config: TrainingConfig) -> int:
    """Maximum number of context words of one centre."""
    return config.max_context if config.whole_sentences else 2 * config.reach


def negative_sampling_operations(config: TrainingConfig, row_size: int, noise: int, *, pair_by_pair: bool) -> int:
    """Upper bound on the operations per word of the text; ``noise`` is the number of noise words per example."""
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * (1 + noise) * row
    if pair_by_pair:
        return PRODUCTS * contexts * (1 + noise) * row
    return PRODUCTS * (contexts + noise) * row


def hierarchical_softmax_operations(config: TrainingConfig, row_size: int, longest_path: int) -> int:
    """Upper bound on the operations per word of the text; ``longest_path`` is the length of the longest tree path."""
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * longest_path * row
    return PRODUCTS * contexts * longest_path * row


def softmax_operations(config: TrainingConfig, row_size: int, vocabulary_size: int) -> int:
    """Upper bound on the operations per word of the text."""
    contexts = contexts_at_most(config)
    hidden = _hidden_layer(contexts, row_size + ROW_OVERHEAD) if config.architecture == "cbow" else contexts
    return hidden + PRODUCTS * vocabulary_size * row_size


class Demand(Protocol):
    """The limits that one objective sets for shards.

    Attributes
    ----------
    shard_words : int
        Maximum number of words of a shard.
    operations : int
        Upper bound on the operations per word.
    """

    shard_words: int
    operations: int


def shard_words(demands: Sequence[Demand], parts: int) -> int:
    """Number of words of a shard, at least 1: within the limits of all objectives, and small enough to stop soon.

    Training checks ``should_stop`` after every ``parts`` shards, which a single thread may have to train in sequence.
    """
    affordable = MOST_OPERATIONS // (parts * max(1, sum(each.operations for each in demands)))
    return max(1, min(affordable, *(each.shard_words for each in demands)))


def _hidden_layer(contexts: int, row: int) -> int:
    """Operations for summing the context rows of a centre and for adding its gradient to each of them."""
    return 4 * contexts * row
