"""The binary format of word2vec: a header line, then each word and its vector of little-endian float32.

Read in large blocks, so that compressed files are read too. ``docs/formats.md`` describes the format.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.rows import ReadOptions, Rows
from wordkin.embeddings.text_format import HEADER, writable_words
from wordkin.embeddings.unsupported import LONGEST_HEAD, unsupported_kind
from wordkin.storage.files import InputFile

_BLOCK_BYTES = 1 << 20  # read at a time: what is done to a block then happens in the cache
_LONGEST_WORD = 1 << 24  # bytes; beyond it the file is not what it seems
_LONGEST_HEADER = 64
_LINE_END, _SPACE = 0x0A, 0x20
_BLANKS = b" \t\n\r\v\f"


def read_binary(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read word2vec binary: a header line, then each word, a space and N little-endian float32.

    A line end after each vector, as word2vec.c writes it, may be there or not.
    """
    head = source.read(LONGEST_HEAD)
    total, vector_size, position = _binary_header(source, head)
    row_bytes = 4 * vector_size
    wanted = total if options.limit is None else min(total, options.limit)
    room = source.size_limit // (row_bytes + 1)
    if not source.compressed and wanted > room and options.bad_rows == "error":
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, at least "
            f"{total * (row_bytes + 1):,} bytes, but the file has {source.size_limit:,}: "
            "pass limit= to read the words that are there"
        )
    rows = Rows(source, options, vector_size, min(wanted, room), "byte")
    window = _Window(source, head[position:], position)
    read, used = _append_rows(rows, window, _RowSplitter(row_bytes), wanted)
    if read < wanted and not rows.complete:
        rows.short(total, read, f"the file ends at byte {window.start + window.end:,} inside word {read + 1:,}")
    at_end = wanted == total and not rows.complete
    if at_end and read == total and (window.data[used : window.end] + source.read(_BLOCK_BYTES)).strip():
        raise rows.broken(window.start + used, f"the file goes on after the {total:,} words its header promises")
    return rows.finish()


def _append_rows(rows: Rows, window: _Window, split: _RowSplitter, wanted: int) -> tuple[int, int]:
    """Read up to ``wanted`` words; returns how many were, and how many bytes of the window they took."""
    vector_size = rows.matrix.shape[1]
    read, more = 0, window.move(0)
    while True:
        words, starts, used = split(window.data, window.end, wanted - read)
        if words:
            lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
            positions = window.start + starts - lengths - 1
            _refuse_blank(rows, words, positions)
            kept, chosen = rows.choose(words)
            if chosen is not None:
                starts, positions = starts[chosen], positions[chosen]
            if kept:
                rows.append(kept, positions, _gather(window.data, starts, vector_size))
            read += len(words)
        if read == wanted or rows.complete:
            return read, used
        if window.end - used > _LONGEST_WORD and window.data.find(b" ", used, used + _LONGEST_WORD) < 0:
            raise rows.broken(window.start + used, "no space ends the word that starts there")
        if not more:
            return read, used
        more = window.move(used)


def _refuse_blank(rows: Rows, words: list[bytes], positions: NDArray[np.int64]) -> None:
    """Refuse a file with an empty or blank word: where the vectors after it begin cannot be known."""
    for index, word in enumerate(words):
        if not word or (word[0] in _BLANKS and not word.strip()):
            raise rows.broken(
                int(positions[index]),
                f"the word that stands there is {word[:40]!r}, without a letter; gensim writes such files, and their "
                "later vectors are shifted: save the vectors again without that word",
            )


class _Window:
    """The part of a file that is being looked at: ``data[:end]``, of which byte 0 is byte ``start`` of the file.

    The memory is used again as the window moves on, so that what is read stays in the cache; it grows
    only where a single row does not fit.
    """

    def __init__(self, source: InputFile, first: bytes, start: int) -> None:
        self.source, self.start, self.end = source, start, len(first)
        self.data = bytearray(max(_BLOCK_BYTES, 2 * len(first)))
        self.data[: self.end] = first

    def move(self, used: int) -> bool:
        """Leave the first ``used`` bytes behind and read on; False where the file has ended."""
        kept = self.data[used : self.end]
        if 2 * len(kept) > len(self.data):
            self.data = bytearray(2 * len(self.data))
        self.data[: len(kept)] = kept
        got = self.source.readinto(memoryview(self.data)[len(kept) :])
        self.start, self.end = self.start + used, len(kept) + got
        return got > 0


def _binary_header(source: InputFile, head: bytes) -> tuple[int, int, int]:
    """Number of words, length of a vector, and where the first word starts."""
    line, _, _ = head[:_LONGEST_HEADER].partition(b"\n")
    match = HEADER.fullmatch(line)
    if match is None or int(match[2]) == 0:
        what = unsupported_kind(head) or (
            f'line 1 must be the number of words and the length of a vector, as in "1000 300"; it begins {line[:40]!r}'
        )
        raise source.broken(what)
    return int(match[1]), int(match[2]), len(line) + 1


class _RowSplitter:
    """Finds where rows of word2vec binary begin and end.

    Only the lengths of words tell, row after row. One regular expression walks over as many rows as look
    alike (with or without a line end before the word); a row that differs, for its long or empty word or
    for more line ends, is looked at by itself.
    """

    def __init__(self, row_bytes: int) -> None:
        self._row_bytes = row_bytes
        # The second branch takes the rest, so that a search never begins in the middle of a row.
        self._patterns = [
            re.compile(rb"(?s)%b([^ \n][^ ]{0,254}+) .{%d}|.+" % (before, row_bytes)) for before in (b"", b"\n")
        ]

    def __call__(self, data: bytearray, end: int, wanted: int) -> tuple[list[bytes], NDArray[np.int64], int]:
        """Up to ``wanted`` whole rows of ``data[:end]``: words, where each vector starts, how many bytes they take."""
        words: list[bytes] = []
        starts: list[NDArray[np.int64]] = []
        position = 0
        while len(words) < wanted:
            line_ends, found = self._alike(data, position, end)
            if not found:
                break
            del found[wanted - len(words) :]
            lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
            ends = position + np.cumsum(lengths + (line_ends + 1 + self._row_bytes))
            words += found
            starts.append(ends - self._row_bytes)
            position = int(ends[-1])
        return words, np.concatenate(starts) if starts else np.empty(0, dtype=np.int64), position

    def _alike(self, data: bytearray, position: int, end: int) -> tuple[int, list[bytes]]:
        """Words of as many whole rows as look alike from here on, and the line ends before each."""
        for line_ends, pattern in enumerate(self._patterns):
            found: list[bytes] = pattern.findall(data, position, end)
            if found and not found[-1]:  # the second branch
                found.pop()
            if found:
                return line_ends, found
        return self._single(data, position, end)

    def _single(self, data: bytearray, position: int, end: int) -> tuple[int, list[bytes]]:
        """Line ends before the next word, and the word, if its row is whole."""
        start = position
        while start < end and data[start] == _LINE_END:
            start += 1
        space = data.find(b" ", start, min(start + _LONGEST_WORD, end))
        whole = space >= 0 and space + 1 + self._row_bytes <= end
        return start - position, [bytes(data[start:space])] if whole else []


def _gather(buffer: bytearray, starts: NDArray[np.int64], vector_size: int) -> NDArray[np.float32]:
    """The vectors that start at these bytes, shape (len(starts), vector_size)."""
    row = np.dtype((np.void, 4 * vector_size))
    return _at_every_byte(buffer, row)[starts].view("<f4").reshape(len(starts), vector_size)


def _at_every_byte(buffer: bytearray | memoryview, item: np.dtype[np.void]) -> NDArray[np.void]:
    """The items that begin at each byte of a buffer, overlapping: what to pick unaligned rows from or put them to."""
    return np.ndarray((len(buffer) - item.itemsize + 1,), dtype=item, buffer=buffer, strides=(1,))


def write_binary(vectors: Embeddings, stream: BinaryIO, whitespace: str) -> None:
    """Write word2vec binary with a line end after each vector, as word2vec.c does; float16 is widened."""
    words = writable_words(vectors, whitespace)
    stream.write(b"%d %d\n" % vectors.matrix.shape)
    row = np.dtype((np.void, 4 * vectors.vector_size))
    rows = max(1, _BLOCK_BYTES // row.itemsize)
    for first in range(0, len(words), rows):
        block = np.ascontiguousarray(vectors.matrix[first : first + rows], dtype="<f4")
        offsets = words.offsets[first : first + rows + 1]
        before = (row.itemsize + 2) * np.arange(len(block))  # what stands before each line, without the words
        spaces = offsets[1:] - offsets[0] + before
        lines = np.full(spaces[-1] + row.itemsize + 2, _LINE_END, dtype=np.uint8)
        letters = np.arange(offsets[-1] - offsets[0])
        lines[letters + np.repeat(before, np.diff(offsets))] = words.utf8[offsets[0] : offsets[-1]]
        lines[spaces] = _SPACE
        _at_every_byte(lines.data, row)[spaces + 1] = block.view(row)[:, 0]
        stream.write(lines.data)
