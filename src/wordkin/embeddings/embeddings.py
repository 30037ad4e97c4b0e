"""What people query: a vocabulary and one vector for each of its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wordkin.errors import ConfigError, FormatError
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.vocabulary import PackedWords

if TYPE_CHECKING:
    import gensim.models
    import pandas
    import pyarrow

    from wordkin.queries.approximate import NeighbourIndex, Progress
    from wordkin.queries.neighbours import Neighbours, Query

_NORM_BLOCK = 16384
_LARGEST_NORM = 1e37  # below it, no dot product with a unit vector leaves the range of float32
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e30  # between them float32 sums of squares are exact enough


class Embeddings:
    """V words, one vector of N numbers each, read-only: no method changes what another returns.

    Parameters
    ----------
    vocabulary : the V words.
    matrix : shape (V, N), float32 or float16; made read-only, copied only where it is not contiguous.
    metadata : what is known of the vectors (training options, say), text only.
    path : the file they came from, if any; what is built for them is saved beside it.

    Raises
    ------
    ConfigError : the matrix does not fit the vocabulary or is of another type.

    >>> vectors = Embeddings(Vocabulary(["cat", "dog", "car"]), np.float32([[1, 0], [0.8, 0.6], [0, 1]]))
    >>> vectors.most_similar("cat", topn=1)
    [('dog', 0.800000011920929)]
    >>> len(vectors), vectors.vector_size, "car" in vectors, vectors["dog"].tolist()[0] > 0.5
    (3, 2, True, True)
    """

    __slots__ = ("_matrix", "_metadata", "_norms", "_path", "_vocabulary")

    def __init__(
        self,
        vocabulary: Vocabulary,
        matrix: NDArray[Any],
        metadata: Mapping[str, str] | None = None,
        *,
        path: Path | None = None,
    ) -> None:
        if matrix.dtype not in (np.float32, np.float16):
            raise ConfigError("matrix", "must be of float32 or float16", matrix.dtype.name)
        if matrix.ndim != 2 or len(matrix) != len(vocabulary) or matrix.shape[1] == 0:
            rule = f"must have {len(vocabulary):,} rows, one for each word, and at least one column"
            raise ConfigError("matrix", rule, matrix.shape)
        view = np.ascontiguousarray(matrix).view(np.ndarray)[:]
        view.flags.writeable = False
        self._vocabulary, self._matrix, self._path = vocabulary, view, path
        self._metadata = _checked_metadata(metadata)
        self._norms: NDArray[np.float32] | None = None

    # --- what it holds

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, their ids and counts."""
        return self._vocabulary

    @property
    def matrix(self) -> NDArray[Any]:
        """All vectors, shape (V, N), float32 or float16, read-only; row i belongs to word i."""
        return self._matrix

    @property
    def metadata(self) -> Mapping[str, str]:
        """What is known of the vectors, read-only."""
        return MappingProxyType(self._metadata)

    @property
    def path(self) -> Path | None:
        """The file the vectors were loaded from."""
        return self._path

    @property
    def words(self) -> PackedWords:
        """The words in the order of their ids: a sequence of str."""
        return self._vocabulary.words

    @property
    def vector_size(self) -> int:
        """Length of a vector, N."""
        return int(self._matrix.shape[1])

    @property
    def norms(self) -> NDArray[np.float32]:
        """Length of every vector, shape (V,), read-only; worked out at first use.

        Raises :class:`FormatError` where a vector holds a value that is not a finite number.
        """
        if self._norms is None:
            blocks = range(0, len(self), _NORM_BLOCK)
            parts = [_norms(self._matrix[start : start + _NORM_BLOCK]) for start in blocks]
            norms = np.concatenate(parts) if parts else np.empty(0, np.float32)
            self._refuse_unusable(norms, np.arange(len(norms)))
            norms.flags.writeable = False
            self._norms = norms
        return self._norms

    def unit_vectors(self, ids: ArrayLike) -> NDArray[np.float32]:
        """The vectors of these word ids, each divided by its length, shape (n, N); zeros stay zeros.

        Raises :class:`FormatError` where one holds a value that is not a finite number.
        """
        rows, divisors = self._rows_and_divisors(np.asarray(ids, dtype=np.int64))
        rows /= divisors[:, None]
        return rows.astype(np.float32)

    def cosines(self, ids: NDArray[np.int64], units: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of the words ``ids`` (b, n) with vectors of length 1, ``units`` (b, N); 0 for a vector of zeros.

        Raises as :meth:`unit_vectors`.
        """
        rows, divisors = self._rows_and_divisors(ids)
        products = (rows @ units[:, :, None].astype(np.float64))[:, :, 0]
        return (products / divisors).astype(np.float32)

    def _rows_and_divisors(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The vectors of word ids of any shape, and what makes their length 1: the length, or 1 for zeros."""
        rows = self._matrix[ids].astype(np.float64)
        norms = np.sqrt(np.einsum("...j,...j->...", rows, rows))
        self._refuse_unusable(norms.ravel(), ids.ravel())
        return rows, np.where(norms > 0, norms, 1.0)

    def _refuse_unusable(self, norms: NDArray[np.floating], ids: NDArray[np.int64]) -> None:
        unusable = np.flatnonzero(~(norms <= _LARGEST_NORM))
        if len(unusable):
            word = self.words[int(ids[unusable[0]])]
            raise FormatError(
                f"the vector of {word!r} holds a value that is too large or not a finite number "
                f"({len(unusable):,} such vectors): the file is damaged or its training diverged"
            )

    def __len__(self) -> int:
        return len(self._vocabulary)

    def __contains__(self, word: object) -> bool:
        return word in self._vocabulary

    def __iter__(self) -> Iterator[str]:
        return iter(self._vocabulary)

    @overload
    def __getitem__(self, words: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, words: Iterable[str]) -> NDArray[Any]: ...
    def __getitem__(self, words: str | Iterable[str]) -> NDArray[Any]:
        """The vector of a word, shape (N,), read-only; or those of several words, shape (n, N)."""
        if isinstance(words, str):
            row: NDArray[Any] = self._matrix[self._vocabulary.id_of(words)]
            return row
        rows: NDArray[Any] = self._matrix[self._vocabulary.ids_of(words)]
        return rows

    def vector(self, word: str, *, norm: bool = False) -> NDArray[Any]:
        """The vector of a word, shape (N,); with ``norm`` a float32 copy divided by its length."""
        return self.unit_vectors([self._vocabulary.id_of(word)])[0] if norm else self[word]

    def __copy__(self) -> Embeddings:
        """The vectors themselves: what cannot change need not be copied."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Embeddings:
        """The vectors themselves, so that scikit-learn's clones and searches share one matrix."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._vocabulary, self._matrix, self._metadata)  # read-only again after unpickling

    def __repr__(self) -> str:
        return f"Embeddings({len(self):,} words x {self.vector_size}, {self._matrix.dtype.name})"

    # --- files and other tools

    def save(self, path: str | Path, *, header: bool = True, whitespace: str = "refuse") -> None:
        """Write a file in the format of its suffix; see :func:`wordkin.embeddings.save_embeddings`."""
        from wordkin.embeddings.formats import save_embeddings

        save_embeddings(self, path, header=header, whitespace=whitespace)

    def to_gensim(self) -> gensim.models.KeyedVectors:
        """A gensim KeyedVectors with the same words, vectors (copied) and counts (extra ``gensim``)."""
        from wordkin.embeddings.exports import to_gensim

        return to_gensim(self)

    @classmethod
    def from_gensim(cls, vectors: Any) -> Embeddings:
        """From a gensim KeyedVectors, or a model that has one as ``wv``; the vectors are copied."""
        from wordkin.embeddings.exports import from_gensim

        return from_gensim(vectors)

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with the words as index and N columns (extra ``arrow``)."""
        from wordkin.embeddings.exports import to_pandas

        return to_pandas(self)

    def to_arrow(self) -> pyarrow.Table:
        """A table with columns word, count (where known) and vector, nothing copied (extra ``arrow``)."""
        from wordkin.embeddings.exports import to_arrow

        return to_arrow(self)

    def to_parquet(self, path: str | Path) -> None:
        """A Parquet file with columns word, count, vector, x and y, for tables and maps (extra ``arrow``)."""
        from wordkin.embeddings.exports import to_parquet

        to_parquet(self, path)

    def to_projector(self, prefix: str | Path) -> tuple[Path, Path]:
        """The two files TensorBoard's projector loads; see :func:`wordkin.embeddings.exports.to_projector`."""
        from wordkin.embeddings.exports import to_projector

        return to_projector(self, prefix)

    # --- smaller vectors

    def astype(self, dtype: DTypeLike) -> Embeddings:
        """The same words with vectors of float32 or float16; ConfigError where a value does not fit."""
        from wordkin.embeddings.reduction import astype

        return astype(self, dtype)

    def reduce_dimensions(self, dimensions: int) -> Embeddings:
        """The same words with shorter vectors; see :func:`wordkin.embeddings.reduction.reduce_dimensions`."""
        from wordkin.embeddings.reduction import reduce_dimensions

        return reduce_dimensions(self, dimensions)

    def first(self, count: int) -> Embeddings:
        """Only the first ``count`` words, in trained vectors the most frequent ones; nothing is copied."""
        if count >= len(self):
            return self
        return Embeddings(self._vocabulary.first(count), self._matrix[:count], self._metadata, path=self._path)

    # --- questions; the answers are worked out in wordkin.queries, loaded when first asked

    def most_similar(
        self,
        positive: Query | Sequence[Query] = (),
        negative: Query | Sequence[Query] = (),
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """Words nearest by cosine to the mean of the positive minus the negative ones.

        Parameters
        ----------
        positive, negative : words, (word, weight) pairs or vectors of shape (N,), one or several. Words
            count with their unit vector, vectors as they are.
        topn : how many neighbours; the query's own words are never among them.
        restrict_vocab : search only this many first words.
        threads : most threads to use; all usable cores unless set.

        Raises :class:`UnknownWordError` and, where the query adds up to nothing, :class:`ConfigError`.
        """
        from wordkin.queries.neighbours import most_similar

        return most_similar(self, positive, negative, topn=topn, restrict_vocab=restrict_vocab, threads=threads)

    def most_similar_batch(
        self,
        queries: Iterable[Query],
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> list[Neighbours]:
        """The neighbours of each of many words or vectors, found together: one pass over the matrix."""
        from wordkin.queries.neighbours import most_similar_batch

        return most_similar_batch(self, queries, topn=topn, restrict_vocab=restrict_vocab, threads=threads)

    def most_similar_cosmul(
        self,
        positive: Query | Sequence[Query] = (),
        negative: Query | Sequence[Query] = (),
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """As :meth:`most_similar`, with similarities multiplied, not added: 3CosMul (Levy and Goldberg 2014)."""
        from wordkin.queries.neighbours import most_similar_cosmul

        return most_similar_cosmul(self, positive, negative, topn=topn, restrict_vocab=restrict_vocab, threads=threads)

    def similar_by_vector(
        self,
        vector: ArrayLike,
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """Words nearest by cosine to a vector of shape (N,); no word is left out."""
        from wordkin.queries.neighbours import most_similar

        return most_similar(self, np.asarray(vector), topn=topn, restrict_vocab=restrict_vocab, threads=threads)

    def analogy(
        self,
        a: str,
        b: str,
        c: str,
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """What is to c as b is to a: the words nearest to b - a + c, unit vectors throughout."""
        return self.most_similar([b, c], [a], topn, restrict_vocab=restrict_vocab, threads=threads)

    def similarities(self, query: Query, words: Iterable[str] | None = None) -> NDArray[np.float32]:
        """Cosine of a word or vector with all words, shape (V,), or with some, in their order."""
        from wordkin.queries.comparisons import similarities

        return similarities(self, query, words)

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words, -1 to 1; 0 where one has a vector of zeros. Reads no other vectors."""
        from wordkin.queries.comparisons import similarity

        return similarity(self, first, second)

    def distance(self, first: str, second: str) -> float:
        """Cosine distance of two words: 1 - similarity."""
        return 1 - self.similarity(first, second)

    def n_similarity(self, first: Iterable[str], second: Iterable[str]) -> float:
        """Cosine of the mean vectors of two sets of words."""
        from wordkin.queries.comparisons import n_similarity

        return n_similarity(self, first, second)

    def doesnt_match(self, words: Iterable[str]) -> str:
        """The word least like the others: farthest from the mean of all unit vectors."""
        from wordkin.queries.comparisons import doesnt_match

        return doesnt_match(self, words)

    def closer_than(self, word: str, other: str) -> list[str]:
        """All words nearer to ``word`` than ``other`` is, in the order of their ids."""
        from wordkin.queries.comparisons import closer_than

        return closer_than(self, word, other)

    def rank(self, word: str, other: str) -> int:
        """The place of ``other`` among the neighbours of ``word``, from 1 for the nearest."""
        return len(self.closer_than(word, other)) + 1

    def mean_vector(
        self,
        words: Iterable[str],
        weights: Sequence[float] | None = None,
        *,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = False,
    ) -> NDArray[np.float32]:
        """Weighted mean of word vectors, shape (N,); see :func:`wordkin.queries.comparisons.mean_vector`."""
        from wordkin.queries.comparisons import mean_vector

        return mean_vector(
            self,
            words,
            weights,
            pre_normalize=pre_normalize,
            post_normalize=post_normalize,
            ignore_missing=ignore_missing,
        )

    def vectors_for_all(self, words: Iterable[str], *, ignore_missing: bool = False) -> Embeddings:
        """New Embeddings of just these words, in their order, each once; the vectors are copied."""
        distinct = list(dict.fromkeys(words))
        ids = self._vocabulary.find_ids(distinct) if ignore_missing else self._vocabulary.ids_of(distinct)
        ids = ids[ids >= 0]
        counts = None if self._vocabulary.counts is None else self._vocabulary.counts[ids]
        kept = [self.words[word_id] for word_id in ids.tolist()]
        return Embeddings(Vocabulary(kept, counts), self._matrix[ids], self._metadata)

    def wmdistance(
        self, first: Iterable[str], second: Iterable[str], *, norm: bool = True, ignore_missing: bool = False
    ) -> float:
        """Word Mover's Distance of two documents; see :func:`wordkin.queries.transport.wmdistance`."""
        from wordkin.queries.transport import wmdistance

        return wmdistance(self, first, second, norm=norm, ignore_missing=ignore_missing)

    # --- neighbours at scale

    def build_index(
        self,
        path: str | Path | None = None,
        *,
        connectivity: int = 24,
        expansion_add: int = 96,
        expansion_search: int = 96,
        dtype: str = "i8",
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> NeighbourIndex:
        """An index for approximate neighbours; see :func:`wordkin.queries.approximate.build_index`."""
        from wordkin.queries.approximate import build_index

        return build_index(
            self,
            path,
            connectivity=connectivity,
            expansion_add=expansion_add,
            expansion_search=expansion_search,
            dtype=dtype,
            threads=threads,
            progress=progress,
        )

    def open_index(self, path: str | Path | None = None) -> NeighbourIndex:
        """The index saved beside the vectors, memory-mapped; see :func:`wordkin.queries.approximate.open_index`."""
        from wordkin.queries.approximate import open_index

        return open_index(self, path)


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    copied = {} if metadata is None else dict(metadata)
    for key, value in copied.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigError("metadata", "must map names to text", {key: value})
    return copied


def _norms(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Length of each row, shape (n,); infinite or NaN where the row is not finite or beyond float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = rows.astype(np.float32, copy=False)
        squares = np.einsum("ij,ij->i", values, values)
        # Very long and very short vectors leave the range of float32 when squared.
        extreme = np.flatnonzero(~((squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)))
        norms: NDArray[np.float32] = np.sqrt(squares)
        if len(extreme):
            exact = values[extreme].astype(np.float64)
            norms[extreme] = np.sqrt(np.einsum("ij,ij->i", exact, exact)).astype(np.float32)
    return norms
