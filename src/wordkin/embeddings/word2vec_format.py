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
from wordkin.embeddings.files import Source, known_stranger
from wordkin.errors import ConfigError, FormatError
from wordkin.vocabulary import Vocabulary

_BLOCK_BYTES = 1 << 20  # read at a time: what is done to a block then happens in the cache
_LONGEST_WORD = 1 << 24  # bytes; beyond it the file is not what it seems
_LONGEST_HEADER = 64
_LINE_END = 0x0A
_WRITE_ROWS = 4096
_HEADER = re.compile(rb"[ \t]*(\d{1,15})[ \t]+(\d{1,9})[ \t]*\r?")
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

    def __init__(self, source: Source, vector_size: int, expected: int, unit: str) -> None:
        self.source, self.unit = source, unit
        self.words: list[bytes] = []
        self.places: list[NDArray[np.int64]] = []
        self.matrix: NDArray[np.float32] = np.empty((max(expected, 1), vector_size), dtype="<f4")

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
        if options.encoding_errors == "strict":
            self._check_encoding()
        else:
            self.words = [word.decode("utf-8", options.encoding_errors).encode() for word in self.words]
        words, matrix = self.words, self.matrix
        if len(set(words)) != len(words):
            first_rows: dict[bytes, int] = {}
            for row, word in enumerate(words):
                if first_rows.setdefault(word, row) != row and options.duplicates == "error":
                    first = f"first at {self.unit} {self.place(first_rows[word]):,}"
                    remedy = 'pass duplicates="first" to keep the first of each'
                    what = f"the word {word.decode()!r} stands there again, {first}: {remedy}"
                    raise self.broken(self.place(row), what)
            words, matrix = list(first_rows), matrix[list(first_rows.values())]
        utf8 = np.frombuffer(b"".join(words), dtype=np.uint8)
        vocabulary = Vocabulary.from_packed(utf8, _offsets(words))
        return Embeddings(vocabulary, matrix.astype(np.float32, copy=False), path=self.source.path)

    def _check_encoding(self) -> None:
        """Raise FormatError at the first word that is not valid UTF-8."""
        joined = b"".join(self.words)
        starts = _offsets(self.words)[:-1]
        first_bytes = np.frombuffer(joined, dtype=np.uint8)[starts[starts < len(joined)]]
        # Words are valid one by one when all of them are together and no character runs from one to the next.
        if not (first_bytes & 0xC0 == 0x80).any():
            with contextlib.suppress(UnicodeDecodeError):
                joined.decode()
                return
        row = next(row for row, word in enumerate(self.words) if not _is_utf8(word))
        remedy = 'pass encoding_errors="replace", "ignore" or "backslashreplace"'
        raise self.broken(self.place(row), f"the word {self.words[row][:40]!r} is not valid UTF-8: {remedy}")


def _offsets(words: list[bytes]) -> NDArray[np.int64]:
    """Where each word starts when they stand one after the other, and where the last ends."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    return np.concatenate(([0], np.cumsum(lengths)))


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- binary


def read_binary(source: Source, options: ReadOptions) -> Embeddings:
    """Read word2vec binary: a header line, then each word, a space and N little-endian float32.

    A line end after each vector, as word2vec.c writes it, may be there or not.
    """
    head = source.read(_BLOCK_BYTES)
    total, vector_size, position = _binary_header(source, head)
    row_bytes = 4 * vector_size
    if not source.compressed and total * (row_bytes + 1) > source.size_limit:
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, at least "
            f"{total * (row_bytes + 1):,} bytes, but the file has {source.size_limit:,}"
        )
    wanted = total if options.limit is None else min(total, options.limit)
    rows = _Rows(source, vector_size, min(wanted, source.size_limit // (row_bytes + 1) + 1), "byte")
    buffer, buffer_start = head[position:], position
    while True:
        words, starts, used = _split_rows(buffer, row_bytes, wanted - len(rows))
        if words:
            lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
            rows.append(words, buffer_start + starts - lengths - 1, _gather(buffer, starts, vector_size))
        buffer, buffer_start = buffer[used:], buffer_start + used
        if len(rows) == wanted:
            break
        if len(buffer) > _LONGEST_WORD and b" " not in buffer[:_LONGEST_WORD]:
            raise rows.broken(buffer_start, "no space ends the word that starts there")
        block = source.read(max(_BLOCK_BYTES, len(buffer)))
        if not block:
            end = f"the file ends at byte {buffer_start + len(buffer):,} inside word {len(rows) + 1:,}"
            raise source.broken(f"the header promises {total:,} words, but {end}")
        buffer += block
    if wanted == total and (buffer + source.read(_BLOCK_BYTES)).strip():
        raise rows.broken(buffer_start, f"the file goes on after the {total:,} words its header promises")
    return rows.finish(options)


def _binary_header(source: Source, head: bytes) -> tuple[int, int, int]:
    """Number of words, length of a vector, and where the first word starts."""
    line, _, _ = head[:_LONGEST_HEADER].partition(b"\n")
    match = _HEADER.fullmatch(line)
    if match is None or int(match[2]) == 0:
        what = known_stranger(head) or (
            f'line 1 must be the number of words and the length of a vector, as in "1000 300"; it begins {line[:40]!r}'
        )
        raise source.broken(what)
    return int(match[1]), int(match[2]), len(line) + 1


def _split_rows(buffer: bytes, row_bytes: int, wanted: int) -> tuple[list[bytes], NDArray[np.int64], int]:
    """Up to ``wanted`` whole rows: the words, where each vector starts, and how many bytes they take."""
    words: list[bytes] = []
    starts: list[int] = []
    position, end, find = 0, len(buffer), buffer.find
    last_start = end - row_bytes
    while len(words) < wanted:
        word_start = position
        while word_start < end and buffer[word_start] == _LINE_END:
            word_start += 1
        start = find(b" ", word_start, word_start + _LONGEST_WORD) + 1
        if not 0 < start <= last_start:
            break
        words.append(buffer[word_start : start - 1])
        starts.append(start)
        position = start + row_bytes
    return words, np.array(starts, dtype=np.int64), position


def _gather(buffer: bytes, starts: NDArray[np.int64], vector_size: int) -> NDArray[np.float32]:
    """The vectors that start at these bytes, shape (len(starts), vector_size)."""
    row = np.dtype((np.void, 4 * vector_size))
    at_every_byte = np.ndarray((len(buffer) - row.itemsize + 1,), dtype=row, buffer=buffer, strides=(1,))
    return at_every_byte[starts].view("<f4").reshape(len(starts), vector_size)


# --- text


def read_text(source: Source, options: ReadOptions) -> Embeddings:
    """Read text: a word and N numbers a line, with or without a header line (word2vec, fastText; GloVe)."""
    lines = _lines(source)
    first = next(lines, None)
    if first is None or (len(first) == 1 and not first[0].strip()):
        raise source.broken("the file is empty")
    stranger = known_stranger(first[0][:8])
    if stranger:
        raise source.broken(stranger)
    total, vector_size, number = _text_header(source, first, options.header)
    block = first[number - 1 :]
    if vector_size is None:
        vector_size = len(block[0].split()) - 1
        if vector_size < 1:
            raise source.broken(f"line {number}: expected a word and its numbers, found {block[0][:40]!r}")
    bound = source.size_limit // (2 * vector_size) + 1  # a digit and a space for each number
    if total is not None and not source.compressed and total > bound:
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


def _lines(source: Source) -> Iterator[list[bytes]]:
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


def _text_header(source: Source, lines: list[bytes], header: bool | None) -> tuple[int | None, int | None, int]:
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
    source: Source, lines: list[bytes], number: int, vector_size: int
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


def _parse_line(source: Source, line: bytes, number: int, vector_size: int) -> tuple[bytes, list[float]]:
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
    for start in range(0, len(words), _WRITE_ROWS):
        block = vectors.matrix[start : start + _WRITE_ROWS].astype("<f4", copy=False)
        parts: list[bytes] = []
        for word, row in zip(words[start : start + _WRITE_ROWS], block, strict=True):
            parts += (word, b" ", row.tobytes(), b"\n")
        stream.write(b"".join(parts))


def write_text(vectors: Embeddings, stream: BinaryIO, whitespace: str, header: bool) -> None:
    """Write word2vec text; nine significant digits, from which the same float32 is read again."""
    words = _writable_words(vectors, whitespace)
    if header:
        stream.write(b"%d %d\n" % vectors.matrix.shape)
    row_format = b"%b" + b" %.9g" * vectors.vector_size + b"\n"
    for start in range(0, len(words), _WRITE_ROWS):
        block = vectors.matrix[start : start + _WRITE_ROWS].tolist()
        chosen = words[start : start + _WRITE_ROWS]
        stream.write(b"".join(row_format % (word, *row) for word, row in zip(chosen, block, strict=True)))


def _writable_words(vectors: Embeddings, whitespace: str) -> list[bytes]:
    """The words as these formats can hold them, or ConfigError naming the first that they cannot."""
    words = list(vectors.words)
    if whitespace == "underscore":
        words = [_WHITESPACE.sub("_", word) for word in words]
        if len(set(words)) != len(words):
            taken: set[str] = set()
            twice = next(word for word in words if word in taken or taken.add(word))  # type: ignore[func-returns-value]
            raise ConfigError("whitespace", "must leave the words distinct", whitespace,
                              f"it makes {twice!r} of two words: save as .safetensors instead")  # fmt: skip
    for word in words:
        if not word or _WHITESPACE.search(word):
            raise ConfigError(
                "word", "must have a letter and no white space in word2vec formats", word,
                'save as .safetensors, or pass whitespace="underscore"')  # fmt: skip
    return [word.encode() for word in words]
