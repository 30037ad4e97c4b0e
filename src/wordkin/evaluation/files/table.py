"""Split lines into cells, and separate comments and section headings."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wordkin.errors import ConfigError, FormatError
from wordkin.evaluation.files.lines import Line
from wordkin.evaluation.files.numbers import is_missing, looks_numeric
from wordkin.evaluation.files.options import DELIMITER_NAMES, Options

_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_REGULAR = 0.9  # from this share of rows of equal width, a row of another width is malformed
_SECTION = re.compile(r":\s|:$|:[^\s:)(]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark file, split into cells."""

    cells: tuple[str, ...]
    line: Line


@dataclass(frozen=True)
class Table:
    """The rows of a benchmark file.

    Attributes
    ----------
    path : Path
        The file.
    rows : tuple of Row
        The rows in file order. They include the header until :func:`find_header` removes it.
    delimiter : str
        The column separator; a space stands for any white space.
    sections : tuple of (str, int)
        Name of each section, and the number of rows before it.
    comments : int
        Number of comment lines.
    header : Row or None
        The header, set by :mod:`wordkin.evaluation.files.headers`.
    files : tuple of str
        If the table was made of two files, their names.
    width : int
        The most frequent number of cells per row.
    regular : bool
        Whether at least 90% of the rows have this width.
    """

    path: Path
    rows: tuple[Row, ...]
    delimiter: str
    sections: tuple[tuple[str, int], ...] = ()
    comments: int = 0
    header: Row | None = None
    files: tuple[str, ...] = ()
    width: int = field(init=False)
    regular: bool = field(init=False)
    _numbers: dict[int, tuple[int, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        widths = Counter(len(row.cells) for row in self.rows)
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "regular", count >= _REGULAR * len(self.rows))

    @property
    def delimiter_name(self) -> str:
        return DELIMITER_NAMES[self.delimiter]

    def column(self, at: int) -> list[str]:
        """Return the cells of column ``at``, counted from 0. Rows that are too short for this column are skipped."""
        return [row.cells[at] for row in self.rows if len(row.cells) > at]

    def is_numeric(self, at: int, share: float = 0.5) -> bool:
        """Return whether at least the fraction ``share`` of the cells in column ``at`` are numbers.

        Cells that mark a missing score are not counted. One other cell, which may be a header, is not counted either.
        """
        if at not in self._numbers:
            cells = [cell for cell in self.column(at) if not is_missing(cell)]
            self._numbers[at] = sum(map(looks_numeric, cells)), len(cells)
        numbers, present = self._numbers[at]
        return numbers > 0 and numbers >= share * (present - 1)

    def without_header(self) -> Table:
        """Return the table with its first row moved to ``header``."""
        sections = tuple((name, max(start - 1, 0)) for name, start in self.sections)
        return replace(self, rows=self.rows[1:], header=self.rows[0], sections=sections)


def make_table(lines: Sequence[Line], path: Path, options: Options) -> Table:
    """Split lines into the cells of a table, and separate comments and section headings.

    Raises
    ------
    ConfigError
        ``delimiter`` occurs in no line.
    FormatError
        It is unclear whether a line is a comment or an item.
    """
    lines = [line for line in lines if not line.text.lower().startswith("sep=") or line.number > 1]  # Excel's
    content = [line for line in lines if not line.is_marked and not _SECTION.match(line.text)]
    content = content or [
        line for line in lines if not _SECTION.match(line.text) and (line.mark_is_a_word or options.comments is False)
    ]
    if not content:
        raise no_items(path)
    delimiter = options.separator or find_delimiter([line.text for line in content])
    if delimiter == "\t" and options.separator is None:
        _refuse_tabs_within_scores(content)
    if options.separator and delimiter != " " and not any(delimiter in line.text for line in content):
        raise ConfigError("delimiter", f"must occur in the lines of {path}", options.delimiter)
    split = splitter(delimiter, options, [line.text for line in content])
    split_rows = {line.number: Row(split(line.text), line) for line in content}
    shape = Table(path, tuple(split_rows.values()), delimiter)
    rows: list[Row] = []
    sections: list[tuple[str, int]] = []
    comments = 0
    for line in lines:
        row = split_rows.get(line.number) or Row(split(line.text), line)
        if _is_section(row, shape):
            sections.append((line.text.lstrip(":").strip(), len(rows)))
        elif line.is_marked and _is_comment(row, shape, bool(rows), options):
            comments += 1
        else:
            rows.append(row)
    if not rows:
        raise no_items(path)
    return Table(path, _without_empty_columns(rows), delimiter, tuple(sections), comments)


def no_items(path: Path) -> FormatError:
    return FormatError(f"{path}: a benchmark file must hold at least one item; got none")


def _is_section(row: Row, shape: Table) -> bool:
    """Return whether a row is a heading ``: name`` or ``:name``.

    A row that starts with a word such as ``:D`` is none.
    """
    text = row.line.text
    if not _SECTION.match(text):
        return False
    return re.match(r":\s|:$", text) is not None or len(row.cells) != shape.width or shape.width < 2


def _is_comment(row: Row, shape: Table, rows_before: bool, options: Options) -> bool:
    """Return whether a line that starts with ``#`` or ``//`` is a comment. It is one if it cannot be an item.

    Raises FormatError if it could be both.
    """
    if options.comments is not None:
        return options.comments
    fits = _fits(row, shape)
    if row.line.mark_is_a_word:
        if fits or not rows_before:
            return not fits
        raise row.line.error(
            f"an item must have {shape.width} columns, and a comment must have a space after its mark; pass "
            "comments=True if all lines with a comment mark are comments"
        )
    if fits:
        raise row.line.error(
            "can be read as a comment or as an item: pass comments=True if all lines with a comment mark are "
            "comments, or comments=False if all are items"
        )
    return True


def _fits(row: Row, shape: Table) -> bool:
    """Return whether a row fits the table ``shape``: it has as many cells, and numbers in the columns of numbers."""
    if len(row.cells) != shape.width or shape.width < 2 or not all(row.cells[:2]):
        return False
    return all(looks_numeric(cell) for at, cell in enumerate(row.cells) if at > 1 and shape.is_numeric(at))


def _without_empty_columns(rows: list[Row]) -> tuple[Row, ...]:
    """Remove the last columns that are empty in all rows, as when each line ends in a delimiter."""
    while len(rows[0].cells) > 1 and all(row.cells[-1] == "" for row in rows):
        rows = [Row(row.cells[:-1] or ("",), row.line) for row in rows]
    return tuple(rows)


def _refuse_tabs_within_scores(lines: Sequence[Line]) -> None:
    """Raise FormatError if it is unclear whether columns are separated only by tabs or by any white space.

    This is so if tabs split the lines into two columns, but white space splits them into three, the last a number.
    """
    by_tab = [line.text.strip("\t").split("\t") for line in lines]
    if any(len(cells) != 2 for cells in by_tab):
        return
    by_space = [line.text.split() for line in lines]
    number_lost = all(len(cells) == 3 and looks_numeric(cells[2]) for cells in by_space)
    if number_lost and not all(looks_numeric(cells[1].strip()) for cells in by_tab):
        raise lines[0].error(
            'can be read as two columns by tabs or as three by white space: pass delimiter="tab" or delimiter="space"'
        )


# --- the delimiter


def find_delimiter(texts: Sequence[str]) -> str:
    """Return the column separator: a character that occurs equally often in all lines, or in nearly all."""
    if all("\t" in text.strip("\t") for text in texts) or (
        any("\t" in text.strip("\t") for text in texts) and not _is_regular(text.split() for text in texts)
    ):
        return "\t"
    if _separates(";", texts):
        return ";"
    if any(" | " in text for text in texts):
        return " " if not all(text.count(" | ") > 1 for text in texts) else "|"
    only_decimal = all("," not in _DECIMAL_COMMA.sub("", text) for text in texts)
    by_space = [text.split() for text in texts]
    spaced = only_decimal and len(by_space[-1]) > 2 and _is_regular(by_space)
    if not spaced and any("," in text for text in texts) and _separates(",", texts, share=0.5):
        return ","
    if any(len(cells) > 1 for cells in by_space):
        return " "
    return next((mark for mark in ("|", ":") if _separates(mark, texts)), " ")


def _separates(mark: str, texts: Sequence[str], share: float = _REGULAR) -> bool:
    return sum(mark in text for text in texts) >= share * len(texts)


def _is_regular(rows: Iterable[Sequence[str]]) -> bool:
    widths = Counter(map(len, rows))
    return max(widths.values()) >= _REGULAR * widths.total() and widths.most_common(1)[0][0] > 1


def splitter(delimiter: str, options: Options, texts: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Return a function that splits a line into cells; if the lines are quoted CSV, it also removes the quotes."""
    has_quotes = any('"' in text for text in texts)
    if delimiter == " " and not (has_quotes and all(_is_quoted_csv(text, " ") for text in texts)):
        return lambda text: tuple(text.split())
    if delimiter == "," and options.decimal == "," and not has_quotes:
        return lambda text: tuple(cell.strip() for cell in re.split(r",(?!\d)|(?<!\d),", text))
    if has_quotes and all(_is_quoted_csv(text, delimiter) for text in texts):
        return lambda text: tuple(
            cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))
        )
    return lambda text: tuple(cell.strip() for cell in text.split(delimiter))


def _is_quoted_csv(text: str, delimiter: str) -> bool:
    """Return whether a line can be quoted CSV: each quotation mark, if there is any, encloses a whole cell."""
    mark = re.escape(delimiter)
    cell = rf'\s*(?:"(?:[^"]|"")*"|[^"{mark}]*)\s*'
    return re.fullmatch(rf"{cell}(?:{mark}{cell})*", text) is not None
