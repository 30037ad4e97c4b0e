"""Word Mover's Distance: the least travel that turns one document's words into another's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from wordkin.errors import ConfigError, MissingExtraError
from wordkin.items import Item
from wordkin.vectors import WordVectors
from wordkin.vocabulary.vocabulary import word_list


def wmdistance(
    vectors: WordVectors,
    first: Iterable[Item],
    second: Iterable[Item],
    *,
    norm: bool = True,
    ignore_missing: bool = False,
) -> float:
    """Word Mover's Distance of two documents (Kusner et al. 2015), solved exactly by POT (extra ``transport``).

    Parameters
    ----------
    vectors : WordVectors
        The words and their vectors.
    first, second : iterable of str
        The words of each document.
    norm : bool, default True
        Travel between unit vectors, not the vectors as they are.
    ignore_missing : bool, default False
        Leave out unknown words instead of raising :class:`wordkin.UnknownWordError`.

    Returns
    -------
    float
        Mean Euclidean distance travelled, from 0 up; infinity where a document has no word left.
    """
    try:
        import ot
    except ImportError as error:
        raise MissingExtraError("Word Mover's Distance", "transport") from error
    from scipy.spatial.distance import cdist

    places, shares = [], []
    for parameter, words in (("first", first), ("second", second)):
        if isinstance(words, str):
            raise ConfigError(parameter, "must be a list of words", words, "split the text into words first")
        counts = Counter(word for word in word_list(parameter, words) if not ignore_missing or word in vectors)
        if not counts:
            return math.inf
        ids = vectors.vocabulary.ids_of(list(counts))
        places.append(vectors.unit_vectors(ids) if norm else vectors.matrix[ids])
        share = np.array(list(counts.values()), dtype=np.float64)
        shares.append(share / share.sum())
    travel = cdist(places[0].astype(np.float64), places[1].astype(np.float64))
    longest = float(travel.max())  # the solver takes differences below a fixed size for none
    return longest * float(ot.emd2(shares[0], shares[1], travel / longest)) if longest else 0.0
