"""What people query: a vocabulary and one vector for each of its words."""

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
    """V words, one vector of N numbers each, read-only: no method changes what another returns.

    Where the items of the vocabulary are whole numbers, words are int in every method; type checkers see str in
    results.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words, or whole numbers.
    matrix : array of shape (V, N), float32 or float16
        The vectors, row i for word i. Made read-only; copied only where it is not contiguous.
    metadata : mapping of str to str, default None
        What is known of the vectors, such as the options of training.
    path : str or Path, default None
        The file they came from. An index for them is saved beside it.
    scales : array of float32, shape (V,), default None
        Where each row is whole numbers from -127 to 127 times its scale, as those of ``astype("int8")`` are: a native
        file then holds int8.

    Raises
    ------
    ConfigError
        The matrix does not fit the vocabulary or is of another type.

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
        """Scale of each row, shape (V,), read-only, of vectors that were rounded to int8; None of others."""
        return self._scales

    @property
    def stored_dtype(self) -> str:
        """What a native file holds: "float32", "float16" or "int8", which are float32 in memory."""
        return self._matrix.dtype.name if self._scales is None else "int8"

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if self._scales is None else f"{shown.removesuffix(')')} from int8)"

    @property
    def metadata(self) -> Mapping[str, str]:
        """What is known of the vectors, as a read-only mapping of text."""
        return MappingProxyType(self._metadata)

    def __copy__(self) -> Embeddings:
        """The vectors themselves: what cannot change need not be copied."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Embeddings:
        """The vectors themselves, so that scikit-learn's clones and searches share one matrix."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        made = functools.partial(type(self), scales=self._scales) if self._scales is not None else type(self)
        return made, (self._vocabulary, self._matrix, self._metadata)  # read-only again after unpickling

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
        """Write a file in the format of its suffix: whole, or not at all.

        Parameters
        ----------
        path : str or Path
            The file. :func:`wordkin.embeddings.save_embeddings` lists the suffixes.
        header : bool, default True
            For text, whether line 1 gives the sizes (word2vec, fastText) or not (GloVe).
        whitespace : {"refuse", "underscore"}, default "refuse"
            What becomes of white space in words where the format has no room for it.

        Raises
        ------
        ConfigError
            The suffix or an option is not known, or the format cannot hold a word.
        OutputError
            The system refused to write. A file that was at ``path`` is still there.
        """
        from wordkin.embeddings.formats import save_embeddings

        save_embeddings(self, path, header=header, whitespace=whitespace)

    def to_gensim(self) -> gensim.models.KeyedVectors:
        """Copy words, vectors and counts to a gensim KeyedVectors (extra ``gensim``).

        Returns
        -------
        gensim.models.KeyedVectors
            With copies, so that changing it changes nothing here.

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
            Nothing in it is changed.

        Returns
        -------
        Embeddings
            Its words in the same order, with float32 vectors.
        """
        from wordkin.embeddings.exports import from_gensim

        return from_gensim(vectors)

    def to_torch(self) -> torch.Tensor:
        """Copy the vectors to a tensor on the CPU (extra ``torch``).

        A copy can be written to. ``torch.from_numpy(vectors.matrix)`` would share memory that is meant to be read only.

        Returns
        -------
        torch.Tensor
            Shape (V, N), of the type of the vectors.
        """
        from wordkin.embeddings.exports import to_torch

        return to_torch(self)

    def to_torch_embedding(self, *, freeze: bool = True, extra_rows: int = 0) -> torch.nn.Embedding:
        """Copy the vectors to a layer of PyTorch (extra ``torch``).

        Parameters
        ----------
        freeze : bool, default True
            Whether training leaves the vectors as they are.
        extra_rows : int, default 0
            Rows of zeros behind those of the words, with the ids from V on: for padding and unknown words.

        Returns
        -------
        torch.nn.Embedding
            Row i is the vector of word i.

        Raises
        ------
        ConfigError
            An option is not legal.
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
            Float32, for ``nlp.vocab.vectors``.
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
        """Write a directory that sentence-transformers and model2vec load as a model of texts.

        The embedding of a text is the mean of the vectors of its words. Unknown words count as a vector of zeros in
        sentence-transformers, which changes no cosine, and are left out by model2vec.

        Parameters
        ----------
        directory : str or Path
            Made where it is missing; files of the same names in it are replaced.
        tokenizer : {"whitespace", "words"}, default None
            How a text becomes words; as the vectors were trained, where that is known, else "whitespace".
        lowercase : bool, "tr" or "az", default None
            Whether words are lower-cased, or the language by whose rules; as the vectors were trained, else False.
        normalize : {"NFC", "NFKC", "NFD"}, default None
            Normal form of Unicode; as the vectors were trained, where that is known, else none.

        Raises
        ------
        ConfigError
            An option is not legal, or the tokenizer that the vectors were trained with cannot be written.
        OutputError
            The system refused to write.
        """
        from wordkin.embeddings.static_model import to_static_model

        to_static_model(self, directory, tokenizer=tokenizer, lowercase=lowercase, normalize=normalize)

    def to_pandas(self) -> pandas.DataFrame:
        """Make a data frame of the vectors (extra ``arrow``).

        Returns
        -------
        pandas.DataFrame
            V rows with the words as index, N columns numbered from 0.
        """
        from wordkin.embeddings.exports import to_pandas

        return to_pandas(self)

    def to_arrow(self) -> pyarrow.Table:
        """Make an Arrow table of the vectors without copying them (extra ``arrow``).

        Returns
        -------
        pyarrow.Table
            Columns ``word``, ``count`` (where known) and ``vector``.
        """
        from wordkin.embeddings.exports import to_arrow

        return to_arrow(self)

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file for tables and maps (extra ``arrow``).

        Parameters
        ----------
        path : str or Path
            The file. It has the columns ``word``, ``count``, ``vector``, ``x`` and ``y``; the last two are the first
            two principal components.

        Raises
        ------
        OutputError
            The system refused to write.
        """
        from wordkin.embeddings.exports import to_parquet

        to_parquet(self, path)

    def to_projector(self, prefix: str | Path) -> tuple[Path, Path]:
        """Write the two files that TensorBoard's projector loads.

        Parameters
        ----------
        prefix : str or Path
            Start of both paths.

        Returns
        -------
        tuple of Path
            The files of vectors and of words.
        """
        from wordkin.embeddings.exports import to_projector

        return to_projector(self, prefix)

    def with_words(self, names: Mapping[Any, Item] | Callable[[Any], Item]) -> Embeddings:
        """The same vectors under other names: titles for numbers of products, or ``str`` for whole numbers as text.

        Parameters
        ----------
        names : mapping or function
            The new word of each word or number; all text or all whole numbers, and different.

        Raises
        ------
        ConfigError
            A name is missing, stands twice, or is neither text nor a whole number.

        >>> numbered = Embeddings(Vocabulary([7, 42]), np.float32([[1, 0], [0, 1]]))
        >>> list(numbered.with_words(str).words), list(numbered.with_words({7: "tea", 42: "milk"}).words)
        (['7', '42'], ['tea', 'milk'])
        """
        from wordkin.embeddings.reduction import with_words

        return with_words(self, names)

    # --- smaller vectors

    def astype(self, dtype: DTypeLike) -> Embeddings:
        """The same words with vectors of another type.

        Parameters
        ----------
        dtype : {"float32", "float16", "int8"}
            Half precision keeps three digits and numbers up to 65,504, at half the size. With "int8" each number
            becomes a whole one from -127 to 127 times a scale of its row. A native file is then a quarter of the
            size; in memory the vectors stay float32, rounded in this way.

        Returns
        -------
        Embeddings
            With copies of the vectors.

        Raises
        ------
        ConfigError
            The type is another one, or a number is too large for it.
        FormatError
            For "int8", a value is not a finite number.
        """
        from wordkin.embeddings.reduction import astype

        return astype(self, dtype)

    def reduce_dimensions(self, dimensions: int) -> Embeddings:
        """The same words with shorter vectors: their first principal components.

        Parameters
        ----------
        dimensions : int
            Length of the new vectors, from 1 to N.

        Returns
        -------
        Embeddings
            New vectors, float32. :func:`wordkin.embeddings.reduction.reduce_dimensions` says how they are computed.

        Raises
        ------
        ConfigError
            ``dimensions`` is out of range.
        """
        from wordkin.embeddings.reduction import reduce_dimensions

        return reduce_dimensions(self, dimensions)

    def first(self, count: int) -> Embeddings:
        """Only the first words; in trained vectors these are the most frequent ones.

        Parameters
        ----------
        count : int
            Number of words, from 1 up; all where there are fewer.

        Returns
        -------
        Embeddings
            A view; nothing is copied.
        """
        if count >= len(self):
            return self
        scales = None if self._scales is None else self._scales[:count]
        return Embeddings(
            self._vocabulary.first(count), self._matrix[:count], self._metadata, path=self._path, scales=scales
        )

    def agreement(self, smaller: Embeddings, *, topn: int = 10, sample: int = 1000) -> Agreement:
        """What smaller vectors lose against these: fewer bits, fewer numbers or fewer words.

        Parameters
        ----------
        smaller : Embeddings
            Vectors of the same words or of some of them; their length may differ.
        topn : int, default 10
            Number of neighbours of each word that are compared.
        sample : int, default 1000
            About how many words to ask about, spread evenly over the vocabulary; all where there are fewer.

        Returns
        -------
        Agreement
            The share of neighbours kept, and how far cosines move.

        Raises
        ------
        ConfigError
            A word is new, or there are too few words.
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
        """Words nearest by cosine to the mean of the positive minus the negative ones.

        Parameters
        ----------
        positive, negative : word, pair (word, weight) or array of shape (N,), one or several, default ()
            What to be near and far from. Words count with their unit vector, arrays as they are.
        topn : int, default 10
            Number of neighbours, from 1 up. The words of the query are never among them.
        restrict_vocab : int, default None
            Search only this many first words; all unless set.
        threads : int, default None
            Most threads to use; all usable cores unless set.

        Returns
        -------
        Neighbours
            Pairs of word and cosine, the nearest first. A list that shows as a table in a notebook.

        Raises
        ------
        UnknownWordError
            A word of the query is not in the vocabulary.
        ConfigError
            The query adds up to a vector of zeros, or an option is not legal.
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
        """The neighbours of many words or vectors, found in one pass over the matrix.

        Parameters
        ----------
        queries : iterable of word, pair (word, weight) or array of shape (N,)
            Each is a query of its own.
        topn : int, default 10
            Number of neighbours of each, from 1 up.
        restrict_vocab : int, default None
            Search only this many first words; all unless set.
        threads : int, default None
            Most threads to use; all usable cores unless set.

        Returns
        -------
        list of Neighbours
            One for each query, in their order, as :meth:`most_similar` gives them.

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
        """As :meth:`most_similar`, with similarities multiplied, not added: 3CosMul (Levy and Goldberg 2014).

        Parameters
        ----------
        positive, negative : word, pair (word, weight) or array of shape (N,), one or several, default ()
            What to be near and far from.
        topn : int, default 10
            Number of neighbours, from 1 up.
        restrict_vocab : int, default None
            Search only this many first words; all unless set.
        threads : int, default None
            Most threads to use; all usable cores unless set.

        Returns
        -------
        Neighbours
            Pairs of word and score, the highest first. Scores are not cosines and may exceed 1.

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
        """Words nearest by cosine to a vector; no word is left out.

        Parameters
        ----------
        vector : array of shape (N,)
            The query.
        topn : int, default 10
            Number of neighbours, from 1 up.
        restrict_vocab : int, default None
            Search only this many first words; all unless set.
        threads : int, default None
            Most threads to use; all usable cores unless set.

        Returns
        -------
        Neighbours
            Pairs of word and cosine, the nearest first. A list that shows as a table in a notebook.

        Raises
        ------
        ConfigError
            The shape is another, or a number is not finite.
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
        """What is to c as b is to a: the words nearest to b - a + c, unit vectors throughout.

        Parameters
        ----------
        a, b, c : str
            The three words that are given. They are never among the answers.
        topn : int, default 10
            Number of answers, from 1 up.
        restrict_vocab : int, default None
            Search only this many first words; all unless set.
        threads : int, default None
            Most threads to use; all usable cores unless set.

        Returns
        -------
        Neighbours
            Pairs of word and cosine, the nearest first. A list that shows as a table in a notebook.

        Raises
        ------
        UnknownWordError
            One of the three is not in the vocabulary.
        """
        return self.most_similar([b, c], [a], topn, restrict_vocab=restrict_vocab, threads=threads)

    def similarities(self, query: Query, words: Iterable[Item] | None = None) -> NDArray[np.float32]:
        """Cosine of a word or vector with all words, or with some.

        Parameters
        ----------
        query : word, pair (word, weight) or array of shape (N,)
            What to compare with.
        words : iterable of str, default None
            The words to compare; all unless given.

        Returns
        -------
        array of float32, shape (V,) or (number of words,)
            Cosines, in the order of the words.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.similarities(self, query, words)

    def similarity(self, first: Item, second: Item) -> float:
        """Cosine of two words. Reads no other vectors.

        Parameters
        ----------
        first, second : str
            The words.

        Returns
        -------
        float
            From -1 to 1; 0 where one of the vectors is zero.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.similarity(self, first, second)

    def distance(self, first: Item, second: Item) -> float:
        """Cosine distance of two words: 1 minus their cosine.

        Parameters
        ----------
        first, second : str
            The words.

        Returns
        -------
        float
            From 0 to 2.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return 1 - self.similarity(first, second)

    def n_similarity(self, first: Iterable[Item], second: Iterable[Item]) -> float:
        """Cosine of the mean vectors of two sets of words.

        Parameters
        ----------
        first, second : iterable of str
            The sets, of one word at least.

        Returns
        -------
        float
            From -1 to 1.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            A set is empty.
        """
        return comparisons.n_similarity(self, first, second)

    def doesnt_match(self, words: Iterable[Item]) -> str:
        """The word least like the others: farthest from the mean of all unit vectors.

        Parameters
        ----------
        words : iterable of str
            The words to choose from.

        Returns
        -------
        str
            One of them.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            There are no words.
        """
        return comparisons.doesnt_match(self, words)

    def closer_than(self, word: Item, other: Item) -> list[str]:
        """All words nearer to a word than another one is.

        Parameters
        ----------
        word : str
            The word to be near to.
        other : str
            The word to be nearer than.

        Returns
        -------
        list of str
            In the order of their ids.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return comparisons.closer_than(self, word, other)

    def rank(self, word: Item, other: Item) -> int:
        """The rank of a word among the neighbours of another.

        Parameters
        ----------
        word : str
            Whose neighbours.
        other : str
            The word to rank.

        Returns
        -------
        int
            1 for the nearest neighbour.

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
        """Weighted mean of word vectors: Σ wᵢ vᵢ / Σ ``|wᵢ|``.

        Parameters
        ----------
        words : iterable of str
            The words.
        weights : sequence of float, default None
            One number a word; 1 each unless given.
        pre_normalize : bool, default True
            Use unit vectors.
        post_normalize : bool, default False
            Divide the mean by its length.
        ignore_missing : bool, default False
            Leave out unknown words instead of raising :class:`wordkin.UnknownWordError`.

        Returns
        -------
        array of float32, shape (N,)
            The mean.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        ConfigError
            No word is left, the weights do not fit, or all are zero.
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
        """New embeddings of some words, in their order, each once.

        Parameters
        ----------
        words : iterable of str
            The words to take.
        ignore_missing : bool, default False
            Leave out unknown words instead of raising.

        Returns
        -------
        Embeddings
            With copies of the vectors.

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
        """Word Mover's Distance of two documents (Kusner et al. 2015), solved exactly by POT (extra ``transport``).

        Parameters
        ----------
        first, second : iterable of str
            The words of each document.
        norm : bool, default True
            Travel between unit vectors, not the vectors as they are.
        ignore_missing : bool, default False
            Leave out unknown words instead of raising :class:`wordkin.UnknownWordError`.

        Returns
        -------
        float
            Mean Euclidean distance travelled, from 0 up; infinity where a document has no word left.
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
        """Build an index for approximate neighbours and save it beside the vectors (extra ``index``).

        Parameters
        ----------
        path : str or Path, default None
            Where to save it; the file of the vectors with ``.usearch`` added unless given. Vectors that came from no
            file get an index in memory.
        connectivity : int, default 24
            Links of a word in the graph. More find more and cost memory.
        expansion_add, expansion_search : int, default 96
            Candidates held while building and while searching. More find more and cost time.
        dtype : {"i8", "bf16", "f16", "f32"}, default "i8"
            How the index keeps its own copy of the vectors. Fewer bits are faster and smaller; the candidates of a
            search are compared exactly at its end.
        threads : int, default None
            Threads to build with; all usable cores unless set. With several, two builds differ slightly.
        progress : callable, default None
            Called now and then with the words added so far and their number in all. A million words of 100 numbers take
            minutes.

        Returns
        -------
        NeighbourIndex
            The index, ready to be asked.

        Raises
        ------
        ConfigError
            An option is not legal.
        OutputError
            The system refused to write.
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
        """Map the index that was saved beside the vectors (extra ``index``).

        Parameters
        ----------
        path : str or Path, default None
            The index; the file of the vectors with ``.usearch`` added unless given.

        Returns
        -------
        NeighbourIndex
            Memory-mapped.

        Raises
        ------
        CorpusNotFoundError
            There is none.
        FormatError
            It is damaged, or was built for other vectors.
        """
        return approximate.open_index(self, path)


def _checked_scales(scales: NDArray[np.float32], matrix: NDArray[Any]) -> NDArray[np.float32]:
    if scales.dtype != np.float32 or scales.shape != (len(matrix),) or matrix.dtype != np.float32:
        rule = f"must be float32 of shape ({len(matrix)},), for vectors of float32"
        raise ConfigError("scales", rule, f"{scales.dtype.name} of shape {scales.shape}")
    kept = scales.view()
    kept.flags.writeable = False
    return kept


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    copied = {} if metadata is None else dict(metadata)
    for key, value in copied.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigError("metadata", "must map names to text", {key: value})
    return copied
