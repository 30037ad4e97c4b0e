"""The queries of gensim's ``KeyedVectors``, computed by :mod:`wordkin.queries`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim.errors import integer, number, refuse, whole
from wordkin.compat.gensim.store import VectorStore, key_list
from wordkin.errors import ConfigError
from wordkin.queries import neighbours
from wordkin.queries.exact import cosine_blocks, nearest
from wordkin.queries.transport import wmdistance

Pairs = list[tuple[Any, float]]


class Questions(VectorStore):
    """The methods of ``KeyedVectors`` that return neighbours, similarities and distances."""

    # --- neighbours

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """Return the keys with the highest cosine to the mean of positive minus negative vectors.

        Parameters
        ----------
        positive, negative : key, vector, (key, weight) or list of them, default None
            The parts of the query. Without a weight, positive parts have weight 1 and negative parts weight -1.
        topn : int or None, default 10
            Number of keys to return, as a list of (key, cosine). 0 returns an empty list, and None an array with the
            cosines of all keys.
        clip_start, clip_end : int, default 0 and None
            Search only the rows from ``clip_start`` to ``clip_end`` (exclusive).
        restrict_vocab : int, default None
            Search only this many first rows.
        indexer : None
            Not supported; ``Embeddings.build_index`` builds an approximate index.
        """
        topn = _count(topn)
        refuse("indexer", indexer, None, "wordkin.Embeddings.from_gensim(wv).build_index().most_similar(...)")
        if topn is not None and topn < 1:
            return []
        mean, own = self._query(positive, negative)
        start = 0 if restrict_vocab else whole("clip_start", clip_start or 0, 0)
        stop = min(len(self), whole("restrict_vocab", restrict_vocab or 0, 0) or whole("clip_end", clip_end or 0, 0)
                   or len(self))  # fmt: skip
        if start >= stop:
            return [] if topn is not None else np.empty(0, np.float32)
        if topn is None:
            return self._cosines(mean)[start:stop]
        vectors = self.core() if start == 0 else self._core_of(start, stop)
        ids, cosines = nearest(vectors, mean[None], topn + len(own), restrict_vocab=stop - start)
        return self._named(ids[0] + start, cosines[0], topn, own)

    def similar_by_word(self, word: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Old name of :meth:`similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_key(self, key: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Return the ``topn`` keys with the highest cosine to one key; see :meth:`most_similar`."""
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(self, vector: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Return the ``topn`` keys with the highest cosine to a vector. No key is excluded."""
        query = np.asarray(vector) if isinstance(vector, list | tuple) else vector
        return self.most_similar(positive=[query], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_cosmul(
        self, positive: Any = None, negative: Any = None, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Like :meth:`most_similar`, but multiply similarities instead of adding them (Levy and Goldberg 2014).

        Weights are exponents.
        """
        topn = _count(topn)
        if topn is not None and topn < 1:
            return []
        count = len(self) if topn is None else topn
        own: set[int] = set()
        parts: list[list[Any]] = []
        for keys in (_query_parts(positive), _query_parts(negative)):
            part: list[Any] = []
            for key, weight in keys:
                if isinstance(key, np.ndarray):
                    vector = self._checked_vector("positive and negative", key)
                else:
                    own.add(self.get_index(key))
                    vector = self.get_vector(key, norm=True)
                part.append((vector, 1.0 if weight is None else weight))
            parts.append(part)
        found = neighbours.most_similar_cosmul(
            self.core(), parts[0], parts[1], topn=min(count + len(own), len(self)), restrict_vocab=restrict_vocab
        )
        row_of = self.core().vocabulary.find_ids(found.words)
        scores = np.array([score for _, score in found], dtype=np.float32)
        if topn is None:
            every = np.zeros(len(self), np.float32)
            every[row_of] = scores
            return every
        return self._named(row_of, scores, count, own)

    def _query(self, positive: Any, negative: Any) -> tuple[NDArray[np.float64], set[int]]:
        """Return the vector of a query, shape (N,), and the rows of its keys.

        The vector is the weighted mean of the vectors in the query.
        """
        parts = [(key, 1.0 if weight is None else weight) for key, weight in _query_parts(positive)]
        parts += [(key, -1.0 if weight is None else weight) for key, weight in _query_parts(negative)]
        if not parts:
            raise ConfigError("positive", "must hold a key or a vector", positive)
        mean, own = np.zeros(self.vector_size), set[int]()
        for key, weight in parts:
            if not isinstance(key, np.ndarray):
                own.add(self.get_index(key))
                key = self.get_vector(key, norm=True)
            mean += weight * self._checked_vector("positive and negative", key)
        return mean, own

    def _named(self, ids: NDArray[np.int64], scores: NDArray[np.float32], topn: int, own: set[int]) -> Pairs:
        found = zip(ids.tolist(), scores.tolist(), strict=True)
        return [(self.index_to_key[row], score) for row, score in found if row not in own][:topn]

    def _cosines(self, vector: NDArray[Any]) -> NDArray[np.float32]:
        """Return the cosines of a vector with all keys, shape (V,)."""
        blocks = cosine_blocks(self.core(), vector[None].astype(np.float64), len(self), None, equal_rows=True)
        return np.concatenate([np.empty(0, np.float32), *(cosines[0] for _, cosines in blocks)])

    # --- comparisons

    def similarity(self, w1: Any, w2: Any) -> np.float32:
        """Return the cosine of two keys."""
        return self._mean_cosine([self.get_index(w1)], [self.get_index(w2)])

    def distance(self, w1: Any, w2: Any) -> np.float32:
        """Return the cosine distance of two keys: 1 minus their cosine."""
        return np.float32(1 - self.similarity(w1, w2))

    def n_similarity(self, ws1: Sequence[Any], ws2: Sequence[Any]) -> np.float32:
        """Return the cosine of the mean vectors of two lists of keys; 0 if one of the lists has no known key.

        Unknown keys are left out. Raises ZeroDivisionError if a list is empty.
        """
        for name, keys in (("ws1", ws1), ("ws2", ws2)):
            if isinstance(keys, str):
                raise ConfigError(name, "must be a list of keys", keys, "split the text into words first")
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("both lists of keys must be nonempty")
        rows = [[self.get_index(key) for key in keys if key in self] for keys in (ws1, ws2)]
        return self._mean_cosine(*rows) if all(rows) else np.float32(0)

    def _mean_cosine(self, rows: list[int], others: list[int]) -> np.float32:
        """Return the cosine of the mean vectors of two lists of rows; 0 if one of the means is 0."""
        means = [self.vectors[each].astype(np.float64).mean(0) for each in (rows, others)]
        lengths = [float(np.linalg.norm(mean)) or 1.0 for mean in means]
        return np.float32(np.dot(means[0] / lengths[0], means[1] / lengths[1]))

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> float:
        """Raise NotImplementedError, as in gensim, where only Doc2Vec has this method."""
        raise NotImplementedError("similarity_unseen_docs is a method of Doc2Vec: use n_similarity(words1, words2)")

    def distances(self, word_or_vector: Any, other_words: Iterable[Any] = ()) -> NDArray[np.float32]:
        """Return 1 - cosine for a key or vector and each of ``other_words``, or each key if there are none."""
        is_vector = isinstance(word_or_vector, np.ndarray | list | tuple)
        vector = np.asarray(word_or_vector) if is_vector else self.get_vector(word_or_vector)
        rows = [self.get_index(key) for key in other_words]
        if not rows:
            return 1 - self._cosines(vector)
        wide = vector.astype(np.float64)
        unit = wide / (float(np.linalg.norm(wide)) or 1.0)
        found: NDArray[np.float32] = 1 - self.core().cosines(np.array([rows]), unit[None])[0]
        return found

    @staticmethod
    def cosine_similarities(vector_1: NDArray[Any], vectors_all: NDArray[Any]) -> NDArray[Any]:
        """Return the cosine of a vector, shape (N,), with each row of a matrix, shape (n, N). Result: shape (n,)."""
        lengths = np.linalg.norm(vectors_all, axis=1) * np.linalg.norm(vector_1)
        products: NDArray[Any] = vectors_all @ vector_1
        found: NDArray[Any] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        return found

    def closer_than(self, key1: Any, key2: Any) -> list[Any]:
        """Return the keys that are nearer to ``key1`` than ``key2`` is."""
        distances, own = self.distances(key1), self.get_index(key1)
        closer = np.flatnonzero(distances < distances[self.get_index(key2)])
        return [self.index_to_key[row] for row in closer.tolist() if row != own]

    def words_closer_than(self, word1: Any, word2: Any) -> list[Any]:
        """Old name of :meth:`closer_than`."""
        return self.closer_than(word1, word2)

    def rank(self, key1: Any, key2: Any) -> int:
        """Return the rank of ``key2`` among the neighbours of ``key1``; the nearest neighbour has rank 1."""
        return len(self.closer_than(key1, key2)) + 1

    def most_similar_to_given(self, key1: Any, keys_list: Sequence[Any]) -> Any:
        """Return the key of ``keys_list`` that is most similar to ``key1``."""
        if not len(keys_list):
            raise ConfigError("keys_list", "must hold a key", keys_list)
        return keys_list[int(np.argmax([self.similarity(key1, key) for key in keys_list]))]

    def relative_cosine_similarity(self, wa: Any, wb: Any, topn: int = 10) -> float:
        """Return the cosine of two keys, divided by the sum of the cosines of ``wa`` with its ``topn`` neighbours."""
        if _count(topn) is None or topn < 1:
            raise ConfigError("topn", "must be a whole number from 1 up", topn)
        return float(self.similarity(wa, wb)) / math.fsum(score for _, score in self.similar_by_word(wa, topn))

    def rank_by_centrality(self, words: Sequence[Any], use_norm: bool = True) -> list[tuple[np.float32, Any]]:
        """Return (similarity, key) for each known key, sorted by decreasing similarity.

        The similarity is the dot product with the mean vector of all known keys, which is scaled to length 1. With
        ``use_norm``, the vectors of keys are scaled to length 1 first, so that the similarity is a cosine.
        """
        known = [word for word in words if word in self]
        if not known:
            raise ConfigError("words", "must hold at least one known key", list(words))
        rows = np.vstack([self.get_vector(word, norm=use_norm) for word in known]).astype(np.float64)
        mean = rows.mean(0)
        mean /= float(np.linalg.norm(mean)) or 1.0
        return sorted(zip((rows @ mean).astype(np.float32), known, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Any]) -> Any:
        """Return the known key that has the lowest cosine to the mean of the known keys."""
        return self.rank_by_centrality(words)[-1][1]

    def wmdistance(self, document1: Sequence[str], document2: Sequence[str], norm: bool = True) -> float:
        """Return the Word Mover's Distance of two lists of words (extra ``transport``). Unknown words are left out."""
        return wmdistance(self.core(), document1, document2, norm=norm, ignore_missing=True)


def _count(topn: Any) -> int | None:
    """Check ``topn``, and return it as int; None stays None."""
    return None if topn is None else integer("topn", topn, "must be a whole number or None")


def _query_parts(queries: Any) -> list[tuple[Any, float | None]]:
    """Return (key or vector, weight) for each part of a query. The weight is None if none was passed."""
    if isinstance(queries, tuple) and len(queries) == 2 and isinstance(queries[1], float):
        queries = [queries]
    parts: list[tuple[Any, float | None]] = []
    for query in key_list(queries):
        weighted = isinstance(query, tuple | list) and len(query) == 2
        weighted = weighted and (isinstance(query, tuple) or isinstance(query[0], str | np.ndarray))
        key, weight = query if weighted else (query, None)
        weight = None if weight is None else number("the weight of a key", weight)
        parts.append((np.asarray(key) if isinstance(key, list | np.ndarray) else key, weight))
    return parts
