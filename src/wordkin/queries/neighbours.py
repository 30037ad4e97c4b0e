"""Which words are near: to a word, to a sum of words, to each of many words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.queries.exact import BestScores, check_whole_number, cosine_blocks, nearest, searched_words
from wordkin.vectors import WordVectors

Query = str | NDArray[Any] | tuple[str | NDArray[Any], float]
"""A word, a vector of shape (N,), or either with a weight."""

Neighbours = list[tuple[str, float]]
"""Words with their cosines (or products of cosines), best first."""

_COSMUL_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: a vector of shape (N,), its weight, and the word's id, or -1 for a plain vector."""

    vector: NDArray[np.float32]
    weight: float
    word_id: int


def most_similar(
    vectors: WordVectors,
    positive: Query | Sequence[Query] = (),
    negative: Query | Sequence[Query] = (),
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
) -> Neighbours:
    """3CosAdd (Mikolov et al. 2013c); see :meth:`wordkin.Embeddings.most_similar`."""
    check_whole_number("topn", topn)
    terms = query_terms(vectors, positive, negative)
    query = sum_of_terms(terms)
    own = {term.word_id for term in terms}
    ids, cosines = nearest(vectors, query[None], topn + len(own), restrict_vocab=restrict_vocab, threads=threads)
    return named(vectors, ids[0], cosines[0], topn, own)


def most_similar_batch(
    vectors: WordVectors,
    queries: Iterable[Query],
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
) -> list[Neighbours]:
    """The neighbours of each query; see :meth:`wordkin.Embeddings.most_similar_batch`."""
    check_whole_number("topn", topn)
    if isinstance(queries, str):
        raise ConfigError("queries", "must be a list of words or vectors", queries, "pass one word to most_similar")
    terms = [query_term(vectors, query) for query in queries]
    if not terms:
        return []
    stacked = np.stack([sum_of_terms([term]) for term in terms])
    ids, cosines = nearest(vectors, stacked, topn + 1, restrict_vocab=restrict_vocab, threads=threads)
    return [
        named(vectors, row_ids, row_cosines, topn, {term.word_id})
        for term, row_ids, row_cosines in zip(terms, ids, cosines, strict=True)
    ]


def most_similar_cosmul(
    vectors: WordVectors,
    positive: Query | Sequence[Query] = (),
    negative: Query | Sequence[Query] = (),
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
) -> Neighbours:
    """3CosMul (Levy and Goldberg 2014, equation 4): cosines moved to 0 to 1, multiplied and divided.

    The score of a word is the product of (1 + cosine) / 2 over the positive terms, divided by that over
    the negative ones plus 1e-6; a weight is an exponent.
    """
    check_whole_number("topn", topn)
    terms = query_terms(vectors, positive, negative)
    sum_of_terms([Term(term.vector, 1, -1) for term in terms])  # refuses vectors that have no direction
    weights = np.array([abs(term.weight) for term in terms], dtype=np.float32)[:, None]
    above = np.array([term.weight > 0 for term in terms])
    own = {term.word_id for term in terms}
    searched = searched_words(vectors, restrict_vocab)
    best = BestScores(1, min(topn + len(own), searched))
    stacked = np.stack([term.vector for term in terms])
    for first, cosines in cosine_blocks(vectors, stacked, searched, threads):
        shares = np.maximum((1 + cosines) / 2, 0) ** weights
        scores = shares[above].prod(axis=0) / (shares[~above].prod(axis=0) + np.float32(_COSMUL_EPSILON))
        best.offer(scores[None], first)
    return named(vectors, best.ids[0], best.scores[0], topn, own)


def query_terms(
    vectors: WordVectors, positive: Query | Sequence[Query], negative: Query | Sequence[Query]
) -> list[Term]:
    """All parts of a query, the weights of the negative ones turned round; ConfigError where there is none."""
    terms = [query_term(vectors, query) for query in _listed(positive)]
    for query in _listed(negative):
        term = query_term(vectors, query)
        terms.append(Term(term.vector, -term.weight, term.word_id))
    if not terms:
        raise ConfigError("positive", "must hold a word or a vector", positive)
    return terms


def _listed(queries: Query | Sequence[Query]) -> Sequence[Query]:
    """One query alone as a list of one; rows of a matrix as queries of their own."""
    if isinstance(queries, str) or (isinstance(queries, np.ndarray) and queries.ndim == 1):
        return [queries]
    if isinstance(queries, tuple) and len(queries) == 2 and isinstance(queries[1], int | float | np.number):
        return [queries]
    return list(queries)


def query_term(vectors: WordVectors, query: Query) -> Term:
    """One part of a query. A word stands for its unit vector, a vector for itself."""
    value, weight = query if isinstance(query, tuple) and len(query) == 2 else (query, 1.0)
    if not isinstance(weight, int | float | np.number) or not np.isfinite(weight):
        raise ConfigError("weight", "must be a finite number", weight)
    if isinstance(value, str):
        word_id = vectors.vocabulary.id_of(value)
        return Term(vectors.unit_vectors([word_id])[0], float(weight), word_id)
    return Term(checked_vector(vectors, value), float(weight), -1)


def checked_vector(vectors: WordVectors, value: object) -> NDArray[np.float32]:
    """A vector that someone passed in, shape (N,), float32."""
    rule = f"must be a word or a vector of {vectors.vector_size:,} finite numbers"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise ConfigError("query", rule, value)
    if value.shape != (vectors.vector_size,):
        raise ConfigError("query", rule, f"an array of shape {value.shape}")
    if not np.isfinite(value).all():
        raise ConfigError("query", rule, "an array with values that are not finite")
    return value.astype(np.float32)


def sum_of_terms(terms: Sequence[Term]) -> NDArray[np.float32]:
    """The weighted sum, shape (N,); ConfigError where it has no direction."""
    total = np.zeros(len(terms[0].vector), dtype=np.float64)
    for term in terms:
        total += term.weight * term.vector.astype(np.float64)
    query = total.astype(np.float32)
    if not query.any():
        raise ConfigError(
            "query", "must not add up to a vector of zeros", 0, "it has no direction, so nothing is near it"
        )
    return query


def named(
    vectors: WordVectors, ids: NDArray[np.int64], scores: NDArray[np.float32], topn: int, own: set[int]
) -> Neighbours:
    """The first ``topn`` words that are not the query's own, with their scores."""
    found = zip(ids.tolist(), scores.tolist(), strict=True)
    return [(vectors.words[word_id], score) for word_id, score in found if word_id not in own][:topn]
