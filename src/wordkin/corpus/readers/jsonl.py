"""JSON Lines: one object per line, with the text in one of its fields."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import Piece, Reading, Tally
from wordkin.corpus.readers.records import Gatherer, decode_lines, path_of, value_of
from wordkin.corpus.readers.text import whole_lines
from wordkin.errors import CorpusError, shown
from wordkin.storage.utf8 import is_utf8

_BETWEEN = secrets.token_hex(8)  # random, so that no file can contain it on purpose
_SEPARATOR = f',"{_BETWEEN}",'.encode()


def read(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """Yield the texts, or the lists of words, in one field of a JSON Lines file.

    ``reading.field`` names the field. The number of records, and of those in which the field is missing or null, is
    added to ``tally``. ``block_bytes`` is the approximate number of bytes to parse at a time. Raises
    :class:`CorpusError` for a line that is not a JSON object, and for a value that is neither a string nor a list of
    strings.
    """
    field = reading.field
    if not isinstance(field, str):
        raise CorpusError(f'{opened.name!r} holds records: name the text field, such as field="text"')
    path = path_of(field)
    loads = _fastest_loads()
    gatherer = Gatherer(f"field {field!r}", "line", opened.name, opened.encoding_errors, tally)
    first: dict[str, Any] | None = None
    number = position = 0
    for block in whole_lines(opened, block_bytes):
        valid = block if is_utf8(block) else decode_lines(block, opened, tally, position).encode()
        position += len(block)
        lines = valid.split(b"\n")
        if not lines[-1]:
            lines.pop()  # there is no line after the last line feed
        records = _parsed_together(lines, loads)
        texts = None if records is None or gatherer.has_lists else _all_texts(records, field, path)
        if texts is not None:
            tally.records += len(texts)
            gatherer.texts += texts
        else:
            for ahead, line in enumerate(lines):
                if records is None and (not line or line.isspace()):
                    continue
                record = _parsed(line, loads, opened.name, number + ahead + 1) if records is None else records[ahead]
                tally.records += 1
                first = record if first is None else first
                gatherer.add(value_of(record, field, path), number + ahead + 1)
        number += len(lines)
        piece = gatherer.take(opened.bytes_read)
        if piece is not None:
            yield piece
    gatherer.check_found(None if first is None else list(first))


def _parsed_together(lines: list[bytes], loads: Callable[[bytes], Any]) -> list[dict[str, Any]] | None:
    """Parse all lines in one call, which is faster than one by one; return None if a line is not a JSON object.

    The lines are joined to one JSON array, with a random string as separator after each line. If the parsed array has
    the separator after each value, each line was one value. Otherwise two invalid lines may have formed a valid value
    together.
    """
    try:
        found = loads(b"[" + _SEPARATOR.join(lines) + b"]")
    except (ValueError, RecursionError):
        return None
    records: list[dict[str, Any]] = found[::2]
    is_apart = len(found) == 2 * len(lines) - 1 and found[1::2].count(_BETWEEN) == len(lines) - 1
    return records if is_apart and set(map(type, records)) <= {dict} else None


def _all_texts(records: list[dict[str, Any]], field: str, path: tuple[str, ...]) -> list[str] | None:
    """The values of a field in all records; None if the field is nested, or missing or not a string in a record.

    The caller then looks at the records one by one.
    """
    if len(path) > 1:
        return None
    try:
        texts = [record[field] for record in records]
    except KeyError:
        return None
    return texts if set(map(type, texts)) <= {str} else None


def _fastest_loads() -> Callable[[bytes], Any]:
    """The function that parses JSON: that of orjson if it is installed, else that of :mod:`json`.

    Lines that orjson rejects are parsed again with :mod:`json`, which accepts more.
    """
    try:
        import orjson
    except ImportError:
        return json.loads
    return orjson.loads


def _parsed(line: bytes, loads: Callable[[bytes], Any], name: str, number: int) -> dict[str, Any]:
    try:
        record = loads(line)
    except (ValueError, RecursionError):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{name!r}, line {number:,}, is not JSON ({error}); got {shown(line[:80])}") from error
    if not isinstance(record, dict):
        raise CorpusError(f"{name!r}, line {number:,}: each line must be a JSON object; got {shown(record)}")
    return record
