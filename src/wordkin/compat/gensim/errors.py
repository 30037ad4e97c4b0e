"""Errors that are also those that gensim's callers catch, and the refusal of what is not supported."""

from __future__ import annotations

from wordkin.errors import ConfigError, FormatError, NotTrainedError


class ShortFileError(FormatError, EOFError):
    """A file of vectors ends before all rows that its header promises."""


class WordEncodingError(FormatError, UnicodeDecodeError):
    """A word in a file of vectors is not valid in the encoding.

    Parameters
    ----------
    encoding : str
        The encoding that was asked for.
    message : str
        The file, the position and the remedy.
    """

    def __init__(self, encoding: str, message: str) -> None:
        UnicodeDecodeError.__init__(self, encoding, b"", 0, 0, message)

    def __str__(self) -> str:
        return self.reason


class NotAModelError(FormatError, AttributeError):
    """A file holds vectors, but not a whole model."""


class NoVocabularyError(NotTrainedError):
    """A model has no vocabulary yet, or no word reached ``min_count``."""


def refuse(parameter: str, value: object, allowed: object, remedy: str) -> None:
    """Raise :class:`ConfigError` unless a parameter has the one value that is supported."""
    if type(value) is not type(allowed) or value != allowed:
        raise ConfigError(parameter, f"must be left at {allowed!r} here", value, remedy)
