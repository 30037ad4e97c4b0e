"""How a word is written before it is counted: Unicode normalisation, case by language, and which words are kept."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wordkin.errors import ConfigError
from wordkin.options import Lowercase, Normalization

_ABOVE = 230  # the combining class of marks above a letter


@dataclass(frozen=True)
class Spelling:
    """What is done to each word.

    Attributes
    ----------
    lowercase : bool or str
        Whether to lower-case, or the language to do it by.
    normalize : str or None
        A normal form of Unicode.
    keep : pattern, callable or None
        Words that the whole of a pattern matches, or for which a function is true; others are left out. Asked last.
    """

    lowercase: Lowercase = False
    normalize: Normalization | None = None
    keep: str | Callable[[str], object] | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether every word stays as it is."""
        return not self.lowercase and self.normalize is None and self.keep is None

    def refuse_integers(self) -> None:
        """Raise :class:`ConfigError` where something is to be done to words and the text has whole numbers."""
        for name, value in (("lowercase", self.lowercase), ("normalize", self.normalize), ("keep", self.keep)):
            if value not in (None, False):
                raise ConfigError(name, "is for words: leave it out where the items are whole numbers", value)

    def line(self, text: str) -> str:
        """Text before it is split: normalised."""
        return text if self.normalize is None else unicodedata.normalize(self.normalize, text)

    def words(self, parts: Iterable[str]) -> list[str]:
        """The parts of a text as words; those that are not kept, and empty ones, are left out."""
        spelled = (word for part in parts for word in self._spelled(part))
        keeps = self._keeps
        return [word for word in spelled if word and (keeps is None or keeps(word))]

    def _spelled(self, word: str) -> list[str]:
        before = word
        if self.normalize is not None:
            word = unicodedata.normalize(self.normalize, word)
        if self.lowercase:
            word = lower(word, self.lowercase)
            if self.normalize is not None:
                word = unicodedata.normalize(self.normalize, word)
        # NFKC and NFKD write some characters as several words; a word that had white space keeps it.
        if self.normalize == "NFKC" and word != before and len(before.split()) == 1:
            return word.split()
        return [word]

    @functools.cached_property
    def _keeps(self) -> Callable[[str], object] | None:
        return re.compile(self.keep).fullmatch if isinstance(self.keep, str) else self.keep


def lower(text: str, case: Lowercase = True) -> str:
    """Lower-case a text, by the rules of a language where one is named.

    Turkish and Azerbaijani have a dotless i; Lithuanian keeps the dot of an i below an accent. A sigma at the end of a
    word becomes a final one in any case. An ß stays, and STRASSE becomes strasse: that is lower case, not case folding.

    >>> lower("DİYAR", "tr"), lower("ΟΔΟΣ"), lower("Straße")
    ('diyar', 'οδος', 'straße')
    """
    if case in ("tr", "az"):
        return text.replace("I\u0307", "i").replace("\u0130", "i").replace("I", "\u0131").lower()
    if case == "lt":
        text = "".join(_lithuanian(text, position) for position in range(len(text)))
    return text.lower()


def _lithuanian(text: str, position: int) -> str:
    """A character of a text, with a dot above where lower-casing would lose it below an accent."""
    letter = text[position]
    if letter in "\u00cc\u00cd\u0128":  # I with grave, acute or tilde
        base_and_accent = unicodedata.normalize("NFD", letter)
        return f"{base_and_accent[0]}\u0307{base_and_accent[1]}"
    if letter in "IJ\u012e":
        for mark in text[position + 1 :]:
            if unicodedata.combining(mark) in (0, _ABOVE):
                return f"{letter}\u0307" if unicodedata.combining(mark) and mark != "\u0307" else letter
    return letter
