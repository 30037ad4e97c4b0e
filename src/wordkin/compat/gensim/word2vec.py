"""``Word2Vec`` with gensim 4's parameters, attributes and methods: a mutable model that wordkin trains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim import files, training
from wordkin.compat.gensim.building import Model, TrimRule
from wordkin.compat.gensim.errors import (
    FORMER_NAMES_OF_MODELS,
    NoVocabularyError,
    flag,
    former_name,
    number,
    refuse,
    whole,
)
from wordkin.compat.gensim.keyedvectors import KeyedVectors, loading_path, saving_path
from wordkin.compat.gensim.sentences import (
    MAX_WORDS_IN_BATCH,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    refuse_strings,
    source_of_sentences,
)
from wordkin.errors import ConfigError, EmptyVocabularyError, NotTrainedError

if TYPE_CHECKING:
    pass

__all__ = [
    "CORPUSFILE_VERSION", "FAST_VERSION", "MAX_WORDS_IN_BATCH", "KeyedVectors", "LineSentence", "PathLineSentences",
    "Text8Corpus", "Word2Vec",
]  # fmt: skip

FAST_VERSION = CORPUSFILE_VERSION = 1  # programs check that these are at least 0, which means that training is compiled

logger = logging.getLogger(__name__)


class _ClassOnly:
    """Makes a function a method that can be called on the class but not on an instance, as in gensim.

    Such a method returns a new object, and does not change the instance.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self.__doc__ = function, function.__doc__

    def __get__(self, instance: object, owner: type) -> Callable[..., Any]:
        if instance is not None:
            raise AttributeError(f"load is called on the class: {owner.__name__}.load(path)")
        bound: Callable[..., Any] = self._function.__get__(owner)
        return bound


def _load(cls: type[Any], *args: Any, rethrow: bool = False, **kwargs: Any) -> Any:
    """Read a model from a file that :meth:`Word2Vec.save` wrote.

    With ``mmap="r"``, its tables are mapped until the model is trained. Raises :class:`FormatError` for a pickle; the
    message contains the call that converts it. Raises :class:`NotAModelError` for a file that contains only vectors.
    """
    del rethrow
    path, mapped = loading_path("Word2Vec.load", args, kwargs)
    return files.load_model(cls, path, mapped)


def _check_optional(max_vocab_size: Any, max_final_vocab: Any, trim_rule: Any, callbacks: Any) -> None:
    for name, value in (("max_vocab_size", max_vocab_size), ("max_final_vocab", max_final_vocab)):
        if value is not None:
            whole(name, value, 0)
    if trim_rule is not None and not callable(trim_rule):
        raise ConfigError("trim_rule", "must be a function of a word, its count and min_count, or None", trim_rule)
    if not isinstance(callbacks, list | tuple):
        raise ConfigError("callbacks", "must be a list of callbacks", callbacks, "pass [callback]")


class Word2Vec(Model):
    """A model with the interface of gensim's ``Word2Vec``.

    Parameters
    ----------
    sentences, corpus_file : iterable of lists of words, or path, default None
        Text to build the vocabulary from and to train on. It is read once and stored for all epochs.
    vector_size, window, seed, epochs : int, default 100, 5, 1 and 5
        The options of the same names of :class:`wordkin.TrainingConfig`.
    alpha, min_alpha, sample, ns_exponent, workers, shrink_windows
        The options ``learning_rate``, ``min_learning_rate``, ``subsample``, ``noise_exponent``, ``threads`` and
        ``dynamic_window`` of :class:`wordkin.TrainingConfig`.
    sg, hs, negative, cbow_mean : int, default 0, 0, 5 and 1
        ``sg`` selects skip-gram (1) or CBOW (0), and ``hs`` hierarchical softmax. ``negative`` is the number of noise
        words; 0 disables negative sampling. ``cbow_mean`` selects the mean (1) or the sum (0) of context vectors.
    min_count, max_final_vocab, max_vocab_size, trim_rule, sorted_vocab
        The words to keep, and whether to sort them by frequency.
    compute_loss : bool, default False
        No effect: the loss is always computed, see :meth:`get_latest_training_loss`.
    callbacks : sequence, default ()
        Objects with the methods of :class:`CallbackAny2Vec`.
    hashfxn, batch_words : function and int
        No effect.
    null_word : 0
        Other values are not supported.
    comment : object, default None
        Stored as an attribute.

    >>> sentences = [["you", "say", "goodbye"], ["i", "say", "hello"]]
    >>> Word2Vec(sentences, vector_size=8, min_count=1, sample=0, workers=1).wv.index_to_key[0]
    'say'
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10000,
        compute_loss: bool = False,
        callbacks: Sequence[Any] = (),
        comment: Any = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        refuse("null_word", null_word, 0, "sentences are not padded, so no null word is needed")
        if not callable(hashfxn):
            raise ConfigError("hashfxn", "must be a function", hashfxn, "leave hashfxn out, because it has no effect")
        _check_optional(max_vocab_size, max_final_vocab, trim_rule, callbacks)
        self.vector_size = self.layer1_size = whole("vector_size", vector_size, 1)
        self.alpha, self.min_alpha = number("alpha", alpha), number("min_alpha", min_alpha)
        self.min_alpha_yet_reached = self.alpha
        self.window, self.shrink_windows = whole("window", window, 1), bool(shrink_windows)
        self.min_count = self.effective_min_count = whole("min_count", min_count, 0)
        self.max_vocab_size, self.max_final_vocab = max_vocab_size, max_final_vocab
        self.sample, self.ns_exponent, self.seed, self.workers = sample, ns_exponent, seed, whole("workers", workers, 1)
        self.sg, self.hs, self.cbow_mean = flag("sg", sg), flag("hs", hs), flag("cbow_mean", cbow_mean)
        self.negative = whole("negative", negative, 0)
        self.hashfxn, self.epochs, self.null_word = hashfxn, whole("epochs", epochs, 1), null_word
        self.sorted_vocab, self.batch_words, self.comment = sorted_vocab, batch_words, comment
        self.compute_loss = bool(compute_loss)
        self._trim_rule = trim_rule
        self._start_empty()
        if self.hs or self.negative:
            training.config_of(self)  # raises an error for illegal values
        if sentences is not None or corpus_file is not None:
            self._build_and_train(sentences, corpus_file, trim_rule, callbacks)
        elif trim_rule is not None:
            logger.warning("no sentences were passed: trim_rule will be used by build_vocab")

    def _start_empty(self) -> None:
        """Set the attributes of a model without a vocabulary."""
        self.corpus_count, self.train_count, self.total_train_time = 0, 0, 0.0
        self.running_training_loss = 0.0
        self.corpus_total_words: int | None = 0
        self.raw_vocab: dict[str, int] = {}
        self.latest_losses: list[float] = []
        self.wv = KeyedVectors(self.vector_size)
        self.wv.has_tree = bool(self.hs)

    def __getattr__(self, name: str) -> Any:
        if name == "load":  # Python calls __getattr__ after _ClassOnly has raised an AttributeError
            raise AttributeError(f"load is called on the class: {type(self).__name__}.load(path)")
        if name not in FORMER_NAMES_OF_MODELS and hasattr(KeyedVectors, name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}: use wv.{name}")
        raise former_name(self, name, FORMER_NAMES_OF_MODELS)

    def __getitem__(self, key: Any) -> Any:
        raise TypeError(f"a model is not a mapping of vectors: use model.wv[{key!r}]")

    def __contains__(self, key: Any) -> bool:
        raise TypeError(f"a model is not a mapping of vectors: use {key!r} in model.wv")

    def _build_and_train(
        self, sentences: Any, corpus_file: Any, trim_rule: TrimRule | None, callbacks: Sequence[Any]
    ) -> None:
        self._check_objectives()
        if self.max_vocab_size:  # counting with a limit does not store the text, so it is read again for training
            source_of_sentences(
                sentences, corpus_file, training.config_of(self)
            )  # raises an error if the text can be read only once
            self.build_vocab(sentences, corpus_file=corpus_file, trim_rule=trim_rule)
            self.train(
                sentences, corpus_file=corpus_file, total_examples=self.corpus_count,
                total_words=self.corpus_total_words, epochs=self.epochs, callbacks=callbacks,
            )  # fmt: skip
            return
        with self._scan(sentences, corpus_file, once=False) as scanned:
            self._finish_vocabulary(False, False, trim_rule)
            self._require_vocabulary()
            config = training.config_of(self)
            ids = training.vocabulary_of(self).find_ids(scanned.words).astype(np.int32)
            with scanned.encode(ids) as corpus:
                self._train_on(corpus, config, callbacks)

    # --- training

    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Sequence[Any] = (),
        **kwargs: Any,
    ) -> tuple[int, int]:
        """Train on a text. It is read once and stored for all epochs.

        Parameters
        ----------
        corpus_iterable, corpus_file : iterable of lists of words, or path
            The text; pass one of the two.
        total_examples, total_words : int
            One of them is required, as in gensim. Its value has no effect: the learning rate depends on the actual
            number of words.
        epochs : int
            Number of epochs; required, as in gensim.
        start_alpha, end_alpha : float, default None
            Initial and final learning rate; None for ``alpha`` and ``min_alpha``.
        word_count : 0
            Other values are not supported.
        compute_loss, queue_factor, report_delay
            No effect: the loss is always computed.
        callbacks : sequence, default ()
            Objects with the methods of :class:`CallbackAny2Vec`.

        Returns
        -------
        trained_words, raw_words : int
            The number of words of the text that are in the vocabulary, and the number of all words of the text. Both
            are multiplied by the number of epochs.
        """
        if kwargs:
            raise TypeError(f"train takes no argument {min(kwargs)!r}")
        del queue_factor, report_delay
        refuse("word_count", word_count, 0, "train from the beginning of the text")
        self.compute_loss = bool(compute_loss) or self.compute_loss
        if corpus_iterable is not None and corpus_file is not None:
            raise TypeError("give either corpus_iterable (lists of words) or corpus_file (a path), not both")
        self._check_call(corpus_file, total_examples, total_words, epochs)
        from wordkin.text.read import encode_source

        self._require_vocabulary()
        self._check_objectives()
        config = training.config_of(self, epochs=epochs, alpha=start_alpha, min_alpha=end_alpha)
        if config.starting_learning_rate > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        refuse_strings(corpus_iterable)
        source = source_of_sentences(corpus_iterable, corpus_file, config, once=config.epochs == 1)
        read = 0

        def count(_: object, counts: NDArray[np.int64]) -> None:
            nonlocal read
            read = int(counts.sum())

        try:
            encoded, _ = encode_source(source, config, training.vocabulary_of(self), check=count)
        except EmptyVocabularyError:
            if not isinstance(corpus_iterable, Sized):  # an iterable without a length may be exhausted now
                raise
            logger.warning("the text has no words: nothing is trained")
            encoded = training.empty_corpus()
        with encoded as corpus:
            self._train_on(corpus, config, callbacks)
            return corpus.words * config.epochs, read * config.epochs

    def _train_on(self, corpus: Any, config: Any, callbacks: Sequence[Any]) -> None:
        for name, table in self.outputs().items():
            if not table.flags.writeable:  # it is in a mapped file
                setattr(self, name, table.copy())
        self.wv._writable()
        training.call(callbacks, "on_train_begin", self)
        training.call(callbacks, "on_epoch_begin", self)
        training.train_tables(self, corpus, config, callbacks)
        self.train_count += 1
        training.call(callbacks, "on_train_end", self)

    def _check_call(
        self, corpus_file: Any, total_examples: int | None, total_words: int | None, epochs: int | None
    ) -> None:
        needed, given = ("total_words", total_words) if corpus_file is not None else ("total_examples", total_examples)
        if given is None and total_words is None:
            remedy = "model.corpus_total_words" if needed == "total_words" else "model.corpus_count"
            raise ConfigError(needed, "must be given", None, f"pass {remedy}")
        if epochs is None:
            raise ConfigError("epochs", "must be given", None, "pass model.epochs")

    def _check_objectives(self) -> None:
        if not self.hs and not self.negative:
            raise ConfigError(
                "negative",
                "must be above 0 if hs is 0, because training needs at least one objective",
                self.negative,
                "set negative=5 or hs=1",
            )
        if self.hs and self.negative:
            logger.warning(
                "Both hierarchical softmax and negative sampling are activated. This trains two output tables; "
                "pass negative=0 for hierarchical softmax alone"
            )

    def _require_vocabulary(self) -> None:
        if not len(self.wv):
            raise NoVocabularyError("you must first build vocabulary before training the model: no word was seen, or "
                                    f"none at least {self.effective_min_count} times (min_count)")  # fmt: skip
        table = self.outputs().get("syn1" if self.hs else "syn1neg", ())
        if len(table) != len(self.wv) or "count" not in self.wv.expandos:
            raise NotTrainedError("the model has no output table, which training needs: call build_vocab to create it")

    def get_latest_training_loss(self) -> float:
        """Return the mean loss per example in the last finished epoch, in nats; 0 before training.

        Epochs whose loss is 0, because they had no training example, are passed over. gensim returns a sum over all
        epochs instead. ``latest_losses`` holds the mean of each epoch.
        """
        return next((loss for loss in reversed(self.latest_losses) if loss > 0), 0.0)

    # --- questions

    def predict_output_word(
        self, context_words_list: Iterable[Any], topn: int = 10
    ) -> list[tuple[Any, np.float32]] | None:
        """Return the likeliest centre words for a context, as a list of (word, probability), the likeliest first.

        The probabilities are the softmax of the scores of all words. Returns None if no context word is known.
        """
        if not self.negative or len(self.outputs().get("syn1neg", ())) != len(self.wv) or not len(self.wv):
            raise NotTrainedError("predict_output_word needs a model trained with negative sampling: for other "
                                  "models, use wordkin.Word2Vec.predict")  # fmt: skip
        from wordkin.objectives.reference import softmax

        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("none of the words is in the vocabulary")
            return None
        hidden = self.wv.vectors[rows].sum(0, dtype=np.float64)
        hidden = hidden / len(rows) if self.cbow_mean else hidden
        shares = softmax((self.syn1neg @ hidden.astype(np.float32)).astype(np.float64))
        likeliest = np.argsort(-shares, kind="stable")[:topn].tolist()
        return [(self.wv.index_to_key[row], np.float32(shares[row])) for row in likeliest]

    def score(
        self,
        sentences: Iterable[Sequence[str]],
        total_sentences: int = int(1e6),
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> NDArray[np.float32]:
        """Return the log-likelihood in nats of each of the first ``total_sentences`` sentences, shape (sentences,).

        The model needs ``hs=1``. All windows have their full width. Unknown words are left out. A sentence with fewer
        than two known words has the value 0.
        """
        del chunksize, queue_factor, report_delay
        if not self.hs:
            raise NotTrainedError(
                "score needs a model trained with hs=1, because negative sampling gives no probabilities"
            )
        self._require_vocabulary()
        known, encoded = self.wv.key_to_index, []
        for _, sentence in zip(range(total_sentences), sentences, strict=False):
            encoded.append(np.array([known[word] for word in sentence if word in known], dtype=np.int32))
        return training.sentence_scores(self, encoded)

    def init_sims(self, replace: bool = False) -> None:
        """Old name of ``wv.fill_norms()`` and, with ``replace``, of ``wv.unit_normalize_all()``."""
        self.wv.init_sims(replace)

    # --- files

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the model to one file, in the native format of wordkin with additional tables.

        ``wordkin.load(path, format="safetensors")`` reads its vectors. gensim's ``separately``, ``sep_limit``,
        ``ignore`` and ``pickle_protocol`` are options of pickling and have no effect.
        """
        files.save_model(self, saving_path("Word2Vec.save", args, kwargs))

    load = _ClassOnly(_load)

    def __str__(self) -> str:
        return f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"

    __repr__ = __str__
