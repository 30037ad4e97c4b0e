"""Build the vocabulary of a model: count words, choose the words to keep, and create the tables for them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim import training
from wordkin.compat.gensim.errors import NoVocabularyError, number, whole
from wordkin.compat.gensim.keyedvectors import KeyedVectors
from wordkin.compat.gensim.sentences import (
    CountedIterable,
    LineSentence,
    refuse_integers,
    refuse_strings,
    source_of_sentences,
)
from wordkin.compat.gensim.store import by_descending_frequency
from wordkin.errors import ConfigError
from wordkin.vocabulary.subsampling import keep_probabilities

if TYPE_CHECKING:
    from wordkin.corpus.scanning.scan import Scan

logger = logging.getLogger(__name__)

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
_BYTES_A_WORD, _BYTES_A_WORD_WITH_PATH = 500, 700  # gensim's estimates: a string, two entries, a path in the tree
TrimRule = Callable[[str, int, int], int]


def keeps(word: str, count: int, min_count: int, trim_rule: TrimRule | None) -> bool:
    """Return whether a word is kept.

    ``trim_rule`` decides. If it is None, or returns RULE_DEFAULT or None, a word is kept if its count is at least
    ``min_count``.
    """
    decision = RULE_DEFAULT if trim_rule is None else trim_rule(word, count, min_count)
    if decision not in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, None):
        rule = "must return RULE_DEFAULT (0), RULE_DISCARD (1) or RULE_KEEP (2)"
        raise ConfigError("trim_rule", rule, decision)
    return decision == RULE_KEEP or (decision != RULE_DISCARD and count >= min_count)


def counted_with_limit(
    sentences: Iterable[Iterable[str]], max_vocab_size: int, trim_rule: TrimRule | None
) -> tuple[dict[str, int], int, int]:
    """Count words with limited memory; return the counts, the number of words and the number of sentences.

    If there are more than ``max_vocab_size`` distinct words after a sentence, the rarest are dropped. If a dropped word
    occurs again, its count starts from 0 and is therefore too low, as in gensim.
    """
    counts: Counter[str] = Counter()
    number, total, least = 0, 0, 1
    for sentence in sentences:
        words = list(sentence)
        counts.update(words)
        number, total = number + 1, total + len(words)
        if len(counts) > max_vocab_size:
            counts = Counter({word: n for word, n in counts.items() if keeps(word, n, least, trim_rule)})
            least += 1
    return dict(counts), total, number


@dataclass
class Choice:
    """The words kept from a table of counts.

    Attributes
    ----------
    kept : dict of str to int
        The kept words and their counts, in the order of the table.
    min_count : int
        The lowest count of a kept word, unless a rule kept or dropped words. ``max_final_vocab`` may have raised it.
    dropped_words, dropped_total : int
        Number of words that were dropped, and the sum of their counts.
    """

    kept: dict[str, int]
    min_count: int
    dropped_words: int = 0
    dropped_total: int = 0

    @classmethod
    def of(
        cls, counts: Mapping[str, int], min_count: int, max_final_vocab: int | None, trim_rule: TrimRule | None
    ) -> Choice:
        """Choose the words to keep: those that :func:`keeps` selects.

        If ``max_final_vocab`` is not None, ``min_count`` is raised until at most this many words reach it.
        """
        if max_final_vocab is not None and max_final_vocab < len(counts):
            min_count = max(min_count, sorted(counts.values(), reverse=True)[max_final_vocab] + 1)
        kept = {word: count for word, count in counts.items() if keeps(word, count, min_count, trim_rule)}
        return cls(kept, min_count, len(counts) - len(kept), sum(counts.values()) - sum(kept.values()))

    def report(self, sample: float) -> dict[str, Any]:
        """Return the report on the choice that gensim's ``prepare_vocab`` returns, as a dict."""
        counts = np.array(list(self.kept.values()), dtype=np.int64)
        shares = keep_probabilities(counts, sample) if len(counts) else np.ones(0)
        return {
            "drop_unique": self.dropped_words,
            "retain_total": int(counts.sum()),
            "downsample_unique": int(np.count_nonzero(shares < 1)),
            "downsample_total": int((counts * np.minimum(shares, 1)).sum()),
            "num_retained_words": len(self.kept),
        }


class Model:
    """Base class of ``Word2Vec``: the parameters and tables of a model, and the methods that build its vocabulary."""

    vector_size: int
    alpha: float
    min_alpha: float
    min_alpha_yet_reached: float
    window: int
    shrink_windows: bool
    min_count: int
    effective_min_count: int
    max_vocab_size: int | None
    max_final_vocab: int | None
    sample: float
    ns_exponent: float
    seed: int
    workers: int
    sg: int
    hs: int
    negative: int
    cbow_mean: int
    epochs: int
    sorted_vocab: int
    corpus_count: int
    corpus_total_words: int | None
    total_train_time: float
    raw_vocab: dict[str, int]
    latest_losses: list[float]
    running_training_loss: float
    syn1: NDArray[Any]
    syn1neg: NDArray[Any]
    wv: KeyedVectors
    _trim_rule: TrimRule | None

    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the words of a text and choose the vocabulary.

        Parameters
        ----------
        corpus_iterable, corpus_file : iterable of lists of words, or path
            The text; pass one of the two.
        update : bool, default False
            Add words to the existing vocabulary; a list without words adds none. Known words keep their vectors, and
            new words get random ones. The tree of hierarchical softmax is rebuilt from all counts, and the rows of its
            nodes are set to 0.
        keep_raw_vocab : bool, default False
            Keep the counts of all words as ``raw_vocab``.
        trim_rule : function, default None
            A function of word, count and ``min_count`` that returns RULE_DEFAULT, RULE_DISCARD or RULE_KEEP.
        progress_per, **kwargs
            ``progress_per`` has no effect. ``**kwargs`` may contain ``min_count`` and ``sample``, which replace the
            values of the model; with ``update``, ``min_count`` applies only to this call. Any other name raises a
            TypeError.
        """
        if kwargs.keys() - {"min_count", "sample"}:
            raise TypeError(f"build_vocab takes no argument {min(kwargs.keys() - {'min_count', 'sample'})!r}")
        try:
            self.scan_vocab(corpus_iterable, corpus_file, progress_per, trim_rule=trim_rule)
        except NoVocabularyError:
            if not (update and isinstance(corpus_iterable, Sized)):  # an iterable without a length may be exhausted now
                raise
        self._finish_vocabulary(update, keep_raw_vocab, trim_rule, **kwargs)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Build the vocabulary from known word counts; otherwise like :meth:`build_vocab`.

        ``corpus_count`` is the number of sentences. ``corpus_total_words`` keeps its value.
        """
        self.raw_vocab = {word: int(count) for word, count in word_freq.items()}
        self.corpus_count = (
            corpus_count or 0
        )  # corpus_total_words keeps its value, as in gensim, because no text was read
        self._finish_vocabulary(update, keep_raw_vocab, trim_rule)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a text into ``raw_vocab``; return the numbers of words and sentences."""
        del progress_per, workers
        if self.max_vocab_size:
            config = training.config_of(self)
            source_of_sentences(corpus_iterable, corpus_file, config, once=True)  # raises an error if it is not a text
            sentences = LineSentence(corpus_file) if corpus_iterable is None else corpus_iterable
            refuse_strings(sentences)
            rule = trim_rule or self._trim_rule
            counted = counted_with_limit(sentences, self.max_vocab_size, rule)
            self.raw_vocab, self.corpus_total_words, self.corpus_count = counted
        else:
            self._scan(corpus_iterable, corpus_file, once=True).close()
        return self.corpus_total_words or 0, self.corpus_count

    def _scan(self, corpus_iterable: Any, corpus_file: Any, once: bool) -> Scan:
        """Count the words of a text; set ``raw_vocab``, ``corpus_count`` and ``corpus_total_words``; return the scan.

        With ``once``, the text may be a generator, because it is read only once.
        """
        from wordkin.corpus.scanning.scan import Scan
        from wordkin.errors import EmptyVocabularyError
        from wordkin.text.steps import scan_text

        refuse_strings(corpus_iterable)
        config = training.config_of(self)
        source = source_of_sentences(corpus_iterable, corpus_file, config, once=once)
        try:
            scanned = scan_text(source, config)
        except EmptyVocabularyError as error:
            self.raw_vocab, self.corpus_total_words = {}, 0
            self.corpus_count = source.items.read if isinstance(source.items, CountedIterable) else 0
            raise NoVocabularyError(f"you must first build vocabulary before training the model: {error}") from error
        assert isinstance(scanned, Scan), "config.phrases is None"
        refuse_integers(scanned)
        self.raw_vocab = dict(zip(scanned.words, scanned.counts.tolist(), strict=True))
        # gensim counts empty lists too; the scan counts the sentences that have words.
        self.corpus_count = source.items.read if isinstance(source.items, CountedIterable) else scanned.sentences
        self.corpus_total_words = scanned.total_words
        return scanned

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Choose the words to keep from ``raw_vocab``, and return gensim's report on their numbers.

        With ``dry_run``, the report is all: the model does not change. Otherwise ``min_count`` and ``sample`` become
        the values of the model, unless they are None or 0. With ``update``, ``min_count`` applies only to this call.
        """
        least = whole("min_count", min_count, 0) if min_count else self.min_count
        sample = number("sample", sample) if sample else self.sample
        choice = Choice.of(self.raw_vocab, least, self.max_final_vocab, trim_rule or self._trim_rule)
        report = choice.report(sample)
        if dry_run:
            return report
        self.sample, self.effective_min_count = sample, choice.min_count
        if not update:
            self.min_count = least
            words, counts = list(choice.kept), np.array(list(choice.kept.values()), dtype=np.int64)
            order = by_descending_frequency(counts) if self.sorted_vocab else np.arange(len(words))
            self.wv.index_to_key = [words[row] for row in order.tolist()]
            self.wv.key_to_index = {word: row for row, word in enumerate(self.wv.index_to_key)}
            self.wv.expandos = {"count": counts[order]}
        else:
            self._add_words(choice.kept)
        if not keep_raw_vocab:
            self.raw_vocab = {}
        return report

    def _add_words(self, kept: Mapping[str, int]) -> None:
        known, counts = self.wv.key_to_index, self.wv.expandos["count"]
        new = [word for word in kept if word not in known]  # in the order of the text, as in gensim
        for word in self.raw_vocab.keys() & known.keys():
            counts[known[word]] += self.raw_vocab[word]  # also of known words that are rare in this text
        known.update({word: len(known) + number for number, word in enumerate(new)})
        self.wv.index_to_key.extend(new)
        added = np.array([kept[word] for word in new], dtype=np.int64)
        self.wv.expandos["count"] = np.concatenate([counts, added])

    def _finish_vocabulary(
        self, update: bool, keep_raw_vocab: bool, trim_rule: TrimRule | None, **changed: Any
    ) -> None:
        if update and not len(self.wv):
            raise NoVocabularyError("update=True needs an existing vocabulary: call build_vocab without update first")
        self.prepare_vocab(update, keep_raw_vocab, trim_rule, **changed)
        self.prepare_weights(update)

    def prepare_weights(self, update: bool = False) -> None:
        """Draw random vectors and set the other tables to 0: for all words or, with ``update``, for new words only."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Draw random vectors for all words and set the other tables to 0."""
        self.wv.vectors = training.drawn_rows(self, 0) if len(self.wv) else np.zeros((0, self.vector_size), np.float32)
        self._zero_outputs(0)
        self.wv.fill_norms(force=True)

    def update_weights(self) -> None:
        """Draw random vectors for new words."""
        before = len(self.wv.vectors)
        self.wv.vectors = np.concatenate([self.wv.vectors, training.drawn_rows(self, before)])
        if len(self.wv.vectors_lockf) > 1:
            grown = np.ones(len(self.wv) - before, np.float32)
            self.wv.vectors_lockf = np.concatenate([self.wv.vectors_lockf, grown])
        self._zero_outputs(before)
        self.wv.fill_norms(force=True)

    def _zero_outputs(self, kept: int) -> None:
        """Create output tables of zeros for all words.

        In ``syn1neg``, the first ``kept`` rows keep their values. ``syn1``, the table of tree nodes, becomes 0 as a
        whole.
        """
        shape = (len(self.wv), self.vector_size)
        if self.hs:
            self.syn1 = np.zeros(shape, np.float32)
        if self.negative:
            learned, self.syn1neg = self.outputs().get("syn1neg"), np.zeros(shape, np.float32)
            if kept and learned is not None:
                self.syn1neg[:kept] = learned[:kept]

    def outputs(self) -> dict[str, NDArray[Any]]:
        """Return the output tables that exist: ``syn1`` if ``hs`` is 1, and ``syn1neg`` if ``negative`` is above 0."""
        return {name: vars(self)[name] for name in ("syn1", "syn1neg") if name in vars(self)}

    def reset_from(self, other_model: Model) -> None:
        """Copy the vocabulary of another model, and draw random vectors for it."""
        self.wv.index_to_key = list(other_model.wv.index_to_key)
        self.wv.key_to_index = dict(other_model.wv.key_to_index)
        self.wv.expandos = {"count": other_model.wv.expandos["count"].copy()}
        self.corpus_count, self.corpus_total_words = other_model.corpus_count, other_model.corpus_total_words
        self.init_weights()

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Estimate the bytes of the words ("vocab", a rough estimate), of each table, and of all together ("total")."""
        words = len(self.wv) if vocab_size is None else vocab_size
        found = {} if report is None else report
        table = words * self.vector_size * 4
        found["vocab"] = words * (_BYTES_A_WORD_WITH_PATH if self.hs else _BYTES_A_WORD)
        found["vectors"] = table
        if self.hs:
            found["syn1"] = table
        if self.negative:
            found["syn1neg"] = table
        found["total"] = sum(size for name, size in found.items() if name != "total")
        return found
