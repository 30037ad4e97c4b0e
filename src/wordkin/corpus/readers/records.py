"""Collection of the values of one field of records into blocks of text or lists of words."""

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

_MOST_LISTS = 4096  # lists per piece
_INTEGER_KINDS = ("i", "u")  # dtype kinds of arrays that are used without conversion


def decode_lines(lines: bytes, opened: OpenFile, tally: Tally, position: int) -> str:
    """Decode lines by ``encoding_errors`` and count invalid tokens; ``position`` is that of the first byte."""
    if not is_utf8(lines):
        tally.replaced += sum(not is_utf8(token) for token in lines.split())
    return decode(lines, opened.encoding_errors, opened.name, position)


class Missing:
    """The type of the marker for a missing field."""


MISSING = Missing()


def path_of(field: str) -> tuple[str, ...]:
    """Split the name of a nested field into its parts."""
    return tuple(field.split("."))


def value_of(record: Mapping[str, Any], field: str, path: tuple[str, ...]) -> object:
    """The value of a field, which may be nested; ``MISSING`` if there is none.

    Raises :class:`CorpusError` if the name matches both a field ``a.b`` and a field ``b`` within ``a``.
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
                f"field {field!r} is ambiguous: a record has the fields {field!r}, and {path[-1]!r} within "
                f"{'.'.join(path[:-1])!r}: rename one"
            )
        return record[field]
    return found


class Gatherer:
    """Collects the values of a field of records, and returns them in pieces of a useful size.

    Parameters
    ----------
    what : str
        Name of the field for messages, such as ``field 'text'``.
    unit : str
        Name of a record for messages: "record", "line", "row" or "text".
    name : str
        Name of the file or iterable.
    encoding_errors : str
        Handling of lone surrogates.
    tally : Tally
        Statistics to update.
    shown_name : str, default None
        Name of the file or iterable for messages; the repr of ``name`` if None.
    lists : bool, default True
        Whether lists of words are accepted.
    sets : bool, default False
        Whether sets of words are accepted; they are sorted.
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
        """Whether lists of words were collected, which cannot be mixed with text."""
        return bool(self._lists)

    @property
    def full(self) -> bool:
        """Whether the collected values fill a piece; then call :meth:`take`."""
        return self.characters >= BLOCK_BYTES or len(self._lists) >= _MOST_LISTS

    def add(self, value: object, number: int) -> None:
        """Add the value of record ``number``; raise :class:`CorpusError` if it is neither text nor a list of words."""
        if isinstance(value, str):
            self._found = True
            if self._lists:
                raise self._wrong(value, number, "text, but other records have lists of words: use one kind only")
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
            raise self._wrong(value, number, "a list, but other records have text: use one kind only")
        if isinstance(words, list):
            self._check_items(words, number)
        self._found = True
        self._lists.append(words)

    def _check_items(self, items: list[Any], number: int) -> None:
        """Raise :class:`CorpusError` for items that are neither strings nor whole numbers; mixing is checked later."""
        for item in items:
            if not isinstance(item, str) and not is_integer(item):
                what = f"a list with an item of type {type(item).__name__}; it must hold only strings or whole numbers"
                raise self._wrong(item, number, what)

    def take(self, bytes_read: int | None) -> Piece | None:
        """Return the collected values as a piece and reset; None if there are none."""
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
        """Raise :class:`CorpusError` if there were records but none had the field; ``fields`` are those of one."""
        if not self._found and fields is not None and self._missing:
            raise CorpusError(f"{self._shown}: no {self._unit} has the {self._what}; {listed(fields)}")

    def _wrong(self, value: object, number: int, what: str) -> CorpusError:
        return CorpusError(f"{self._shown}, {self._unit} {number:,}: the {self._what} is {what}; got {shown(value)}")


def sorted_items(items: Collection[Any]) -> list[Any]:
    """The items of a set in sorted order; in arbitrary order if their types are mixed, which is an error later."""
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def is_null(value: object) -> bool:
    """Whether a value is missing: None, NaN, or a null of pandas."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def _is_list(value: object) -> bool:
    """Whether a value is an ordered one-dimensional sequence: a list, a tuple, an array or a series of polars."""
    if isinstance(value, str | bytes | bytearray | Mapping | set | frozenset):
        return False
    is_series = hasattr(value, "to_list") and hasattr(value, "dtype")
    return isinstance(value, Sequence) or is_series or getattr(value, "ndim", None) == 1


def listed(fields: Sequence[object]) -> str:
    """The available fields, for a message."""
    names = ", ".join(map(repr, fields[:12])) + (", ..." if len(fields) > 12 else "")
    return f"there are: {names}" if fields else "there are none"
