"""How many examples one block may hold, and how many noise words they share.

Inside a block every row is read before any is updated, so what a row should have learned from the
first examples is not seen by the last. That is harmless while the sum of what a block adds to one
row stays small against the curvature of the loss, and diverges when it does not. Two sums count:

* the shared noise words: with weights c K / M each, a block of T examples moves a noise row by at
  most ``learning_rate * T * c * K / M`` steps (c contexts per centre);
* any one row that comes up often: the likeliest word fills a share p of the kept text or of the
  noise, so ``learning_rate * T * c * (K + 1) * p`` steps fall on its row.

The first may be 1.5, the second 0.5; T is the largest power of two that keeps both, and where
even T = 1 does not, training goes pair by pair with noise words of its own, which is plain word2vec.

Hierarchical softmax updates nodes in turn; only the input rows of a window are read together. There
``learning_rate * rows * path * p`` steps fall on the busiest row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SHARED_NOISE_LIMIT = 1.5
SAME_ROW_LIMIT = 0.5
MOST_EXAMPLES = 32
MOST_ROWS_TOGETHER = 8
SHARED_NOISE_WORDS = 32  # that all examples of a block share


class BlockSize(NamedTuple):
    """How a step cuts its examples.

    examples : T, examples in a block.
    noise : M, noise words a block shares.
    pair_by_pair : every (input, output) pair is an example of its own, with its own K noise words.
    """

    examples: int
    noise: int
    pair_by_pair: bool


def negative_sampling_block(contexts: float, negative: int, learning_rate: float, likeliest: float) -> BlockSize:
    """Block size of negative sampling.

    contexts : outputs per example: expected context words for skip-gram, 1 for CBOW.
    likeliest : share of examples that move the busiest row: the probability of the likeliest word, in
        the kept text or in the noise; 1 with a projection bias, which every example moves.
    """
    for examples in _halvings(MOST_EXAMPLES):
        steps = learning_rate * examples * contexts
        shared_steps = steps * negative / SHARED_NOISE_WORDS
        if shared_steps <= SHARED_NOISE_LIMIT and steps * (negative + 1) * likeliest <= SAME_ROW_LIMIT:
            return BlockSize(examples, SHARED_NOISE_WORDS, False)
    return BlockSize(1, negative, True)


def softmax_block(contexts: float, learning_rate: float, likeliest: float) -> BlockSize:
    """Batch size of full softmax: only the bound on the busiest row applies, nothing is drawn."""
    for examples in _halvings(MOST_EXAMPLES):
        if learning_rate * examples * contexts * likeliest <= SAME_ROW_LIMIT:
            return BlockSize(examples, 0, False)
    return BlockSize(1, 0, True)


def rows_together(path: float, learning_rate: float, likeliest: float) -> int:
    """Context words of a window that hierarchical softmax reads before it writes them.

    path : mean length of a path; likeliest : as in :func:`negative_sampling_block`.
    """
    for rows in _halvings(MOST_ROWS_TOGETHER):
        if learning_rate * rows * path * likeliest <= SAME_ROW_LIMIT:
            return rows
    return 1


def _halvings(most: int) -> Iterator[int]:
    while most >= 1:
        yield most
        most //= 2
