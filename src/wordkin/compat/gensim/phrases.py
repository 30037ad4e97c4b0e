"""``Phrases`` and ``FrozenPhrases`` with gensim's methods, over :mod:`wordkin.corpus.phrases`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from wordkin.compat.gensim.keyedvectors import loading_path, saving_path
from wordkin.compat.gensim.sentences import one_or_many, refuse_integers, refuse_strings, source_of_sentences
from wordkin.corpus.phrases import ENGLISH_CONNECTORS, CountedText, PhraseOptions, learn_phrases
from wordkin.corpus.phrases import Phrases as LearnedPhrases
from wordkin.errors import ConfigError

ENGLISH_CONNECTOR_WORDS = frozenset(ENGLISH_CONNECTORS) - {"as", "per"}  # those of gensim
_FEWEST_NGRAMS = 100_000


class JoinedSentences:
    """A corpus whose phrases are joined as it is read."""

    def __init__(self, phrases: _Joining, sentences: Iterable[Any]) -> None:
        self._phrases, self._sentences = phrases, sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self._sentences:
            yield self._phrases.learned.join(list(sentence))

    def __len__(self) -> int:
        return len(self._sentences)  # type: ignore[arg-type]


class _Joining:
    """What joins the phrases that were learned."""

    def __init__(self, learned: LearnedPhrases) -> None:
        self.learned = learned

    @property
    def phrasegrams(self) -> dict[str, float]:
        """Each phrase, joined, and its score."""
        return self.export_phrases()

    @property
    def delimiter(self) -> str:
        """What joins the words of a phrase."""
        return self.learned.delimiter

    def __getitem__(self, sentence: Any) -> Any:
        """A sentence with its phrases joined; of a corpus, all of them, joined as it is read."""
        single, listed = one_or_many(sentence)
        return self.learned.join(list(listed)) if single else JoinedSentences(self, listed)

    def export_phrases(self) -> dict[str, float]:
        """Each phrase, joined, and its score."""
        found = (each.phrases.items() for each in self.learned.passes)
        return {self.learned.delimiter.join(words): score for items in found for words, score in items}

    def find_phrases(self, sentences: Iterable[Any]) -> dict[str, float]:
        """The phrases that stand in some sentences, and their scores."""
        known, met = self.export_phrases(), dict[str, float]()
        for sentence in sentences:
            met.update({word: known[word] for word in self.learned.join(list(sentence)) if word in known})
        return met

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a JSON file, as :meth:`wordkin.corpus.phrases.Phrases.save`."""
        self.learned.save(saving_path("Phrases.save", args, kwargs))

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Self:
        """Read a file that :meth:`save` or ``wordkin phrases`` wrote."""
        path, _ = loading_path("Phrases.load", args, kwargs)
        loaded = cls.__new__(cls)
        _Joining.__init__(loaded, LearnedPhrases.load(path))
        return loaded

    def __len__(self) -> int:
        return len(self.learned)

    def __str__(self) -> str:
        return f"{type(self).__name__}<{len(self)} phrases>"

    __repr__ = __str__


class Phrases(_Joining):
    """Phrases of two words, learned from sentences.

    Parameters
    ----------
    sentences : iterable of lists of words, default None
        What to learn from.
    min_count, threshold, delimiter, connector_words
        As of :class:`wordkin.corpus.phrases.PhraseOptions`.
    max_vocab_size : int, default 40000000
        Its ``max_ngrams``; at least 100,000.
    scoring : {"default", "npmi"}, default "default"
        The score; a function is not supported.
    progress_per : int, default 10000
        Without effect.
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
        if scoring not in ("default", "npmi"):
            remedy = "pass one of them, or score the pairs of wordkin.corpus.phrases yourself"
            raise ConfigError("scoring", 'must be "default" or "npmi"', scoring, remedy)
        del progress_per
        self.options = PhraseOptions(
            min_count=int(min_count), threshold=threshold, scoring="npmi" if scoring == "npmi" else "word2phrase",
            connector_words=sorted(connector_words), delimiter=delimiter,
            max_ngrams=max(_FEWEST_NGRAMS, max_vocab_size),
        )  # fmt: skip
        super().__init__(LearnedPhrases((), delimiter))
        if sentences is not None:
            self.add_vocab(sentences)

    # Without setters: what was learned does not follow options that change afterwards.
    @property
    def min_count(self) -> float:
        """How often two words must stand beside each other."""
        return self.options.min_count

    @property
    def threshold(self) -> float:
        """The lowest score of a phrase."""
        return self.options.effective_threshold

    @property
    def connector_words(self) -> frozenset[str]:
        """Words that a phrase may hold between its first and its last word."""
        return frozenset(self.options.connector_words)

    @property
    def max_vocab_size(self) -> int:
        """How many words and pairs are counted at most."""
        return self.options.max_ngrams

    def add_vocab(self, sentences: Any) -> None:
        """Learn from sentences, once: counts of two texts are not added up."""
        from wordkin.config import TrainingConfig
        from wordkin.corpus.scanning.scan import Scan
        from wordkin.text import scan_text

        if self.learned.passes:
            raise ConfigError("add_vocab", "must be called once", "a second text", "chain both texts in one iterable")
        refuse_strings(sentences)
        config = TrainingConfig()
        scanned = scan_text(source_of_sentences(sentences, None, config, once=True), config)
        assert isinstance(scanned, Scan), "no phrases were asked for"
        refuse_integers(scanned)
        self.learned, text = learn_phrases(CountedText.of_scan(scanned), 1, self.options)
        text.corpus.close()

    def freeze(self) -> FrozenPhrases:
        """The phrases alone."""
        return FrozenPhrases(self)


class FrozenPhrases(_Joining):
    """Phrases that were learned, to join them with."""

    def __init__(self, phrases_model: Phrases) -> None:
        super().__init__(phrases_model.learned)


Phraser = FrozenPhrases
