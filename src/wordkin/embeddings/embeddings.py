"""The class Embeddings: a vocabulary, and a vector for each of its words."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wordkin.errors import ConfigError
from wordkin.items import Item
from wordkin.options import Lowercase, Normalization
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
    import spacy.vectors
    import torch

    from wordkin.evaluation import Result
    from wordkin.evaluation.datasets import Dataset
    from wordkin.evaluation.evaluate import EvaluateOptions
    from wordkin.queries.agreement import Agreement

_ROWS_SHOWN, _NUMBERS_SHOWN = 10, 6
Whitespace = Literal["refuse", "underscore"]


class Embeddings(WordVectors):
    """An immutable vocabulary of V words with a vector of size N for each.

    The items of the vocabulary may be whole numbers instead of words. All methods then take and return int, although
    the annotations of return types say str.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words, or whole numbers.
    matrix : array of shape (V, N), float32 or float16
        The vectors; row i belongs to word i. The matrix is made read-only. It is copied only if it is not contiguous.
    metadata : mapping of str to str or None, default None
        Information about the vectors, such as the training options.
    path : str, Path or None, default None
        The file that the vectors were read from. :meth:`build_index` saves an index next to it.
    scales : array of float32, shape (V,), or None, default None
        The scale of each row if the vectors were rounded by ``astype("int8")``. A native file then stores them as int8.

    Raises
    ------
    ConfigError
        The shape of the matrix does not match the vocabulary, or its dtype is neither float32 nor float16.

    >>> vectors = Embeddings(Vocabulary(["cat", "dog", "car"]), np.float32([[1, 0], [0.8, 0.6], [0, 1]]))
    >>> vectors.most_similar("cat", topn=1)
    [('dog', 0.800000011920929)]
    >>> len(vectors), vectors.vector_size, "car" in vectors, vectors["dog"].tolist()[0] > 0.5
    (3, 2, True, True)
    """

    __slots__ = ("_metadata", "_scales")

    def __init__(
        self,
        vocabulary: Vocabulary,
        matrix: NDArray[Any],
        metadata: Mapping[str, str] | None = None,
        *,
        path: Path | None = None,
        scales: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__(vocabulary, matrix, path=path)
        self._metadata = _checked_metadata(metadata)
        self._scales = None if scales is None else _checked_scales(scales, self._matrix)

    @property
    def scales(self) -> NDArray[np.float32] | None:
        """If the vectors were rounded to int8, the scale of each row, shape (V,), read-only; otherwise None."""
        return self._scales

    @property
    def stored_dtype(self) -> str:
        """Number type of the vectors in a native file: "float32", "float16" or "int8".

        In memory, vectors that were rounded to int8 are float32.
        """
        return self._matrix.dtype.name if self._scales is None else "int8"

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if self._scales is None else f"{shown.removesuffix(')')} from int8)"

    @property
    def metadata(self) -> Mapping[str, str]:
        """Information about the vectors, such as the training options: a read-only mapping of str to str."""
        return MappingProxyType(self._metadata)

    def __copy__(self) -> Embeddings:
        """Return the object itself, because it is immutable."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Embeddings:
        """Return the object itself, so that clones made by scikit-learn share one matrix."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        made = functools.partial(type(self), scales=self._scales) if self._scales is not None else type(self)
        return made, (self._vocabulary, self._matrix, self._metadata)  # __init__ makes the matrix read-only again

    def _repr_html_(self) -> str:
        """Return an HTML table of the first words and vector components, for notebooks."""
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
        """Write the vectors to a file atomically. The suffix chooses the format.

        Parameters
        ----------
        path : str or Path
            The file. :func:`wordkin.embeddings.save_embeddings` lists the suffixes.
        header : bool, default True
            For text formats, whether to write the number and the size of the vectors to line 1. word2vec and fastText
            have this line; GloVe does not.
        whitespace : {"refuse", "underscore"}, default "refuse"
            What to do with white space in words if the format cannot store it: raise ConfigError, or replace it by
            underscores.

        Raises
        ------
        ConfigError
            The suffix or an option is not known, or the format cannot store a word.
        OutputError
            The file cannot be written. An existing file at ``path`` is unchanged.
        """
        from wordkin.embeddings.formats import save_embeddings

        save_embeddings(self, path, header=header, whitespace=whitespace)

    def to_gensim(self) -> gensim.models.KeyedVectors:
        """Copy words, vectors and counts to a gensim KeyedVectors (extra ``gensim``).

        Returns
        -------
        gensim.models.KeyedVectors
            An independent copy.

        Raises
        ------
        MissingExtraError
            gensim is not installed.
        """
        from wordkin.embeddings.exports import to_gensim

        return to_gensim(self)

    @classmethod
    def from_gensim(cls, vectors: Any) -> Embeddings:
        """Copy words, vectors and counts from gensim.

        Parameters
        ----------
        vectors : gensim.models.KeyedVectors, or a model with one as ``wv``
            The object to copy from. It is not changed.

        Returns
        -------
        Embeddings
            The same words in the same order. The vectors are float16 if those of gensim are float16, and otherwise
            float32.

        Raises
        ------
        ConfigError
            ``vectors`` is neither KeyedVectors nor a model with them.
        """
        from wordkin.embeddings.exports import from_gensim

        return from_gensim(vectors)

    def to_torch(self) -> torch.Tensor:
        """Copy the vectors to a tensor on the CPU (extra ``torch``).

        The tensor has memory of its own, unlike the result of ``torch.from_numpy(vectors.matrix)``, so it may be
        changed.

        Returns
        -------
        torch.Tensor
            A tensor of shape (V, N) with the number type of the vectors.
        """
        from wordkin.embeddings.exports import to_torch

        return to_torch(self)

    def to_torch_embedding(self, *, freeze: bool = True, extra_rows: int = 0) -> torch.nn.Embedding:
        """Copy the vectors to a PyTorch embedding layer (extra ``torch``).

        Parameters
        ----------
        freeze : bool, default True
            Whether the vectors stay as they are when the model with this layer is trained.
        extra_rows : int, default 0
            Number of rows of zeros to append, for padding and unknown words. Their ids begin with V.

        Returns
        -------
        torch.nn.Embedding
            Row i is the vector of word i.

        Raises
        ------
        ConfigError
            An option is not valid.
        MissingExtraError
            PyTorch is not installed.
        """
        from wordkin.embeddings.exports import to_torch_embedding

        return to_torch_embedding(self, freeze=freeze, extra_rows=extra_rows)

    def to_spacy(self) -> spacy.vectors.Vectors:
        """Copy words and vectors to spaCy (extra ``spacy``).

        Returns
        -------
        spacy.vectors.Vectors
            Words and float32 vectors, to be assigned to ``nlp.vocab.vectors``.
        """
        from wordkin.embeddings.exports import to_spacy

        return to_spacy(self)

    def to_static_model(
        self,
        directory: str | Path,
        *,
        tokenizer: str | None = None,
        lowercase: Lowercase | None = None,
        normalize: Normalization | None = None,
    ) -> None:
        """Write a static embedding model that sentence-transformers and model2vec can load.

        The embedding of a text is the mean of its word vectors. model2vec ignores unknown words. sentence-transformers
        counts an unknown word as a vector of zeros: the mean becomes shorter, but cosines do not change.

        Parameters
        ----------
        directory : str or Path
            The directory to write. It is created if missing; files of the same names in it are replaced.
        tokenizer : {"whitespace", "words"} or None, default None
            How to split a text into words. None uses the tokenizer of training, or "whitespace" if that is not known.
        lowercase : bool, "tr", "az" or None, default None
            Whether to convert words to lower case. "tr" or "az" converts them by the rules of Turkish or Azerbaijani.
            None uses the setting of training or, if that is not known, False.
        normalize : {"NFC", "NFKC", "NFD"} or None, default None
            Unicode normal form of words. None uses the setting of training or, if that is not known, no normalization.

        Raises
        ------
        ConfigError
            An option is not valid, or the tokenizer of training cannot be written to tokenizer.json.
        OutputError
            The files cannot be written.
        """
        from wordkin.embeddings.static_model import to_static_model

        to_static_model(self, directory, tokenizer=tokenizer, lowercase=lowercase, normalize=normalize)

    def to_pandas(self) -> pandas.DataFrame:
        """Make a data frame of the vectors (extra ``arrow``).

        Returns
        -------
        pandas.DataFrame
            One row for each word, with the word as index, and N columns numbered from 0.
        """
        from wordkin.embeddings.exports import to_pandas

        return to_pandas(self)

    def to_arrow(self) -> pyarrow.Table:
        """Make an Arrow table of the vectors without copying them (extra ``arrow``).

        Returns
        -------
        pyarrow.Table
            Columns ``word``, ``count`` (if the counts are known) and ``vector``.
        """
        from wordkin.embeddings.exports import to_arrow

        return to_arrow(self)

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file (extra ``arrow``).

        The columns are ``word``, ``count`` (if the counts are known), ``vector``, ``x`` and ``y``. For plotting, ``x``
        and ``y`` hold the first two principal components of the vectors.

        Parameters
        ----------
        path : str or Path
            The file to write.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        from wordkin.embeddings.exports import to_parquet

        to_parquet(self, path)

    def to_projector(self, prefix: str | Path) -> tuple[Path, Path]:
        """Write the two files that TensorBoard's embedding projector loads.

        Parameters
        ----------
        prefix : str or Path
            The files are named ``PREFIX_tensor.tsv`` and ``PREFIX_metadata.tsv``.

        Returns
        -------
        tuple of Path
            The file of vectors and the file of words.
        """
        from wordkin.embeddings.exports import to_projector

        return to_projector(self, prefix)

    def with_words(self, names: Mapping[Any, Item] | Callable[[Any], Item]) -> Embeddings:
        """Rename the words of the vocabulary, for example product numbers to titles.

        Parameters
        ----------
        names : mapping or function
            Maps each item of the vocabulary to its new name. For example, the function ``str`` turns whole numbers into
            words. The new names must be distinct, and be all str or all int.

        Returns
        -------
        Embeddings
            The same vectors with the new names.

        Raises
        ------
        ConfigError
            An item has no new name, a new name occurs twice, or a new name is neither str nor int.

        >>> numbered = Embeddings(Vocabulary([7, 42]), np.float32([[1, 0], [0, 1]]))
        >>> list(numbered.with_words(str).words), list(numbered.with_words({7: "tea", 42: "milk"}).words)
        (['7', '42'], ['tea', 'milk'])
        """
        from wordkin.embeddings.reduction import with_words

        return with_words(self, names)

    # --- smaller vectors

    def astype(self, dtype: DTypeLike) -> Embeddings:
        """Convert the vectors to another number type.

        Parameters
        ----------
        dtype : {"float32", "float16", "int8"}
            "float16" halves the size. It keeps about three significant digits, and cannot hold numbers above 65,504.
            "int8" rounds each number to k · s, where k is a whole number from -127 to 127 and s is the scale of the
            row. In memory, the rounded vectors are float32. A native file stores each k as int8, which is a quarter of
            the size of float32.

        Returns
        -------
        Embeddings
            Converted copies of the vectors.

        Raises
        ------
        ConfigError
            The type is not one of these, or a number is too large for it.
        FormatError
            For "int8", a value is not finite.
        """
        from wordkin.embeddings.reduction import astype

        return astype(self, dtype)

    def reduce_dimensions(self, dimensions: int) -> Embeddings:
        """Project the vectors to their first principal components, without centring.

        Parameters
        ----------
        dimensions : int
            Size of the new vectors, from 1 to N.

        Returns
        -------
        Embeddings
            New vectors of the same number type.

        Raises
        ------
        ConfigError
            ``dimensions`` is out of range.
        """
        from wordkin.embeddings.reduction import reduce_dimensions

        return reduce_dimensions(self, dimensions)

    def first(self, count: int) -> Embeddings:
        """Select the first words of the vocabulary. In trained vectors, they are the most frequent ones.

        Parameters
        ----------
        count : int
            Number of words, at least 1. If there are fewer, all are selected.

        Returns
        -------
        Embeddings
            A view of the same memory.
        """
        if count >= len(self):
            return self
        scales = None if self._scales is None else self._scales[:count]
        return Embeddings(
            self._vocabulary.first(count), self._matrix[:count], self._metadata, path=self._path, scales=scales
        )

    def agreement(self, smaller: Embeddings, *, topn: int = 10, sample: int = 1000) -> Agreement:
        """Measure how a reduced version of these vectors differs from them.

        Parameters
        ----------
        smaller : Embeddings
            Vectors with fewer bits, dimensions or words. All their words must be words of these vectors.
        topn : int, default 10
            Number of nearest neighbours of each word to compare.
        sample : int, default 1000
            Approximate number of words to measure, spread evenly over the vocabulary.

        Returns
        -------
        Agreement
            The fraction of nearest neighbours that are the same in both, and how much cosines differ.

        Raises
        ------
        ConfigError
            ``smaller`` has a word that these vectors lack, or there are too few words.
        """
        from wordkin.queries.agreement import neighbour_agreement

        return neighbour_agreement(self, smaller, topn=topn, sample=sample)

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
        """Find the words whose vectors have the highest cosine with a query.

        The query is the sum of the positive vectors minus the sum of the negative ones. Words of the query are left out
        of the result.

        Parameters
        ----------
        positive, negative : word, pair (word, weight) or array of shape (N,), one or several, default ()
            The vectors to add and to subtract. Vectors of words are normalized to unit length; arrays are not.
        topn : int, default 10
            Number of neighbours, at least 1.
        restrict_vocab : int or None, default None
            Search only the first ``restrict_vocab`` words; None for all.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        Neighbours
            A list of (word, cosine), nearest first. Notebooks show it as a table.

        Raises
        ------
        UnknownWordError
            A word of the query is not in the vocabulary.
        ConfigError
            The query vector is zero, or an option is not valid.
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
        """Find the nearest words for many queries in one pass over the matrix.

        Parameters
        ----------
        queries : iterable of word, pair (word, weight) or array of shape (N,)
            The queries. Each gets its own list of neighbours.
        topn : int, default 10
            Number of neighbours for each query, at least 1.
        restrict_vocab : int or None, default None
            Search only the first ``restrict_vocab`` words; None for all.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        list of Neighbours
            The result of :meth:`most_similar` for each query, in the same order.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
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
        """Find the nearest words by 3CosMul, which multiplies cosines instead of adding them (Levy and Goldberg 2014).

        Parameters
        ----------
        positive, negative : word, pair (word, weight) or array of shape (N,), one or several, default ()
            The words or vectors to be similar and dissimilar to.
        topn : int, default 10
            Number of neighbours, at least 1.
        restrict_vocab : int or None, default None
            Search only the first ``restrict_vocab`` words; None for all.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        Neighbours
            A list of (word, score), highest first. Scores are not cosines and may exceed 1.

        Raises
        ------
        UnknownWordError
            A word of the query is not in the vocabulary.
        """
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
        """Find the words whose vectors have the highest cosine with a vector.

        Parameters
        ----------
        vector : array of shape (N,)
            The query vector.
        topn : int, default 10
            Number of neighbours, at least 1.
        restrict_vocab : int or None, default None
            Search only the first ``restrict_vocab`` words; None for all.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        Neighbours
            A list of (word, cosine), nearest first. Notebooks show it as a table.

        Raises
        ------
        ConfigError
            The shape is wrong, or a number is not finite.
        """
        query = neighbours.as_vector(vector)
        return neighbours.most_similar(self, [query], topn=topn, restrict_vocab=restrict_vocab, threads=threads)

    def analogy(
        self,
        a: Item,
        b: Item,
        c: Item,
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
        threads: int | None = None,
    ) -> Neighbours:
        """Answer the question "a is to b as c is to which word?" with the words nearest to b - a + c (3CosAdd).

        Parameters
        ----------
        a, b, c : str
            The words of the question. Their vectors are normalized to unit length, and they are left out of the result.
        topn : int, default 10
            Number of answers, at least 1.
        restrict_vocab : int or None, default None
            Search only the first ``restrict_vocab`` words; None for all.
        threads : int or None, default None
            Maximum number of threads; None for all available cores.

        Returns
        -------
        Neighbours
            A list of (word, cosine), nearest first. Notebooks show it as a table.

        Raises
        ------
        UnknownWordError
            One of the three words is not in the vocabulary.
        """
        return self.most_similar([b, c], [a], topn, restrict_vocab=restrict_vocab, threads=threads)

    def similarities(self, query: Query, words: Iterable[Item] | None = None) -> NDArray[np.float32]:
        """Compute the cosine of a word or vector with each of several words.

        Parameters
        ----------
        query : word, pair (word, weight) or array of shape (N,)
            The word or vector to compare with.
        words : iterable of str or None, default None
            The words to compare; None for the whole vocabulary.

        Returns
        -------
        array of float32, shape (number of words,)
            The cosines, in the order of ``words`` or of the vocabulary.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.similarities(self, query, words)

    def similarity(self, first: Item, second: Item) -> float:
        """Compute the cosine of the vectors of two words.

        Parameters
        ----------
        first, second : str
            The words.

        Returns
        -------
        float
            The cosine, from -1 to 1. It is 0 if one of the vectors is zero.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.similarity(self, first, second)

    def distance(self, first: Item, second: Item) -> float:
        """Compute the cosine distance of two words: 1 minus their cosine.

        Parameters
        ----------
        first, second : str
            The words.

        Returns
        -------
        float
            The cosine distance, from 0 to 2.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return 1 - self.similarity(first, second)

    def n_similarity(self, first: Iterable[Item], second: Iterable[Item]) -> float:
        """Compute the cosine of the mean vectors of two groups of words.

        Parameters
        ----------
        first, second : iterable of str
            The groups, each with at least one word. Their vectors are not normalized before they are averaged.

        Returns
        -------
        float
            The cosine, from -1 to 1.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            A group is empty.
        """
        return comparisons.n_similarity(self, first, second)

    def doesnt_match(self, words: Iterable[Item]) -> str:
        """Find the odd one out: the word with the lowest cosine to the mean of the unit vectors of all words.

        Parameters
        ----------
        words : iterable of str
            The words to choose from.

        Returns
        -------
        str
            The odd word.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            There are no words.
        """
        return comparisons.doesnt_match(self, words)

    def closer_than(self, word: Item, other: Item) -> list[str]:
        """Find all words that are nearer to ``word`` than ``other`` is.

        Parameters
        ----------
        word : str
            The word to compare with.
        other : str
            The word whose cosine with ``word`` is the threshold.

        Returns
        -------
        list of str
            The words whose cosine with ``word`` is above the threshold, in the order of the vocabulary.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.closer_than(self, word, other)

    def rank(self, word: Item, other: Item) -> int:
        """Compute the rank of ``other`` among the nearest neighbours of ``word``.

        Parameters
        ----------
        word : str
            The word whose neighbours are ranked.
        other : str
            The neighbour whose rank is wanted.

        Returns
        -------
        int
            The rank, from 1 for the nearest neighbour.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return len(self.closer_than(word, other)) + 1

    def mean_vector(
        self,
        words: Iterable[Item],
        weights: Sequence[float] | None = None,
        *,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = False,
    ) -> NDArray[np.float32]:
        """Compute the weighted mean of the vectors vᵢ of words with weights wᵢ: Σ wᵢ vᵢ / Σ ``|wᵢ|``.

        Parameters
        ----------
        words : iterable of str
            The words.
        weights : sequence of float or None, default None
            The weight of each word; None for 1 each.
        pre_normalize : bool, default True
            Whether to normalize the vectors to unit length before averaging.
        post_normalize : bool, default False
            Whether to normalize the mean to unit length.
        ignore_missing : bool, default False
            Whether to ignore unknown words instead of raising :class:`wordkin.UnknownWordError`.

        Returns
        -------
        array of float32, shape (N,)
            The mean.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            There are no known words, the number of weights is wrong, or all weights are zero.
        """
        return comparisons.mean_vector(
            self,
            words,
            weights,
            pre_normalize=pre_normalize,
            post_normalize=post_normalize,
            ignore_missing=ignore_missing,
        )

    def vectors_for_all(self, words: Iterable[Item], *, ignore_missing: bool = False) -> Embeddings:
        """Select words, in the order given. A word that occurs several times is selected once.

        Parameters
        ----------
        words : iterable of str
            The words to select.
        ignore_missing : bool, default False
            Whether to ignore unknown words instead of raising :class:`wordkin.UnknownWordError`.

        Returns
        -------
        Embeddings
            The selected words with copies of their vectors.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        distinct = list(dict.fromkeys(word_list("words", words)))
        ids = self._vocabulary.find_ids(distinct) if ignore_missing else self._vocabulary.ids_of(distinct)
        ids = ids[ids >= 0]
        counts = None if self._vocabulary.counts is None else self._vocabulary.counts[ids]
        kept = [self.words[word_id] for word_id in ids.tolist()]
        return Embeddings(Vocabulary(kept, counts), self._matrix[ids], self._metadata)

    def wmdistance(
        self, first: Iterable[Item], second: Iterable[Item], *, norm: bool = True, ignore_missing: bool = False
    ) -> float:
        """Compute the Word Mover's Distance of two documents exactly, with POT (extra ``transport``).

        To turn one document into the other, each of its words must be moved to words of the other. The distance is the
        lowest possible mean of the Euclidean distances of these moves (Kusner et al. 2015).

        Parameters
        ----------
        first, second : iterable of str
            The words of each document.
        norm : bool, default True
            Whether to normalize the vectors to unit length first.
        ignore_missing : bool, default False
            Whether to ignore unknown words instead of raising :class:`wordkin.UnknownWordError`.

        Returns
        -------
        float
            The distance, at least 0; infinity if a document has no known words.
        """
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
            A benchmark file or directory (see :func:`wordkin.evaluation.read_dataset`), or the items themselves:
            similarity pairs ``(word, word, score)`` or analogies ``(a, b, c, d)``.
        **options
            ``kind``, ``restrict_vocab``, ``case``, ``resamples`` and other options of
            :func:`wordkin.evaluation.evaluate_file`.

        Returns
        -------
        AnalogyResult, SimilarityResult, CategoryResult or OddOneOutResult
            The scores. Notebooks show them as a table. The methods ``to_pandas``, ``to_markdown``, ``to_latex`` and
            ``to_csv`` convert them.

        Raises
        ------
        ConfigError
            An option or an item is not valid.
        CorpusNotFoundError
            The file does not exist.
        FormatError
            The file is malformed or ambiguous.

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
        """Build an index for approximate nearest-neighbour search (extra ``index``).

        For a million vectors of size 100, this takes minutes.

        Parameters
        ----------
        path : str, Path or None, default None
            Where to save the index. If None, it is saved at the path of the vectors with ``.usearch`` appended; if the
            vectors were not read from a file, the index is only in memory.
        connectivity : int, default 24
            Number of links per word in the graph. More links raise recall and take more memory.
        expansion_add, expansion_search : int, default 96
            Number of candidates that are examined to add a word to the index, and to answer a query. Larger numbers
            raise recall and take longer.
        dtype : {"i8", "bf16", "f16", "f32"}, default "i8"
            Number type of the vectors in the index. With fewer bits, the index is faster and smaller. The candidates
            that a search finds are always ranked by exact cosines.
        threads : int or None, default None
            Number of threads; None for all available cores. With several threads, the index varies slightly between
            builds.
        progress : callable or None, default None
            Called repeatedly with the number of words added so far and the total number.

        Returns
        -------
        NeighbourIndex
            The index.

        Raises
        ------
        ConfigError
            An option is not valid.
        OutputError
            The file cannot be written.
        """
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
        """Open a saved index as a memory map (extra ``index``).

        Parameters
        ----------
        path : str, Path or None, default None
            The index file. None appends ``.usearch`` to the path of the vectors.

        Returns
        -------
        NeighbourIndex
            The index.

        Raises
        ------
        CorpusNotFoundError
            The file does not exist.
        FormatError
            The file is damaged, or the index was built for other vectors.
        """
        return approximate.open_index(self, path)


def _checked_scales(scales: NDArray[np.float32], matrix: NDArray[Any]) -> NDArray[np.float32]:
    if scales.dtype != np.float32 or scales.shape != (len(matrix),) or matrix.dtype != np.float32:
        rule = f"must be float32 of shape ({len(matrix)},), and the matrix float32"
        raise ConfigError("scales", rule, f"{scales.dtype.name} of shape {scales.shape}")
    kept = scales.view()
    kept.flags.writeable = False
    return kept


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    copied = {} if metadata is None else dict(metadata)
    for key, value in copied.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigError("metadata", "must map str to str", {key: value})
    return copied
