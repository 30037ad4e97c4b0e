"""The exception classes of wordkin.

::

    WordkinError
    ├── ConfigError            (ValueError)         an option, or a combination of options, is illegal
    ├── CorpusError            (ValueError)         the text cannot be used
    │   ├── CorpusNotFoundError (FileNotFoundError) no such file, directory or pattern
    │   ├── EncodingError                           the text has bytes that are invalid in its encoding
    │   └── EmptyVocabularyError                    the text holds no word, or none reached min_count
    ├── FormatError            (ValueError)         a file of vectors, a checkpoint or a test set is malformed
    ├── UnknownWordError       (KeyError)           a word is not in the vocabulary
    ├── NotTrainedError        (RuntimeError)       a model was used before it was trained
    ├── OutputError            (OSError)            a result cannot be written
    ├── CheckpointError        (RuntimeError)       a run cannot be created, resumed or loaded
    ├── ClusterError           (RuntimeError)       several machines cannot train together
    ├── DivergenceError        (ArithmeticError)    training produced infinite, NaN or implausibly large numbers
    └── MissingExtraError      (ImportError)        an optional dependency is not installed

Each class also derives from the built-in exception in parentheses, so ``except KeyError`` catches an
:class:`UnknownWordError`. A message is one line: the parameter, the rule, the value and the remedy.
"""

from __future__ import annotations

import os
import reprlib
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

_PACKAGE = str(Path(__file__).parent) + os.sep
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 300
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxdict = 6


def shown(value: object) -> str:
    """The repr of a value for a message: shortened, and on one line."""
    return " ".join(_SHORT.repr(value).splitlines())


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning whose stacklevel points at the first caller outside wordkin."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


class WordkinError(Exception):
    """Base class of all wordkin errors. ``str(error)`` is one line that a user can read."""

    def __str__(self) -> str:  # KeyError's own __str__ returns the repr of its argument
        return " ".join(str(argument) for argument in self.args)


class ConfigError(WordkinError, ValueError):
    """An option, or a combination of options, is illegal.

    Parameters
    ----------
    parameter : str
        Name of the option in Python.
    rule : str
        The rule that the value breaks, such as "must be a whole number from 1 up".
    value : object
        The illegal value.
    remedy : str, default ""
        What the caller can do instead.
    """

    def __init__(self, parameter: str, rule: str, value: object, remedy: str = "") -> None:
        message = f"{parameter} {rule}; got {shown(value)}"
        super().__init__(f"{message}: {remedy}" if remedy else message)
        self.parameter, self.rule, self.value, self.remedy = parameter, rule, value, remedy

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.parameter, self.rule, self.value, self.remedy)


class CorpusError(WordkinError, ValueError):
    """The text cannot be used: it is missing, damaged, empty or of the wrong form."""


class CorpusNotFoundError(CorpusError, FileNotFoundError):
    """A file, directory or pattern does not exist or matches nothing."""


class EncodingError(CorpusError):
    """The text has bytes that are invalid in the encoding with which it is read."""


class EmptyVocabularyError(CorpusError):
    """The text holds no word, or no word reached ``min_count``."""


class FormatError(WordkinError, ValueError):
    """A file of vectors, a checkpoint or a test set is malformed."""


class UnknownWordError(WordkinError, KeyError):
    """A word is not in the vocabulary.

    Parameters
    ----------
    word : str
        The word that was looked up.
    suggestions : sequence of str or callable, default ()
        The nearest spellings, or a function that returns them. The function is called when the suggestions are first
        read or shown, because the search is slow in a large vocabulary.
    """

    def __init__(self, word: str | int, suggestions: Sequence[str] | Callable[[], Sequence[str]] = ()) -> None:
        super().__init__(word)
        self.word, self._suggestions = word, suggestions

    @property
    def suggestions(self) -> tuple[str, ...]:
        """The nearest spellings in the vocabulary, best first; may be empty."""
        found = self._suggestions() if callable(self._suggestions) else self._suggestions
        self._suggestions = tuple(found)
        return self._suggestions

    def __str__(self) -> str:
        what = "word" if isinstance(self.word, str) else "item"
        message = f"the {what} {self.word!r} is not in the vocabulary"
        if isinstance(self.word, str) and self.suggestions:
            message += "; nearest spellings: " + ", ".join(repr(near) for near in self.suggestions)
            form = _other_form(self.word, self.suggestions[0])
            if form:
                normalized = f"unicodedata.normalize({form!r}, word)"
                message += f"; the first is the same word in the Unicode form {form}, as {normalized} returns it"
        return message

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.word, self.suggestions)


def _other_form(word: str, suggestion: str) -> str:
    """Name of the Unicode normal form that turns ``word`` into ``suggestion``; empty if there is none."""
    import unicodedata

    return next((form for form in ("NFC", "NFD") if unicodedata.normalize(form, word) == suggestion), "")


class NotTrainedError(WordkinError, RuntimeError):
    """A method that needs trained vectors was called before the model was trained."""


class OutputError(WordkinError, OSError):
    """A result cannot be written to disk."""


class CheckpointError(WordkinError, RuntimeError):
    """A run cannot be created, resumed or loaded, because of its directory or its checkpoint."""


class ClusterError(WordkinError, RuntimeError):
    """Several machines cannot train together; the message names the machine that fails."""


class DivergenceError(WordkinError, ArithmeticError):
    """Training produced infinite, NaN or implausibly large numbers; no vectors were saved."""


class MissingExtraError(WordkinError, ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    feature : str
        The feature that needs it, such as "Word Mover's Distance".
    extra : str
        The extra that installs it, such as "transport" for ``pip install 'wordkin[transport]'``.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional dependency: pip install 'wordkin[{extra}]'")
        self.feature, self.extra = feature, extra

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.feature, self.extra)


class CorpusWarning(UserWarning):
    """Part of the text was skipped or replaced. The message says how much, and why."""
