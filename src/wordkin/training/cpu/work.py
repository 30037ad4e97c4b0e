"""How much work one shard may be, so that a request to stop is answered soon, whatever the options.

Training asks whether it should stop between shards, or between rounds of shards. Their length therefore follows
from an upper bound on the operations that one word of the text can cost. It depends on configuration and vocabulary
alone, never on the machine, because the bits of a run depend on where shards begin.

Operations are multiplications and additions of float32 numbers. A core does some 40 billion a second on machines
with 512-bit registers, so a bound of 2**35 is below a second there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wordkin.config import TrainingConfig

MOST_OPERATIONS = 2**35  # between two questions whether to stop
ROW_OVERHEAD = 48  # numbers; what it costs besides to find, score and weigh one row
PRODUCTS = 6  # operations for each number of a pair of rows: a score and two updates, each a multiplication and a sum


def contexts_at_most(config: TrainingConfig) -> int:
    """Context words of one centre, at most."""
    return config.max_context if config.whole_sentences else 2 * config.reach


def negative_sampling_operations(config: TrainingConfig, row_size: int, noise: int, *, pair_by_pair: bool) -> int:
    """Operations for one word of the text, at most; ``noise`` : noise words that an example meets."""
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * (1 + noise) * row
    if pair_by_pair:
        return PRODUCTS * contexts * (1 + noise) * row
    return PRODUCTS * (contexts + noise) * row


def hierarchical_softmax_operations(config: TrainingConfig, row_size: int, longest_path: int) -> int:
    """Operations for one word of the text, at most; ``longest_path`` : nodes."""
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * longest_path * row
    return PRODUCTS * contexts * longest_path * row


def softmax_operations(config: TrainingConfig, row_size: int, vocabulary_size: int) -> int:
    """Operations for one word of the text, at most."""
    contexts = contexts_at_most(config)
    hidden = _hidden_layer(contexts, row_size + ROW_OVERHEAD) if config.architecture == "cbow" else contexts
    return hidden + PRODUCTS * vocabulary_size * row_size


class Demand(Protocol):
    """What one objective asks of shards.

    shard_words : the most words it can take. operations : for one word, at most.
    """

    shard_words: int
    operations: int


def shard_words(demands: Sequence[Demand], parts: int) -> int:
    """Words of a shard, from 1 up: what the most demanding objective can take, and few enough to stop soon.

    Training asks whether to stop after ``parts`` shards, which one thread may have to train one after the other.
    """
    affordable = MOST_OPERATIONS // (parts * max(1, sum(each.operations for each in demands)))
    return max(1, min(affordable, *(each.shard_words for each in demands)))


def _hidden_layer(contexts: int, row: int) -> int:
    """Operations for summing the context rows of a centre, and for adding its error to each of them."""
    return 4 * contexts * row
