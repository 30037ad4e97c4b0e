"""The text formats of word2vec, fastText and GloVe: a word and its numbers a line, with a header line or without.

Read in large blocks, so that compressed files are read too. ``docs/formats.md`` describes the formats.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.rows import ReadOptions, Rows, lenient
from wordkin.embeddings.unsupported import LONGEST_HEAD, unsupported_kind
from wordkin.errors import ConfigError
from wordkin.storage.files import InputFile
from wordkin.storage.packed_words import PackedWords
from wordkin.vocabulary import Vocabulary

HEADER = re.compile(rb"[ \t]*(\d{1,15})[ \t]+(\d{1,9})[ \t]*\r?")
_BLOCK_BYTES = 1 << 20  # read at a time: what is done to a block then happens in the cache
_LONGEST_LINE = 1 << 25  # bytes; beyond it the file is not what it seems
_WRITE_ROWS = 4096
_WHITESPACE_BYTES = np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8)
_WHITESPACE = re.compile("[ \t\n\r\v\f]")  # what readers of these formats split at; other spaces are letters
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_DIGIT = re.compile(rb"[+-]?\.?\d")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_text(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read text: a word and N numbers a line, with or without a header line (word2vec, fastText; GloVe)."""
    lines = _lines(source, options)
    if options.encoding != "utf-8":  # the lines are UTF-8 already
        options = dataclasses.replace(options, encoding="utf-8", encoding_errors="strict", written_in=options.encoding)
    first = next(lines, None)
    if first is None or (len(first) == 1 and not first[0].strip()):
        raise source.broken("the file is empty")
    stranger = unsupported_kind(b"\n".join(first[:3])[:LONGEST_HEAD], text=True)
    if stranger:
        raise source.broken(stranger)
    total, vector_size, number = _text_header(source, first, options.header)
    block = first[number - 1 :]
    if vector_size is None:
        vector_size = _width(block[0])
        if vector_size < 1:
            raise source.broken(f"line {number}: expected a word and its numbers, found {block[0][:40]!r}")
    rows = Rows(source, options, vector_size, _expected(source, options, total, vector_size), "line")
    read, more = 0, True
    while more:
        number, read, more = _append_lines(rows, block, number, read, total)
        block = next(lines, [])
        more = more and bool(block) and not rows.complete
    if total is not None and read < total and read != options.limit and not rows.complete:
        rows.short(total, read, f"the file ends after {read:,}")
    return rows.finish()


def _expected(source: InputFile, options: ReadOptions, total: int | None, vector_size: int) -> int:
    """For how many rows to set memory aside; refuses a header that promises more than the file has room for."""
    room = source.size_limit // (2 * vector_size)  # a digit and a space for each number
    wanted = room if total is None else total
    wanted = wanted if options.limit is None else min(wanted, options.limit)
    if total is not None and not source.compressed and wanted > room + 1 and options.bad_rows == "error":
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, at least "
            f"{2 * total * vector_size:,} bytes, but the file has {source.size_limit:,}: "
            "pass limit= to read the words that are there"
        )
    return min(wanted, room)


def _lines(source: InputFile, options: ReadOptions) -> Iterator[list[bytes]]:
    """All lines without their ends, in blocks; of a last line without an end nothing is lost."""
    blocks = _blocks(source, options)
    rest = next(blocks, b"").removeprefix(_BYTE_ORDER_MARK)
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST_LINE:
            raise source.broken(f"a line is longer than {_LONGEST_LINE:,} bytes: this is no text of vectors")
        if lines:
            yield lines
    if rest:
        yield rest.removesuffix(b"\n").split(b"\n")


def _blocks(source: InputFile, options: ReadOptions) -> Iterator[bytes]:
    """The file in blocks, in UTF-8 where it has another encoding; what is not valid stays invalid, to be found."""
    if options.encoding == "utf-8":
        while block := source.read(_BLOCK_BYTES):
            yield block
        return
    decoder = codecs.getincrementaldecoder(options.encoding)(lenient(options.encoding_errors))
    position = 0
    while block := source.read(_BLOCK_BYTES):
        yield _decoded(source, options, decoder, block, position).encode("utf-8", "surrogatepass")
        position += len(block)
    yield _decoded(source, options, decoder, b"", position).encode("utf-8", "surrogatepass")


def _decoded(
    source: InputFile, options: ReadOptions, decoder: codecs.IncrementalDecoder, block: bytes, position: int
) -> str:
    try:
        return decoder.decode(block, final=not block)
    except UnicodeError as error:
        remedy = 'check encoding, or pass encoding_errors="replace"'
        what = f"is not {options.encoding.upper()} between byte {position:,} and {position + len(block):,}"
        raise source.broken(f"the text {what}: {remedy}") from error


def _text_header(source: InputFile, lines: list[bytes], header: bool | None) -> tuple[int | None, int | None, int]:
    """Number of words and length of a vector, where a header says so, and the number of the first row's line."""
    match = HEADER.fullmatch(lines[0])
    if header is False or (header is None and match is None):
        return None, None, 1
    if match is None or int(match[2]) == 0:
        raise source.broken(f'line 1 must be the header, as in "1000 300"; it is {lines[0][:40]!r}')
    return int(match[1]), int(match[2]), 2


def _width(line: bytes) -> int:
    """Length of a vector as the first row shows it: the numbers at its end, all of them but a first field."""
    fields = line.split()
    width = 0
    while width < len(fields) - 1 and _NUMBER.fullmatch(fields[-1 - width]):
        width += 1
    # A field that is no number after some that are: a broken row, and not a word with spaces.
    broken = any(_NUMBER.fullmatch(field) for field in fields[1 : len(fields) - width])
    return len(fields) - 1 if broken or not width else width


def _append_lines(rows: Rows, lines: list[bytes], number: int, read: int, total: int | None) -> tuple[int, int, bool]:
    """Parse lines from line ``number`` on; return the next number, the rows read so far and whether to go on."""
    limit = rows.options.limit
    kept = lines if limit is None else lines[: limit - read]
    blanks = next((index for index, line in enumerate(kept) if not line.strip()), len(kept))
    numbers = np.arange(number, number + len(kept))
    if any(line.strip() for line in kept[blanks:]):
        full = [index for index, line in enumerate(kept) if line.strip()]
        for index in range(blanks, full[-1]):
            if not kept[index].strip():
                rows.bad(number + index, "the line is empty")
        kept, numbers = [kept[index] for index in full], numbers[full]
    else:
        kept, numbers = kept[:blanks], numbers[:blanks]
    if total is not None and read + len(kept) > total:
        raise rows.broken(int(numbers[total - read]), f"the file goes on after the {total:,} words its header promises")
    _append_rows(rows, kept, numbers)
    read += len(kept)
    return number + len(lines), read, limit is None or read < limit


def _append_rows(rows: Rows, lines: list[bytes], numbers: NDArray[np.int64]) -> None:
    """Parse lines that are not empty; only those of words that were asked for."""
    if rows.options.words is not None:
        chosen = _candidates(lines, rows)
        lines, numbers = [lines[index] for index in chosen], numbers[chosen]
    if not lines:
        return
    words, block = _parse_alike(lines, rows.matrix.shape[1])
    if block is None:
        words, numbers, block = _parse_each(rows, lines, numbers)
    kept, chosen_rows = rows.choose(words)
    if chosen_rows is not None:
        numbers, block = numbers[chosen_rows], block[chosen_rows]
    if kept:
        rows.append(kept, numbers, block)


def _candidates(lines: list[bytes], rows: Rows) -> list[int]:
    """Indices of the lines that may be of a word asked for, by their first field; the others are not parsed."""
    if rows.options.encoding_errors != "strict":
        return list(range(len(lines)))
    firsts = rows.first_fields
    return [
        index
        for index, line in enumerate(lines)
        if line.partition(b" ")[0].partition(b"\t")[0] in firsts or line[:1] in b" \t\v\f"
    ]


def _parse_alike(lines: list[bytes], vector_size: int) -> tuple[list[bytes], NDArray[np.float32] | None]:
    """Words and vectors of lines with single spaces and no errors; None as the vectors where they are not so."""
    words, numbers = [], []
    for line in lines:
        word, _, rest = line.partition(b" ")
        words.append(word)
        numbers.append(rest.decode("latin-1").strip())
    if all(numbers):
        with contextlib.suppress(ValueError):
            block = np.loadtxt(numbers, dtype=np.float32, delimiter=" ", comments=None, ndmin=2)
            if block.shape == (len(lines), vector_size):
                return words, block
    return words, None


def _parse_each(
    rows: Rows, lines: list[bytes], numbers: NDArray[np.int64]
) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.float32]]:
    """Words, line numbers and vectors: lines that look as they should together, the others one by one."""
    vector_size = rows.matrix.shape[1]
    alike = [index for index, line in enumerate(lines) if line.rstrip().count(b" ") == vector_size]
    parsed, together = _parse_alike([lines[index] for index in alike], vector_size) if alike else ([], None)
    words = dict(zip(alike, parsed, strict=True)) if together is not None else {}
    vectors: dict[int, list[float]] = {}
    for index, line in enumerate(lines):
        if index not in words:
            try:
                words[index], vectors[index] = _parse_line(line, vector_size)
            except ValueError as error:
                rows.bad(int(numbers[index]), str(error))
    good = sorted(words)
    block = np.empty((len(good), vector_size), dtype=np.float32)
    one_by_one = np.isin(good, list(vectors))
    if together is not None:
        block[~one_by_one] = together
    for row in np.flatnonzero(one_by_one).tolist():
        block[row] = vectors[good[row]]
    return [words[index] for index in good], numbers[good], block


def _parse_line(line: bytes, vector_size: int) -> tuple[bytes, list[float]]:
    """One line with any white space between fields; the last N fields are the vector.

    More fields before them make a word with spaces, as in some files of GloVe, unless they could be a
    whole row themselves: then two rows were glued together. ValueError says what is wrong.
    """
    fields = line.split()
    if line[:1] in b" \t" and len(fields) == vector_size:
        fields.insert(0, b"")  # an empty word
    before = fields[: len(fields) - vector_size] if len(fields) > vector_size else []
    if not before:
        raise ValueError(f"expected a word and {vector_size:,} numbers, found {len(fields):,} fields")
    numbers = fields[-vector_size:]
    for field in numbers:
        if not _NUMBER.fullmatch(field):
            raise ValueError(f"{field[:40].decode(errors='replace')!r} is not a number")
    if len(before) > vector_size and _row_begins(before, vector_size):
        raise ValueError(
            f"expected a word and {vector_size:,} numbers, found {len(fields):,} fields, perhaps two rows in one line"
        )
    with np.errstate(over="ignore"):
        return b" ".join(before), [float(np.float32(float(field))) for field in numbers]


def _row_begins(fields: list[bytes], vector_size: int) -> bool:
    """Whether fields begin with a word and N numbers, to the last of which something may be glued."""
    return all(map(_NUMBER.fullmatch, fields[1:vector_size])) and bool(_DIGIT.match(fields[vector_size]))


def write_text(vectors: Embeddings, stream: BinaryIO, whitespace: str, header: bool) -> None:
    """Write word2vec text; nine significant digits, from which the same float32 is read again."""
    words = writable_words(vectors, whitespace)
    if header:
        stream.write(b"%d %d\n" % vectors.matrix.shape)
    row_format = b"%b" + b" %.9g" * vectors.vector_size + b"\n"
    for first in range(0, len(words), _WRITE_ROWS):
        block = vectors.matrix[first : first + _WRITE_ROWS].tolist()
        lines = [row_format % (words.encoded(first + row), *numbers) for row, numbers in enumerate(block)]
        stream.write(b"".join(lines))


def writable_words(vectors: Embeddings, whitespace: str) -> PackedWords:
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
    bad = first_unwritable(words)
    if bad is not None:
        raise ConfigError(
            "word", "must have a letter and no white space in word2vec formats", bad,
            'save as .safetensors, or pass whitespace="underscore"')  # fmt: skip
    return words


def first_unwritable(words: PackedWords) -> str | None:
    """The first word that these formats cannot hold, since it has white space or nothing; None where there is none."""
    bad = np.diff(words.offsets) == 0
    places = np.flatnonzero(np.isin(words.utf8, _WHITESPACE_BYTES))
    bad[np.searchsorted(words.offsets, places, side="right") - 1] = True
    return words[int(bad.argmax())] if bad.any() else None
