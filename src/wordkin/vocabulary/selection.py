"""Selection of the words that a model learns: by count, by a given vocabulary, or known words plus new ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError, CorpusError, CorpusWarning, EmptyVocabularyError, warn
from wordkin.items import Item, is_integer, named_items
from wordkin.storage.packed_words import concatenated, taken
from wordkin.vocabulary.vocabulary import Vocabulary

MOST_RARE_WORDS = 1_000_000  # rare words whose counts are stored, unless max_types sets another limit


@dataclass(frozen=True)
class Rules:
    """Rules for the selection of words, and the number of rare words whose counts are stored.

    Attributes
    ----------
    min_count : int, default 1
        Minimum count of a word.
    max_vocabulary : int or None, default None
        Maximum number of words; the most frequent are kept.
    keep_words : collection of str or int, default ()
        Words to keep whatever their count.
    most_rare : int, default 0
        Maximum number of other words whose counts are stored, most frequent first; of words with equal counts, those
        that occur first in the text are preferred.
    """

    min_count: int = 1
    max_vocabulary: int | None = None
    keep_words: Collection[Item] = ()
    most_rare: int = 0


@dataclass(frozen=True)
class Selection:
    """The words that were selected from a text, to learn vectors for them.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words, by descending count.
    ids : ndarray of int32
        Vocabulary id of each distinct word of the text; -1 for words outside the vocabulary.
    text_counts : ndarray of shape (V,), int64, or None, default None
        Count of each vocabulary word in the text, if it differs from the count in the vocabulary.
    rare : Vocabulary or None, default None
        Words outside the vocabulary, with their counts; None if none are stored.
    forgotten : int, default 0
        Number of words outside the vocabulary whose counts were discarded because there were too many.
    """

    vocabulary: Vocabulary
    ids: NDArray[np.int32]
    text_counts: NDArray[np.int64] | None = None
    rare: Vocabulary | None = None
    forgotten: int = 0


@dataclass(frozen=True)
class Known:
    """The words of a trained model: its vocabulary with counts, and the counts of other words if stored."""

    vocabulary: Vocabulary
    rare: Vocabulary | None = None


def choose_words(words: Sequence[Item], counts: NDArray[np.int64], rules: Rules) -> Selection:
    """Select words of a text by their counts.

    Raises :class:`EmptyVocabularyError` if no word is left. Warns of ``keep_words`` that do not occur in the text.
    """
    rules = _for_items(rules, words)
    vocabulary, ids = Vocabulary.choose(
        words,
        counts,
        min_count=rules.min_count,
        max_vocabulary=rules.max_vocabulary,
        keep_words=rules.keep_words,
    )
    _warn_of_absent(rules.keep_words, vocabulary)
    left = np.flatnonzero(ids < 0)
    rare, forgotten = _kept_counts(words, left, counts[left], rules.most_rare)
    return Selection(vocabulary, ids, rare=rare, forgotten=forgotten)


def refuse_other_items(words: Sequence[Item], vocabulary: Vocabulary) -> None:
    """Raise :class:`CorpusError` if the text holds words and the vocabulary whole numbers, or the reverse."""
    if not len(words) or not len(vocabulary) or is_integer(words[0]) == vocabulary.integers:
        return
    kinds = ("whole numbers", "words") if vocabulary.integers else ("words", "whole numbers")
    raise CorpusError(
        f"the items of the model or vocabulary are {kinds[0]}, such as {vocabulary.word(0)!r}, but those of the text "
        f"are {kinds[1]}, such as {words[0]!r:.60}: convert the text with {'int' if vocabulary.integers else 'str'}()"
    )


def given_words(words: Sequence[Item], vocabulary: Vocabulary) -> Selection:
    """Select the words of a given vocabulary; raise :class:`EmptyVocabularyError` if the text contains none of them."""
    ids = vocabulary.find_ids(words).astype(np.int32)
    if not (ids >= 0).any():
        raise EmptyVocabularyError(
            f"no word of the text is in the given vocabulary of {len(vocabulary):,} words: check the tokenization and "
            "lower-casing of both"
        )
    return Selection(vocabulary, ids)


def grown_words(words: Sequence[Item], counts: NDArray[np.int64], known: Known, rules: Rules) -> Selection:
    """Select the known words, and the words of a new text whose count in all text so far is high enough.

    A word that does not occur in the new text is not added, because its vector could not be trained. Known words are
    kept even if there are more than ``max_vocabulary``. Raises :class:`CorpusError` if the text contains no word that
    the model can train on.
    """
    old, rare = known.vocabulary, known.rare
    rules = _for_items(rules, words)
    assert old.counts is not None, "a trained model has counts"
    old_ids = old.find_ids(words)
    is_new = old_ids < 0
    text_new = taken(words, np.flatnonzero(is_new))
    totals = counts[is_new].copy()
    rest: Sequence[Item] = []
    rest_counts = np.empty(0, np.int64)
    if rare is not None and rare.counts is not None:
        rare_ids = rare.find_ids(text_new)
        totals[rare_ids >= 0] += rare.counts[rare_ids[rare_ids >= 0]]
        unseen = np.ones(len(rare), np.bool_)
        unseen[rare_ids[rare_ids >= 0]] = False
        rest = taken(rare.words, np.flatnonzero(unseen))
        rest_counts = rare.counts[unseen]
    joins = _joining(text_new, totals, len(old), rules)
    if (old_ids < 0).all() and not joins.any():
        raise CorpusError(
            f"the text contains no word of the model, and no new word reached min_count={rules.min_count:,}: check "
            "tokenization and lower-casing, or reduce min_count"
        )
    all_counts = np.concatenate((old.counts, totals[joins]))
    old_counts = old.counts.copy()
    seen = np.flatnonzero(~is_new)
    old_counts[old_ids[seen]] += counts[seen]
    all_counts[: len(old)] = old_counts
    joining = taken(text_new, np.flatnonzero(joins))
    vocabulary, new_ids = Vocabulary.choose(concatenated(old.words, joining), all_counts, min_count=0)
    ids = np.full(len(words), -1, np.int32)
    ids[seen] = new_ids[old_ids[seen]]
    ids[np.flatnonzero(is_new)[joins]] = new_ids[len(old) :]
    _warn_of_absent(rules.keep_words, vocabulary)
    text_counts = np.zeros(len(vocabulary), np.int64)
    text_counts[ids[ids >= 0]] = counts[ids >= 0]
    left = np.flatnonzero(~joins)
    indices = np.concatenate((np.arange(len(rest)), len(rest) + left))
    kept, forgotten = _kept_counts(
        concatenated(rest, text_new), indices, np.concatenate((rest_counts, totals[left])), rules.most_rare
    )
    return Selection(vocabulary, ids, text_counts, kept, forgotten)


def refuse_unlearned(
    words: Sequence[Item], counts: NDArray[np.int64], known: Known, *, counts_are_exact: bool, most_rare: int
) -> None:
    """Raise :class:`CorpusError` if a model cannot have been trained on a text.

    No word may occur more often in the text than in all text of the model. For words outside the vocabulary, this is
    checked only if the model stored the counts of all of them, that is, if they are fewer than ``most_rare``. If
    ``counts_are_exact`` is false, counts of the model may be too low, so counts are not compared.
    """
    refuse_other_items(words, known.vocabulary)
    assert known.vocabulary.counts is not None, "a trained model has counts"
    ids = known.vocabulary.find_ids(words)
    learned = np.where(ids >= 0, known.vocabulary.counts[ids], np.iinfo(np.int64).max)
    if known.rare is not None and known.rare.counts is not None and len(known.rare) < most_rare:
        rare_ids = known.rare.find_ids(words)
        rare_counts = np.append(known.rare.counts, 0)  # index -1 stands for words that were never seen
        learned = np.where(ids >= 0, learned, rare_counts[rare_ids])
    excess = np.flatnonzero(counts > learned) if counts_are_exact else np.empty(0, np.int64)
    remedy = "pass text that the model was trained on"
    if len(excess):
        word = int(excess[np.argmax(counts[excess] - learned[excess])])
        raise CorpusError(
            f"the model was not trained on the text to replay, where {words[word]!r} has a count of {counts[word]:,}, "
            f"but in the text of the model only {learned[word]:,}: {remedy}"
        )
    if not (ids >= 0).any():
        raise CorpusError(f"the text to replay contains no word of the model: {remedy}")


def _joining(words: Sequence[Item], totals: NDArray[np.int64], known: int, rules: Rules) -> NDArray[np.bool_]:
    """Return a boolean array: whether each word is added to a vocabulary of ``known`` words.

    ``totals`` holds the count of each word in all text so far.
    """
    joins = np.zeros(len(words), np.bool_)
    room = None if rules.max_vocabulary is None else max(0, rules.max_vocabulary - known)
    keep_words = frozenset(rules.keep_words).intersection(words) if rules.keep_words else frozenset[str]()
    if (room == 0 and not keep_words) or not len(words):
        return joins
    try:
        limit = room if room is None else max(room, len(keep_words))
        ids = Vocabulary.choose(
            words, totals, min_count=rules.min_count, max_vocabulary=limit, keep_words=keep_words
        )[1]  # fmt: skip
    except EmptyVocabularyError:
        return joins
    return ids >= 0


def _kept_counts(
    words: Sequence[Item], indices: NDArray[np.int64], counts: NDArray[np.int64], most: int
) -> tuple[Vocabulary | None, int]:
    """Return the most frequent words at ``indices``, at most ``most``, with counts; and how many are left out."""
    if most == 0:
        return None, 0
    chosen = np.argsort(-counts, kind="stable")[:most]  # sort before making lists: there may be many millions
    kept = Vocabulary.of_distinct(taken(words, indices[chosen]), counts[chosen])
    return kept, len(indices) - len(kept)


def _for_items(rules: Rules, words: Sequence[Item]) -> Rules:
    """Return the rules with ``keep_words`` of the kind of the text: strings or whole numbers.

    Raises :class:`ConfigError` if a word is of the other kind.
    """
    if not len(words) or not rules.keep_words:
        return rules
    integers = is_integer(words[0])
    keep_words = named_items(rules.keep_words, integers=integers)
    for word in keep_words:
        if is_integer(word) != integers:
            kind = "whole numbers" if integers else "strings"
            raise ConfigError("keep_words", f"must be {kind}, like the items of the text", word)
    return replace(rules, keep_words=keep_words)


def _warn_of_absent(keep_words: Collection[Item], vocabulary: Vocabulary) -> None:
    absent = [word for word in keep_words if word not in vocabulary]
    if absent:
        named = ", ".join(repr(word) for word in absent[:3]) + (", …" if len(absent) > 3 else "")
        warn(
            f"{len(absent):,} of {len(keep_words):,} words of keep_words do not occur in the text: {named}",
            CorpusWarning,
        )
