"""Exact nearest-neighbour search: cosines are computed block by block, and only the highest are kept."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, FROM_1_OR_NONE, check
from wordkin.cores import usable_cores
from wordkin.vectors import WordVectors, unit_rows

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_BLOCK_SCORES = 1 << 22  # cosines computed at a time: 16 MB, which stay in the cache until the best are selected
_BLOCK_QUERIES = 1024
_PART_NUMBERS = 1 << 20  # matrix elements that a thread processes (and converts from float16) at a time
_THREAD_NUMBERS = 1 << 23  # matrix elements per thread: smaller matrices use fewer threads
_GROUP = 64
_TIE = np.float32(1e-6)  # matrix products give equal vectors cosines that differ by less than this
_EXTREME_ROWS = 1 << 14


def nearest(
    vectors: WordVectors,
    queries: NDArray[np.floating],
    topn: int,
    *,
    restrict_vocab: int | None = None,
    threads: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the words with the highest cosine to each query.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to search.
    queries : array, shape (b, N)
        The query vectors, not necessarily of unit length. A query of zeros has cosine 0 with every word.
    topn : int
        Number of words for each query, at least 1.
    restrict_vocab : int or None, default None
        Search only the first ``restrict_vocab`` words; None for all.
    threads : int or None, default None
        Maximum number of threads; None for all available cores.

    Returns
    -------
    ids, cosines : array of int64 and of float32, shape (b, min(topn, words searched))
        The word ids found for each query and their cosines, by decreasing cosine. Words with equal cosines are ordered
        by id.
    """
    check("topn", FROM_1, topn)
    searched = searched_words(vectors, restrict_vocab)
    count = min(topn, searched)
    results = []
    for start in range(0, max(len(queries), 1), _BLOCK_QUERIES):
        units = unit_rows(queries[start : start + _BLOCK_QUERIES]).astype(np.float32)
        best = _best(vectors, units, min(count + 1, searched), searched, threads)
        _order_ties(best, vectors, units, count, searched, threads)
        results.append((best.ids[:, :count], best.scores[:, :count]))
    return np.concatenate([ids for ids, _ in results]), np.concatenate([scores for _, scores in results])


def _best(
    vectors: WordVectors,
    units: NDArray[np.float32],
    count: int,
    searched: int,
    threads: int | None,
    *,
    equal_rows: bool = False,
) -> BestScores:
    best = BestScores(len(units), count)
    for first, cosines in cosine_blocks(vectors, units, searched, threads, equal_rows=equal_rows):
        best.offer(cosines, first)
    return best


def _order_ties(
    best: BestScores,
    vectors: WordVectors,
    units: NDArray[np.float32],
    count: int,
    searched: int,
    threads: int | None,
) -> None:
    """Order words with equal vectors by id in the first ``count`` columns of ``best``.

    Equal vectors should have equal cosines, but a matrix product may sum the terms of equal rows in different orders.
    Cosines that are nearly equal are therefore computed again one by one. If the last word found may be tied with a
    word that was not found, the query is searched again with one dot product per row. This gives equal rows equal
    results, but takes longer.
    """
    near = best.scores[:, :-1] - best.scores[:, 1:] <= _TIE
    if best.ids.shape[1] > count:
        for row in np.flatnonzero(near[:, -1]).tolist():
            again = _best(vectors, units[row : row + 1], best.ids.shape[1], searched, threads, equal_rows=True)
            best.ids[row], best.scores[row] = again.ids[0], again.scores[0]
            near[row] = False
    tied = np.zeros(best.ids.shape, dtype=bool)
    tied[:, :-1] |= near
    tied[:, 1:] |= near
    rows, columns = np.nonzero(tied)
    for start in range(0, len(rows), _EXTREME_ROWS):
        part = rows[start : start + _EXTREME_ROWS], columns[start : start + _EXTREME_ROWS]
        best.scores[part] = vectors.cosines(best.ids[part][:, None], units[part[0]])[:, 0]
    touched = np.unique(rows)
    if not len(touched):
        return
    order = np.lexsort((best.ids[touched], -best.scores[touched]), axis=1)
    best.ids[touched] = np.take_along_axis(best.ids[touched], order, axis=1)
    best.scores[touched] = np.take_along_axis(best.scores[touched], order, axis=1)


def cosine_blocks(
    vectors: WordVectors,
    queries: NDArray[np.floating],
    searched: int,
    threads: int | None,
    *,
    equal_rows: bool = False,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Compute the cosines of b queries with the first ``searched`` words, one block of words at a time.

    ``queries`` has shape (b, N). With ``equal_rows`` (only for b = 1), words with equal vectors have exactly the same
    cosine. Otherwise their cosines may differ by rounding errors.

    Yields
    ------
    first : int
        Id of the first word of the block.
    cosines : array of float32, shape (b, words of the block)
        The cosines.
    """
    check("threads", FROM_1_OR_NONE, threads)
    units = unit_rows(queries).astype(np.float32)
    for first, cosines in _ordinary_cosines(vectors, units, searched, threads, equal_rows):
        stop = first + cosines.shape[1]
        low, high = np.searchsorted(vectors.extreme_ids, (first, stop))
        for start in range(low, high, _EXTREME_ROWS):
            ids = vectors.extreme_ids[start : min(start + _EXTREME_ROWS, high)]
            for row, unit in enumerate(units):
                cosines[row, ids - first] = vectors.cosines(ids[None], unit[None])[0]
        yield first, cosines


def _ordinary_cosines(
    vectors: WordVectors, units: NDArray[np.float32], searched: int, threads: int | None, equal_rows: bool
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Compute cosines like :func:`cosine_blocks`, for queries of unit length.

    The cosine with a word whose vector is extremely long or short is wrong: it is 0 or not finite.
    """
    lengths = vectors.norms[:searched].copy()
    extreme = vectors.extreme_ids
    lengths[lengths == 0] = 1
    lengths[extreme[: np.searchsorted(extreme, searched)]] = np.inf
    inverse = np.reciprocal(lengths)
    matrix = vectors.matrix[:searched]
    if len(units) == 1 and (equal_rows or matrix.dtype != np.float32):
        products = _products(matrix, units[0], threads)
        with np.errstate(invalid="ignore"):
            products *= inverse
        yield 0, products[None]
        return
    run = max(_GROUP, _BLOCK_SCORES // max(len(units), 1))
    if matrix.dtype != np.float32:
        run = min(run, max(_GROUP, _PART_NUMBERS // vectors.vector_size))
    with blas_threads(threads):
        for first in range(0, searched, run):
            rows = matrix[first : first + run].astype(np.float32, copy=False)
            factors = inverse[first : first + run]
            with np.errstate(over="ignore", invalid="ignore"):  # vectors of extreme lengths
                if len(units) > vectors.vector_size:
                    cosines = units @ (rows * factors[:, None]).T
                else:
                    cosines = (units @ rows.T) * factors
            yield first, cosines


def _products(matrix: NDArray[Any], unit: NDArray[np.float32], threads: int | None) -> NDArray[np.float32]:
    """Return the dot product of each row of a matrix with one vector, shape (V,). Equal rows give equal results.

    Each thread converts and multiplies parts of the matrix. A matrix that fits into the cache is processed by one
    thread, because starting more would take longer.
    """
    products = np.empty(len(matrix), dtype=np.float32)
    rows = max(1, _PART_NUMBERS // matrix.shape[1])

    def fill(first: int) -> None:
        part = matrix[first : first + rows].astype(np.float32, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):  # for vectors of extreme lengths; threads do not inherit it
            np.vecdot(part, unit, out=products[first : first + rows])

    starts = range(0, len(matrix), rows)
    workers = min(usable_cores() if threads is None else threads, -(-matrix.size // _THREAD_NUMBERS))
    if workers <= 1:
        for first in starts:
            fill(first)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(fill, starts))
    return products


class BestScores:
    """Keeps the ``count`` highest scores for each of ``queries`` queries.

    Attributes
    ----------
    ids, scores : array of int64 and of float32, shape (queries, count)
        The best ids of each query and their scores, by decreasing score. Ids with equal scores are in ascending order.
        Unused slots hold the id -1 and the score -inf.
    """

    def __init__(self, queries: int, count: int) -> None:
        self.ids = np.full((queries, count), -1, dtype=np.int64)
        self.scores = np.full((queries, count), -np.inf, dtype=np.float32)

    def offer(self, scores: NDArray[np.float32], first_id: int) -> None:
        """Take the scores of m consecutive ids into account. The first of these ids is ``first_id``.

        ``scores`` has shape (queries, m). The ids must be higher than those of earlier calls.

        Most of the time goes into reading each score once. Therefore only the maxima of groups of scores are computed
        first. At least ``count`` scores are as high as the count-th highest maximum. Only groups whose maximum is at
        least that high can contain one of the best scores, and only these are examined.
        """
        queries, count = self.ids.shape
        size = scores.shape[1]
        if not self.ids.size or not size:
            return
        width = max(1, min(_GROUP, size // (4 * count)))
        groups = size // width
        grouped = scores[:, : groups * width].reshape(queries, width, groups)
        maxima = grouped.max(axis=1)
        # A score equal to the lowest kept so far is not better, because its id is higher.
        bound = np.nextafter(self.scores[:, -1], np.float32(np.inf))
        if groups >= count:
            bound = np.maximum(bound, np.partition(maxima, groups - count, axis=1)[:, groups - count])
        in_row, in_group = np.nonzero(maxima >= bound[:, None])
        members = grouped[in_row, :, in_group]
        hit, member = np.nonzero(members >= bound[in_row, None])
        tail_row, tail_column = np.nonzero(scores[:, groups * width :] >= bound[:, None])
        rows = np.concatenate((in_row[hit], tail_row))
        columns = np.concatenate((member * groups + in_group[hit], groups * width + tail_column))
        if len(rows):
            self._merge(rows, columns + first_id, scores[rows, columns])

    def _merge(self, rows: NDArray[np.int64], ids: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Take single candidates into account: ``ids[i]`` with ``scores[i]`` is a candidate of query ``rows[i]``."""
        count = self.ids.shape[1]
        touched, slots = np.unique(rows, return_inverse=True)
        all_slots = np.concatenate((np.repeat(np.arange(len(touched)), count), slots))
        all_ids = np.concatenate((self.ids[touched].ravel(), ids))
        all_scores = np.concatenate((self.scores[touched].ravel(), scores))
        order = np.lexsort((all_ids, -all_scores, all_slots))
        starts = np.searchsorted(all_slots[order], np.arange(len(touched)))
        chosen = order[starts[:, None] + np.arange(count)]
        self.ids[touched], self.scores[touched] = all_ids[chosen], all_scores[chosen]


def searched_words(vectors: WordVectors, restrict_vocab: int | None) -> int:
    """Return the number of words to search: all, or at most ``restrict_vocab``."""
    check("restrict_vocab", FROM_1_OR_NONE, restrict_vocab)
    return len(vectors) if restrict_vocab is None else min(restrict_vocab, len(vectors))


@contextlib.contextmanager
def blas_threads(threads: int | None) -> Iterator[None]:
    """Limit the number of BLAS threads of the whole process inside the block; None changes nothing."""
    if threads is None:
        yield
        return
    with _threadpools().limit(limits=int(threads), user_api="blas"):
        yield


@functools.cache
def _threadpools() -> ThreadpoolController:
    """Find the loaded BLAS libraries. The result is cached, because this takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
