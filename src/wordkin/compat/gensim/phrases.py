"""``Phrases`` and ``FrozenPhrases`` with gensim's methods, implemented with :mod:`wordkin.corpus.phrases`."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from wordkin.compat.gensim.errors import number, whole
from wordkin.compat.gensim.keyedvectors import loading_path, saving_path
from wordkin.compat.gensim.sentences import one_or_many, refuse_integers, refuse_strings, source_of_sentences
from wordkin.corpus.phrases import ENGLISH_CONNECTORS, CountedText, PhraseOptions, PhrasePass, count_candidates
from wordkin.corpus.phrases import Phrases as LearnedPhrases
from wordkin.errors import ConfigError, FormatError
from wordkin.storage.files import replacing

ENGLISH_CONNECTOR_WORDS = frozenset(ENGLISH_CONNECTORS) - {"as", "per"}  # the same words as in gensim
NEGATIVE_INFINITY = float("-inf")
_FEWEST_NGRAMS, _MOST_NGRAMS = 100_000, 2**31
_COUNTS = "gensim_counts"  # key of the counts in a file of phrases; :class:`wordkin.corpus.phrases.Phrases` ignores it
Scorer = Callable[..., float]


def original_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """Return the score of word2phrase: (bigram_count - min_count) · len_vocab / (worda_count · wordb_count)."""
    product = worda_count * wordb_count
    return (bigram_count - min_count) / product * len_vocab if product else NEGATIVE_INFINITY


def npmi_scorer(
    worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float, corpus_word_count: int
) -> float:
    """Return normalised pointwise mutual information, from -1 to 1; -inf if ``bigram_count`` is below ``min_count``."""
    if bigram_count < min_count or not (worda_count and wordb_count and bigram_count):
        return NEGATIVE_INFINITY
    seen = bigram_count / corpus_word_count
    if seen == 1:
        return 1.0
    return math.log(seen * corpus_word_count / worda_count * corpus_word_count / wordb_count) / -math.log(seen)


_SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}
_TAKEN_BY_SCORERS = tuple(inspect.signature(original_scorer).parameters)


class JoinedSentences:
    """A corpus, given as an iterable of sentences. The phrases of each sentence are joined when it is iterated."""

    def __init__(self, phrases: _Joining, sentences: Iterable[Any]) -> None:
        self._phrases, self._sentences = phrases, sentences

    def __iter__(self) -> Iterator[list[str]]:
        join = self._phrases.joining()
        for sentence in self._sentences:
            yield join(list(sentence))

    def __len__(self) -> int:
        return len(self._sentences)  # type: ignore[arg-type]


class _Joining:
    """Base class of objects that join phrases. Subclasses define the scores."""

    connector_words: frozenset[str]
    delimiter: str
    threshold: float
    min_count: float
    scoring: Scorer | None

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """Join two words and the connectors between them; return the phrase and its score.

        Returns (None, None) if the score does not exceed the threshold, or if the phrase or one of the words is not
        known.
        """
        raise NotImplementedError

    def scores(self) -> dict[tuple[str, ...], float]:
        """Return a dict from the words of each phrase, a tuple that includes connectors, to the score of the phrase."""
        raise NotImplementedError

    def export_phrases(self) -> dict[str, float]:
        """Return a dict from each phrase, joined to one string, to its score."""
        return {self.delimiter.join(words): score for words, score in self.scores().items()}

    def joining(self) -> Callable[[list[str]], list[str]]:
        """Return a function that takes a sentence and returns it with its phrases joined."""
        return FrozenPhrases(self).joining()

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield (phrase, score) for each phrase of a sentence and (word, None) for each other word, in order."""
        waiting: list[str] = []  # a word that may begin a phrase, and the connectors after it
        for word in sentence:
            if word in self.connector_words:
                if waiting:
                    waiting.append(word)
                else:
                    yield word, None
                continue
            phrase, score = self.score_candidate(waiting[0], word, waiting[1:]) if waiting else (None, None)
            if phrase is not None:
                yield phrase, score
                waiting = []
            else:
                yield from ((each, None) for each in waiting)
                waiting = [word]
        yield from ((each, None) for each in waiting)

    def __getitem__(self, sentence: Any) -> Any:
        """Join the phrases of a sentence. For a corpus, return an iterable that joins the phrases of each sentence."""
        single, listed = one_or_many(sentence)
        return [word for word, _ in self.analyze_sentence(listed)] if single else JoinedSentences(self, listed)

    def find_phrases(self, sentences: Iterable[Any]) -> dict[str, float]:
        """Return a dict from each phrase that occurs in the sentences to its score."""
        analyzed = (pair for sentence in sentences for pair in self.analyze_sentence(sentence))
        return {phrase: score for phrase, score in analyzed if score is not None}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a JSON file, which ``wordkin train --phrases`` and :class:`wordkin.corpus.phrases.Phrases` also read.

        gensim's ``separately``, ``sep_limit``, ``ignore`` and ``pickle_protocol`` are options of pickling and have no
        effect. Raises :class:`ConfigError` for :class:`Phrases` with a function as ``scoring``.
        """
        path = Path(saving_path(f"{type(self).__name__}.save", args, kwargs))
        document = {**json.loads(self._learned().to_json()), **self._more_to_save()}
        with replacing(path) as stream:
            stream.write(json.dumps(document, ensure_ascii=False, indent=1).encode())

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Self:
        """Read a file that :meth:`save` or ``wordkin phrases`` wrote. A file without counts gives ``FrozenPhrases``.

        Raises :class:`FormatError` for another kind of file, such as a pickle.
        """
        path, _ = loading_path(f"{cls.__name__}.load", args, kwargs)
        learned = LearnedPhrases.load(path)
        counts = json.loads(Path(path).read_bytes()).get(_COUNTS)
        loaded: Any = FrozenPhrases.of_learned(learned)
        if counts is not None:
            loaded = Phrases.of_counts(loaded, counts, path)
        return loaded  # type: ignore[no-any-return]

    def _learned(self) -> LearnedPhrases:
        """Return the phrases in the form in which they are written to a file."""
        names = ((original_scorer, "word2phrase"), (npmi_scorer, "npmi"))
        name = next((name for scorer, name in names if scorer is self.scoring), "custom")
        options: dict[str, Any] = {"min_count": self.min_count, "scoring": name}
        if self.threshold > NEGATIVE_INFINITY:  # JSON cannot represent infinity
            options["threshold"] = self.threshold
        return LearnedPhrases(self._passes(), self.delimiter, options)

    def _passes(self) -> tuple[PhrasePass, ...]:
        return (PhrasePass(self.scores(), self.connector_words),)

    def _more_to_save(self) -> dict[str, Any]:
        return {}


class Phrases(_Joining):
    """Phrases of two words and connectors between them, learned from sentences. More counts can be added later.

    Parameters
    ----------
    sentences : iterable of lists of words, default None
        Sentences to learn from; :meth:`add_vocab` adds more.
    min_count : float, default 5
        With the default scoring, phrases that occur at most this often have scores of at most 0.
    threshold : float, default 10
        Words are joined if the score of the phrase exceeds this value.
    max_vocab_size : int, default 40000000
        Maximum number of distinct words and pairs; beyond it, the rarest are dropped.
    delimiter : str, default "_"
        Text between the words of a joined phrase.
    progress_per : int, default 10000
        No effect.
    scoring : {"default", "npmi"} or function, default "default"
        Name of a score, or a function that computes one. It receives ``worda_count``, ``wordb_count``,
        ``bigram_count``, ``len_vocab``, ``min_count`` and ``corpus_word_count`` as keyword arguments.
    connector_words : iterable of str, default frozenset()
        Words that may occur inside a phrase, but not at its ends.

    Attributes
    ----------
    vocab : dict of str to int
        Counts of words, except connectors, and of joined pairs.
    corpus_word_count : int
        Number of words that were read.

    Raises
    ------
    ConfigError
        A value is not legal (also a ValueError).
    """

    def __init__(
        self,
        sentences: Any = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40000000,
        delimiter: str = "_",
        progress_per: int = 10000,
        scoring: Any = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        self.scoring = _scorer(scoring)
        self.min_count, self.threshold = _numbers(min_count, threshold, self.scoring)
        self.max_vocab_size, self.progress_per = whole("max_vocab_size", max_vocab_size, 1), progress_per
        if not isinstance(delimiter, str) or not delimiter:
            raise ConfigError("delimiter", "must be text", delimiter)
        self.delimiter, self.connector_words = delimiter, frozenset(connector_words)
        self._options()  # raises an error for illegal connectors
        self.vocab: dict[str, int] = {}
        self.min_reduce, self.corpus_word_count = 1, 0
        if sentences is not None:
            self.add_vocab(sentences)

    def _options(self) -> PhraseOptions:
        most = min(max(_FEWEST_NGRAMS, self.max_vocab_size), _MOST_NGRAMS)
        connectors = sorted(self.connector_words)
        return PhraseOptions(connector_words=connectors, max_ngrams=most)

    def add_vocab(self, sentences: Any) -> None:
        """Count the words and pairs of more sentences, and add them to the counts."""
        from wordkin.config import TrainingConfig
        from wordkin.corpus.scanning.scan import Scan
        from wordkin.text.steps import scan_text

        refuse_strings(sentences)
        if isinstance(sentences, list | tuple) and not any(sentences):
            return
        config = TrainingConfig()
        scanned = scan_text(source_of_sentences(sentences, None, config, once=True), config)
        assert isinstance(scanned, Scan), "config.phrases is None"
        refuse_integers(scanned)
        with CountedText.of_scan(scanned) as text:
            self.corpus_word_count += int(text.counts.sum())
            for word, count in zip(text.words, text.counts.tolist(), strict=True):
                if word not in self.connector_words:
                    self.vocab[word] = self.vocab.get(word, 0) + count
            for words, count in count_candidates(text, self._options()):
                phrase = self.delimiter.join(words)
                self.vocab[phrase] = self.vocab.get(phrase, 0) + count
        while len(self.vocab) > self.max_vocab_size:
            self.vocab = {token: count for token, count in self.vocab.items() if count > self.min_reduce}
            self.min_reduce += 1

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """Join two words and the connectors between them; return the phrase and its score.

        Returns (None, None) if the score does not exceed the threshold, or if the phrase or one of the words is not
        known.
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        first, last, both = (self.vocab.get(token, 0) for token in (word_a, word_b, phrase))
        if first <= 0 or last <= 0 or both <= 0:
            return None, None
        assert self.scoring is not None, "Phrases always has a scorer"
        score = self.scoring(
            worda_count=first, wordb_count=last, bigram_count=both, len_vocab=len(self.vocab),
            min_count=self.min_count, corpus_word_count=self.corpus_word_count,
        )  # fmt: skip
        return (phrase, score) if score > self.threshold else (None, None)

    def scores(self) -> dict[tuple[str, ...], float]:
        """Return a dict from the words of each phrase, a tuple that includes connectors, to the score of the phrase."""
        built_in = self.scoring in _SCORERS.values() and (self.scoring is npmi_scorer or self.threshold >= 0)
        least = (
            self.min_count if built_in else NEGATIVE_INFINITY
        )  # rarer phrases cannot have a score above the threshold
        found: dict[tuple[str, ...], float] = {}
        for token, count in self.vocab.items():
            if count < least or self.delimiter not in token:
                continue
            for word_a, in_between, word_b in _splits(token, self.delimiter, self.connector_words):
                phrase, score = self.score_candidate(word_a, word_b, in_between)
                if phrase is not None and score is not None:
                    found[word_a, *in_between, word_b] = score
        return found

    def freeze(self) -> FrozenPhrases:
        """Return a ``FrozenPhrases`` with the current phrases, but without the counts."""
        return FrozenPhrases(self)

    def _more_to_save(self) -> dict[str, Any]:
        name = next((name for name, scorer in _SCORERS.items() if scorer is self.scoring), None)
        if name is None:
            raise ConfigError(
                "scoring",
                'must be "default" or "npmi" in a saved file, because a function cannot be saved',
                self.scoring,
                "save phrases.freeze()",
            )
        values = {key: getattr(self, key) for key in ("max_vocab_size", "corpus_word_count", "min_reduce")}
        return {_COUNTS: {"scoring": name, **values, "vocab": self.vocab}}

    @classmethod
    def of_counts(cls, frozen: FrozenPhrases, counts: Any, path: Any) -> Phrases:
        """Create ``Phrases`` from the options and counts in a file.

        ``frozen`` holds the options, ``counts`` the counts. Raises :class:`FormatError`, which names ``path``, if an
        entry is missing or invalid.
        """
        try:
            made = cls(
                min_count=frozen.min_count, threshold=frozen.threshold, max_vocab_size=counts["max_vocab_size"],
                delimiter=frozen.delimiter, scoring=counts["scoring"], connector_words=frozen.connector_words,
            )  # fmt: skip
            made.vocab = {str(token): int(count) for token, count in counts["vocab"].items()}
            made.corpus_word_count, made.min_reduce = int(counts["corpus_word_count"]), int(counts["min_reduce"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{str(path)!r}: the counts of the phrases cannot be read ({error!r})") from error
        return made

    def __str__(self) -> str:
        return (f"{type(self).__name__}<{len(self.vocab)} vocab, min_count={self.min_count}, "
                f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>")  # fmt: skip


class FrozenPhrases(_Joining):
    """Learned phrases without counts, used to join phrases in sentences.

    Attributes
    ----------
    phrasegrams : dict of str to float
        The score of each joined phrase.
    """

    def __init__(self, phrases_model: Any) -> None:
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.delimiter, self.scoring = phrases_model.delimiter, phrases_model.scoring
        self.connector_words = phrases_model.connector_words
        scores = phrases_model.scores()
        self.phrasegrams: dict[str, float] = {self.delimiter.join(words): score for words, score in scores.items()}
        self._words = {self.delimiter.join(words): words for words in scores}
        self._later: FrozenPhrases | None = None  # the next pass, if the file has several

    @classmethod
    def of_learned(cls, learned: LearnedPhrases) -> FrozenPhrases:
        """Create ``FrozenPhrases`` from phrases that were read from a file."""
        later = None
        for each in reversed(learned.passes or (PhrasePass({}),)):
            made = cls(_Pass(each, learned))
            made._later, later = later, made
        assert later is not None, "a file has at least one pass"
        return later

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str | None, float | None]:
        """Join two words and the connectors between them; return the phrase and its score.

        Returns (None, None) if the score does not exceed the threshold, or if the phrase is not known.
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase, NEGATIVE_INFINITY)
        return (phrase, score) if score > self.threshold else (None, None)

    def __getitem__(self, sentence: Any) -> Any:
        """Join the phrases of a sentence. For a corpus, return an iterable that joins the phrases of each sentence."""
        joined = super().__getitem__(sentence)
        return joined if self._later is None or isinstance(joined, JoinedSentences) else self._later[joined]

    def scores(self) -> dict[tuple[str, ...], float]:
        """Return a dict from the words of each phrase, a tuple that includes connectors, to the score of the phrase."""
        known = self._words  # phrases that were added later are split at the delimiter
        return {known.get(each, tuple(each.split(self.delimiter))): score for each, score in self.phrasegrams.items()}

    def joining(self) -> Callable[[list[str]], list[str]]:
        """Return a function that takes a sentence and returns it with its phrases joined."""
        kept = {words: score for words, score in self.scores().items() if score > self.threshold}
        own, delimiter = PhrasePass(kept, self.connector_words), self.delimiter
        if self._later is None:
            return lambda words: own.join(words, delimiter)
        later = self._later.joining()
        return lambda words: later(own.join(words, delimiter))

    def _passes(self) -> tuple[PhrasePass, ...]:
        later = () if self._later is None else self._later._passes()
        return (*super()._passes(), *later)

    def __str__(self) -> str:
        return (f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
                f"threshold={self.threshold}>")  # fmt: skip


class _Pass:
    """The phrases that one pass over a text learned, with the attributes that :class:`FrozenPhrases` reads."""

    def __init__(self, each: PhrasePass, learned: LearnedPhrases) -> None:
        self.threshold = learned.options.get("threshold", NEGATIVE_INFINITY)
        self.min_count = learned.options.get("min_count", 1)
        self.scoring = {"word2phrase": original_scorer, "npmi": npmi_scorer}.get(learned.options.get("scoring", ""))
        self.delimiter, self.connector_words = learned.delimiter, each.connector_words
        self.scores = lambda: each.phrases


Phraser = FrozenPhrases


def _scorer(scoring: Any) -> Scorer:
    """Return the function that computes scores, given its name or the function itself.

    Raises :class:`ConfigError` for an unknown name, or for a function that does not accept all arguments.
    """
    if isinstance(scoring, str) and scoring in _SCORERS:
        return _SCORERS[scoring]
    if not callable(scoring):
        raise ConfigError("scoring", 'must be "default", "npmi" or a function', scoring)
    missing = [name for name in _TAKEN_BY_SCORERS if name not in inspect.signature(scoring).parameters]
    if missing:
        raise ConfigError(
            "scoring",
            f"must be a function with the parameters {', '.join(_TAKEN_BY_SCORERS)}",
            scoring,
            f"add the parameter {missing[0]}",
        )
    function: Scorer = scoring
    return function


def _numbers(min_count: Any, threshold: Any, scoring: Scorer) -> tuple[float, float]:
    """Check ``min_count`` and ``threshold`` and return them as numbers; whole numbers stay int."""
    for name, value in (("min_count", min_count), ("threshold", threshold)):
        number(name, value)
    if min_count <= 0:
        raise ConfigError("min_count", "must be above 0", min_count)
    if scoring is original_scorer and threshold <= 0:
        raise ConfigError("threshold", "must be above 0 with the default scoring", threshold)
    if scoring is npmi_scorer and not -1 <= threshold <= 1:
        raise ConfigError("threshold", 'must be a number from -1 to 1 with scoring="npmi"', threshold)
    return min_count, threshold


def _splits(token: str, delimiter: str, connectors: frozenset[str]) -> Iterator[tuple[str, list[str], str]]:
    """Yield each way to split a token into a phrase, as (first word, connectors, last word)."""
    start = token.find(delimiter)
    while start >= 0:
        rest, between = token[start + len(delimiter) :], list[str]()
        yield token[:start], [], rest
        head, found, tail = rest.partition(delimiter)
        while found and head in connectors:
            between.append(head)
            yield token[:start], list(between), tail
            head, found, tail = tail.partition(delimiter)
        start = token.find(delimiter, start + 1)
