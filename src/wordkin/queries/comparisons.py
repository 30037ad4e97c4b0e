"""Cosines of pairs and groups of words, mean vectors, the odd one out, and words nearer than another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.items import Item
from wordkin.queries.exact import cosine_blocks
from wordkin.queries.neighbours import Query, query_term
from wordkin.vectors import WordVectors, unit_rows
from wordkin.vocabulary.vocabulary import word_list

_ROUNDING = 1e-12


def similarity(vectors: WordVectors, first: Item, second: Item) -> float:
    """Return the cosine of two words; see :meth:`wordkin.Embeddings.similarity`."""
    units = vectors.exact_unit_vectors(vectors.vocabulary.ids_of((first, second)))
    return _cosine(units[0], units[1])


def similarities(vectors: WordVectors, query: Query, words: Iterable[Item] | None = None) -> NDArray[np.float32]:
    """Return the cosine of a query with each of several words; see :meth:`wordkin.Embeddings.similarities`."""
    unit = unit_rows(query_term(vectors, query).vector[None]).astype(np.float32)
    if words is not None:
        cosines: NDArray[np.float32] = vectors.cosines(vectors.vocabulary.ids_of(words)[None], unit)[0]
        return cosines
    blocks = [block[0] for _, block in cosine_blocks(vectors, unit, len(vectors), None, equal_rows=True)]
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


def n_similarity(vectors: WordVectors, first: Iterable[Item], second: Iterable[Item]) -> float:
    """Return the cosine of the means of two groups of words; see :meth:`wordkin.Embeddings.n_similarity`.

    The vectors are not normalized before they are averaged.
    """
    means = [
        _mean(vectors, _several(name, words), None, pre_normalize=False)
        for name, words in (("first", first), ("second", second))
    ]
    lengths = [np.sqrt(np.vecdot(mean, mean)) for mean in means]
    if 0 in lengths:
        return 0.0
    return _cosine(means[0] / lengths[0], means[1] / lengths[1])


def _cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the dot product of unit vectors, clipped to [-1, 1] against rounding errors."""
    return min(1.0, max(-1.0, float(np.vecdot(first, second))))


def doesnt_match(vectors: WordVectors, words: Iterable[Item]) -> str:
    """Return the word that does not match the others; see :meth:`wordkin.Embeddings.doesnt_match`."""
    listed = _several("words", words)
    units = vectors.exact_unit_vectors(vectors.vocabulary.ids_of(listed))
    likeness = np.vecdot(units, units.mean(axis=0))
    first = int(np.flatnonzero(likeness <= likeness.min() + _ROUNDING)[0])  # the first on a tie
    return cast(str, listed[first])


def closer_than(vectors: WordVectors, word: Item, other: Item) -> list[str]:
    """Return the words that are nearer to ``word`` than ``other`` is; see :meth:`wordkin.Embeddings.closer_than`."""
    word_id, other_id = vectors.vocabulary.ids_of((word, other)).tolist()
    cosines = similarities(vectors, word)
    nearer = np.flatnonzero(cosines > cosines[other_id])
    return [vectors.words[each] for each in nearer.tolist() if each != word_id]


def mean_vector(
    vectors: WordVectors,
    words: Iterable[Item],
    weights: Sequence[float] | None = None,
    *,
    pre_normalize: bool = True,
    post_normalize: bool = False,
    ignore_missing: bool = False,
) -> NDArray[np.float32]:
    """Return the weighted mean of the vectors of words; see :meth:`wordkin.Embeddings.mean_vector`."""
    listed = _several("words", words)
    mean = _mean(vectors, listed, weights, pre_normalize=pre_normalize, ignore_missing=ignore_missing)
    return (unit_rows(mean[None])[0] if post_normalize else mean).astype(np.float32)


def _mean(
    vectors: WordVectors,
    words: list[Item],
    weights: Sequence[float] | None,
    *,
    pre_normalize: bool,
    ignore_missing: bool = False,
) -> NDArray[np.float64]:
    """Return the weighted mean of the vectors of words as float64, shape (N,); see :func:`mean_vector`."""
    factors = np.ones(len(words)) if weights is None else _checked_weights(weights, len(words))
    ids = vectors.vocabulary.find_ids(words) if ignore_missing else vectors.vocabulary.ids_of(words)
    ids, factors = ids[ids >= 0], factors[ids >= 0]
    if not len(ids):
        raise ConfigError("words", "must hold at least one word of the vocabulary", words)
    if not factors.any():
        raise ConfigError("weights", "must not all be zero", factors.tolist())
    factors = factors / np.abs(factors).max()  # avoids overflow of their sum
    units = vectors.exact_unit_vectors(ids)  # raises for values that are not finite
    rows = units if pre_normalize else vectors.matrix[ids].astype(np.float64)
    mean: NDArray[np.float64] = (factors / np.abs(factors).sum()) @ rows
    return mean


def _checked_weights(weights: object, count: int) -> NDArray[np.float64]:
    rule = f"must be {count} finite numbers, one for each word"
    listed = list(weights) if isinstance(weights, Iterable) and not isinstance(weights, str | bytes | Mapping) else None
    try:
        factors = np.asarray(listed, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        factors = np.full(1, np.nan)
    if listed is None or factors.shape != (count,) or not np.isfinite(factors).all():
        raise ConfigError("weights", rule, weights if listed is None else listed)
    return factors


def _several(parameter: str, words: Iterable[Item]) -> list[Item]:
    if isinstance(words, str):
        raise ConfigError(parameter, "must be a list of words", words, "split the text into words first")
    listed = word_list(parameter, words)
    if not listed:
        raise ConfigError(parameter, "must hold at least one word", listed)
    return listed
