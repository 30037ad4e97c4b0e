# ruff: noqa: RUF001, RUF002 (the dotless i, which looks like another letter, is what this file is about)
"""Finding benchmark words in a vocabulary whose letter case may differ.

Upper-casing, as other tools do, merges words that differ: ``Maße`` and ``Masse`` (ß becomes SS),
Turkish ``sınır`` and ``sinir`` (both become SINIR). Here two words are variants of each other when
they agree after lower-casing, where ``İ`` counts as ``i``. Only when a vocabulary has no variant in
this strict sense is the loose one tried, in which ``ß`` = ``ss`` and ``ı`` = ``i``: so ``STRASSE``
finds ``straße``, and ``Iğdır`` finds ``ığdır``, yet never at the expense of a better match.
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
    """Equal for words that differ in letter case or Unicode composition only.

    >>> strict_key("İstanbul"), strict_key("Maße") == strict_key("Masse")
    ('istanbul', False)
    """
    if word.isascii():
        return word.lower()
    # "İ".lower() is an i with a combining dot above; corpora lower-cased by Python hold that form too
    return unicodedata.normalize("NFC", word).lower().replace("i\u0307", "i")


def loose_key(strict: str) -> str:
    """Equal for strict keys that full case folding merges, and for dotted and dotless i.

    >>> loose_key("straße"), loose_key("ığdır")
    ('strasse', 'iğdir')
    """
    return strict if strict.isascii() else strict.casefold().replace("ı", "i")


def _itself(word: str) -> str:
    return word


@dataclass(frozen=True)
class WordFinder:
    """Looks benchmark words up in (the first part of) a vocabulary.

    ``case="fold"`` treats words that differ in letter case alike, as the module docstring says; the
    id found is then that of the first, most frequent variant. ``case="exact"`` compares as is.
    """

    _variants: dict[str, tuple[int, ...]]  # strict key -> ids, ascending
    _strict_of_loose: dict[str, str]
    _strict: Callable[[str], str]
    _loose: Callable[[str], str]

    @classmethod
    def build(
        cls, vocabulary: Sequence[str], wanted: Iterable[str], *, case: str = "fold", restrict_vocab: int | None = None
    ) -> WordFinder:
        """Scan the vocabulary once; memory is bounded by the ``wanted`` words, not by the vocabulary."""
        if case not in CASES:
            raise ConfigError("case", 'must be "fold" or "exact"', case)
        check("restrict_vocab", FROM_1_OR_NONE, restrict_vocab)
        strict, loose = (strict_key, loose_key) if case == "fold" else (_itself, _itself)
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
        """Ids of all variants of ``word``, most frequent first; empty when it is unknown."""
        key = self._strict(word)
        if key not in self._variants:
            key = self._strict_of_loose.get(self._loose(key), key)
        return self._variants.get(key, ())
