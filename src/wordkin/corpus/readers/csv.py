"""Reader of CSV and TSV. The text is in one column, named by its header or numbered from 0."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator

from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import Piece, Reading, Tally
from wordkin.corpus.readers.records import MISSING, Gatherer, decode_lines, listed
from wordkin.corpus.readers.text import whole_lines
from wordkin.errors import CorpusError, shown


def read_csv(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """Yield the texts of one column of a CSV file.

    Columns are separated by ``reading.delimiter``, or by commas if it is None. ``reading.field`` is the name of the
    column, or its number, counted from 0, if the file has no header. Rows without the column are counted in ``tally``.
    ``block_bytes`` is the approximate number of bytes to read at a time.
    """
    return _read(opened, reading, tally, block_bytes, "," if reading.delimiter is None else reading.delimiter)


def read_tsv(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """Yield the texts of one column of a file whose columns are separated by tabs; otherwise like :func:`read_csv`."""
    return _read(opened, reading, tally, block_bytes, "\t")


def _read(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int, delimiter: str) -> Iterator[Piece]:
    """Yield the texts of one column of a CSV or TSV file.

    If ``reading.field`` is a name, the first row is a header. If it is a number, counted from 0, there is no header.
    Rows that lack the column are counted in ``tally``. Raises :class:`CorpusError` for an unknown column and for
    invalid quoting.
    """
    field, is_tsv = reading.field, reading.reader != "csv" and delimiter == "\t"
    if field is None:
        raise CorpusError(
            f'{opened.name!r} is a table: name the text column, such as field="text", or its number from 0 if there '
            'is no header; or pass reader="text" to read it as plain text'
        )
    with _long_fields():
        lines = _lines(opened, tally, block_bytes)
        if reading.quoting:
            rows = csv.reader(lines, delimiter=delimiter, strict=True)
        else:
            rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
        try:
            column = field if isinstance(field, int) else _column_of(field, next(rows, []), opened.name, delimiter)
            gatherer = Gatherer(f"column {field!r}", "row", opened.name, opened.encoding_errors, tally)
            longest = 0
            for row in rows:
                if not row:
                    continue
                tally.records += 1
                longest = max(longest, len(row))
                if is_tsv and any("\n" in cell and "\t" in cell for cell in row):
                    raise _two_readings(opened.name, rows.line_num, row)
                gatherer.add(row[column] if column < len(row) else MISSING, tally.records)
                if gatherer.full:
                    piece = gatherer.take(opened.bytes_read)
                    if piece is not None:
                        yield piece
        except csv.Error as error:
            kind = "TSV" if delimiter == "\t" else "CSV"
            raise CorpusError(
                f"{opened.name!r}, line {rows.line_num:,}, is not valid {kind} ({error}): correct the quotation "
                "marks, or pass quoting=False if quotation marks are text"
            ) from error
    piece = gatherer.take(opened.bytes_read)
    if piece is not None:
        yield piece
    gatherer.check_found(list(range(longest)))


def _two_readings(name: str, line: int, row: list[str]) -> CorpusError:
    """Return the error for TSV text in quotation marks that contains tabs and line breaks.

    Such text can be read in two ways: as one quoted field, or as several rows in which quotation marks are ordinary
    characters.
    """
    cell = next(cell for cell in row if "\n" in cell and "\t" in cell)
    return CorpusError(
        f"{name!r}, line {line:,}: a quotation with tabs and line breaks ends here; it begins with {shown(cell[:40])}: "
        'pass reader="csv", delimiter="\\t" if the quotation is one field, or quoting=False if quotation marks are text'
    )


def _column_of(field: str, header: list[str], name: str, delimiter: str) -> int:
    """Return the index of the column named ``field``; raise :class:`CorpusError` if the header has no such name."""
    found = [number for number, each in enumerate(header) if each == field]
    found = found or [number for number, each in enumerate(header) if each.strip() == field]
    if len(found) == 1:
        return found[0]
    if found:
        raise CorpusError(f"{name!r} has {len(found)} columns with the name {field!r}: rename all but one")
    other = next((each for each in ";\t,|" if each != delimiter and len(header) == 1 and each in header[0]), None)
    remedy = f" (if columns are separated by {other!r}, pass reader='csv', delimiter={other!r})" if other else ""
    raise CorpusError(f"{name!r} has no column {field!r} in its first row; {listed(header)}{remedy}")


def _lines(opened: OpenFile, tally: Tally, block_bytes: int) -> Iterator[str]:
    """Yield the decoded lines of a file with their line ends; ``encoding_errors`` handles invalid bytes."""
    position = 0
    for lines in whole_lines(opened, block_bytes):
        yield from io.StringIO(decode_lines(lines, opened, tally, position), newline="")
        position += len(lines)


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    """Context manager that lifts the limit of the csv module on the size of a field.

    The limit is a setting of the whole process; it is restored at the end.
    """
    limit = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
