"""The values of one field, record after record: gathered into blocks of text or lists of words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wordkin.corpus.readers.encodings import decode, encode_texts
from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import BLOCK_BYTES, Block, Piece, Tally, WordLists
from wordkin.errors import CorpusError, shown
from wordkin.items import is_integer
from wordkin.storage.utf8 import is_utf8

_MOST_LISTS = 4096  # gathered at once
_INTEGER_KINDS = ("i", "u")  # of arrays that are taken as they are


def decode_lines(lines: bytes, opened: OpenFile, tally: Tally, position: int) -> str:
    """Lines as a string; what is not valid goes by the policy and is counted. ``position`` : of the first byte."""
    if not is_utf8(lines):
        tally.replaced += sum(not is_utf8(token) for token in lines.split())
    return decode(lines, opened.encoding_errors, opened.name, position)


class Missing:
    """Stands for a field that a record does not have."""


MISSING = Missing()


def path_of(field: str) -> tuple[str, ...]:
    """The names that lead to a nested field."""
    return tuple(field.split("."))


def value_of(record: Mapping[str, Any], field: str, path: tuple[str, ...]) -> object:
    """The value of a field, which may be nested; ``MISSING`` where there is none.

    Raises :class:`CorpusError` where the name fits a field ``a.b`` and a field ``b`` within ``a``.
    """
    found: object = record
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            found = MISSING
            break
        found = found[name]
    if len(path) > 1 and field in record:
        if found is not MISSING:
            raise CorpusError(
                f"field {field!r} fits two fields of a record: {field!r}, and {path[-1]!r} within "
                f"{'.'.join(path[:-1])!r}: rename one"
            )
        return record[field]
    return found


class Gatherer:
    """Gathers values of a field until they are worth handing on.

    Parameters
    ----------
    what : str
        The field as messages name it, such as ``field 'text'``.
    name : str
        Where the records come from.
    shown_name : str
        The same as messages have it.
    unit : str
        What a record is called there: "record", "line", "row" or "text".
    lists : bool, default True
        Whether a value may be a list of words.
    sets : bool, default False
        Whether a value may be a set of words, which are sorted.
    """

    def __init__(
        self,
        what: str,
        unit: str,
        name: str,
        encoding_errors: str,
        tally: Tally,
        *,
        shown_name: str | None = None,
        lists: bool = True,
        sets: bool = False,
    ) -> None:
        self._what, self._name, self._unit, self._errors = what, name, unit, encoding_errors
        self._shown = repr(name) if shown_name is None else shown_name
        self._tally, self._lists_allowed, self._sets_allowed = tally, lists, lists and sets
        self.texts: list[str] = []
        self._lists: list[Sequence[str]] = []
        self.characters = 0
        self._found = False
        self._missing = 0

    @property
    def has_lists(self) -> bool:
        """Whether lists of words were gathered, which text may not be mixed with."""
        return bool(self._lists)

    @property
    def full(self) -> bool:
        """Whether it is time to :meth:`take`."""
        return self.characters >= BLOCK_BYTES or len(self._lists) >= _MOST_LISTS

    def add(self, value: object, number: int) -> None:
        """Take in the value of record ``number``; raises :class:`CorpusError` where it is neither text nor words."""
        if isinstance(value, str):
            self._found = True
            if self._lists:
                raise self._wrong(value, number, "text, where others have lists of words: choose one of them")
            self.texts.append(value)
            self.characters += len(value) + 1
        elif value is MISSING:
            self._missing += 1
            self._tally.skipped["missing"] += 1
        elif is_null(value):
            self._tally.skipped["null"] += 1
        elif self._lists_allowed and _is_list(value):
            self._add_list(value, number)
        elif self._sets_allowed and isinstance(value, set | frozenset):
            self._add_list(sorted_items(value), number)
        else:
            kinds = "text or a list of strings" if self._lists_allowed else "text"
            raise self._wrong(value, number, f"{type(value).__name__}, not {kinds}")

    def _add_list(self, value: Any, number: int) -> None:
        words = value if getattr(getattr(value, "dtype", None), "kind", "") in _INTEGER_KINDS else list(value)
        if not len(words):
            self._tally.skipped["empty list"] += 1
            return
        if self.texts:
            raise self._wrong(value, number, "a list, where others have text: choose one of them")
        if isinstance(words, list):
            self._check_items(words, number)
        self._found = True
        self._lists.append(words)

    def _check_items(self, items: list[Any], number: int) -> None:
        """Raise :class:`CorpusError` for what is neither a string nor a whole number; kinds are compared later."""
        for item in items:
            if not isinstance(item, str) and not is_integer(item):
                what = f"{type(item).__name__} within its list, which must hold strings, or whole numbers, only"
                raise self._wrong(item, number, what)

    def take(self, bytes_read: int | None) -> Piece | None:
        """What was gathered, which is then forgotten; None where nothing was."""
        piece: Piece | None = None
        if self.texts:
            text, replaced = encode_texts(self.texts, self._errors, self._shown)
            self._tally.replaced += replaced
            piece = Block(text, self._name, 0, bytes_read)
        elif self._lists:
            piece = WordLists(self._lists, self._name, bytes_read)
        self._found = self._found or piece is not None
        self.texts, self._lists, self.characters = [], [], 0
        return piece

    def check_found(self, fields: Sequence[object] | None) -> None:
        """Raise :class:`CorpusError` where there were records and none had the field; ``fields`` are those of one."""
        if not self._found and fields is not None and self._missing:
            raise CorpusError(f"{self._shown}: no {self._unit} has the {self._what}; {listed(fields)}")

    def _wrong(self, value: object, number: int, what: str) -> CorpusError:
        return CorpusError(f"{self._shown}, {self._unit} {number:,}: the {self._what} is {what}; got {shown(value)}")


def sorted_items(items: Collection[Any]) -> list[Any]:
    """The items of a set in an order that stays; in any order where they are not of one kind, and refused later."""
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def is_null(value: object) -> bool:
    """Whether a value stands for no value: None, not-a-number, and what pandas has for it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def _is_list(value: object) -> bool:
    """Whether a value is a sequence of one dimension in a fixed order: a list, a tuple, or an array."""
    if isinstance(value, str | bytes | bytearray | Mapping | set | frozenset):
        return False
    return isinstance(value, Sequence) or getattr(value, "ndim", None) == 1


def listed(fields: Sequence[object]) -> str:
    """The fields there are, for a message."""
    names = ", ".join(map(repr, fields[:12])) + (", ..." if len(fields) > 12 else "")
    return f"there are: {names}" if fields else "there are none"
