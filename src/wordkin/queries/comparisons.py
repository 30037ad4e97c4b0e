"""How alike words are: pairs, groups, and where a word stands among all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.queries.exact import cosine_blocks, unit_rows
from wordkin.queries.neighbours import Query, query_term
from wordkin.vectors import WordVectors


def similarity(vectors: WordVectors, first: str, second: str) -> float:
    """Cosine of two words; see :meth:`wordkin.Embeddings.similarity`."""
    units = vectors.unit_vectors(vectors.vocabulary.ids_of((first, second))).astype(np.float64)
    return float(units[0] @ units[1])


def similarities(vectors: WordVectors, query: Query, words: Iterable[str] | None = None) -> NDArray[np.float32]:
    """Cosines of a word or vector with all words or some; see :meth:`wordkin.Embeddings.similarities`."""
    unit = unit_rows(query_term(vectors, query).vector[None])
    if words is not None:
        cosines: NDArray[np.float32] = vectors.unit_vectors(vectors.vocabulary.ids_of(words)) @ unit[0]
        return cosines
    blocks = [block[0] for _, block in cosine_blocks(vectors, unit, len(vectors), None)]
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


def n_similarity(vectors: WordVectors, first: Iterable[str], second: Iterable[str]) -> float:
    """Cosine of two mean vectors, of words with their lengths; see :meth:`wordkin.Embeddings.n_similarity`."""
    means = [mean_vector(vectors, words, pre_normalize=False, post_normalize=True) for words in (first, second)]
    return float(means[0] @ means[1])


def doesnt_match(vectors: WordVectors, words: Iterable[str]) -> str:
    """The odd one out; see :meth:`wordkin.Embeddings.doesnt_match`."""
    listed = _several("words", words)
    units = vectors.unit_vectors(vectors.vocabulary.ids_of(listed))
    return listed[int(np.argmin(units @ units.mean(axis=0)))]


def closer_than(vectors: WordVectors, word: str, other: str) -> list[str]:
    """All words nearer to ``word`` than ``other``; see :meth:`wordkin.Embeddings.closer_than`."""
    word_id, other_id = vectors.vocabulary.ids_of((word, other)).tolist()
    cosines = similarities(vectors, word)
    nearer = np.flatnonzero(cosines > cosines[other_id])
    return [vectors.words[each] for each in nearer.tolist() if each != word_id]


def mean_vector(
    vectors: WordVectors,
    words: Iterable[str],
    weights: Sequence[float] | None = None,
    *,
    pre_normalize: bool = True,
    post_normalize: bool = False,
    ignore_missing: bool = False,
) -> NDArray[np.float32]:
    """Weighted mean of word vectors, shape (N,): Σ wᵢ vᵢ / Σ |wᵢ|.

    Parameters
    ----------
    weights : one number a word, 1 each unless given.
    pre_normalize : take unit vectors.
    post_normalize : divide the mean by its length.
    ignore_missing : leave out unknown words instead of raising :class:`UnknownWordError`.

    Raises :class:`ConfigError` where no word is left, the weights do not fit or are all zero.
    """
    listed = _several("words", words)
    factors = np.ones(len(listed)) if weights is None else np.asarray(weights, dtype=np.float64)
    if factors.shape != (len(listed),):
        raise ConfigError("weights", f"must be {len(listed)} numbers, one for each word", factors.shape)
    ids = vectors.vocabulary.find_ids(listed) if ignore_missing else vectors.vocabulary.ids_of(listed)
    ids, factors = ids[ids >= 0], factors[ids >= 0]
    total = float(np.abs(factors).sum())
    if not 0 < total < np.inf:
        what = "weights that are finite and not all zero" if len(ids) else "a word of the vocabulary"
        raise ConfigError("words", f"must hold {what}", listed)
    rows = vectors.unit_vectors(ids) if pre_normalize else vectors.matrix[ids]
    mean = (factors / total) @ rows.astype(np.float64)
    return unit_rows(mean[None])[0] if post_normalize else mean.astype(np.float32)


def _several(parameter: str, words: Iterable[str]) -> list[str]:
    if isinstance(words, str):
        raise ConfigError(parameter, "must be a list of words", words, "split the text into words first")
    listed = list(words)
    if not listed:
        raise ConfigError(parameter, "must hold at least one word", listed)
    return listed
