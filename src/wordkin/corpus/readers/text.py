"""Plain text: bytes handed on as blocks that are cut at white space."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wordkin.corpus.readers.files import OpenFile, TextFile
from wordkin.errors import CorpusError, CorpusWarning, warn

BLOCK_BYTES = 1 << 19  # several are under way at once: small, and soon reused
LONGEST_WORD_BYTES = 1 << 30
_LIKELY_CUT_BYTES = 1 << 12  # a block nearly always has white space in its last ones
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CUTS = (b"\n", b" ", b"\t", b"\r", b"\xe3\x80\x80")  # white space at which blocks are cut: the frequent kinds


class Block(NamedTuple):
    """Some text: whole words, cut at white space.

    text : bytes; the last block of a file ends with a line feed.
    file : where it comes from.
    position : of its first byte in the (decompressed) file.
    bytes_read : of all files so far, as they are on disk.
    """

    text: bytes
    file: TextFile
    position: int
    bytes_read: int


def read_blocks(files: Iterable[TextFile], block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The text of files, one after another, in blocks of about ``block_bytes``.

    A word or line is never cut by the end of a file; a byte-order mark at its beginning is dropped.
    Raises :class:`CorpusError` for a file that is missing, unreadable, damaged, binary, or that shrinks
    while it is read; a binary file found in a directory is left out with a :class:`CorpusWarning`.
    """
    finished_bytes = 0
    binary: list[str] = []
    searched = used = 0
    for file in files:
        searched += 1
        with contextlib.closing(OpenFile(file)) as opened:
            for number, block in enumerate(_cut_blocks(opened, block_bytes)):
                fault = "" if number else _fault_of(block.text)
                if fault and file.found:
                    binary.append(file.name)
                    break
                if fault:
                    raise CorpusError(f"{file.name!r} {fault}")
                yield block._replace(bytes_read=finished_bytes + block.bytes_read)
            else:
                used += 1
                opened.check_unchanged()
            finished_bytes += file.size or opened.bytes_read
    if binary and not used:
        raise CorpusError(f"all {searched:,} files look binary, as {binary[0]!r}: name a file or directory of text")
    if binary:
        warn(
            f"left out {len(binary):,} of {searched:,} files because they look binary: {', '.join(binary[:3])}",
            CorpusWarning,
        )


def _fault_of(text: bytes) -> str:
    """Why the beginning of a file is not UTF-8 text; empty when it may be."""
    if text.startswith(_UTF16_MARKS):
        return "is UTF-16, not UTF-8: convert it, for example with: iconv -f UTF-16 -t UTF-8"
    if b"\0" in text[: 1 << 16]:
        return "looks binary (it holds zero bytes): pass plain text, or text compressed as .gz, .bz2, .xz or .zst"
    return ""


def _cut_blocks(opened: OpenFile, block_bytes: int) -> Iterator[Block]:
    """Blocks of one file that end at white space."""
    pieces: list[bytes] = []
    position = 0
    while data := opened.read(block_bytes):
        cut = _last_cut(data, max(0, len(data) - _LIKELY_CUT_BYTES)) or _last_cut(data, 0)
        if not cut:
            pieces.append(data)
            if sum(map(len, pieces)) > LONGEST_WORD_BYTES:
                raise CorpusError(
                    f"{opened.file.name!r} has a word over {LONGEST_WORD_BYTES:,} bytes long: is it text?"
                )
            continue
        pieces.append(data[:cut])
        text = b"".join(pieces)
        yield _block(text, opened, position)
        position += len(text)
        pieces = [data[cut:]] if cut < len(data) else []
    yield _block(b"".join(pieces) + b"\n", opened, position)


def _last_cut(data: bytes, start: int) -> int:
    """Position after the last white space from ``start`` on; 0 when there is none."""
    found = ((data.rfind(each, start), len(each)) for each in _CUTS)
    return max(index + length if index >= 0 else 0 for index, length in found)


def _block(text: bytes, opened: OpenFile, position: int) -> Block:
    start = len(_BYTE_ORDER_MARK) if position == 0 and text.startswith(_BYTE_ORDER_MARK) else 0
    return Block(text[start:], opened.file, position + start, opened.bytes_read)
