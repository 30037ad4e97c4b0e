"""Normalisation of words before they are counted: Unicode normal form, lower case, and the filter ``keep``."""

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
    """Options that change or remove words before they are counted.

    Attributes
    ----------
    lowercase : bool or str, default False
        Whether to lower-case words, or a language whose special rules apply.
    normalize : str or None, default None
        Unicode normal form.
    keep : pattern, callable or None, default None
        Keep only words that fully match this pattern, or for which this function returns True. Lower-casing and
        normalisation come before this filter.
    """

    lowercase: Lowercase = False
    normalize: Normalization | None = None
    keep: str | Callable[[str], object] | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether all options have their defaults, so that words stay unchanged."""
        return not self.lowercase and self.normalize is None and self.keep is None

    def refuse_integers(self) -> None:
        """Raise :class:`ConfigError` if an option is set, because the text holds whole numbers."""
        for name, value in (("lowercase", self.lowercase), ("normalize", self.normalize), ("keep", self.keep)):
            if value not in (None, False):
                raise ConfigError(name, "needs a text of words, not of whole numbers", value, f"leave {name} out")

    def line(self, text: str) -> str:
        """Apply the Unicode normal form to a line before it is tokenized."""
        return text if self.normalize is None else unicodedata.normalize(self.normalize, text)

    def words(self, parts: Iterable[str]) -> list[str]:
        """Normalise words, and drop empty words and words that ``keep`` rejects."""
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
        # NFKC and NFKD turn some characters into several words. A word that already had white space is not split.
        if self.normalize == "NFKC" and word != before and len(before.split()) == 1:
            return word.split()
        return [word]

    @functools.cached_property
    def _keeps(self) -> Callable[[str], object] | None:
        return re.compile(self.keep).fullmatch if isinstance(self.keep, str) else self.keep


def lower(text: str, case: Lowercase = True) -> str:
    """Lower-case a text, optionally with the rules of a language ("tr", "az" or "lt").

    With "tr" or "az", I becomes a dotless i and İ becomes i. With "lt", an i keeps its dot below an accent. A sigma at
    the end of a word always becomes a final sigma. This is lower case and not case folding: ß is unchanged, and STRASSE
    becomes strasse.

    >>> lower("DİYAR", "tr"), lower("ΟΔΟΣ"), lower("Straße")
    ('diyar', 'οδος', 'straße')
    """
    if case in ("tr", "az"):
        return text.replace("I\u0307", "i").replace("\u0130", "i").replace("I", "\u0131").lower()
    if case == "lt":
        text = "".join(_lithuanian(text, position) for position in range(len(text)))
    return text.lower()


def _lithuanian(text: str, position: int) -> str:
    """The character at a position of a text, prepared for lower-casing in Lithuanian.

    If the character is an I or J with an accent, a combining dot is added, so that its lower case keeps the dot of the
    i.
    """
    letter = text[position]
    if letter in "\u00cc\u00cd\u0128":  # I with grave, acute or tilde
        base_and_accent = unicodedata.normalize("NFD", letter)
        return f"{base_and_accent[0]}\u0307{base_and_accent[1]}"
    if letter in "IJ\u012e":
        for mark in text[position + 1 :]:
            if unicodedata.combining(mark) in (0, _ABOVE):
                return f"{letter}\u0307" if unicodedata.combining(mark) and mark != "\u0307" else letter
    return letter
