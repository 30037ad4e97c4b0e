"""Reading of a source as blocks of text or lists of words. Selects a reader for each file."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from wordkin.corpus.readers.files import COMPRESSIONS, BinaryFileError, OpenFile, TextFile, suffixes_of
from wordkin.corpus.readers.formats import FORMAT_OF_SUFFIX, FORMATS
from wordkin.corpus.readers.pieces import BLOCK_BYTES, Block, Piece, Reading, Tally, WordLists
from wordkin.corpus.readers.records import Gatherer, path_of, value_of
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.sources import Source
from wordkin.errors import CorpusError, CorpusWarning, shown, warn

_DESCRIPTIONS = {  # kind -> names for a value, an element and the whole, for messages
    "texts": ("text", "element", "texts"),
    "records": ("field {!r}", "record", "the corpus"),
    "values": ("column {!r}", "row", "the data frame"),
}


def read(
    source: Source, encoding_errors: str, reporter: Reporter, block_bytes: int = BLOCK_BYTES
) -> Generator[Piece, None, None]:
    """Yield the text of a source in pieces: blocks of text of about ``block_bytes`` bytes, or lists of words.

    Progress and statistics go to ``reporter``. Raises :class:`CorpusError` for a file that is missing, unreadable,
    damaged or binary, or that shrinks while it is read, and for records without the text field. Binary files in a
    directory and records without text are skipped with a :class:`CorpusWarning`.
    """
    if source.kind == "files":
        yield from _read_files(source, encoding_errors, reporter, block_bytes)
    else:
        yield from _read_items(source, encoding_errors, reporter)
    warn_of_skipped(reporter.tallies)


def reader_of(file: TextFile, reading: Reading) -> str:
    """Name of the reader for a file: the option ``reader`` if it is set, else the reader that its suffix selects.

    Raises :class:`CorpusError` if the suffix is ambiguous, or if an option does not fit the reader.
    """
    name = reading.reader
    if name is None:
        suffixes = suffixes_of(file.name)
        if suffixes and suffixes[-1] in COMPRESSIONS:
            suffixes.pop()
        suffix = suffixes[-1] if suffixes else ""
        if suffix in (".json", ".ipynb"):
            raise CorpusError(
                f'{file.name!r} is either JSON Lines or one JSON document: pass reader="jsonl" if each line is a JSON '
                'object, convert a JSON document first, or pass reader="text" to read the file as plain text'
            )
        name = FORMAT_OF_SUFFIX.get(suffix, "text")
    if not FORMATS[name].has_fields and reading.field is not None:
        raise CorpusError(
            f"field={reading.field!r} names a field of records, but {file.name!r} is read as {name}: leave field out, "
            'or set the format of the file, such as reader="jsonl"'
        )
    if name != "csv" and reading.delimiter is not None:
        raise CorpusError(
            f"delimiter={reading.delimiter!r} separates CSV columns, but {file.name!r} is read as {name}: leave "
            "delimiter "
            'out, or pass reader="csv"'
        )
    if name not in ("csv", "tsv") and not reading.quoting:
        raise CorpusError(
            f"quoting=False applies to CSV and TSV, but {file.name!r} is read as {name}: leave quoting out, or pass "
            'reader="csv" or reader="tsv"'
        )
    return name


def _read_files(source: Source, encoding_errors: str, reporter: Reporter, block_bytes: int) -> Iterator[Piece]:
    """Yield the pieces of all files in order.

    The attribute ``bytes_read`` of each piece counts the bytes of this file and of all files before it.
    """
    finished_bytes = used = 0
    binary: list[str] = []
    for file in source.files:
        name = reader_of(file, source.reading)
        tally = reporter.tally(name)
        with contextlib.closing(OpenFile(file, source.reading.encoding, encoding_errors)) as opened:
            if FORMATS[name].parts == "lines":
                opened.only_lines_of_part()
            try:
                for piece in FORMATS[name].read_function()(opened, source.reading, tally, block_bytes):
                    yield piece._replace(bytes_read=finished_bytes + (piece.bytes_read or 0))
            except BinaryFileError:
                if not file.found:
                    raise
                binary.append(file.name)
            else:
                used += 1
                tally.files += 1
                tally.replaced += opened.replaced
                opened.check_unchanged()
            finished_bytes += file.size or opened.bytes_read
    if binary and not used:
        raise CorpusError(
            f"all {len(source.files):,} files look binary, such as {binary[0]!r}: pass a file or directory of text"
        )
    if binary:
        warn(
            f"skipped {len(binary):,} of {len(source.files):,} files because they look binary: "
            + ", ".join(binary[:3]),
            CorpusWarning,
        )


def _read_items(source: Source, encoding_errors: str, reporter: Reporter) -> Iterator[Piece]:
    """Yield the pieces of an iterable of strings, of records, or of the values of a column."""
    tally = reporter.tally(source.kind)
    field = source.reading.field
    what, unit, name = _DESCRIPTIONS[source.kind]
    gatherer = Gatherer(
        what.format(field),
        unit,
        name,
        encoding_errors,
        tally,
        shown_name=name,
        lists=source.kind != "texts",
        sets=source.reading.sets,
    )
    fields: list[object] | None = None
    for number, item in enumerate(source.items):
        tally.records += 1
        if source.kind == "records":
            value = value_of(_record(item, number, field), str(field), path_of(str(field)))
            fields = list(item) if fields is None else fields
        else:
            value = item
        gatherer.add(value, number)
        if gatherer.full:
            piece = gatherer.take(None)
            if piece is not None:
                yield piece
    piece = gatherer.take(None)
    if piece is not None:
        yield piece
    gatherer.check_found(fields)


def _record(item: object, number: int, field: str | int | None) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise CorpusError(
            f"element {number:,} is {shown(item)} ({type(item).__name__}), not a dict with the field {field!r}: leave "
            "field out for lists of words, and pass strings as texts=[...]"
        )
    return item


def warn_of_skipped(tallies: Mapping[str, Tally]) -> None:
    """If records were skipped, issue one warning with their number and the reasons."""
    skipped: Counter[str] = Counter()
    for tally in tallies.values():
        skipped.update(tally.skipped)
    if skipped.total():
        records = sum(tally.records for tally in tallies.values())
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in sorted(skipped.items()))
        warn(f"skipped {skipped.total():,} of {records:,} records without text: {reasons}", CorpusWarning)


def blocks_of(pieces: Iterable[Piece]) -> Iterator[Block]:
    """Yield the pieces; raise :class:`CorpusError` at the first that is not a block of text."""
    for piece in pieces:
        if isinstance(piece, WordLists):
            raise _mixed(piece.name, "lists of words", "text")
        yield piece


def lists_of(pieces: Iterable[Piece], reporter: Reporter) -> Iterator[Iterable[str]]:
    """Yield the sentences of the pieces; raise :class:`CorpusError` at the first piece that is not lists of words."""
    for piece in pieces:
        if isinstance(piece, Block):
            raise _mixed(piece.name, "text", "lists of words")
        reporter.add(piece.bytes_read, 0)
        yield from piece.sentences


def _mixed(name: str, here: str, before: str) -> CorpusError:
    return CorpusError(f"{name!r} has {here}, but earlier input has {before}: train on one kind at a time")
