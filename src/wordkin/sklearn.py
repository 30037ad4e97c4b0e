"""A scikit-learn transformer from documents to vectors: :class:`Word2VecVectorizer` (extra ``sklearn``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.api import train
from wordkin.config import TOKENIZERS, Choice, FlagOrLanguage, Number, check
from wordkin.corpus.sources import TokenizedLists
from wordkin.corpus.tokenization.named_tokenizers import line_tokenizer
from wordkin.corpus.tokenization.spelling import lower
from wordkin.embeddings import Embeddings
from wordkin.embeddings.formats import load_for
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.options import Lowercase

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise MissingExtraError("wordkin.sklearn", "sklearn") from error

WEIGHTINGS = ("mean", "tfidf", "sif")

_TRAINING_PARAMETERS = (
    "architecture", "objective", "vector_size", "window", "negative", "min_count", "max_vocabulary", "subsample",
    "epochs", "learning_rate", "threads",
)  # fmt: skip
_DOCUMENTS_AT_ONCE = 4096

Document = str | Sequence[str]
Floats = NDArray[np.float64]


class Word2VecVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Represent each document by the weighted mean of its word vectors.

    A document is a string, which is tokenized, or a sequence of words, which is used unchanged. Words without a vector
    are ignored. A document without any known word gets a zero vector.

    Parameters
    ----------
    embeddings : Embeddings, str or Path, default None
        Vectors to use, or the path of a file of vectors. If None, :meth:`fit` trains vectors on the documents, with
        the parameters from ``architecture`` on.
    weighting : {"mean", "tfidf", "sif"}, default "mean"
        Weight of each word occurrence.

        - "mean": all occurrences have equal weight.
        - "tfidf": inverse document frequency in the documents of :meth:`fit`, ln((1 + documents) / (1 + documents
          with the word)) + 1, as in scikit-learn's TfidfVectorizer.
        - "sif": smooth inverse frequency (Arora et al. 2017), a / (a + p), where p is the relative frequency of the
          word. The first principal directions of the documents of :meth:`fit` are then removed from each vector. p
          comes from the counts of the vectors if they have counts, otherwise from the documents of :meth:`fit`.
    sif_weight : float, default 1e-3
        The constant a of "sif".
    sif_components : int, default 1
        Number of directions that "sif" removes.
    tokenizer : str or callable, default "words"
        "words" (Unicode word boundaries, punctuation kept), another named tokenizer of :func:`wordkin.train`, or a
        function from a document to its words.
    lowercase : bool or {"tr", "az", "lt"}, default False
        Lower-case strings before they are tokenized; a language selects its special rules.
    architecture, objective, vector_size, window, negative : see :func:`wordkin.train`
        Training options, used if ``embeddings`` is None.
    min_count, max_vocabulary, subsample, epochs, learning_rate : see :func:`wordkin.train`
        Training options, used if ``embeddings`` is None.
    threads : int, default 1
        Training threads. With one thread, the same documents always give the same vectors.
    training_options : mapping, default None
        Other options of :func:`wordkin.train`, by name.
    random_state : int, RandomState or None, default 1
        Seed of training. A RandomState, or NumPy's global one if None, draws the seed.

    Attributes
    ----------
    embeddings_ : Embeddings
        The vectors used: those passed or those trained.
    word_weights_ : ndarray of shape (V,), float64, or None
        Weight of each word; None with "mean".
    components_ : ndarray of shape (k, N), float64, or None
        The directions that "sif" removes; None with other weightings.

    >>> vectorizer = Word2VecVectorizer(min_count=1, subsample=0, vector_size=8)  # few texts: keep every word
    >>> vectorizer.fit_transform(["the cat sat", "a dog ran", "the dog sat"]).shape
    (3, 8)
    """

    def __init__(
        self,
        embeddings: Embeddings | str | Path | None = None,
        *,
        weighting: str = "mean",
        sif_weight: float = 1e-3,
        sif_components: int = 1,
        tokenizer: str | Callable[[Any], Sequence[str]] = "words",
        lowercase: Lowercase = False,
        architecture: str = "skip-gram",
        objective: str | tuple[str, ...] = "negative-sampling",
        vector_size: int = 100,
        window: int = 5,
        negative: int = 5,
        min_count: int = 5,
        max_vocabulary: int | None = None,
        subsample: float = 1e-3,
        epochs: int = 5,
        learning_rate: float | None = None,
        threads: int | None = 1,
        training_options: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = 1,
    ) -> None:
        self.embeddings = embeddings
        self.weighting = weighting
        self.sif_weight = sif_weight
        self.sif_components = sif_components
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.architecture = architecture
        self.objective = objective
        self.vector_size = vector_size
        self.window = window
        self.negative = negative
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        self.subsample = subsample
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.threads = threads
        self.training_options = training_options
        self.random_state = random_state

    def fit(self, X: Iterable[Document], y: object = None) -> Word2VecVectorizer:
        """Train or load the vectors, and compute the word weights.

        Parameters
        ----------
        X : iterable of str or of sequences of str
            The documents.
        y : object, default None
            Ignored.

        Returns
        -------
        Word2VecVectorizer
            The fitted transformer.

        Raises
        ------
        ConfigError
            A parameter is illegal, or ``X`` is not an iterable of documents.
        WordkinError
            Any other error of :func:`wordkin.train` or :func:`wordkin.load`.
        """
        self._check_parameters()
        self._fit(self._all_tokenized(X))
        return self

    def fit_transform(self, X: Iterable[Document], y: object = None, **_: object) -> NDArray[np.float32]:
        """Fit to the documents and compute their vectors.

        The result equals that of :meth:`fit` followed by :meth:`transform`, but each document is read only once.

        Parameters
        ----------
        X : iterable of str or of sequences of str
            The documents.
        y : object, default None
            Ignored.
        **_ : object
            Ignored.

        Returns
        -------
        ndarray of shape (documents, N), float32
            The document vectors.

        Raises
        ------
        ConfigError
            A parameter is illegal, or ``X`` is not an iterable of documents.
        WordkinError
            Any other error of :func:`wordkin.train` or :func:`wordkin.load`.
        """
        self._check_parameters()
        documents = self._all_tokenized(X)
        return self._without_components(self._fit(documents))

    def transform(self, X: Iterable[Document]) -> NDArray[np.float32]:
        """Compute the document vectors.

        Parameters
        ----------
        X : iterable of str or of sequences of str
            The documents.

        Returns
        -------
        ndarray of shape (documents, N), float32
            The document vectors.

        Raises
        ------
        NotFittedError
            :meth:`fit` was not called before.
        ConfigError
            ``X`` is not an iterable of documents.
        """
        check_is_fitted(self)
        return self._without_components(self._weighted_means(words for words, _ in self._tokenized(X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []  # always float32
        return tags

    @property
    def _n_features_out(self) -> int:
        """Number of output columns; ``get_feature_names_out`` reads it."""
        return self.embeddings_.vector_size

    def _check_parameters(self) -> None:
        rules: dict[str, Choice | Number | FlagOrLanguage] = {
            "lowercase": FlagOrLanguage(),
            "weighting": Choice(WEIGHTINGS),
            "sif_weight": Number(0, above=True),
            "sif_components": Number(0, integer=True),
        }
        if not callable(self.tokenizer):
            rules["tokenizer"] = Choice(TOKENIZERS)
        for name, rule in rules.items():
            check(name, rule, getattr(self, name))
        given: object = self.embeddings
        if given is not None and not isinstance(given, Embeddings | str | Path):
            kind, remedy = type(given).__name__, "Embeddings.from_gensim converts KeyedVectors"
            raise ConfigError("embeddings", "must be Embeddings, a path or None", kind, remedy)

    def _all_tokenized(self, documents: Iterable[Document]) -> list[list[str]]:
        """The words of all documents."""
        read = list(self._tokenized(documents))
        lists = [words for words, _ in read]
        return TokenizedLists(lists) if all(is_split for _, is_split in read) else lists

    def _tokenized(self, documents: Iterable[Document]) -> Iterator[tuple[list[str], bool]]:
        """Yield the words of each document, and whether it was a string that the tokenizer split."""
        _refuse_other_than_documents(documents)
        split: Callable[[Any], Sequence[str]] = line_tokenizer(self.tokenizer)
        for document in documents:
            if isinstance(document, str):
                yield list(split(lower(document, self.lowercase) if self.lowercase else document)), True
            elif isinstance(document, list | tuple) and all(isinstance(word, str) for word in document):
                yield list(document), False
            elif callable(self.tokenizer):
                yield list(split(document)), True
            else:
                rule = "must hold documents that are strings or lists of words"
                raise ConfigError("X", rule, type(document).__name__, "pass a tokenizer that accepts such documents")

    def _fit(self, documents: list[list[str]]) -> Floats:
        """Set the fitted attributes and return the weighted means of ``documents``."""
        if not documents:
            raise ConfigError("X", "must hold at least one document", documents)
        self.embeddings_ = self._given_or_trained(documents)
        if self.embeddings_.vocabulary.integers:
            rule = "must have words as items, not whole numbers"
            raise ConfigError("embeddings", rule, self.embeddings_, "use embeddings.with_words(str)")
        self.word_weights_ = self._learned_weights(documents)
        self.components_ = None
        means = self._weighted_means(documents)
        if self.weighting == "sif":
            # The top right singular vectors, computed from the small N x N matrix.
            _, directions = np.linalg.eigh(means.T @ means)
            self.components_ = directions[:, ::-1][:, : self.sif_components].T
        return means

    def _given_or_trained(self, documents: list[list[str]]) -> Embeddings:
        if isinstance(self.embeddings, Embeddings):
            return self.embeddings
        if self.embeddings is not None:
            return load_for("embeddings", self.embeddings)
        others = {} if self.training_options is None else dict(self.training_options)
        for name in others:
            if name in _TRAINING_PARAMETERS or name == "seed":
                own = "random_state" if name == "seed" else name
                raise ConfigError(
                    "training_options",
                    "must not repeat a parameter of the estimator",
                    name,
                    f"set the parameter {own} instead",
                )
        options = {name: _plain(getattr(self, name)) for name in _TRAINING_PARAMETERS}
        seed = _plain(self.random_state)
        if not isinstance(seed, int):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        return train(documents, seed=seed, **options, **others)

    def _learned_weights(self, documents: list[list[str]]) -> Floats | None:
        if self.weighting == "mean":
            return None
        vocabulary = self.embeddings_.vocabulary
        if self.weighting == "sif" and vocabulary.counts is not None:
            counts = vocabulary.counts.astype(np.float64)
        else:
            counts = np.zeros(len(vocabulary))
            for words in documents:
                ids = vocabulary.find_ids(words)
                # "tfidf" counts documents with the word, "sif" counts occurrences.
                np.add.at(counts, np.unique(ids[ids >= 0]) if self.weighting == "tfidf" else ids[ids >= 0], 1)
        if self.weighting == "tfidf":
            return np.log((1 + len(documents)) / (1 + counts)) + 1
        return np.asarray(self.sif_weight / (self.sif_weight + counts / max(counts.sum(), 1)), dtype=np.float64)

    def _weighted_means(self, documents: Iterable[list[str]]) -> Floats:
        """Return the weighted mean vector of each document, as a float64 array of shape (documents, N).

        Documents are processed in blocks, which bounds the memory.
        """
        stream = iter(documents)
        means = []
        while block := list(islice(stream, _DOCUMENTS_AT_ONCE)):
            means.append(self._block_means(block))
        return np.concatenate(means) if means else np.empty((0, self.embeddings_.vector_size))

    def _block_means(self, documents: list[list[str]]) -> Floats:
        from scipy.sparse import csr_array

        ids = self.embeddings_.vocabulary.find_ids(word for words in documents for word in words)
        rows = np.repeat(np.arange(len(documents)), [len(words) for words in documents])[ids >= 0]
        different, columns = np.unique(ids[ids >= 0], return_inverse=True)
        weights = np.ones(len(rows)) if self.word_weights_ is None else self.word_weights_[different][columns]
        table = csr_array((weights, (rows, columns)), shape=(len(documents), len(different)))
        sums = table @ self.embeddings_.matrix[different].astype(np.float64)
        # "sif" divides by the number of words, the other weightings by the sum of the weights.
        divisors = np.bincount(rows, None if self.weighting == "sif" else weights, len(documents))
        return np.asarray(sums / np.where(divisors > 0, divisors, 1)[:, None], dtype=np.float64)

    def _without_components(self, means: Floats) -> NDArray[np.float32]:
        if self.components_ is not None:
            means = means - means @ self.components_.T @ self.components_
        return means.astype(np.float32)


def _refuse_other_than_documents(documents: object) -> None:
    """Raise :class:`ConfigError` for strings and tables, which iterate over letters or column names."""
    rule = "must be a sequence of documents"
    if isinstance(documents, str):
        raise ConfigError("X", f"{rule}, not one string", documents[:80], "put it in a list")
    if hasattr(documents, "tocsr"):
        raise ConfigError("X", f"{rule}, not a sparse matrix", type(documents).__name__)
    if hasattr(documents, "columns"):
        raise ConfigError("X", f"{rule}, not a table", type(documents).__name__, "pass one of its columns")
    if not isinstance(documents, Iterable):
        raise ConfigError("X", rule, type(documents).__name__)


def _plain(value: Any) -> Any:
    """Convert a NumPy scalar, such as a value of a parameter grid, to a Python number."""
    return value.item() if isinstance(value, np.generic) else value
