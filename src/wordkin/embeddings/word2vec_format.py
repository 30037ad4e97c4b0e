"""The interchange formats of word2vec, GloVe and fastText: one row a word, binary or text.

Both readers take a stream in large blocks, so they read compressed files too, and set memory aside as
rows arrive, never because a header says so. ``docs/formats.md`` describes the formats.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.unsupported import unsupported_kind
from wordkin.errors import ConfigError, FormatError
from wordkin.storage.files import InputFile
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.packing import is_utf8
from wordkin.vocabulary.vocabulary import PackedWords

_BLOCK_BYTES = 1 << 20  # read at a time: what is done to a block then happens in the cache
_LONGEST_WORD = 1 << 24  # bytes; beyond it the file is not what it seems
_LONGEST_HEADER = 64
_LINE_END, _SPACE = 0x0A, 0x20
_WRITE_ROWS = 4096
_HEADER = re.compile(rb"[ \t]*(\d{1,15})[ \t]+(\d{1,9})[ \t]*\r?")
_WHITESPACE_BYTES = np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8)
_WHITESPACE = re.compile("[ \t\n\r\v\f]")  # what readers of these formats split at; other spaces are letters
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read an interchange format; see :func:`wordkin.embeddings.load_embeddings`."""

    limit: int | None = None
    encoding_errors: str = "strict"
    duplicates: str = "error"
    header: bool | None = None


class _Rows:
    """Words and vectors as they arrive from a file, and where in the file each word stands.

    ``unit`` says what places are: "byte" or "line".
    """

    def __init__(self, source: InputFile, vector_size: int, expected: int, unit: str) -> None:
        self.source, self.unit = source, unit
        self.words: list[bytes] = []
        self.places: list[NDArray[np.int64]] = []
        self.matrix: NDArray[np.float32] = np.empty((expected, vector_size), dtype="<f4")

    def __len__(self) -> int:
        return len(self.words)

    def append(self, words: list[bytes], places: NDArray[np.int64], block: NDArray[np.float32]) -> None:
        """Add the words that stand at these places, and their vectors."""
        first, end = len(self.words), len(self.words) + len(words)
        if end > len(self.matrix):
            # In place: the system moves pages, not bytes, and both sizes never stand side by side.
            self.matrix.resize((max(end, len(self.matrix) * 3 // 2), self.matrix.shape[1]), refcheck=False)
        self.matrix[first:end] = block
        with np.errstate(invalid="ignore", over="ignore"):
            total = block.sum()  # seldom not finite where all values are, and four times as fast to find
        if not np.isfinite(total) and not np.isfinite(block).all():
            row = int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
            word = words[row].decode(errors="replace")
            raise self.broken(int(places[row]), f"the vector of {word!r} holds a value that is not finite")
        self.words += words
        self.places.append(places)

    def broken(self, place: int, what: str) -> FormatError:
        """The error to raise: ``what`` is wrong at a place of the file."""
        return self.source.broken(f"{self.unit} {place:,}: {what}")

    def place(self, row: int) -> int:
        """Where in the file the word of a row stands."""
        return int(np.concatenate(self.places)[row])

    def finish(self, options: ReadOptions) -> Embeddings:
        """The Embeddings, once the words are known to be valid and distinct."""
        self.matrix.resize((len(self.words), self.matrix.shape[1]), refcheck=False)
        if options.encoding_errors != "strict":
            self.words = [word.decode("utf-8", options.encoding_errors).encode() for word in self.words]
        utf8, offsets = _packed(self.words)
        if options.encoding_errors == "strict" and not is_utf8(utf8, offsets):
            row = next(row for row, word in enumerate(self.words) if not _is_utf8(word))
            remedy = 'pass encoding_errors="replace", "ignore" or "backslashreplace"'
            raise self.broken(self.place(row), f"the word {self.words[row][:40]!r} is not valid UTF-8: {remedy}")
        matrix = self.matrix
        if len(set(self.words)) != len(self.words):
            first_rows = self._first_rows(options)
            utf8, offsets = _packed(list(first_rows))
            matrix = matrix[list(first_rows.values())]
        vocabulary = Vocabulary.from_packed(utf8, offsets)
        return Embeddings(vocabulary, matrix.astype(np.float32, copy=False), path=self.source.path)

    def _first_rows(self, options: ReadOptions) -> dict[bytes, int]:
        """The row at which each word stands first; FormatError unless a word may stand again."""
        first_rows: dict[bytes, int] = {}
        for row, word in enumerate(self.words):
            if first_rows.setdefault(word, row) != row and options.duplicates == "error":
                first = f"first at {self.unit} {self.place(first_rows[word]):,}"
                remedy = 'pass duplicates="first" to keep the first of each'
                what = f"the word {word.decode()!r} stands there again, {first}: {remedy}"
                raise self.broken(self.place(row), what)
        return first_rows


def _packed(words: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The words one after the other, and where each starts and, last, where they all end."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    return np.frombuffer(b"".join(words), dtype=np.uint8), np.concatenate(([0], np.cumsum(lengths)))


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- binary


def read_binary(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read word2vec binary: a header line, then each word, a space and N little-endian float32.

    A line end after each vector, as word2vec.c writes it, may be there or not.
    """
    head = source.read(_LONGEST_HEADER)
    total, vector_size, position = _binary_header(source, head)
    row_bytes = 4 * vector_size
    if not source.compressed and total * (row_bytes + 1) > source.size_limit:
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, at least "
            f"{total * (row_bytes + 1):,} bytes, but the file has {source.size_limit:,}"
        )
    wanted = total if options.limit is None else min(total, options.limit)
    rows = _Rows(source, vector_size, min(wanted, source.size_limit // (row_bytes + 1)), "byte")
    window = _Window(source, head[position:], position)
    split = _RowSplitter(row_bytes)
    more = window.move(0)
    while True:
        words, starts, used = split(window.data, window.end, wanted - len(rows))
        if words:
            lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
            rows.append(words, window.start + starts - lengths - 1, _gather(window.data, starts, vector_size))
        if len(rows) == wanted:
            break
        if window.end - used > _LONGEST_WORD and window.data.find(b" ", used, used + _LONGEST_WORD) < 0:
            raise rows.broken(window.start + used, "no space ends the word that starts there")
        if not more:
            end = f"the file ends at byte {window.start + window.end:,} inside word {len(rows) + 1:,}"
            raise source.broken(f"the header promises {total:,} words, but {end}")
        more = window.move(used)
    if wanted == total and (window.data[used : window.end] + source.read(_BLOCK_BYTES)).strip():
        raise rows.broken(window.start + used, f"the file goes on after the {total:,} words its header promises")
    return rows.finish(options)


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
    match = _HEADER.fullmatch(line)
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


# --- text


def read_text(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read text: a word and N numbers a line, with or without a header line (word2vec, fastText; GloVe)."""
    lines = _lines(source)
    first = next(lines, None)
    if first is None or (len(first) == 1 and not first[0].strip()):
        raise source.broken("the file is empty")
    stranger = unsupported_kind(first[0][:8])
    if stranger:
        raise source.broken(stranger)
    total, vector_size, number = _text_header(source, first, options.header)
    block = first[number - 1 :]
    if vector_size is None:
        vector_size = len(block[0].split()) - 1
        if vector_size < 1:
            raise source.broken(f"line {number}: expected a word and its numbers, found {block[0][:40]!r}")
    bound = source.size_limit // (2 * vector_size)  # a digit and a space for each number
    if total is not None and not source.compressed and total > bound + 1:
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, at least "
            f"{2 * total * vector_size:,} bytes, but the file has {source.size_limit:,}"
        )
    wanted = min(bound if total is None else total, bound)
    rows = _Rows(source, vector_size, wanted if options.limit is None else min(wanted, options.limit), "line")
    more = True
    while more:
        number, more = _append_lines(rows, block, number, total, options.limit)
        block = next(lines, [])
        more = more and bool(block)
    if total is not None and len(rows) < total and len(rows) != options.limit:
        raise source.broken(f"the header promises {total:,} words, but the file ends after {len(rows):,}")
    return rows.finish(options)


def _lines(source: InputFile) -> Iterator[list[bytes]]:
    """All lines without their ends, in blocks; of a last line without an end nothing is lost."""
    rest = source.read(_BLOCK_BYTES).removeprefix(_BYTE_ORDER_MARK)
    while block := source.read(_BLOCK_BYTES):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > 2 * _LONGEST_WORD:
            raise source.broken(f"a line is longer than {2 * _LONGEST_WORD:,} bytes: this is no text of vectors")
        if lines:
            yield lines
    if rest:
        yield rest.removesuffix(b"\n").split(b"\n")


def _text_header(source: InputFile, lines: list[bytes], header: bool | None) -> tuple[int | None, int | None, int]:
    """Number of words and length of a vector, where a header says so, and the number of the first row's line."""
    match = _HEADER.fullmatch(lines[0])
    if header is False or (header is None and match is None):
        return None, None, 1
    if match is None or int(match[2]) == 0:
        raise source.broken(f'line 1 must be the header, as in "1000 300"; it is {lines[0][:40]!r}')
    return int(match[1]), int(match[2]), 2


def _append_lines(
    rows: _Rows, lines: list[bytes], number: int, total: int | None, limit: int | None
) -> tuple[int, bool]:
    """Parse lines from line ``number`` on; return the next number and whether more are wanted."""
    kept = lines if limit is None else lines[: limit - len(rows)]
    blanks = next((index for index, line in enumerate(kept) if not line.strip()), len(kept))
    if any(line.strip() for line in kept[blanks:]):
        raise rows.source.broken(f"line {number + blanks:,} is empty")
    kept = kept[:blanks]
    if total is not None and len(rows) + len(kept) > total:
        place = number + total - len(rows)
        raise rows.source.broken(f"line {place:,}: the file goes on after the {total:,} words its header promises")
    if kept:
        words, block = _parse_lines(rows.source, kept, number, rows.matrix.shape[1])
        rows.append(words, np.arange(number, number + len(kept)), block)
    return number + len(lines), limit is None or len(rows) < limit


def _parse_lines(
    source: InputFile, lines: list[bytes], number: int, vector_size: int
) -> tuple[list[bytes], NDArray[np.float32]]:
    """Words and vectors of these lines, the first of which is line ``number``."""
    words, numbers = [], []
    for line in lines:
        word, _, rest = line.partition(b" ")
        words.append(word)
        numbers.append(rest.decode("latin-1").strip())
    if all(numbers):
        # Tabs, doubled spaces, a word with a space in it and errors to locate are left for the loop below.
        with contextlib.suppress(ValueError):
            block = np.loadtxt(numbers, dtype=np.float32, delimiter=" ", comments=None, ndmin=2)
            if block.shape == (len(lines), vector_size):
                return words, block
    parsed = [_parse_line(source, line, number + index, vector_size) for index, line in enumerate(lines)]
    return [word for word, _ in parsed], np.array([vector for _, vector in parsed], dtype=np.float32)


def _parse_line(source: InputFile, line: bytes, number: int, vector_size: int) -> tuple[bytes, list[float]]:
    """One line with any white space between fields; the last N fields are the vector.

    More fields before them make a word with spaces, as in some files of GloVe, unless one is a number:
    then the line is longer than the others and an error.
    """
    fields = line.split()
    if line[:1] in b" \t" and len(fields) == vector_size:
        fields.insert(0, b"")  # an empty word
    before = fields[: len(fields) - vector_size] if len(fields) > vector_size else []
    if not before or any(_NUMBER.fullmatch(field) for field in before[1:]):
        raise source.broken(
            f"line {number:,}: expected a word and {vector_size:,} numbers, found {len(fields):,} fields"
        )
    numbers = fields[-vector_size:]
    for field in numbers:
        if not _NUMBER.fullmatch(field):
            raise source.broken(f"line {number:,}: {field[:40].decode(errors='replace')!r} is not a number")
    return b" ".join(before), [float(field) for field in numbers]


# --- writing


def write_binary(vectors: Embeddings, stream: BinaryIO, whitespace: str) -> None:
    """Write word2vec binary with a line end after each vector, as word2vec.c does; float16 is widened."""
    words = _writable_words(vectors, whitespace)
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


def write_text(vectors: Embeddings, stream: BinaryIO, whitespace: str, header: bool) -> None:
    """Write word2vec text; nine significant digits, from which the same float32 is read again."""
    words = _writable_words(vectors, whitespace)
    if header:
        stream.write(b"%d %d\n" % vectors.matrix.shape)
    row_format = b"%b" + b" %.9g" * vectors.vector_size + b"\n"
    for first in range(0, len(words), _WRITE_ROWS):
        block = vectors.matrix[first : first + _WRITE_ROWS].tolist()
        lines = [row_format % (words.encoded(first + row), *numbers) for row, numbers in enumerate(block)]
        stream.write(b"".join(lines))


def _writable_words(vectors: Embeddings, whitespace: str) -> PackedWords:
    """The words as these formats can hold them, or ConfigError naming the first that they cannot."""
    words = vectors.words
    if whitespace == "underscore":
        replaced = [_WHITESPACE.sub("_", word) for word in words]
        if len(set(replaced)) != len(replaced):
            taken: set[str] = set()
            twice = next(word for word in replaced if word in taken or taken.add(word))  # type: ignore[func-returns-value]
            raise ConfigError("whitespace", "must leave the words distinct", whitespace,
                              f"it makes {twice!r} of two words: save as .safetensors instead")  # fmt: skip
        words = Vocabulary(replaced).words
    bad = np.diff(words.offsets) == 0
    places = np.flatnonzero(np.isin(words.utf8, _WHITESPACE_BYTES))
    bad[np.searchsorted(words.offsets, places, side="right") - 1] = True
    if bad.any():
        raise ConfigError(
            "word", "must have a letter and no white space in word2vec formats", words[int(bad.argmax())],
            'save as .safetensors, or pass whitespace="underscore"')  # fmt: skip
    return words
