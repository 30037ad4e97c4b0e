"""Reader of plain text, in which each line is a sentence: yields blocks of bytes that end at white space."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wordkin.corpus.readers.encodings import means_utf8, refuse_escapes
from wordkin.corpus.readers.files import BinaryFileError, OpenFile, looks_binary
from wordkin.corpus.readers.pieces import Block, Reading, Tally
from wordkin.errors import CorpusError

LONGEST_WORD_BYTES = 1 << 30
_LIKELY_CUT_BYTES = 1 << 12  # search this much of the end of a block for white space first
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SAMPLED_BYTES = 1 << 12  # at the beginning of a file, for zeros in every other byte
_CUTS = (b"\n", b" ", b"\t", b"\r", b"\xe3\x80\x80")  # the frequent kinds of white space, at which blocks are cut
_MARKUP = {
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "XML",
    b"<mediawiki": "a dump of MediaWiki",
    b"{\\rtf": "a document in RTF",
}
_ARROW_MARKS = {b"PAR1": "parquet", b"ARROW1": "arrow"}


def read(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Block]:
    """Yield the text of a file in blocks of about ``block_bytes`` bytes that end at white space.

    A byte-order mark is removed. Raises :class:`BinaryFileError` for a file that is not text. Raises
    :class:`CorpusError` for a file that looks like another format, such as JSON Lines, unless ``reader="text"`` is set.
    """
    for number, block in enumerate(cut_blocks(opened, block_bytes)):
        if not number:
            _refuse_binary(opened, block.text)
            if reading.reader is None:
                _refuse_records(opened, block.text)
        yield block


def cut_blocks(opened: OpenFile, block_bytes: int) -> Iterator[Block]:
    """Yield the text of one file in blocks of about ``block_bytes`` bytes that end at white space."""
    pieces: list[bytes] = []
    position = 0
    while data := opened.read(block_bytes):
        cut = _last_cut(data, max(0, len(data) - _LIKELY_CUT_BYTES)) or _last_cut(data, 0)
        if not cut:
            pieces.append(data)
            if sum(map(len, pieces)) > LONGEST_WORD_BYTES:
                raise CorpusError(
                    f"{opened.name!r} has a word of over {LONGEST_WORD_BYTES:,} bytes: check that the file is "
                    "text, with white space between words"
                )
            continue
        pieces.append(data[:cut])
        text = b"".join(pieces)
        yield _block(text, opened, position)
        position += len(text)
        pieces = [data[cut:]] if cut < len(data) else []
    yield _block(b"".join(pieces) + b"\n", opened, position)


def whole_lines(opened: OpenFile, block_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks of whole lines, without a byte-order mark.

    The last line of the file may lack a line feed. Raises :class:`BinaryFileError` for a file that is not text.
    """
    pieces: list[bytes] = []
    first = begins = True
    while data := opened.read(block_bytes):
        if begins:
            _refuse_binary(opened, data)
        begins = False
        cut = data.rfind(b"\n") + 1
        if not cut:
            pieces.append(data)
            continue
        lines = b"".join([*pieces, data[:cut]])
        yield lines.removeprefix(_BYTE_ORDER_MARK) if first else lines
        first, pieces = False, [data[cut:]]
    rest = b"".join(pieces)
    if rest:
        yield rest.removeprefix(_BYTE_ORDER_MARK) if first else rest


def _last_cut(data: bytes, start: int) -> int:
    """Return the index in ``data`` after its last white space from ``start`` on; 0 if there is none."""
    found = ((data.rfind(each, start), len(each)) for each in _CUTS)
    return max(index + length if index >= 0 else 0 for index, length in found)


def _block(text: bytes, opened: OpenFile, position: int) -> Block:
    start = len(_BYTE_ORDER_MARK) if position == 0 and text.startswith(_BYTE_ORDER_MARK) else 0
    return Block(text[start:], opened.name, position + start, opened.bytes_read)


def _refuse_binary(opened: OpenFile, text: bytes) -> None:
    """Raise :class:`BinaryFileError` if the beginning of a file is not text."""
    if means_utf8(opened.encoding):
        _refuse_wide(opened.name, text)
        refuse_escapes(text, opened.name)
    for mark, reader in _ARROW_MARKS.items():
        if text.startswith(mark) and looks_binary(text):
            raise BinaryFileError(
                f'{opened.name!r} is a file of the format {reader}: pass reader="{reader}", and the name of its text '
                "column as field"
            )
    if looks_binary(text):
        raise BinaryFileError(
            f"{opened.name!r} looks binary (it holds zero bytes): pass plain text, or text compressed as .gz, .bz2, "
            ".xz or .zst"
        )


def _refuse_wide(name: str, text: bytes) -> None:
    """Raise :class:`BinaryFileError` if the beginning of a file is UTF-16 or UTF-32."""
    for mark, encoding in _WIDE_MARKS.items():
        if text.startswith(mark):
            raise BinaryFileError(
                f"{name!r} is {encoding}, not UTF-8: convert it with iconv -f {encoding} -t UTF-8, "
                f'or pass encoding="{encoding.lower()}"'
            )
    even, odd = (text[start:_SAMPLED_BYTES:2].count(0) for start in (0, 1))
    if (not even or not odd) and even + odd >= max(4, len(text[:_SAMPLED_BYTES]) // 8):
        order = "le" if odd else "be"
        raise BinaryFileError(
            f"{name!r} looks like UTF-16 without a byte-order mark (every other byte is often zero): "
            f'pass encoding="utf-16-{order}"'
        )


def _refuse_records(opened: OpenFile, text: bytes) -> None:
    """Raise :class:`CorpusError` if a file is not plain text but output of WikiExtractor, markup or JSON Lines."""
    remedy = 'or pass reader="text" to read it as plain text'
    if text.startswith(b"<doc id="):
        raise CorpusError(f'{opened.name!r} looks like output of WikiExtractor: pass reader="wikiextractor", {remedy}')
    beginning = text[:64].lstrip().lower()
    for mark, what in _MARKUP.items():
        if beginning.startswith(mark):
            raise CorpusError(f"{opened.name!r} looks like {what}: extract its text, {remedy}")
    if not text.startswith((b'{"', b"{ ")):
        return
    try:
        record = json.loads(text.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return
    if isinstance(record, dict):
        fields = ", ".join(map(repr, list(record)[:6]))
        raise CorpusError(
            f"{opened.name!r} looks like JSON Lines with the fields {fields}: "
            f'pass reader="jsonl" and one of these as field, {remedy}'
        )
