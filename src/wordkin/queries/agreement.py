"""How far two sets of vectors for the same words agree: what smaller numbers or fewer of them cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wordkin.errors import ConfigError
from wordkin.queries.comparisons import similarities
from wordkin.queries.neighbours import most_similar_batch
from wordkin.vectors import WordVectors


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two sets of vectors compared over a sample of their words.

    shared_neighbours : mean share of the ``topn`` nearest words that both name, 0 to 1.
    cosine_difference : mean distance between the cosines that both give a word and its neighbours.
    words, topn : words asked about, and neighbours of each.
    """

    shared_neighbours: float
    cosine_difference: float
    words: int
    topn: int


def neighbour_agreement(before: WordVectors, after: WordVectors, *, topn: int = 10, sample: int = 1000) -> Agreement:
    """Ask both for the neighbours of the same words, spread evenly over the vocabulary.

    Parameters
    ----------
    before, after : vectors of the same words in the same order; their sizes may differ.
    topn : how many neighbours of each word.
    sample : about how many words to ask about; all where there are fewer.

    Raises
    ------
    ConfigError : the words differ, or there are fewer than two.
    """
    if len(before) != len(after) or before.words != after.words:
        raise ConfigError("after", "must hold the same words as before", f"{len(after):,} words")
    if len(before) < 2:
        raise ConfigError("before", "must hold two words or more", len(before))
    topn = min(topn, len(before) - 1)
    ids = np.unique(np.linspace(0, len(before) - 1, min(sample, len(before))).astype(np.int64)).tolist()
    words = [before.words[word_id] for word_id in ids]
    near = most_similar_batch(before, words, topn=topn)
    near_after = most_similar_batch(after, words, topn=topn)
    shared, differences = 0, []
    for word, first, second in zip(words, near, near_after, strict=True):
        shared += len({each for each, _ in first} & {each for each, _ in second})
        cosines = similarities(after, word, [each for each, _ in first])
        differences.append(np.abs(cosines - np.array([cosine for _, cosine in first])).mean())
    return Agreement(shared / (topn * len(words)), float(np.mean(differences)), len(words), topn)
