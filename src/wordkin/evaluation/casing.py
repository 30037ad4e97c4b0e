# ruff: noqa: RUF001, RUF002 (this file is about the dotless i, which looks like another letter)
"""Look up benchmark words in a vocabulary with different letter case.

Other tools convert words to upper case, which merges different words: ``Maße`` and ``Masse`` (ß becomes SS), Turkish
``sınır`` and ``sinir`` (both become SINIR). Here, two words are variants of each other if they are equal in lower case,
where ``İ`` counts as ``i``. Only if a vocabulary has no such variant of a word, a looser comparison is tried, in which
``ß`` equals ``ss`` and ``ı`` equals ``i``. ``STRASSE`` then finds ``straße``, and ``Iğdır`` finds ``ığdır``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from wordkin.config import FROM_1_OR_NONE, check
from wordkin.errors import ConfigError

CASES = ("fold", "exact")


def strict_key(word: str) -> str:
    """Return a key that is equal for words that differ only in letter case or Unicode composition.

    >>> strict_key("İstanbul"), strict_key("Maße") == strict_key("Masse")
    ('istanbul', False)
    """
    if word.isascii():
        return word.lower()
    # "İ".lower() is an i with a combining dot above, which also occurs in corpora lower-cased by Python
    return unicodedata.normalize("NFC", word).lower().replace("i\u0307", "i")


def loose_key(strict: str) -> str:
    """Return a key for a less strict comparison of words. ``strict`` is the result of :func:`strict_key` for the word.

    Words have equal loose keys if full case folding, with ``ı`` as ``i``, makes them equal.

    >>> loose_key("straße"), loose_key("ığdır")
    ('strasse', 'iğdir')
    """
    return strict if strict.isascii() else strict.casefold().replace("ı", "i")


def _unchanged(word: str) -> str:
    return word


@dataclass(frozen=True)
class WordFinder:
    """Looks up benchmark words in a vocabulary, or in its first ``restrict_vocab`` words.

    With ``case="exact"``, words must be equal. With ``case="fold"``, letter case is ignored: words are variants of each
    other if they are equal in lower case. For a word that has no such variant in the vocabulary, ``ß`` also counts as
    equal to ``ss``, and ``ı`` as equal to ``i``.
    """

    _variants: dict[str, tuple[int, ...]]  # strict key -> ids, ascending
    _strict_of_loose: dict[str, str]
    _strict: Callable[[str], str]
    _loose: Callable[[str], str]

    @classmethod
    def build(
        cls, vocabulary: Sequence[str], wanted: Iterable[str], *, case: str = "fold", restrict_vocab: int | None = None
    ) -> WordFinder:
        """Find the ``wanted`` words in a vocabulary, which is scanned once.

        Memory is used only for the ``wanted`` words. If ``restrict_vocab`` is given, only this many first words of the
        vocabulary are searched.
        """
        if case not in CASES:
            raise ConfigError("case", 'must be "fold" or "exact"', case)
        check("restrict_vocab", FROM_1_OR_NONE, restrict_vocab)
        strict, loose = (strict_key, loose_key) if case == "fold" else (_unchanged, _unchanged)
        wanted_keys = {loose(strict(word)) for word in wanted}
        variants: dict[str, list[int]] = {}
        strict_of_loose: dict[str, str] = {}
        for word_id, word in enumerate(islice(vocabulary, restrict_vocab)):
            key = strict(word)
            loosely = loose(key)
            if loosely in wanted_keys:
                variants.setdefault(key, []).append(word_id)
                strict_of_loose.setdefault(loosely, key)
        return cls({key: tuple(ids) for key, ids in variants.items()}, strict_of_loose, strict, loose)

    def variants(self, word: str) -> tuple[int, ...]:
        """Return the ids of all words of the vocabulary that are variants of ``word``, most frequent first."""
        key = self._strict(word)
        if key not in self._variants:
            key = self._strict_of_loose.get(self._loose(key), key)
        return self._variants.get(key, ())
