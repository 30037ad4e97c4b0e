"""Measure how a reduced version of vectors (with fewer bits, dimensions or words) differs from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.queries.comparisons import similarities
from wordkin.queries.neighbours import Neighbours, most_similar_batch
from wordkin.vectors import WordVectors

_BLOCK_ROWS = 16384


@dataclass(frozen=True, slots=True)
class Agreement:
    """Differences between two sets of vectors, measured on a sample of words.

    Attributes
    ----------
    shared_neighbours : float
        Mean fraction of the ``topn`` nearest words that are the same in both sets of vectors, 0 to 1.
    cosine_difference : float or None
        Mean absolute difference between the cosines of words with their neighbours in both sets; None if no neighbour
        was kept.
    vector_cosine : float or None
        Mean cosine between the two vectors of a word; None if the sets have vectors of different sizes.
    words, topn : int
        Number of words measured, and number of neighbours of each.
    kept_text : float or None
        Fraction of all word occurrences in the text that are occurrences of kept words, 0 to 1; None if the counts of
        the words are not known.
    """

    shared_neighbours: float
    cosine_difference: float | None
    vector_cosine: float | None
    words: int
    topn: int
    kept_text: float | None


def neighbour_agreement(before: WordVectors, after: WordVectors, *, topn: int = 10, sample: int = 1000) -> Agreement:
    """Compare the nearest neighbours of words before and after a reduction, on a sample of the remaining words.

    Parameters
    ----------
    before, after : WordVectors
        The vectors, and their reduced version, which may have fewer words and vectors of another size.
    topn : int, default 10
        Number of nearest neighbours of each word.
    sample : int, default 1000
        Approximate number of words to measure, spread evenly over the words of ``after``.

    Returns
    -------
    Agreement
        The differences.

    Raises
    ------
    ConfigError
        ``after`` has a word that ``before`` lacks, ``before`` has fewer than two words, or ``after`` has none.
    """
    ids_before = before.vocabulary.find_ids(after.words)
    if (ids_before < 0).any():
        new = after.words[int(np.argmin(ids_before))]
        raise ConfigError("after", "must contain only words of the vectors before", new)
    if len(before) < 2 or not len(after):
        raise ConfigError("before", "must have at least two words, and after at least one", (len(before), len(after)))
    topn = min(topn, len(before) - 1)
    ids = np.unique(np.linspace(0, len(after) - 1, min(sample, len(after))).astype(np.int64))
    words = [after.words[word_id] for word_id in ids.tolist()]
    near = most_similar_batch(before, words, topn=topn)
    near_after = most_similar_batch(after, words, topn=topn)
    shared = sum(len(set(first.words) & set(second.words)) for first, second in zip(near, near_after, strict=True))
    differences = [each for word, found in zip(words, near, strict=True) for each in _changes(after, word, found)]
    same_size = before.vector_size == after.vector_size
    return Agreement(
        shared_neighbours=shared / (topn * len(words)),
        cosine_difference=float(np.mean(differences)) if differences else None,
        vector_cosine=_mean_cosine(before, ids_before[ids], after, ids) if same_size else None,
        words=len(words),
        topn=topn,
        kept_text=_kept_text(before, ids_before),
    )


def _changes(after: WordVectors, word: str, found: Neighbours) -> list[float]:
    """Return how much the cosine of a word with each of its neighbours changed, as a list of absolute differences.

    ``found`` are the neighbours before the reduction. Those that ``after`` lacks are left out.
    """
    kept = [(other, cosine) for other, cosine in found if other in after]
    if not kept:
        return []
    cosines = similarities(after, word, [other for other, _ in kept])
    changes: list[float] = np.abs(cosines - np.array([cosine for _, cosine in kept])).tolist()
    return changes


def _mean_cosine(
    before: WordVectors, ids_before: NDArray[np.int64], after: WordVectors, ids: NDArray[np.int64]
) -> float:
    total = 0.0
    for start in range(0, len(ids), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        pairs = before.exact_unit_vectors(ids_before[block]), after.exact_unit_vectors(ids[block])
        total += float(np.vecdot(*pairs).sum())
    return total / len(ids)


def _kept_text(before: WordVectors, ids: NDArray[np.int64]) -> float | None:
    counts = before.vocabulary.counts
    if counts is None or not counts.sum():
        return None
    return float(counts[ids].sum() / counts.sum())
