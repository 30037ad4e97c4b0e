"""Length of shards: how many words of the text a thread trains at a time. All limits are here.

:func:`shard_words` gives the length if threads share tables, :func:`part_words` if they merge copies of rows, and
:func:`shards_between` divides a span. The length depends only on the configuration and the vocabulary, not on the
machine or its speed, because the boundaries of shards affect the result.

Training can stop only between shards, or between rounds of shards, so whatever the options, a shard must be short
enough for a request to stop to be answered soon. Its length therefore follows from an upper bound on the operations per
word of the text. Operations are float32 multiplications and additions. With 512-bit registers, a core does about 40
billion per second, so 2**35 operations take less than a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wordkin.config import TrainingConfig

MOST_SHARD_WORDS = 16_384  # small enough for an even load of the threads, large enough to hide the scheduling cost
MOST_NOISE_WORDS = 2**20  # noise words per shard; eight times as many for the shortest shards, or for one centre
SOFTMAX_OPERATIONS = 2**33  # operations per shard of a full softmax, about 0.1 s
LEAST_SHARD_WORDS = 64  # of a full softmax, or with many noise words
MOST_OPERATIONS = 2**35  # between two checks of should_stop, for all objectives together
MOST_ROUND_WORDS = 32_768  # words per round: longer rounds merge more rows, shorter ones copy more rows per word
MOST_COPIED_BYTES = 2**27  # limit on the copies of a round
ROWS_PER_WORD = 3  # upper bound on the rows that a part of a round copies per word, over all tables
ROW_OVERHEAD = 48  # fixed cost of finding, scoring and weighting a row, as a number of row elements
PRODUCTS = 6  # operations per element of a pair of rows: a score and two updates, each a multiplication and an addition
_FLOAT_BYTES = 4


class Demand(Protocol):
    """The limits that one objective sets for the number of words of a shard."""

    shard_words: int
    operations: int
    reads_all_rows: bool


def shard_words(demands: Sequence[Demand], parts: int) -> int:
    """Number of words of a shard, at least 1: the most that all objectives allow.

    Training checks ``should_stop`` after every ``parts`` shards, which a single thread may have to train in sequence.
    """
    affordable = MOST_OPERATIONS // (parts * max(1, sum(each.operations for each in demands)))
    return max(1, min(affordable, *(each.shard_words for each in demands)))


def part_words(demands: Sequence[Demand], parts: int, row_size: int) -> int:
    """Number of words of a part of a round: as for a shard, and limited by the memory for copies of rows."""
    words = shard_words(demands, parts)
    if any(each.reads_all_rows for each in demands):
        return words  # parts_in_memory limits the copies instead
    fitting = MOST_COPIED_BYTES // (row_size * _FLOAT_BYTES * ROWS_PER_WORD * parts)
    return max(1, min(words, MOST_ROUND_WORDS // parts, fitting))


def parts_in_memory(config: TrainingConfig, row_size: int, vocabulary_size: int) -> int:
    """The option ``parts``, or fewer if their copies of rows take too much memory.

    The result depends only on configuration and vocabulary. A full softmax copies every output row for each part. If
    the result is 1, nothing is merged.
    """
    if not config.changes_all_rows:
        return config.parts  # part_words limits the copies instead
    copied = row_size * _FLOAT_BYTES * vocabulary_size * (1 + len(config.objectives))
    return max(1, min(config.parts, MOST_COPIED_BYTES // copied))


def shards_between(start: int, stop: int, words: int) -> list[range]:
    """Divide the corpus positions start … stop - 1 into shards of ``words`` words; the last one may be shorter."""
    return [range(first, min(first + words, stop)) for first in range(start, stop, words)]


def negative_sampling_shard_words(drawn: float) -> int:
    """Maximum number of words of a shard for negative sampling.

    ``drawn`` is the mean number of noise words that are drawn per word of the text.
    """
    fewest = min(LEAST_SHARD_WORDS, max(1, int(8 * MOST_NOISE_WORDS / drawn)))
    return int(max(fewest, min(MOST_SHARD_WORDS, MOST_NOISE_WORDS / drawn)))


def softmax_shard_words(row_size: int, vocabulary_size: int) -> int:
    """Maximum number of words of a shard for full softmax."""
    return max(LEAST_SHARD_WORDS, min(MOST_SHARD_WORDS, SOFTMAX_OPERATIONS // (PRODUCTS * vocabulary_size * row_size)))


def contexts_at_most(config: TrainingConfig) -> int:
    """Maximum number of context words of one centre."""
    return config.max_context if config.whole_sentences else 2 * config.reach


def negative_sampling_operations(config: TrainingConfig, row_size: int, noise: int, *, pair_by_pair: bool) -> int:
    """Upper bound on the float32 operations of negative sampling per word of the text.

    ``noise`` is the number of noise words per example.
    """
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * (1 + noise) * row
    if pair_by_pair:
        return PRODUCTS * contexts * (1 + noise) * row
    return PRODUCTS * (contexts + noise) * row


def hierarchical_softmax_operations(config: TrainingConfig, row_size: int, longest_path: int) -> int:
    """Upper bound on the float32 operations of hierarchical softmax per word of the text.

    ``longest_path`` is the length of the longest path of a word in the tree.
    """
    contexts = contexts_at_most(config)
    row = row_size + ROW_OVERHEAD
    if config.architecture == "cbow":
        return _hidden_layer(contexts, row) + PRODUCTS * longest_path * row
    return PRODUCTS * contexts * longest_path * row


def softmax_operations(config: TrainingConfig, row_size: int, vocabulary_size: int) -> int:
    """Upper bound on the float32 operations of full softmax per word of the text."""
    contexts = contexts_at_most(config)
    hidden = _hidden_layer(contexts, row_size + ROW_OVERHEAD) if config.architecture == "cbow" else contexts
    return hidden + PRODUCTS * vocabulary_size * row_size


def _hidden_layer(contexts: int, row: int) -> int:
    """Number of operations to sum the context rows of a centre and to add its gradient to each of them."""
    return 4 * contexts * row
