"""Sizes of blocks for training: how many examples are trained at a time, and how many noise words they share.

Within a block, all rows are read before any is updated, so no example sees the updates of others in its block. This is
harmless while the total update of a row in a block is small relative to the curvature of the loss; otherwise training
diverges. Two totals are bounded:

* Each shared noise word is weighted with c K / M, where c is the number of context words of a centre, K the number of
  noise words per pair and M the number of shared noise words. So a block of T examples moves a noise row by at most
  ``learning_rate * T * c * K / M`` gradient steps. The bound is 1.5.
* The most frequent word has the probability p in the kept text or in the noise, so its row is moved by
  ``learning_rate * T * c * (K + 1) * p`` steps. The bound is 0.5.

T is the largest power of two within both bounds. If even T = 1 exceeds them, each pair is trained separately with its
own noise words, as in plain word2vec.

Hierarchical softmax updates nodes one after the other; only the input rows of a window are read together. The row that
is updated most often is moved by ``learning_rate * rows * path * p`` steps, where ``rows`` is the number of input rows
read together and ``path`` the mean length of a path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SHARED_NOISE_LIMIT = 1.5
SAME_ROW_LIMIT = 0.5
MOST_EXAMPLES = 32
MOST_ROWS_TOGETHER = 8
SHARED_NOISE_WORDS = 32  # noise words per block


class BlockSize(NamedTuple):
    """The size of a block of examples that are trained together.

    Attributes
    ----------
    examples : int
        Number of examples, T.
    noise : int
        Number of noise words that the examples share, M.
    pair_by_pair : bool
        Whether every (input, output) pair is a separate example with its own K noise words.
    """

    examples: int
    noise: int
    pair_by_pair: bool


def negative_sampling_block(contexts: float, negative: int, learning_rate: float, likeliest: float) -> BlockSize:
    """Choose the largest block with which negative sampling is stable.

    Parameters
    ----------
    contexts : float
        Expected outputs per example: context words for skip-gram, 1 for CBOW.
    negative : int
        Noise words per pair, K.
    learning_rate : float
        Initial learning rate.
    likeliest : float
        Fraction of the examples that update the row updated most often: the highest probability of a word in the kept
        text or in the noise; 1 with a projection bias.
    """
    for examples in _halvings(MOST_EXAMPLES):
        steps = learning_rate * examples * contexts
        shared_steps = steps * negative / SHARED_NOISE_WORDS
        if shared_steps <= SHARED_NOISE_LIMIT and steps * (negative + 1) * likeliest <= SAME_ROW_LIMIT:
            return BlockSize(examples, SHARED_NOISE_WORDS, False)
    return BlockSize(1, negative, True)


def softmax_block(contexts: float, learning_rate: float, likeliest: float) -> BlockSize:
    """Choose the largest number of examples that full softmax can train together and be stable.

    The arguments are those of :func:`negative_sampling_block`. There are no noise words, so only the total update of
    the row updated most often is bounded.
    """
    for examples in _halvings(MOST_EXAMPLES):
        if learning_rate * examples * contexts * likeliest <= SAME_ROW_LIMIT:
            return BlockSize(examples, 0, False)
    return BlockSize(1, 0, True)


def rows_together(path: float, learning_rate: float, likeliest: float) -> int:
    """Choose how many input rows of a window hierarchical softmax reads before it updates any of them.

    ``path`` is the mean length of a path in the tree. ``likeliest`` is the fraction of the examples that update the row
    updated most often.
    """
    for rows in _halvings(MOST_ROWS_TOGETHER):
        if learning_rate * rows * path * likeliest <= SAME_ROW_LIMIT:
            return rows
    return 1


def _halvings(most: int) -> Iterator[int]:
    while most >= 1:
        yield most
        most //= 2
