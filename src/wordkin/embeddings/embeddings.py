"""What people query: a vocabulary and one vector for each of its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wordkin.errors import ConfigError
from wordkin.queries import approximate, comparisons, neighbours, transport
from wordkin.queries.approximate import NeighbourIndex, Progress
from wordkin.queries.neighbours import Neighbours, Query
from wordkin.tables import html_table
from wordkin.vectors import WordVectors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.vocabulary import word_list

if TYPE_CHECKING:
    import gensim.models
    import pandas
    import pyarrow

    from wordkin.evaluation import Result
    from wordkin.evaluation.datasets import Dataset
    from wordkin.evaluation.evaluate import EvaluateOptions

_ROWS_SHOWN, _NUMBERS_SHOWN = 10, 6
Whitespace = Literal["refuse", "underscore"]


class Embeddings(WordVectors):
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

    __slots__ = ("_metadata",)

    def __init__(
        self,
        vocabulary: Vocabulary,
        matrix: NDArray[Any],
        metadata: Mapping[str, str] | None = None,
        *,
        path: Path | None = None,
    ) -> None:
        super().__init__(vocabulary, matrix, path=path)
        self._metadata = _checked_metadata(metadata)

    @property
    def metadata(self) -> Mapping[str, str]:
        """What is known of the vectors, read-only."""
        return MappingProxyType(self._metadata)

    def __copy__(self) -> Embeddings:
        """The vectors themselves: what cannot change need not be copied."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Embeddings:
        """The vectors themselves, so that scikit-learn's clones and searches share one matrix."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._vocabulary, self._matrix, self._metadata)  # read-only again after unpickling

    def _repr_html_(self) -> str:
        """The size and the first words with the first numbers of their vectors, for notebooks."""
        shown = self._matrix[:_ROWS_SHOWN, :_NUMBERS_SHOWN].tolist()
        cut = self.vector_size > _NUMBERS_SHOWN
        columns = ["word", *map(str, range(min(self.vector_size, _NUMBERS_SHOWN))), *(["…"] if cut else [])]
        rows = [
            [word, *(f"{number:.3f}" for number in numbers), *(["…"] if cut else [])]
            for word, numbers in zip(self.words[:_ROWS_SHOWN], shown, strict=True)
        ]
        if len(self) > _ROWS_SHOWN:
            rows.append(["…"] * len(columns))
        return html_table(columns, rows, caption=repr(self), right=columns[1:])

    # --- files and other tools

    def save(self, path: str | Path, *, header: bool = True, whitespace: Whitespace = "refuse") -> None:
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
        """The two files TensorBoard's projector loads."""
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

    # --- queries: thin methods over wordkin.queries

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
        return neighbours.most_similar(
            self, positive, negative, topn=topn, restrict_vocab=restrict_vocab, threads=threads
        )

    def most_similar_batch(
        self,
        queries: Iterable[Query],
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> list[Neighbours]:
        """The neighbours of each of many words or vectors, found together: one pass over the matrix."""
        return neighbours.most_similar_batch(self, queries, topn=topn, restrict_vocab=restrict_vocab, threads=threads)

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
        return neighbours.most_similar_cosmul(
            self, positive, negative, topn=topn, restrict_vocab=restrict_vocab, threads=threads
        )

    def similar_by_vector(
        self,
        vector: ArrayLike,
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """Words nearest by cosine to a vector of shape (N,); no word is left out."""
        query = neighbours.as_vector(vector)
        return neighbours.most_similar(self, [query], topn=topn, restrict_vocab=restrict_vocab, threads=threads)

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
        return comparisons.similarities(self, query, words)

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words, -1 to 1; 0 where one has a vector of zeros. Reads no other vectors."""
        return comparisons.similarity(self, first, second)

    def distance(self, first: str, second: str) -> float:
        """Cosine distance of two words: 1 - similarity."""
        return 1 - self.similarity(first, second)

    def n_similarity(self, first: Iterable[str], second: Iterable[str]) -> float:
        """Cosine of the mean vectors of two sets of words."""
        return comparisons.n_similarity(self, first, second)

    def doesnt_match(self, words: Iterable[str]) -> str:
        """The word least like the others: farthest from the mean of all unit vectors."""
        return comparisons.doesnt_match(self, words)

    def closer_than(self, word: str, other: str) -> list[str]:
        """All words nearer to ``word`` than ``other`` is, in the order of their ids."""
        return comparisons.closer_than(self, word, other)

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
        return comparisons.mean_vector(
            self,
            words,
            weights,
            pre_normalize=pre_normalize,
            post_normalize=post_normalize,
            ignore_missing=ignore_missing,
        )

    def vectors_for_all(self, words: Iterable[str], *, ignore_missing: bool = False) -> Embeddings:
        """New Embeddings of just these words, in their order, each once; the vectors are copied."""
        distinct = list(dict.fromkeys(word_list("words", words)))
        ids = self._vocabulary.find_ids(distinct) if ignore_missing else self._vocabulary.ids_of(distinct)
        ids = ids[ids >= 0]
        counts = None if self._vocabulary.counts is None else self._vocabulary.counts[ids]
        kept = [self.words[word_id] for word_id in ids.tolist()]
        return Embeddings(Vocabulary(kept, counts), self._matrix[ids], self._metadata)

    def wmdistance(
        self, first: Iterable[str], second: Iterable[str], *, norm: bool = True, ignore_missing: bool = False
    ) -> float:
        """Word Mover's Distance of two documents; see :func:`wordkin.queries.transport.wmdistance`."""
        return transport.wmdistance(self, first, second, norm=norm, ignore_missing=ignore_missing)

    # --- scores

    def evaluate(
        self,
        benchmark: str | Path | Dataset | Iterable[Sequence[Any]],
        **options: Unpack[EvaluateOptions],
    ) -> Result:
        """Score the vectors on a benchmark.

        Parameters
        ----------
        benchmark : str, Path or iterable
            A file or a directory as of :func:`wordkin.evaluation.read_dataset`, or items: ``(word, word, score)`` or
            analogies ``(a, b, c, d)``.
        **options
            ``kind``, ``restrict_vocab``, ``case``, ``resamples`` and others, as of
            :func:`wordkin.evaluation.evaluate_file`.

        Returns
        -------
        AnalogyResult, SimilarityResult, CategoryResult or OddOneOutResult
            Shows as a table in a notebook; has ``to_pandas``, ``to_markdown``, ``to_latex`` and ``to_csv``.

        Raises
        ------
        ConfigError
            An option or an item is not legal.
        CorpusNotFoundError
            There is no such file.
        FormatError
            The file is malformed, or can be read in two ways.

        >>> vectors = Embeddings(Vocabulary(["a", "b", "c"]), np.float32([[1, 0], [1, 1], [0, 1]]))
        >>> vectors.evaluate([("a", "b", 9), ("a", "c", 1), ("b", "c", 8)]).known
        3
        """
        from wordkin.evaluation import evaluate_benchmark

        return evaluate_benchmark(self, benchmark, **options)

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
        return approximate.build_index(
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
        return approximate.open_index(self, path)


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    copied = {} if metadata is None else dict(metadata)
    for key, value in copied.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigError("metadata", "must map names to text", {key: value})
    return copied
