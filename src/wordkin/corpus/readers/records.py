"""Reading of records: get one field of each, and collect the values into blocks of text or lists of words."""

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
    """Decode UTF-8 lines with the ``encoding_errors`` of the file, and count invalid tokens in ``tally``.

    ``position`` is the position in the file of the first byte of ``lines``.
    """
    if not is_utf8(lines):
        tally.replaced += sum(not is_utf8(token) for token in lines.split())
    return decode(lines, opened.encoding_errors, opened.name, position)


class Missing:
    """The type of ``MISSING``, which stands for a field that a record does not have."""


MISSING = Missing()


def path_of(field: str) -> tuple[str, ...]:
    """Split a dotted field name into the names of the nested fields."""
    return tuple(field.split("."))


def value_of(record: Mapping[str, Any], field: str, path: tuple[str, ...]) -> object:
    """Return the value of a field of a record; ``MISSING`` if the record does not have it.

    ``path`` is ``field`` split at dots. Raises :class:`CorpusError` if the record has a field named ``a.b`` as well as
    a field ``b`` within ``a``.
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
                f"field {field!r} is ambiguous, because a record has a field {field!r}, and also {path[-1]!r} within "
                f"{'.'.join(path[:-1])!r}: rename one of them"
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
        """Whether lists of words have been collected, so that text is refused from now on."""
        return bool(self._lists)

    @property
    def full(self) -> bool:
        """Whether enough values for a piece have been collected; the caller then calls :meth:`take`."""
        return self.characters >= BLOCK_BYTES or len(self._lists) >= _MOST_LISTS

    def add(self, value: object, number: int) -> None:
        """Add the value of record ``number``; raise :class:`CorpusError` if it is neither text nor a list of words."""
        if isinstance(value, str):
            self._found = True
            if self._lists:
                raise self._wrong(value, number, "text, but other records have lists of words: use only one kind")
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
            raise self._wrong(value, number, "a list, but other records have text: use only one kind")
        if isinstance(words, list):
            self._check_items(words, number)
        self._found = True
        self._lists.append(words)

    def _check_items(self, items: list[Any], number: int) -> None:
        """Raise :class:`CorpusError` if a list has an item that is neither a string nor a whole number.

        A list with items of both kinds passes; it is refused when the words are counted.
        """
        for item in items:
            if not isinstance(item, str) and not is_integer(item):
                what = (
                    f"a list with an item of type {type(item).__name__}, but may contain only strings or whole numbers"
                )
                raise self._wrong(item, number, what)

    def take(self, bytes_read: int | None) -> Piece | None:
        """Return the values collected since the last call as a piece, and forget them; None if there are none."""
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
        """Raise :class:`CorpusError` if no record had the field.

        The message lists ``fields``, the fields of one record. If ``fields`` is None, because there were no records,
        nothing is raised.
        """
        if not self._found and fields is not None and self._missing:
            raise CorpusError(f"{self._shown}: no {self._unit} has the {self._what}; {listed(fields)}")

    def _wrong(self, value: object, number: int, what: str) -> CorpusError:
        return CorpusError(f"{self._shown}, {self._unit} {number:,}: the {self._what} is {what}; got {shown(value)}")


def sorted_items(items: Collection[Any]) -> list[Any]:
    """Return the items of a set, sorted.

    Items of mixed types, which cannot be compared, are returned in arbitrary order; a later check refuses them.
    """
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def is_null(value: object) -> bool:
    """Whether a value is missing: None, NaN, or one of the null values of pandas."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def _is_list(value: object) -> bool:
    """Whether a value is a list, a tuple, a one-dimensional array or a series of polars."""
    if isinstance(value, str | bytes | bytearray | Mapping | set | frozenset):
        return False
    is_series = hasattr(value, "to_list") and hasattr(value, "dtype")
    return isinstance(value, Sequence) or is_series or getattr(value, "ndim", None) == 1


def listed(fields: Sequence[object]) -> str:
    """The part of a message that lists the available fields."""
    names = ", ".join(map(repr, fields[:12])) + (", ..." if len(fields) > 12 else "")
    return f"the available ones are {names}" if fields else "there are none"
