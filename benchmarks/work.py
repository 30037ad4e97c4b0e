"""Compute the work of a training run: floating-point operations, and rows read and written.

Numbers are per kept token, with vectors of size N, c context words, M noise words shared by a block of T centres, a
tree path of L nodes and V words. A dot product of two rows takes 2 N operations (a multiplication and an addition per
element), and so does adding a multiple of one row to another. Each pair of a hidden row and an output row needs three
of these (the score, the gradient of the hidden row, the gradient of the output row), which is 6 N operations:

=====================  =========================  ==================================================
objective              skip-gram                  CBOW (+ 2 c N to sum and to update the inputs)
=====================  =========================  ==================================================
negative sampling      6 N (c + M)                6 N (1 + M)
hierarchical softmax   6 N c L                    6 N L
full softmax           6 N V                      6 N V
=====================  =========================  ==================================================

Sigmoids, exponentials and random numbers are not counted. If negative sampling processes single pairs instead of
blocks, each pair has K noise words of its own: 6 N c (1 + K) operations, or 6 N (1 + K) for CBOW.

A block reads and writes each of its rows once (T = 1 for the tree). Windows overlap, so that T consecutive centres
access about T + c context positions, not T c. A row that occurs twice in a block is counted twice. The number is thus
an upper bound of distinct rows, and a lower bound of loads.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.objectives.blocks import BlockSize
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cpu.steps import Sharing, make_step
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.subsampling import keep_probabilities

_FLOAT_BYTES = 4
_SAMPLE_WORDS = 300_000


@dataclass(frozen=True)
class Work:
    """Work per kept token of one objective, means over the corpus.

    kept : tokens that survive subsampling, in one epoch. contexts : c. path : L, 0 without a tree.
    flops, rows, bytes : per kept token; bytes read and written together.
    """

    kept: float
    contexts: float
    path: float
    block_examples: int
    block_noise: int
    pair_by_pair: bool
    flops: float
    rows: float
    bytes: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def work_of(config: TrainingConfig, counts: NDArray[np.int64], contexts: float) -> Work:
    """Compute the work of a configuration with one objective, for word counts [V] and a mean context size."""
    (objective,) = config.objectives
    keep = keep_probabilities(counts, config.subsample, config.subsample_formula)
    kept = counts * keep
    block = _block(config, objective, counts, keep)
    path = 0.0
    if objective == "hierarchical-softmax":
        path = float(kept @ HuffmanTree.from_counts(counts).lengths / kept.sum())
    cbow = config.architecture == "cbow"
    meetings = _meetings(config, objective, block, contexts, path, len(counts))
    flops = config.vector_size * (6 * meetings + (2 * contexts if cbow else 0))
    rows = _rows(objective, cbow, block, config.negative, contexts, path, len(counts))
    return Work(
        kept=float(kept.sum()),
        contexts=contexts,
        path=path,
        block_examples=block.examples,
        block_noise=block.noise,
        pair_by_pair=block.pair_by_pair,
        flops=flops,
        rows=rows,
        bytes=rows * config.vector_size * _FLOAT_BYTES * 2,
    )


def _block(config: TrainingConfig, objective: str, counts: NDArray[np.int64], keep: NDArray[np.float64]) -> BlockSize:
    """Return the block size that training uses for a configuration; 1 for the tree."""
    if objective == "hierarchical-softmax":
        return BlockSize(1, 0, False)
    layout = choose_layout(config.vector_size + config.output_bias)
    step = make_step(objective, config, layout, counts, keep, Sharing(writers=1, noise_uses=1))
    block: BlockSize = step.block  # type: ignore[attr-defined]
    return block


def _meetings(
    config: TrainingConfig, objective: str, block: BlockSize, contexts: float, path: float, vocabulary_size: int
) -> float:
    """Return the number of pairs of a hidden row and an output row per kept token."""
    outputs = 1.0 if config.architecture == "cbow" else contexts
    if objective == "hierarchical-softmax":
        return outputs * path
    if objective == "softmax":
        return vocabulary_size * (outputs if block.pair_by_pair else 1.0)
    return outputs * (1 + config.negative) if block.pair_by_pair else outputs + block.noise


def _rows(
    objective: str, cbow: bool, block: BlockSize, negative: int, contexts: float, path: float, vocabulary_size: int
) -> float:
    """Return the number of rows accessed per kept token, in both tables together."""
    if objective == "hierarchical-softmax":
        return contexts + path
    centres = block.examples
    several = centres + contexts  # positions in the windows of consecutive centres
    if objective == "softmax":
        return ((several if cbow else centres) + vocabulary_size) / centres
    if block.pair_by_pair:
        return contexts + 1 + negative if cbow else contexts * (2 + negative)
    return (several + centres + block.noise) / centres


def mean_contexts(config: TrainingConfig, counts: NDArray[np.int64], corpus: EncodedCorpus) -> float:
    """Return the mean number of context words of a kept token, counted in the first words of a corpus."""
    from wordkin.training.cpu.shard_length import MOST_SHARD_WORDS
    from wordkin.windows.windows import count_pairs, keep_thresholds, select_windows

    thresholds = keep_thresholds(keep_probabilities(counts, config.subsample, config.subsample_formula))
    word_ids, starts, stops = (np.zeros(MOST_SHARD_WORDS + 2 * config.reach + 1, np.int32) for _ in range(3))
    pairs = kept = 0
    for start in range(0, min(corpus.words, _SAMPLE_WORDS), MOST_SHARD_WORDS):
        first, last, _ = select_windows(
            corpus.ids, corpus.offsets, start, min(start + MOST_SHARD_WORDS, corpus.words), thresholds, np.uint64(1),
            config.reach, config.dynamic_window, config.whole_sentences, word_ids, starts, stops,
        )  # fmt: skip
        pairs += count_pairs(starts, stops, first, last)
        kept += last - first
    return pairs / max(1, kept)
