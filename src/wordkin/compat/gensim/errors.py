"""Errors that are also instances of the exception types that gensim raises, and functions that check parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from wordkin.errors import ConfigError, FormatError, NotTrainedError, WordkinError


class ShortFileError(FormatError, EOFError):
    """A file of vectors has fewer rows than its header says."""


class WordEncodingError(FormatError, UnicodeDecodeError):
    """A word in a file of vectors is not valid in the encoding.

    Parameters
    ----------
    encoding : str
        The encoding that the file was read with.
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


class WrongRowCountError(ConfigError, IndexError):
    """The number of keys differs from the number of vectors."""


class WrongTypeError(ConfigError, TypeError):
    """A value has a wrong type."""


class NotSupportedError(ConfigError, NotImplementedError):
    """Vectors cannot be read with this combination of parameters."""


class NoAttributeError(WordkinError, KeyError):
    """The keys of ``KeyedVectors`` have no attribute with this name."""


def no_attribute(attr: str, known: Iterable[str]) -> NoAttributeError:
    """Return the error for a name that is not an attribute of keys; ``known`` are the attributes that exist."""
    there = ", ".join(map(repr, known)) or "none"
    return NoAttributeError(
        f"the keys have no attribute {attr!r} (existing attributes: {there}): set it with set_vecattr"
    )


# Attributes of gensim 3 that cannot be set in gensim 4.
NOT_SET = {"vocab", "index2word", "index2entity", "vectors_norm"}
# Attributes of gensim 3, and attributes that raise an error in gensim 4, with their replacements.
FORMER_NAMES_OF_VECTORS = {
    "vocab": "key_to_index for rows, or get_vecattr(key, 'count') for counts",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "vectors_norm": "get_normed_vectors()",
    "accuracy": "evaluate_word_analogies(path)",
    "log_accuracy": "evaluate_word_analogies(path)",
}
FORMER_NAMES_OF_MODELS = {
    "iter": "epochs",
    "size": "vector_size",
    "syn0_lockf": "wv.vectors_lockf",
    "vocabulary": "wv, or raw_vocab",
    "trainables": "the model itself: syn1 and syn1neg are attributes of it",
    "accuracy": "wv.evaluate_word_analogies(path)",
    "load_word2vec_format": "KeyedVectors.load_word2vec_format(path)",
    "vocab": "wv.key_to_index",
    "index2word": "wv.index_to_key",
    "syn0": "wv.vectors",
}


def former_name(owner: object, name: str, known: dict[str, str]) -> AttributeError:
    """Return the AttributeError for a missing attribute of an object.

    If ``name`` comes from an earlier version of gensim, the message suggests the current name, which ``known`` maps it
    to.
    """
    message = f"{type(owner).__name__} has no attribute {name!r}"
    return AttributeError(f"{message}: use {known[name]}" if name in known else message)


def whole(parameter: str, value: Any, low: int) -> int:
    """Convert a whole number of Python or NumPy to int; raise :class:`ConfigError` if it is below ``low``.

    If the value is not a whole number, the error is a :class:`WrongTypeError`, which is also a TypeError.
    """
    rule = f"must be a whole number from {low} up"
    found = integer(parameter, value, rule)
    if found < low:
        raise ConfigError(parameter, rule, value)
    return found


def integer(parameter: str, value: Any, rule: str) -> int:
    """Convert a whole number to int, and also a float without fraction such as 2.0.

    Raises :class:`WrongTypeError` for other values. Its message states ``rule``.
    """
    if isinstance(value, int | np.integer) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise WrongTypeError(parameter, rule, value)


def number(parameter: str, value: Any) -> float:
    """Convert a number to float; raise :class:`ConfigError` for other values, such as a list."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return float(value)
    raise ConfigError(parameter, "must be a number", value)


def flag(parameter: str, value: Any) -> int:
    """Convert 0, 1, False or True to int; raise :class:`ConfigError` for other values."""
    if isinstance(value, int | np.integer | np.bool_) and value in (0, 1):
        return int(value)
    raise ConfigError(parameter, "must be 0 or 1", value)


def refuse(parameter: str, value: object, allowed: object, remedy: str) -> None:
    """Raise :class:`ConfigError` if ``value`` differs from ``allowed``, the only supported value of the parameter."""
    if type(value) is not type(allowed) or value != allowed:
        raise ConfigError(parameter, f"must be {allowed!r} in wordkin", value, remedy)
