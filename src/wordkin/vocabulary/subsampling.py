"""How likely one occurrence of a word is kept when frequent words are thinned out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import Choice, Number, check
from wordkin.errors import ConfigError

FORMULAS = ("word2vec", "paper")


def keep_probabilities(counts: ArrayLike, threshold: float, formula: str = "word2vec") -> NDArray[np.float64]:
    """Probability that one occurrence of each word survives subsampling.

    With f the word's share of all counted words and t the threshold, ``"word2vec"`` keeps it with
    probability min(1, √(t/f) + t/f), as word2vec.c does, and ``"paper"`` with min(1, √(t/f)), which is
    Mikolov et al. 2013b, equation 5. A threshold of 0 keeps everything.

    Parameters
    ----------
    counts : occurrences of each word kept in the vocabulary, shape (V,), none negative.
    threshold : share of the text above which a word counts as frequent, from 0 to 1.
    formula : "word2vec" or "paper".

    Returns
    -------
    float64 array of shape (V,), each from 0 to 1; a word that never occurs gets 1.

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
