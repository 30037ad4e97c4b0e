"""Read and write the binary format of word2vec, which ``docs/formats.md`` describes."""

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

_BLOCK_BYTES = 1 << 20  # small enough to stay in the CPU cache
_LONGEST_WORD = 1 << 24  # bytes; a longer "word" means that the file is not word2vec binary
_LONGEST_HEADER = 64
_LINE_END, _SPACE = 0x0A, 0x20
_BLANKS = b" \t\n\r\v\f"


def read_binary(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read a file in the binary format of word2vec.

    The file has a header line. Then follow, for each word, the bytes of the word, a space and N little-endian float32
    numbers. A newline after each vector, which word2vec.c writes, is optional.
    """
    head = source.read(LONGEST_HEAD)
    total, vector_size, position = _binary_header(source, head)
    row_bytes = 4 * vector_size
    wanted = total if options.limit is None else min(total, options.limit)
    room = source.size_limit // (row_bytes + 1)
    if not source.compressed and wanted > room and options.bad_rows == "error":
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, which take at least "
            f"{total * (row_bytes + 1):,} bytes, but the file has {source.size_limit:,}: "
            "it was cut off; to read its first N words, pass limit=N"
        )
    rows = Rows(source, options, vector_size, min(wanted, room), "byte")
    window = _Window(source, head[position:], position)
    read, used = _append_rows(rows, window, _RowSplitter(row_bytes), wanted)
    if read < wanted and not rows.complete:
        rows.short(total, read, f"the file ends at byte {window.start + window.end:,} inside word {read + 1:,}")
    at_end = wanted == total and not rows.complete
    if at_end and read == total and (window.data[used : window.end] + source.read(_BLOCK_BYTES)).strip():
        raise rows.broken(
            window.start + used,
            f"the file continues after the {total:,} words that its header announces: correct the header, or "
            f"pass limit={total} to read only these",
        )
    return rows.finish()


def _append_rows(rows: Rows, window: _Window, split: _RowSplitter, wanted: int) -> tuple[int, int]:
    """Read up to ``wanted`` words with their vectors from the window, and add them to ``rows``.

    Returns the number of words read, and the number of bytes of the window that they take up.
    """
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
            raise rows.broken(
                window.start + used,
                "a word starts here, but no space follows it: the file is damaged, or its header gives "
                "another vector size",
            )
        if not more:
            return read, used
        more = window.move(used)


def _refuse_blank(rows: Rows, words: list[bytes], positions: NDArray[np.int64]) -> None:
    """Raise :class:`FormatError` if a word is empty or white space, because the vectors after it cannot be located."""
    for index, word in enumerate(words):
        if not word or (word[0] in _BLANKS and not word.strip()):
            raise rows.broken(
                int(positions[index]),
                f"the word {word[:40]!r} is empty or white space. gensim can write such files, but all vectors after "
                "such a word are shifted: save the vectors again without it",
            )


class _Window:
    """A part of a file in memory: ``data[:end]`` holds the bytes of the file from byte ``start`` on.

    The window moves forward through the file. Its buffer ``data`` is reused, so that it stays in the CPU cache. The
    buffer grows only if a single row does not fit.
    """

    def __init__(self, source: InputFile, first: bytes, start: int) -> None:
        self.source, self.start, self.end = source, start, len(first)
        self.data = bytearray(max(_BLOCK_BYTES, 2 * len(first)))
        self.data[: self.end] = first

    def move(self, used: int) -> bool:
        """Drop the first ``used`` bytes and read more of the file; return False if the file has ended."""
        kept = self.data[used : self.end]
        if 2 * len(kept) > len(self.data):
            self.data = bytearray(2 * len(self.data))
        self.data[: len(kept)] = kept
        got = self.source.readinto(memoryview(self.data)[len(kept) :])
        self.start, self.end = self.start + used, len(kept) + got
        return got > 0


def _binary_header(source: InputFile, head: bytes) -> tuple[int, int, int]:
    """Parse the header line at the beginning of a file.

    Returns the number of words, the vector size and the number of bytes before the first word.
    """
    line, _, _ = head[:_LONGEST_HEADER].partition(b"\n")
    match = HEADER.fullmatch(line)
    if match is None or int(match[2]) == 0:
        what = unsupported_kind(head) or (
            f'line 1 must be the number of words and the vector size, as in "1000 300"; it begins with {line[:40]!r}'
        )
        raise source.broken(what)
    return int(match[1]), int(match[2]), len(line) + 1


class _RowSplitter:
    """Finds where words and vectors begin in data of the binary format of word2vec.

    A row is a word and its vector. It can be located only after the rows before it, because words differ in length. A
    regular expression finds as many consecutive rows as possible that all have, or all lack, a newline before the word.
    Rows with a very long or empty word, or with several newlines, are parsed one by one.
    """

    def __init__(self, row_bytes: int) -> None:
        self._row_bytes = row_bytes
        # The second alternative consumes the rest, so that a match never starts inside a row.
        self._patterns = [
            re.compile(rb"(?s)%b([^ \n][^ ]{0,254}+) .{%d}|.+" % (before, row_bytes)) for before in (b"", b"\n")
        ]

    def __call__(self, data: bytearray, end: int, wanted: int) -> tuple[list[bytes], NDArray[np.int64], int]:
        """Find the first complete rows in ``data[:end]``, at most ``wanted``.

        Returns
        -------
        words : list of bytes
            The words.
        starts : array of int64, shape (words,)
            The offset of each vector in ``data``.
        used : int
            The total number of bytes of these rows.
        """
        words: list[bytes] = []
        starts: list[NDArray[np.int64]] = []
        position = 0
        while len(words) < wanted:
            line_ends, found = self._same_form(data, position, end)
            if not found:
                break
            del found[wanted - len(words) :]
            lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
            ends = position + np.cumsum(lengths + (line_ends + 1 + self._row_bytes))
            words += found
            starts.append(ends - self._row_bytes)
            position = int(ends[-1])
        return words, np.concatenate(starts) if starts else np.empty(0, dtype=np.int64), position

    def _same_form(self, data: bytearray, position: int, end: int) -> tuple[int, list[bytes]]:
        """Find consecutive rows that have the same number of newlines before the word.

        Returns this number and the words of the rows. The first row begins at ``position``.
        """
        for line_ends, pattern in enumerate(self._patterns):
            found: list[bytes] = pattern.findall(data, position, end)
            if found and not found[-1]:  # the second alternative matched
                found.pop()
            if found:
                return line_ends, found
        return self._single(data, position, end)

    def _single(self, data: bytearray, position: int, end: int) -> tuple[int, list[bytes]]:
        """Parse the row at ``position``; return the number of newlines before its word, and a list with the word.

        The list is empty if the data ends before the row does.
        """
        start = position
        while start < end and data[start] == _LINE_END:
            start += 1
        space = data.find(b" ", start, min(start + _LONGEST_WORD, end))
        whole = space >= 0 and space + 1 + self._row_bytes <= end
        return start - position, [bytes(data[start:space])] if whole else []


def _gather(buffer: bytearray, starts: NDArray[np.int64], vector_size: int) -> NDArray[np.float32]:
    """Return the vectors at byte offsets of a buffer, as an array of shape (len(starts), vector_size)."""
    row = np.dtype((np.void, 4 * vector_size))
    return _at_every_byte(buffer, row)[starts].view("<f4").reshape(len(starts), vector_size)


def _at_every_byte(buffer: bytearray | memoryview, item: np.dtype[np.void]) -> NDArray[np.void]:
    """Return a view of a buffer that has an item at each byte offset, so that items at any offset can be read."""
    return np.ndarray((len(buffer) - item.itemsize + 1,), dtype=item, buffer=buffer, strides=(1,))


def write_binary(vectors: Embeddings, stream: BinaryIO, whitespace: str) -> None:
    """Write the binary format of word2vec, with a newline after each vector. float16 is converted to float32."""
    words = writable_words(vectors, whitespace)
    stream.write(b"%d %d\n" % vectors.matrix.shape)
    row = np.dtype((np.void, 4 * vectors.vector_size))
    rows = max(1, _BLOCK_BYTES // row.itemsize)
    for first in range(0, len(words), rows):
        block = np.ascontiguousarray(vectors.matrix[first : first + rows], dtype="<f4")
        offsets = words.offsets[first : first + rows + 1]
        before = (row.itemsize + 2) * np.arange(len(block))  # bytes before each line, not counting words
        spaces = offsets[1:] - offsets[0] + before
        lines = np.full(spaces[-1] + row.itemsize + 2, _LINE_END, dtype=np.uint8)
        letters = np.arange(offsets[-1] - offsets[0])
        lines[letters + np.repeat(before, np.diff(offsets))] = words.utf8[offsets[0] : offsets[-1]]
        lines[spaces] = _SPACE
        _at_every_byte(lines.data, row)[spaces + 1] = block.view(row)[:, 0]
        stream.write(lines.data)
