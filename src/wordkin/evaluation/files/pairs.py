"""Convert a table to a similarity benchmark: find the columns of words and scores, and parse the scores."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from wordkin.errors import FormatError
from wordkin.evaluation.datasets import WordPairs
from wordkin.evaluation.files.headers import find_column, is_index_name, normalised, score_of_header, words_of_header
from wordkin.evaluation.files.lines import SKIP_LINES
from wordkin.evaluation.files.numbers import decimal_marks, looks_numeric, may_be_thousands, number
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.files.table import Row, Table, no_items

_TAGGED = re.compile(r"(.+)(?:-[nvjar]|/[A-Z]{1,4})")
PARTS_OF_SPEECH = frozenset(
    {"a", "adj", "adjective", "adv", "adverb", "j", "jj", "n", "nn", "noun", "num", "p", "r", "rb", "v", "vb", "verb"}
)
_ROUNDING = 0.06


def read_pairs(table: Table, options: Options) -> WordPairs:
    """Read the word pairs and scores of a table whose header has been removed."""
    first, second = word_columns(table, options)
    score = score_column(table, options, (first, second))
    decimal = find_decimal(table, score, options)
    kept: list[tuple[str, str, float]] = []
    dropped: list[tuple[int, str]] = []
    for row in table.rows:
        fault, value = _fault(row, table, (first, second, score), decimal)
        if value is not None and not fault:
            kept.append((row.cells[first], row.cells[second], value))
        elif options.bad_items == "refuse":
            raise row.line.error(fault, SKIP_LINES)
        else:
            dropped.append((row.line.number, fault))
    if not kept:
        raise no_items(table.path)
    pairs, notes = _untagged([(one, other) for one, other, _ in kept], options)
    reading = FileReading(
        kind="similarity",
        delimiter=table.delimiter_name,
        decimal=decimal if decimal_marks(table.column(score)) else None,
        header=table.header.cells if table.header else None,
        columns={"first": first + 1, "second": second + 1, "score": score + 1},
        used=len(kept),
        dropped=tuple(dropped),
        comments=table.comments,
        files=table.files,
        notes=notes,
    )
    return WordPairs(table.path.name, tuple(pairs), tuple(value for _, _, value in kept), reading)


def _fault(row: Row, table: Table, columns: tuple[int, int, int], decimal: str) -> tuple[str, float | None]:
    """Parse the score of a row, and check the row.

    ``columns`` are the indices of the two words and the score. Returns a description of what is wrong with the row (""
    if nothing is) and the score (None if it cannot be parsed).
    """
    first, second, score = columns
    if table.regular and len(row.cells) != table.width:
        return f"a word pair must have {table.width} columns like the others, not {len(row.cells)}", None
    if len(row.cells) <= max(columns) or not row.cells[first] or not row.cells[second]:
        return "a word pair must have two words and a finite score", None
    value = number(row.cells[score], decimal)
    return "" if value is not None else "a word pair must have two words and a finite score", value


def _untagged(pairs: list[tuple[str, str]], options: Options) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """If every word ends in a part of speech such as ``-n`` or ``-v``, as in MEN, remove the part of speech.

    Returns the pairs, and a tuple with a note about the change, which is empty if there was none.
    """
    if options.pos_suffixes == "keep" or not all(_TAGGED.fullmatch(word) for pair in pairs for word in pair):
        return pairs, ()
    bare = [tuple(_TAGGED.sub(r"\1", word) for word in pair) for pair in pairs]
    note = 'removed the parts of speech from words such as "sun-n" (to keep them: pos_suffixes="keep")'
    return [(one, other) for one, other in bare], (note,)


# --- which columns


def word_columns(table: Table, options: Options) -> tuple[int, int]:
    """Return the indices of the two word columns.

    The option names them, or else the header; if neither does, they are the first two columns with text.
    """
    if options.word_columns is not None:
        first, second = (find_column(table, "word_columns", each) for each in options.word_columns)
        return first, second
    if table.header is not None:
        names = [normalised(cell) for cell in table.header.cells]
        found = words_of_header(names)
        if found is not None:
            return found
        if is_index_name(names[0]) and table.width > 3:
            return 1, 2
    if table.width > 3 and _is_index(table) and not table.is_numeric(1) and not table.is_numeric(2):
        return 1, 2
    if table.width > 3 and len(table.rows) > 1 and _are_parts_of_speech(table.column(1)):
        raise FormatError(
            f"{table.path}: column 2 may contain words or parts of speech: pass the columns of the words, such as "
            "word_columns=(1, 3)"
        )
    return 0, 1


def _is_index(table: Table) -> bool:
    """Return whether the first column numbers the rows with consecutive whole numbers."""
    cells = table.column(0)
    if not all(cell.isdecimal() for cell in cells):
        return False
    return bool(np.all(np.diff(np.array([int(cell) for cell in cells])) == 1))


def _are_parts_of_speech(cells: Sequence[str]) -> bool:
    return all(cell.lower() in PARTS_OF_SPEECH for cell in cells)


def score_column(table: Table, options: Options, words: tuple[int, int]) -> int:
    """Return the index of the column of scores. ``words`` holds the indices of the two word columns.

    Raises
    ------
    FormatError
        Several columns can be the score, or none can.
    """
    if options.score_column is not None:
        return find_column(table, "score_column", options.score_column)
    last_word = max(words)
    candidates = [at for at in range(last_word + 1, table.width) if table.is_numeric(at)]
    if table.header is not None:
        names = [normalised(cell) for cell in table.header.cells]
        named = score_of_header(names, candidates)
        candidates = named if named else candidates
    elif len(candidates) > 1:
        candidates = _mean_columns(table, candidates)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise table.rows[0].line.error("a word pair must have two words and a finite score")
    listed = ", ".join(
        f"{at + 1} ({table.header.cells[at]!r})" if table.header and at < len(table.header.cells) else str(at + 1)
        for at in candidates
    )
    remedy = f"pass score_column={candidates[0] + 1} or another of them"
    if (
        table.delimiter == ","
        and table.header is None
        and len(candidates) == 2
        and not decimal_marks(table.column(candidates[0]))
    ):
        remedy += ", or decimal=',' if both together are one number with a decimal comma"
    raise FormatError(f"{table.path}: each of columns {listed} can be the score: {remedy}")


def _mean_columns(table: Table, candidates: list[int]) -> list[int]:
    """Of several columns of numbers, find the one with the mean of the others; return a list with its index.

    Files often publish the ratings of individual people and their mean. If no column is certainly the mean, the list
    has the indices of all candidates.
    """
    rows = [
        [number(cell.replace(",", "."), ".") for cell in row.cells[candidates[0] : candidates[-1] + 1]]
        for row in table.rows
        if len(row.cells) > candidates[-1]
    ]
    numbers = np.array([row for row in rows if None not in row], dtype=np.float64)
    if len(numbers) > 1 and numbers.shape[1] == len(candidates) > 2:
        means = (numbers.sum(axis=1, keepdims=True) - numbers) / (len(candidates) - 1)
        close = (np.abs(means - numbers) < _ROUNDING).mean(axis=0) >= 0.9
        if close.sum() == 1:
            return [candidates[int(close.argmax())]]
    fractional = [at for at in candidates if decimal_marks(table.column(at))]
    at_an_end = [at for at in fractional if at in (candidates[0], candidates[-1])]
    return fractional if len(fractional) == 1 and at_an_end else candidates


def find_decimal(table: Table, score: int, options: Options) -> str:
    """Return the decimal mark of the scores, "." or ",". ``score`` is the index of the column of scores.

    Raises
    ------
    FormatError
        Both marks occur, or a comma may be a thousands separator.
    """
    if options.decimal is not None:
        return options.decimal
    cells = table.column(score)
    marks = decimal_marks(cells)
    if len(marks) == 2:
        raise FormatError(
            f"{table.path}: scores must have one decimal mark; got points and commas: pass decimal='.' or decimal=',', "
            'and bad_items="skip" to skip the other lines'
        )
    if marks == {","} and may_be_thousands(cells):
        example = next(cell for cell in cells if looks_numeric(cell) and "," in cell)
        raise FormatError(
            f"{table.path}: the comma of {example!r} can be a decimal mark or a thousands separator: "
            "pass decimal=',' for a decimal mark; otherwise write the numbers without commas"
        )
    return "," if marks == {","} else "."
