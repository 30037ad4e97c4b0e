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
"""

from __future__ import annotations

from typing import NamedTuple

SHARED_NOISE_LIMIT = 1.5
SAME_ROW_LIMIT = 0.5
MOST_EXAMPLES = {"skip-gram": 32, "cbow": 16}
SHARED_NOISE_WORDS = 32  # fewer cost analogies; see docs


class BlockSize(NamedTuple):
    """examples: T; noise: M, the noise words of a block; pair_by_pair: T = 1 with one output per example and M = K."""

    examples: int
    noise: int
    pair_by_pair: bool


def choose_block(
    architecture: str, contexts: float, negative: int, learning_rate: float, likeliest: float, *, one_row_more: bool = False
) -> BlockSize:
    """Block size that keeps training stable.

    contexts : outputs per example: expected context words for skip-gram, 1 for CBOW.
    likeliest : probability of the likeliest word, in the kept text or in the noise.
    one_row_more : every example also moves one row they share (the projection bias).
    """
    share = 1.0 if one_row_more else likeliest
    examples = MOST_EXAMPLES[architecture]
    while examples >= 1:
        steps = learning_rate * examples * contexts
        shared_steps = steps * negative / SHARED_NOISE_WORDS
        if shared_steps <= SHARED_NOISE_LIMIT and steps * (negative + 1) * share <= SAME_ROW_LIMIT:
            return BlockSize(examples, SHARED_NOISE_WORDS, False)
        examples //= 2
    return BlockSize(1, negative, True)
