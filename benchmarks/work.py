"""How much work a training run is: floating-point operations, and rows that pass between the tables and a core.

Per kept token, with vectors of length N, c context words, M noise words shared by a block of T centres, a tree
path of L nodes and V words. A product of one row with another takes 2 N operations (a multiply and an add for
each number), and so does adding a multiple of a row to a row. A score, the error it gives to the hidden row and
the one it gives to the output row are three such things, so every (hidden row, output row) that meets takes 6 N:

=====================  =========================  ==================================================
objective              skip-gram                  CBOW (+ 2 c N to add up the inputs and hand back)
=====================  =========================  ==================================================
negative sampling      6 N (c + M)                6 N (1 + M)
hierarchical softmax   6 N c L                    6 N L
full softmax           6 N V                      6 N V
=====================  =========================  ==================================================

Sigmoids, exponentials and drawing are left out. Where negative sampling goes pair by pair, every pair has K
noise words of its own: 6 N c (1 + K), and 6 N (1 + K) for CBOW.

Rows: a block reads and writes each of its rows once (T = 1 for the tree). Windows overlap, so T centres in a row
touch about T + c context positions, not T c. The same row twice in a block counts twice: this is an upper bound on
distinct rows and a lower bound on loads.
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
    """Work of a configuration with one objective on a corpus with these counts [V] and mean context size."""
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
    """How training cuts the text into blocks; asked of training itself. The tree goes word by word."""
    if objective == "hierarchical-softmax":
        return BlockSize(1, 0, False)
    layout = choose_layout(config.vector_size + config.output_bias)
    step = make_step(objective, config, layout, counts, keep, Sharing(writers=1, noise_uses=1))
    block: BlockSize = step.block  # type: ignore[attr-defined]
    return block


def _meetings(
    config: TrainingConfig, objective: str, block: BlockSize, contexts: float, path: float, vocabulary_size: int
) -> float:
    """(hidden row, output row) that meet per kept token."""
    outputs = 1.0 if config.architecture == "cbow" else contexts
    if objective == "hierarchical-softmax":
        return outputs * path
    if objective == "softmax":
        return vocabulary_size * (outputs if block.pair_by_pair else 1.0)
    return outputs * (1 + config.negative) if block.pair_by_pair else outputs + block.noise


def _rows(
    objective: str, cbow: bool, block: BlockSize, negative: int, contexts: float, path: float, vocabulary_size: int
) -> float:
    """Rows touched per kept token, both tables together."""
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
    """Mean number of context words of a kept token, counted in the first words of a corpus."""
    from wordkin.training.cpu.steps import MOST_SHARD_WORDS
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
