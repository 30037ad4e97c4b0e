"""Items of a vocabulary: words (str) or whole numbers (int). A vocabulary holds one kind only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TypeGuard

from wordkin.errors import ConfigError

Item = str | int
"""A word, or a whole number such as a product id."""

_WHOLE = re.compile("-?(0|[1-9][0-9]*)")  # the canonical spelling of an int
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def is_integer(item: object) -> TypeGuard[int]:
    """Whether an object is a Python or NumPy integer; bool is not."""
    return isinstance(item, Integral) and not isinstance(item, bool)


def checked_item(item: object, *, integers: bool) -> str | int:
    """Return an item as str, or as Python int if the vocabulary holds ``integers``.

    Raises :class:`ConfigError` if the item is of the other kind.
    """
    if not integers:
        if not isinstance(item, str):
            raise ConfigError("word", "must be a string", item, "decode it first" if isinstance(item, bytes) else "")
        return item
    if not is_integer(item):
        remedy = f"pass {item} without quotes" if isinstance(item, str) and _is_decimal(item) else ""
        raise ConfigError("word", "must be a whole number, like all items of this vocabulary", item, remedy)
    return int(item)


def any_item(item: object) -> str | int:
    """Return a word as str or a whole number as Python int; raise :class:`ConfigError` for anything else."""
    if isinstance(item, str) or is_integer(item):
        return checked_item(item, integers=not isinstance(item, str))
    raise ConfigError(
        "word", "must be a string or a whole number", item, "decode it first" if isinstance(item, bytes) else ""
    )


def are_integers(items: Sequence[object]) -> bool:
    """True if all items are whole numbers, False if all are strings or there are none.

    Raises :class:`ConfigError` for a mix of both kinds, and for numbers that exceed 64 bits.
    """
    kinds = set(map(type, items))
    if kinds == {str} or not kinds:
        return False
    if kinds == {int}:
        for item in min(items), max(items):  # type: ignore[type-var]
            if not _LOWEST <= item <= _HIGHEST:  # type: ignore[operator]
                raise ConfigError("word", "must be a whole number that fits in 64 bits", item)
        return True
    integers = is_integer(items[0])
    for item in items:
        if integers and isinstance(item, str):
            raise ConfigError(
                "words",
                "must be all strings or all whole numbers",
                [items[0], item],
                "convert them with str() or int()",
            )
        checked_item(item, integers=integers)
    return integers


def named_items(words: Iterable[Item], *, integers: bool) -> list[Item]:
    """Convert words from a command line or a file to items: if the vocabulary holds ``integers``, "42" becomes 42."""
    return [int(word) if integers and isinstance(word, str) and _WHOLE.fullmatch(word) else word for word in words]


def _is_decimal(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
