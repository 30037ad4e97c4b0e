"""Word Mover's Distance of documents."""

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
    """Return the Word Mover's Distance of two documents; see :meth:`wordkin.Embeddings.wmdistance`."""
    try:
        import ot
    except ImportError as error:
        raise MissingExtraError("Word Mover's Distance", "transport") from error
    from scipy.spatial.distance import cdist

    points, shares = [], []
    for parameter, words in (("first", first), ("second", second)):
        if isinstance(words, str):
            raise ConfigError(parameter, "must be a list of words", words, "split the text into words first")
        counts = Counter(word for word in word_list(parameter, words) if not ignore_missing or word in vectors)
        if not counts:
            return math.inf
        ids = vectors.vocabulary.ids_of(list(counts))
        points.append(vectors.unit_vectors(ids) if norm else vectors.matrix[ids])
        share = np.array(list(counts.values()), dtype=np.float64)
        shares.append(share / share.sum())
    distances = cdist(points[0].astype(np.float64), points[1].astype(np.float64))
    longest = float(distances.max())  # scale to 1, because the solver has an absolute tolerance
    return longest * float(ot.emd2(shares[0], shares[1], distances / longest)) if longest else 0.0
