"""Which words of a text a model learns: those frequent enough, given ones, or those it knows and new ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError, CorpusError, CorpusWarning, EmptyVocabularyError, warn
from wordkin.items import Item, is_integer, named_items
from wordkin.storage.packed_words import concatenated, taken
from wordkin.vocabulary.vocabulary import Vocabulary

MOST_RARE_WORDS = 1_000_000  # whose counts are kept, where max_types does not say another number


@dataclass(frozen=True)
class Rules:
    """Which words become part of a vocabulary, and of how many others the counts are kept.

    Attributes
    ----------
    min_count : int
        How often a word must have been seen.
    max_vocabulary : int or None
        Keep only so many of the most frequent words.
    keep_words : collection of str or int
        Words that need not be frequent.
    most_rare : int
        Of how many other words the counts are kept at most, the most frequent first; of equally frequent ones, those
        that come first in the text.
    """

    min_count: int = 1
    max_vocabulary: int | None = None
    keep_words: Collection[Item] = ()
    most_rare: int = 0


@dataclass(frozen=True)
class Selection:
    """The words chosen for a text.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words, by falling count.
    ids : int32 array, one number per different word of the text
        Its id, or -1.
    text_counts : int64 array of shape (V,), or None
        How often each word of the vocabulary occurs in the text, where that is not its count.
    rare : Vocabulary or None
        Words outside the vocabulary, with their counts; None where none are kept.
    forgotten : int
        Number of words outside the vocabulary whose counts are not kept, since there were too many.
    """

    vocabulary: Vocabulary
    ids: NDArray[np.int32]
    text_counts: NDArray[np.int64] | None = None
    rare: Vocabulary | None = None
    forgotten: int = 0


@dataclass(frozen=True)
class Known:
    """The words that a model knows: its vocabulary with counts, and the counts of rarer words, where they were kept."""

    vocabulary: Vocabulary
    rare: Vocabulary | None = None


def choose_words(words: Sequence[Item], counts: NDArray[np.int64], rules: Rules) -> Selection:
    """Choose from the words of a text, for a first training.

    Raises :class:`EmptyVocabularyError` where none is left. Warns of words to keep that do not occur.
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
    """Raise :class:`CorpusError` where a text has words and a vocabulary whole numbers, or the other way round."""
    if not len(words) or not len(vocabulary) or is_integer(words[0]) == vocabulary.integers:
        return
    kinds = ("whole numbers", "words") if vocabulary.integers else ("words", "whole numbers")
    raise CorpusError(
        f"the items of the model or vocabulary are {kinds[0]}, such as {vocabulary.word(0)!r}, and those of the text "
        f"are {kinds[1]}, such as {words[0]!r:.60}: convert the text with {'int' if vocabulary.integers else 'str'}()"
    )


def given_words(words: Sequence[Item], vocabulary: Vocabulary) -> Selection:
    """Take a vocabulary as it is; :class:`EmptyVocabularyError` where no word of the text is in it."""
    ids = vocabulary.find_ids(words).astype(np.int32)
    if not (ids >= 0).any():
        raise EmptyVocabularyError(
            f"no word of the text is in the given vocabulary of {len(vocabulary):,} words: check how both are split "
            "and lower-cased"
        )
    return Selection(vocabulary, ids)


def grown_words(words: Sequence[Item], counts: NDArray[np.int64], known: Known, rules: Rules) -> Selection:
    """The known words and those of a text that join them: seen often enough in all text together.

    Words of the text alone can join: the vectors of others would stay as they were drawn. Known words stay, also
    where they are more than ``max_vocabulary``. Raises :class:`CorpusError` where the text has no word for the model.
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
        rest = [word for word, kept in zip(rare.words, unseen.tolist(), strict=True) if kept]
        rest_counts = rare.counts[unseen]
    joins = _joining(text_new, totals, len(old), rules)
    if (old_ids < 0).all() and not joins.any():
        raise CorpusError(
            "the text has no word of the model, and no other was seen min_count="
            f"{rules.min_count:,} times: check how it is split and lower-cased, or lower min_count"
        )
    all_counts = np.concatenate((old.counts, totals[joins]))
    old_counts = old.counts.copy()
    seen = np.flatnonzero(~is_new)
    old_counts[old_ids[seen]] += counts[seen]
    all_counts[: len(old)] = old_counts
    joining = taken(text_new, np.flatnonzero(joins))
    vocabulary, new_ids = Vocabulary.choose([*old.words, *joining], all_counts, min_count=0)
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
    """Raise :class:`CorpusError` where a text cannot be one that a model has learned.

    No word may occur more often in it than the model has counted in all of its text, as far as it kept the counts: of
    words outside the vocabulary only where the counts of all of them were kept, fewer than ``most_rare``.
    """
    refuse_other_items(words, known.vocabulary)
    assert known.vocabulary.counts is not None, "a trained model has counts"
    ids = known.vocabulary.find_ids(words)
    learned = np.where(ids >= 0, known.vocabulary.counts[ids], np.iinfo(np.int64).max)
    if known.rare is not None and known.rare.counts is not None and len(known.rare) < most_rare:
        rare_ids = known.rare.find_ids(words)
        rare_counts = np.append(known.rare.counts, 0)  # id -1: never seen
        learned = np.where(ids >= 0, learned, rare_counts[rare_ids])
    excess = np.flatnonzero(counts > learned) if counts_are_exact else np.empty(0, np.int64)
    remedy = "give text that the model was trained on"
    if len(excess):
        word = int(excess[np.argmax(counts[excess] - learned[excess])])
        raise CorpusError(
            f"the text to replay is not one that the model has learned: {words[word]!r} occurs {counts[word]:,} times "
            f"in it, and {learned[word]:,} times in all that the model was trained on: {remedy}"
        )
    if not (ids >= 0).any():
        raise CorpusError(f"the text to replay has no word of the model: {remedy}")


def _joining(words: Sequence[Item], totals: NDArray[np.int64], known: int, rules: Rules) -> NDArray[np.bool_]:
    """Which new words join a vocabulary of ``known`` words."""
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
    """The most frequent of the words at ``indices`` with their counts, and how many others there are."""
    if most == 0:
        return None, 0
    chosen = np.argsort(-counts, kind="stable")[:most]  # before any list is made: there may be many millions
    kept = Vocabulary.of_distinct(taken(words, indices[chosen]), counts[chosen])
    return kept, len(indices) - len(kept)


def _for_items(rules: Rules, words: Sequence[Item]) -> Rules:
    """The rules with words to keep of the kind of those in the text; :class:`ConfigError` where one is not."""
    if not len(words) or not rules.keep_words:
        return rules
    integers = is_integer(words[0])
    keep_words = named_items(rules.keep_words, integers=integers)
    for word in keep_words:
        if is_integer(word) != integers:
            kind = "whole numbers" if integers else "text"
            raise ConfigError("keep_words", f"must be {kind}, as the items of the text are", word)
    return replace(rules, keep_words=keep_words)


def _warn_of_absent(keep_words: Collection[Item], vocabulary: Vocabulary) -> None:
    absent = [word for word in keep_words if word not in vocabulary]
    if absent:
        named = ", ".join(repr(word) for word in absent[:3]) + (", …" if len(absent) > 3 else "")
        warn(f"{len(absent):,} of the words to keep (keep_words) do not occur in the text: {named}", CorpusWarning)
