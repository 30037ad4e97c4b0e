"""Read and write the text formats of word2vec, fastText and GloVe: each line has a word and its numbers.

Files are read in large blocks. They are not memory-mapped, because compressed files cannot be. ``docs/formats.md``
describes the formats.
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
_BLOCK_BYTES = 1 << 20  # small enough to stay in the CPU cache
_LONGEST_LINE = 1 << 25  # bytes; a longer line means that the file is not text of vectors
_WRITE_ROWS = 4096
_WHITESPACE_BYTES = np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8)
_WHITESPACE = re.compile("[ \t\n\r\v\f]")  # readers of these formats split only at ASCII white space
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_DIGIT = re.compile(rb"[+-]?\.?\d")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_text(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read a text file of vectors: each line has a word and N numbers.

    Files of word2vec and fastText begin with a header line, files of GloVe do not.
    """
    lines = _lines(source, options)
    if options.encoding != "utf-8":  # the lines are UTF-8 already
        options = dataclasses.replace(options, encoding="utf-8", encoding_errors="strict", written_in=options.encoding)
    first = next(lines, None)
    if first is None or (len(first) == 1 and not first[0].strip()):
        raise source.broken("the file is empty")
    unsupported = unsupported_kind(b"\n".join(first[:3])[:LONGEST_HEAD], text=True)
    if unsupported:
        raise source.broken(unsupported)
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
    """Return the number of rows for which to allocate memory.

    Raises FormatError if the header claims more rows than fit into the file.
    """
    room = source.size_limit // (2 * vector_size)  # a digit and a space for each number
    wanted = room if total is None else total
    wanted = wanted if options.limit is None else min(wanted, options.limit)
    if total is not None and not source.compressed and wanted > room + 1 and options.bad_rows == "error":
        raise source.broken(
            f"the header (line 1) claims {total:,} words of {vector_size:,} numbers, which take at least "
            f"{2 * total * vector_size:,} bytes, but the file has {source.size_limit:,}: it was cut off; to read its "
            "first N words, pass limit=N"
        )
    return min(wanted, room)


def _lines(source: InputFile, options: ReadOptions) -> Iterator[list[bytes]]:
    """Yield blocks of lines without their newlines. The last line of the file may lack its newline."""
    blocks = _blocks(source, options)
    rest = next(blocks, b"").removeprefix(_BYTE_ORDER_MARK)
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST_LINE:
            raise source.broken(f"a line is longer than {_LONGEST_LINE:,} bytes: this is not a text file of vectors")
        if lines:
            yield lines
    if rest:
        yield rest.removesuffix(b"\n").split(b"\n")


def _blocks(source: InputFile, options: ReadOptions) -> Iterator[bytes]:
    """Yield the file in blocks, converted to UTF-8. Invalid bytes stay invalid; they are reported with their line."""
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
    """Parse the header; return the number of words, the vector size and the line number of the first row.

    If there is no header, the number of words and the vector size are None. Lines are counted from 1.
    """
    match = HEADER.fullmatch(lines[0])
    if header is False or (header is None and match is None):
        return None, None, 1
    if match is None or int(match[2]) == 0:
        raise source.broken(f'line 1 must be the header, as in "1000 300"; it is {lines[0][:40]!r}')
    return int(match[1]), int(match[2]), 2


def _width(line: bytes) -> int:
    """Infer the vector size from the first row of a file without header: count the numbers at the end of the line."""
    fields = line.split()
    width = 0
    while width < len(fields) - 1 and _NUMBER.fullmatch(fields[-1 - width]):
        width += 1
    # A field that is not a number between fields that are: a malformed row, not a word with spaces.
    broken = any(_NUMBER.fullmatch(field) for field in fields[1 : len(fields) - width])
    return len(fields) - 1 if broken or not width else width


def _append_lines(rows: Rows, lines: list[bytes], number: int, read: int, total: int | None) -> tuple[int, int, bool]:
    """Parse lines and add their rows. ``number`` is the line number of the first of these lines.

    ``read`` rows have been read before. ``total`` is the number of rows in the header, or None without header. Returns
    the next line number, the number of rows read so far, and whether to go on.
    """
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
        raise rows.broken(
            int(numbers[total - read]),
            f"the file continues after the {total:,} words that its header announces: correct the header, or "
            f"pass limit={total} to read only these",
        )
    _append_rows(rows, kept, numbers)
    read += len(kept)
    return number + len(lines), read, limit is None or read < limit


def _append_rows(rows: Rows, lines: list[bytes], numbers: NDArray[np.int64]) -> None:
    """Parse nonempty lines and add their rows. If words were asked for, only lines that may hold them are parsed."""
    if rows.options.words is not None:
        chosen = _candidates(lines, rows)
        lines, numbers = [lines[index] for index in chosen], numbers[chosen]
    if not lines:
        return
    words, block = _parse_together(lines, rows.matrix.shape[1])
    if block is None:
        words, numbers, block = _parse_each(rows, lines, numbers)
    kept, chosen_rows = rows.choose(words)
    if chosen_rows is not None:
        numbers, block = numbers[chosen_rows], block[chosen_rows]
    if kept:
        rows.append(kept, numbers, block)


def _candidates(lines: list[bytes], rows: Rows) -> list[int]:
    """Return the indices of the lines whose first field may be the beginning of a word that was asked for."""
    if rows.options.encoding_errors != "strict":
        return list(range(len(lines)))
    firsts = rows.first_fields
    return [
        index
        for index, line in enumerate(lines)
        if line.partition(b" ")[0].partition(b"\t")[0] in firsts or line[:1] in b" \t\v\f"
    ]


def _parse_together(lines: list[bytes], vector_size: int) -> tuple[list[bytes], NDArray[np.float32] | None]:
    """Parse all lines at once; return the words and vectors.

    This works only if fields are separated by single spaces and every line has a word and N numbers. Otherwise the
    vectors are None, and the lines must be parsed one by one.
    """
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
    """Parse lines of which some may be malformed; return words, their line numbers and their vectors.

    Lines that look well-formed are parsed together, the others one by one. ``rows`` refuses or skips malformed lines.
    """
    vector_size = rows.matrix.shape[1]
    regular = [index for index, line in enumerate(lines) if line.rstrip().count(b" ") == vector_size]
    parsed, together = _parse_together([lines[index] for index in regular], vector_size) if regular else ([], None)
    words = dict(zip(regular, parsed, strict=True)) if together is not None else {}
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
    """Parse a line whose fields are separated by any white space: a word, then a vector of N numbers.

    The word may consist of several fields, because words in some GloVe files contain spaces. But if these fields could
    be a row by themselves, the line is taken for two rows that were joined by mistake.

    Raises
    ------
    ValueError
        The line is malformed. The message says how.
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
    """Return whether fields begin with a word and N numbers. The last number may be joined to other text."""
    return all(map(_NUMBER.fullmatch, fields[1:vector_size])) and bool(_DIGIT.match(fields[vector_size]))


def write_text(vectors: Embeddings, stream: BinaryIO, whitespace: str, header: bool) -> None:
    """Write word2vec text. Numbers have nine significant digits, which reproduce float32 exactly."""
    words = writable_words(vectors, whitespace)
    if header:
        stream.write(b"%d %d\n" % vectors.matrix.shape)
    row_format = b"%b" + b" %.9g" * vectors.vector_size + b"\n"
    for first in range(0, len(words), _WRITE_ROWS):
        block = vectors.matrix[first : first + _WRITE_ROWS].tolist()
        lines = [row_format % (words.encoded(first + row), *numbers) for row, numbers in enumerate(block)]
        stream.write(b"".join(lines))


def writable_words(vectors: Embeddings, whitespace: str) -> PackedWords:
    """Return the words as word2vec formats can store them; raise ConfigError for the first word that they cannot."""
    words = vectors.words
    if whitespace == "underscore":
        replaced = [_WHITESPACE.sub("_", word) for word in words]
        if len(set(replaced)) != len(replaced):
            taken: set[str] = set()
            twice = next(word for word in replaced if word in taken or taken.add(word))  # type: ignore[func-returns-value]
            raise ConfigError(
                "whitespace",
                f"must keep the words distinct, but two words would become {twice!r}",
                whitespace,
                "save as .safetensors instead",
            )
        words = Vocabulary(replaced).words
    bad = first_unwritable(words)
    if bad is not None:
        raise ConfigError(
            "word", "must not be empty or contain white space in word2vec formats", bad,
            'save as .safetensors, or pass whitespace="underscore"')  # fmt: skip
    return words


def first_unwritable(words: PackedWords) -> str | None:
    """Return the first word that word2vec formats cannot store (empty or with white space), or None."""
    bad = np.diff(words.offsets) == 0
    spaces = np.flatnonzero(np.isin(words.utf8, _WHITESPACE_BYTES))
    bad[np.searchsorted(words.offsets, spaces, side="right") - 1] = True
    return words[int(bad.argmax())] if bad.any() else None
