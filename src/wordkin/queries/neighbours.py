"""Nearest-neighbour queries by 3CosAdd and 3CosMul, for one query or many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, Number, check
from wordkin.errors import ConfigError
from wordkin.items import Item, is_integer
from wordkin.queries.exact import BestScores, cosine_blocks, nearest, searched_words
from wordkin.tables import data_frame, html_table
from wordkin.vectors import WordVectors, unit_rows

if TYPE_CHECKING:
    import pandas

Query = Item | NDArray[Any] | tuple[Item | NDArray[Any], float]
"""A word (or whole-number item), a vector of shape (N,), or a pair of either with a weight."""

_COSMUL_EPSILON = 1e-6
_MOST_WEIGHT = 1e30  # with a larger exponent, any number below 1 is 0 as well
_TIE = 2e-6  # relative difference below which scores from matrix products may belong to equal vectors
_NEGLIGIBLE = 1e-12  # a sum this small relative to its terms is zero up to rounding
_QUERY_RULE = "must be a word, a vector, a (word, weight) pair, or a list of them"


class Neighbours(list[tuple[str, float]]):
    """A list of (word, cosine) pairs, or of (word, score) pairs for 3CosMul, best first. Notebooks show it as a table.

    >>> found = Neighbours([("dog", 0.75), ("car", 0.5)])
    >>> found == [("dog", 0.75), ("car", 0.5)], found[0], found.words
    (True, ('dog', 0.75), ['dog', 'car'])
    """

    __slots__ = ()

    @property
    def words(self) -> list[str]:
        """The words, without their cosines or scores."""
        return [word for word, _ in self]

    @property
    def similarities(self) -> NDArray[np.float32]:
        """The cosines or scores, as an array of float32."""
        return np.array([similarity for _, similarity in self], dtype=np.float32)

    def to_pandas(self) -> pandas.DataFrame:
        """Return a data frame with the columns "word" and "similarity" (extra ``arrow``)."""
        return data_frame(("word", "similarity"), list(self))

    def _repr_html_(self) -> str:
        rows = [(word, f"{similarity:.4f}") for word, similarity in self]
        return html_table(("word", "similarity"), rows, right=("similarity",))


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: a vector of shape (N,), its weight, and its word id. The id of a plain vector is -1."""

    vector: NDArray[np.float64]
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
    """Find the words nearest to a query by 3CosAdd; see :meth:`wordkin.Embeddings.most_similar`."""
    check("topn", FROM_1, topn)
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
    """Find the words nearest to each of many queries; see :meth:`wordkin.Embeddings.most_similar_batch`."""
    check("topn", FROM_1, topn)
    terms = batch_terms(vectors, queries)
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
    """Find the words nearest to a query by 3CosMul; see :meth:`wordkin.Embeddings.most_similar_cosmul`.

    Each term of the query gives (1 + cosine) / 2, raised to the weight of the term. The score of a word is the product
    for the positive terms, divided by (the product for the negative terms + 1e-6) (Levy and Goldberg 2014, equation 4).
    """
    check("topn", FROM_1, topn)
    terms = query_terms(vectors, positive, negative)
    sum_of_terms([Term(term.vector, 1, -1) for term in terms])  # raises if the query is zero
    own = {term.word_id for term in terms}
    searched = searched_words(vectors, restrict_vocab)
    count = min(topn + len(own) + 1, searched)
    units = unit_rows(np.stack([term.vector for term in terms])).astype(np.float32)
    best = _best_products(terms, cosine_blocks(vectors, units, searched, threads), count)
    if (best.scores[:, :-1] - best.scores[:, 1:] <= _TIE * np.abs(best.scores[:, 1:])).any():
        # Unlike matrix products, products with one vector are equal for equal rows, so that ties are ordered by id.
        one_by_one = [next(cosine_blocks(vectors, unit[None], searched, threads, equal_rows=True))[1] for unit in units]
        best = _best_products(terms, [(0, np.concatenate(one_by_one))], count)
    return named(vectors, best.ids[0], best.scores[0], topn, own)


def _best_products(terms: list[Term], blocks: Iterable[tuple[int, NDArray[np.float32]]], count: int) -> BestScores:
    """Return the ``count`` words with the highest 3CosMul scores.

    ``blocks`` yields the cosines of each term with the words of one block, and the id of the first of these words.
    """
    weights = np.array([min(abs(term.weight), _MOST_WEIGHT) for term in terms], dtype=np.float32)[:, None]
    above = np.array([term.weight > 0 for term in terms])
    best = BestScores(1, count)
    for first, cosines in blocks:
        shares = np.clip((1 + cosines) / 2, 0, 1) ** weights
        scores = shares[above].prod(axis=0) / (shares[~above].prod(axis=0) + np.float32(_COSMUL_EPSILON))
        best.offer(scores[None], first)
    return best


def query_terms(
    vectors: WordVectors, positive: Query | Sequence[Query], negative: Query | Sequence[Query]
) -> list[Term]:
    """Return the terms of a query; raise ConfigError if there are none. The weights of negative terms are negated."""
    terms = [query_term(vectors, query) for query in _listed("positive", positive)]
    for query in _listed("negative", negative):
        term = query_term(vectors, query)
        terms.append(Term(term.vector, -term.weight, term.word_id))
    if not terms:
        raise ConfigError("positive", "must hold a word or a vector", positive)
    return terms


def batch_terms(vectors: WordVectors, queries: Iterable[Query]) -> list[Term]:
    """Return one term for each query of a batch."""
    if isinstance(queries, str | bytes | Mapping | Set) or not isinstance(queries, Iterable):
        remedy = "pass one word to most_similar" if isinstance(queries, str) else ""
        raise ConfigError("queries", "must be a list of words or vectors", queries, remedy)
    if isinstance(queries, np.ndarray) and (queries.ndim == 0 or (queries.ndim == 1 and queries.dtype.kind in "fiu")):
        what = f"an array of shape {queries.shape}"
        raise ConfigError("queries", "must be a list of words or vectors", what, "pass one vector to most_similar")
    return [query_term(vectors, query) for query in queries]


def _listed(parameter: str, queries: Query | Sequence[Query]) -> Sequence[Query]:
    """Return a sequence of queries: a single query as a list of one, and a matrix as a list of its rows."""
    if (
        isinstance(queries, str)
        or is_integer(queries)
        or (isinstance(queries, np.ndarray) and queries.ndim < 2 and queries.dtype.kind in "fiu")
    ):
        return [queries]
    if isinstance(queries, tuple) and len(queries) == 2 and isinstance(queries[1], int | float | np.number):
        first, second = queries
        if is_integer(first) and is_integer(second):
            raise ConfigError(
                parameter,
                "must not be a tuple of two whole numbers, which can mean two items, or an item and its weight",
                queries,
                f"pass [{first}, {second}] or ({first}, {float(second)})",
            )
        return [queries]  # type: ignore[list-item]
    if isinstance(queries, bytes | Mapping) or not isinstance(queries, Iterable) or getattr(queries, "ndim", 1) == 0:
        raise ConfigError(parameter, _QUERY_RULE, queries)
    return list(queries)


def query_term(vectors: WordVectors, query: Query) -> Term:
    """Return the term for one part of a query: the unit vector of a word, or a vector as it is."""
    value, weight = query if isinstance(query, tuple) and len(query) == 2 else (query, 1.0)
    integers = vectors.vocabulary.integers
    if isinstance(value, str) or (integers and is_integer(value)):
        word_id = vectors.vocabulary.id_of(value)
        return Term(vectors.exact_unit_vectors([word_id])[0], _checked_weight(weight), word_id)
    if integers and isinstance(value, np.ndarray) and value.dtype.kind in "iu":
        raise ConfigError(
            "query", "must not be an array of whole numbers, which can mean either items or one vector", value,
            "pass a list of items, or an array of floats as a vector")  # fmt: skip
    return Term(checked_vector(vectors, value), _checked_weight(weight), -1)


def _checked_weight(weight: object) -> float:
    number: Any = check("weight", Number(), weight)
    return float(number)


def checked_vector(vectors: WordVectors, value: object) -> NDArray[np.float64]:
    """Check that a query is a vector of N finite numbers, and return it as float64, shape (N,)."""
    rule = f"must be a word or a vector of {vectors.vector_size:,} finite numbers"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise ConfigError("query", rule, value)
    if value.shape != (vectors.vector_size,):
        raise ConfigError("query", rule, f"an array of shape {value.shape}")
    if not np.isfinite(value).all():
        raise ConfigError("query", rule, "an array with values that are not finite")
    return value.astype(np.float64)


def as_vector(value: object) -> NDArray[Any]:
    """Convert an argument to an array; raise ConfigError if that is not possible."""
    try:
        return np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ConfigError("vector", "must be a sequence of numbers", value) from error


def sum_of_terms(terms: Sequence[Term]) -> NDArray[np.float64]:
    """Return the weighted sum of the vectors of terms, shape (N,), scaled by a power of two to avoid overflow.

    Raises
    ------
    ConfigError
        The sum is zero.
    """
    scaled = []  # for each term, a vector with absolute values up to 1 and the exponent of its factor 2**n
    for term in terms:
        weight, weight_power = math.frexp(term.weight)
        power = int(np.frexp(np.abs(term.vector).max())[1])
        vector = weight * np.ldexp(term.vector, -power)
        if vector.any():
            scaled.append((vector, weight_power + power))
    largest = max((power for _, power in scaled), default=0)
    total = np.zeros(len(terms[0].vector))
    size = 0.0
    for vector, power in scaled:
        part = np.ldexp(vector, power - largest)
        total += part
        size += float(np.abs(part).max())
    if not scaled or np.abs(total).max() <= _NEGLIGIBLE * size:
        raise ConfigError("query", "must not sum to a vector of zeros, which has no cosine with other vectors", 0)
    return total


def named(
    vectors: WordVectors, ids: NDArray[np.int64], scores: NDArray[np.float32], topn: int, own: set[int]
) -> Neighbours:
    """Return the first ``topn`` words with their scores, except words whose ids are in ``own``: those of the query."""
    found = zip(ids.tolist(), scores.tolist(), strict=True)
    return Neighbours([(vectors.words[word_id], score) for word_id, score in found if word_id not in own][:topn])
