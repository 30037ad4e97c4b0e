"""JSON lines: an object a line, and the text in one of its fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import Piece, Reading, Tally
from wordkin.corpus.readers.records import Gatherer, decode_lines, path_of, value_of
from wordkin.corpus.readers.text import whole_lines
from wordkin.errors import CorpusError, shown
from wordkin.storage.utf8 import is_utf8


def read(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """The texts, or lists of words, of one field.

    Raises :class:`CorpusError` for a line that is no JSON object, and for a value that is neither text nor a list
    of strings. Records without the field, or with null there, are counted in ``tally``.
    """
    field = reading.field
    if not isinstance(field, str):
        raise CorpusError(f'{opened.name!r} holds records: name the field with the text, as in field="text"')
    path = path_of(field)
    loads = _fastest_loads()
    gatherer = Gatherer(f"field {field!r}", "line", opened.name, opened.encoding_errors, tally)
    first: dict[str, Any] | None = None
    number = position = common = 0
    nested = len(path) > 1
    for lines in whole_lines(opened, block_bytes):
        valid = lines if is_utf8(lines) else decode_lines(lines, opened, tally, position).encode()
        position += len(lines)
        texts = gatherer.texts
        for line in valid.split(b"\n"):
            number += 1
            try:  # the common case, in as few steps as there are
                value = loads(line)[field]
                if nested or type(value) is not str or gatherer.has_lists:
                    raise KeyError(field)
            except (ValueError, KeyError, TypeError, RecursionError):
                if not line or line.isspace():
                    continue
                record = _parsed(line, loads, opened.name, number)
                tally.records += 1
                first = record if first is None else first
                gatherer.add(value_of(record, field, path), number)
            else:
                texts.append(value)
                common += 1
        tally.records, common = tally.records + common, 0
        number -= 1  # the last line feed ends a line and begins none
        piece = gatherer.take(opened.bytes_read)
        if piece is not None:
            yield piece
    gatherer.check_found(None if first is None else list(first))


def _fastest_loads() -> Callable[[bytes], Any]:
    """The parser of orjson where it is installed; the standard one judges whatever orjson refuses."""
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
            raise CorpusError(f"{name!r}, line {number:,}: it is not JSON ({error}); got {shown(line[:80])}") from error
    if not isinstance(record, dict):
        raise CorpusError(f"{name!r}, line {number:,}: it must be a JSON object; got {shown(record)}")
    return record
