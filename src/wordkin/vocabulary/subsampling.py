"""Probabilities of keeping words under subsampling of frequent words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import Choice, Number, check
from wordkin.errors import ConfigError

FORMULAS = ("word2vec", "paper")


def keep_probabilities(counts: ArrayLike, threshold: float, formula: str = "word2vec") -> NDArray[np.float64]:
    """Probability that an occurrence of each word is kept by subsampling.

    Let f be the relative frequency of the word and t the threshold. ``"word2vec"`` is min(1, √(t/f) + t/f), as in
    word2vec.c. ``"paper"`` is min(1, √(t/f)), equation 5 of Mikolov et al. 2013b. A threshold of 0 keeps all words.

    Parameters
    ----------
    counts : array_like of shape (V,)
        Count of each word of the vocabulary, nonnegative.
    threshold : float
        Relative frequency t, from 0 to 1.
    formula : {"word2vec", "paper"}, default "word2vec"
        The formula.

    Returns
    -------
    ndarray of shape (V,), float64
        Probabilities from 0 to 1; 1 for a word with count 0.

    >>> keep_probabilities([98, 1, 1], threshold=0.01).round(3)
    array([0.111, 1.   , 1.   ])
    """
    check("subsample_formula", Choice(FORMULAS), formula)
    check("subsample", Number(0, 1), threshold)
    occurrences = np.asarray(counts, dtype=np.float64)
    if occurrences.size and occurrences.min() < 0:
        raise ConfigError("counts", "must not be negative", float(occurrences.min()))
    keep = np.ones(occurrences.shape)
    if threshold == 0:
        return keep
    frequent = occurrences > 0
    ratio = threshold * occurrences.sum() / occurrences[frequent]
    keep[frequent] = np.sqrt(ratio) + (ratio if formula == "word2vec" else 0)
    return np.minimum(keep, 1)
