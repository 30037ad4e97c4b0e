"""Approximate nearest-neighbour search with a memory-mapped graph index of usearch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.config import FROM_1, Choice, check
from wordkin.cores import usable_cores
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError, MissingExtraError, OutputError
from wordkin.queries import exact
from wordkin.queries.index_file import USEARCH_MAJOR, check_index_file, seal
from wordkin.queries.neighbours import Neighbours, Query, as_vector, batch_terms, named, query_terms, sum_of_terms
from wordkin.storage.files import check_writable, replacing_path
from wordkin.vectors import WordVectors, unit_rows

if TYPE_CHECKING:
    from usearch.index import Index

SUFFIX = ".usearch"
DTYPES = ("f32", "f16", "bf16", "i8")
Progress = Callable[[int, int], object]
"""Called with the number of words in the index so far and their final number."""

_ADD_ROWS = 16384
_SAMPLES = 16
_SAMPLE_TOLERANCE = 0.03  # above the rounding errors of i8, far below the differences of unrelated vectors


class NeighbourIndex:
    """A hierarchical navigable small-world graph (Malkov and Yashunin 2018) for nearest neighbours by cosine.

    A search may miss some of the true neighbours. The cosines of the neighbours found are exact, because they are
    computed from the vectors themselves. :func:`build_index` and :func:`open_index` make an index.

    Attributes
    ----------
    vectors : WordVectors
        The indexed vectors.
    path : Path or None
        The file of the index; None if it was not saved.
    """

    def __init__(self, vectors: WordVectors, index: Index, path: Path | None) -> None:
        self.vectors, self.path, self._index = vectors, path, index

    def __len__(self) -> int:
        """Return the number of words in the index. Words whose vector is zero are not in it."""
        return len(self._index)

    def __repr__(self) -> str:
        return f"NeighbourIndex({len(self):,} words{'' if self.path is None else f', {str(self.path)!r}'})"

    @property
    def expansion_search(self) -> int:
        """Number of candidates that a search examines for each query. It can be set.

        With a larger number, fewer neighbours are missed, but a search takes longer.
        """
        return int(self._index.expansion_search)

    @expansion_search.setter
    def expansion_search(self, candidates: int) -> None:
        check("expansion_search", FROM_1, candidates)
        self._index.expansion_search = candidates  # type: ignore[misc]  # mypy does not see the setter, which is defined separately

    def most_similar(
        self, positive: Query | Sequence[Query] = (), negative: Query | Sequence[Query] = (), topn: int = 10
    ) -> Neighbours:
        """Find the words nearest to a query approximately; see :meth:`wordkin.Embeddings.most_similar`."""
        terms = query_terms(self.vectors, positive, negative)
        own = {term.word_id for term in terms}
        ids, cosines = self.nearest(sum_of_terms(terms)[None], topn + len(own), threads=1)
        return named(self.vectors, ids[0], cosines[0], topn, own)

    def similar_by_vector(self, vector: ArrayLike, topn: int = 10) -> Neighbours:
        """Find the words nearest to a vector approximately; see :meth:`wordkin.Embeddings.similar_by_vector`."""
        return self.most_similar([as_vector(vector)], topn=topn)

    def most_similar_batch(
        self, queries: Iterable[Query], topn: int = 10, *, threads: int | None = None
    ) -> list[Neighbours]:
        """Find the words nearest to each query approximately; see :meth:`wordkin.Embeddings.most_similar_batch`."""
        terms = batch_terms(self.vectors, queries)
        if not terms:
            return []
        stacked = np.stack([sum_of_terms([term]) for term in terms])
        ids, cosines = self.nearest(stacked, topn + 1, threads=threads)
        rows = zip(terms, ids, cosines, strict=True)
        return [named(self.vectors, row_ids, row_cosines, topn, {term.word_id}) for term, row_ids, row_cosines in rows]

    def nearest(
        self, queries: NDArray[np.floating], topn: int, *, threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the nearest neighbours of query vectors approximately, which takes less time than an exact search.

        The final candidates of the graph search are ranked by exact cosines, so that the number type of the index does
        not affect the ranking. If the graph search finds too few words, because some words cannot be reached, all words
        are searched instead.

        Parameters
        ----------
        queries : array, shape (b, N)
            The query vectors.
        topn : int
            Number of neighbours for each query.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        ids, cosines : array of int64 and of float32, shape (b, min(topn, words))
            The neighbours of each query and their cosines, nearest first. b is the number of queries.
        """
        check("topn", FROM_1, topn)
        units = unit_rows(queries).astype(np.float32)
        count = min(max(topn, self._index.expansion_search), len(self))
        found: Any = self._index.search(units, count, threads=_thread_count(threads))
        if len(units) == 1:  # usearch returns only the words found for one query, but padded rows for several
            counts, keys = np.array([len(found.keys)]), np.resize(found.keys, (1, count))
        else:
            counts, keys = found.counts, found.keys
        ids = keys.astype(np.int64)
        if (counts < count).any():
            ids[counts < count] = self._exact_ids(units[counts < count], count)
        cosines = self.vectors.cosines(ids, units)
        order = np.lexsort((ids, -cosines), axis=1)[:, :topn]
        queries_column = np.arange(len(units))[:, None]
        return ids[queries_column, order], cosines[queries_column, order]

    def _exact_ids(self, units: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the ids of the nearest indexed words by exhaustive search, shape (b, count)."""
        ids, _ = exact.nearest(self.vectors, units, count + len(self.vectors) - len(self))
        held = np.any(self.vectors.unit_vectors(ids.ravel()) != 0, axis=1).reshape(ids.shape)
        return np.stack([row[row_held][:count] for row, row_held in zip(ids, held, strict=True)])

    def save(self, path: str | Path) -> None:
        """Write the index to a file atomically.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        path = Path(path)
        check_writable(path)
        with replacing_path(path) as temporary:
            try:
                self._index.save(temporary)
                seal(temporary)
            except RuntimeError as error:
                raise OutputError(f"cannot write {str(path)!r}: {error}") from error
        self.path = path


def build_index(
    vectors: WordVectors,
    path: str | Path | None = None,
    *,
    connectivity: int = 24,
    expansion_add: int = 96,
    expansion_search: int = 96,
    dtype: str = "i8",
    threads: int | None = None,
    progress: Progress | None = None,
) -> NeighbourIndex:
    """Build an index for approximate search; see :meth:`wordkin.Embeddings.build_index`."""
    for name, value in (
        ("connectivity", connectivity), ("expansion_add", expansion_add), ("expansion_search", expansion_search)
    ):  # fmt: skip
        check(name, FROM_1, value)
    check("dtype", Choice(DTYPES), dtype)
    target = _index_path(vectors, path)
    if target is not None:
        check_writable(target)
    index = _new_index(
        ndim=vectors.vector_size,
        dtype=dtype,
        connectivity=connectivity,
        expansion_add=expansion_add,
        expansion_search=expansion_search,
    )
    ids = np.flatnonzero(vectors.norms > 0)
    for start in range(0, len(ids), _ADD_ROWS):
        chosen = ids[start : start + _ADD_ROWS]
        index.add(chosen.astype(np.uint64), vectors.unit_vectors(chosen), threads=_thread_count(threads))
        if progress is not None:
            progress(start + len(chosen), len(ids))
    built = NeighbourIndex(vectors, index, None)
    if target is not None:
        built.save(target)
    return built


def open_index(vectors: WordVectors, path: str | Path | None = None, *, expansion_search: int = 96) -> NeighbourIndex:
    """Open a saved index; see :meth:`wordkin.Embeddings.open_index`.

    The file is read once to verify it, and is then memory-mapped.
    """
    check("expansion_search", FROM_1, expansion_search)
    target = _index_path(vectors, path)
    if target is None:
        raise ConfigError("path", "must be given for vectors that were not read from a file", path)
    if not target.is_file():
        raise CorpusNotFoundError(f"there is no index {str(target)!r}: build it with build_index()")
    rebuild = "build it again with build_index()"
    try:
        facts = check_index_file(target)
        index = _new_index(ndim=facts.vector_size, dtype=facts.dtype, expansion_search=expansion_search)
        index.view(target)
    except (FormatError, RuntimeError, ValueError) as error:
        raise FormatError(f"{str(target)!r} is not a valid index ({error}): {rebuild}") from error
    if facts.vector_size != vectors.vector_size or facts.largest_id >= len(vectors) or not _agrees(index, vectors):
        raise FormatError(f"{str(target)!r} was built for other vectors: {rebuild}")
    return NeighbourIndex(vectors, index, target)


def _agrees(index: Index, vectors: WordVectors) -> bool:
    """Return whether an index belongs to some vectors: for a few words, cosines computed from both must agree."""
    if not len(index):
        return True
    ids = np.linspace(0, len(vectors) - 1, _SAMPLES).astype(np.int64)
    units = vectors.unit_vectors(ids)
    matches: Any = index.search(units, min(_SAMPLES, len(index)), threads=1)
    found = np.arange(matches.keys.shape[1]) < matches.counts[:, None]  # some words may not be reachable
    cosines = vectors.cosines(np.where(found, matches.keys, 0).astype(np.int64), units)
    return bool(np.abs(1 - matches.distances - cosines).max(initial=0.0, where=found) < _SAMPLE_TOLERANCE)


def _index_path(vectors: WordVectors, path: str | Path | None) -> Path | None:
    if path is not None:
        return Path(path)
    return None if vectors.path is None else vectors.path.with_name(vectors.path.name + SUFFIX)


def _new_index(**options: Any) -> Index:
    """Create an empty index for cosines. This is the only function that imports usearch."""
    try:
        import usearch
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtraError("an index for approximate neighbours", "index") from error
    if usearch.__version__.split(".")[0] != str(USEARCH_MAJOR):  # other versions may use another file layout
        raise MissingExtraError(f"an index of usearch {USEARCH_MAJOR} ({usearch.__version__} is installed)", "index")
    return Index(metric="cos", enable_key_lookups=False, **options)


def _thread_count(threads: int | None) -> int:
    if threads is None:
        return usable_cores()
    check("threads", FROM_1, threads)
    return threads
