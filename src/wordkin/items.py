"""What may be an item of a vocabulary: words, which are text, or whole numbers; one kind in each vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TypeGuard

from wordkin.errors import ConfigError

Item = str | int
"""A word, or a whole number that stands for something."""

_WHOLE = re.compile("-?(0|[1-9][0-9]*)")  # one spelling of each number
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def is_integer(item: object) -> TypeGuard[int]:
    """Whether something is a whole number of Python or NumPy; True and False are not."""
    return isinstance(item, Integral) and not isinstance(item, bool)


def checked_item(item: object, *, integers: bool) -> str | int:
    """An item as its vocabulary has it: text, or an int of Python.

    Raises :class:`ConfigError` where it is not of the kind of the vocabulary.
    """
    if not integers:
        if not isinstance(item, str):
            raise ConfigError("word", "must be text", item, "decode it first" if isinstance(item, bytes) else "")
        return item
    if not is_integer(item):
        remedy = f"pass {item} without quotes" if isinstance(item, str) and _is_decimal(item) else ""
        raise ConfigError("word", "must be a whole number, as all items of this vocabulary are", item, remedy)
    return int(item)


def any_item(item: object) -> str | int:
    """An item of either kind; raises :class:`ConfigError` for anything else."""
    if isinstance(item, str) or is_integer(item):
        return checked_item(item, integers=not isinstance(item, str))
    raise ConfigError(
        "word", "must be text or a whole number", item, "decode it first" if isinstance(item, bytes) else ""
    )


def are_integers(items: Sequence[object]) -> bool:
    """Whether all items are whole numbers, or, where False, text; False for none.

    Raises :class:`ConfigError` for items of both kinds, and for whole numbers beyond 64 bits.
    """
    kinds = set(map(type, items))
    if kinds == {str} or not kinds:
        return False
    if kinds == {int}:
        for item in min(items), max(items):  # type: ignore[type-var]
            if not _LOWEST <= item <= _HIGHEST:  # type: ignore[operator]
                raise ConfigError("word", "must be a whole number of 64 bits", item)
        return True
    integers = is_integer(items[0])
    for item in items:
        if integers and isinstance(item, str):
            raise ConfigError(
                "words", "must be all text or all whole numbers", [items[0], item], "convert them with str() or int()"
            )
        checked_item(item, integers=integers)
    return integers


def named_items(words: Iterable[Item], *, integers: bool) -> list[Item]:
    """Items that someone names, perhaps on a command line: where items are whole numbers, "42" stands for 42."""
    return [int(word) if integers and isinstance(word, str) and _WHOLE.fullmatch(word) else word for word in words]


def _is_decimal(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
