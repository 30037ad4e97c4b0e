"""Convert tables to categorisation and odd-one-out benchmarks."""

from __future__ import annotations

from collections import Counter

from wordkin.errors import FormatError
from wordkin.evaluation.datasets import OddOneOut, WordCategories
from wordkin.evaluation.files.headers import find_column
from wordkin.evaluation.files.lines import SKIP_LINES
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.questions import make_sections
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.files.table import Table, no_items

_FEWEST_IN_GROUP = 3


def read_categories(table: Table, options: Options) -> WordCategories:
    """Read words and their categories.

    Raises
    ------
    FormatError
        There is only one category, or no category has two words, so that any vectors would score 1.0.
    """
    word, category = 0, 1
    if options.word_columns is not None:
        word, category = (find_column(table, "word_columns", each) for each in options.word_columns)
    rows: list[tuple[str, str]] = []
    dropped: list[tuple[int, str]] = []
    for row in table.rows:
        if len(row.cells) == table.width > max(word, category) and row.cells[word] and row.cells[category]:
            rows.append((row.cells[word], row.cells[category]))
            continue
        rule = "a line must have a word and its category"
        if options.bad_items == "refuse":
            raise row.line.error(rule, SKIP_LINES)
        dropped.append((row.line.number, rule))
    if not rows:
        raise no_items(table.path)
    sizes = Counter(name for _, name in rows)
    if max(sizes.values()) < 2 or len(sizes) < 2:
        got = "one word in each" if len(sizes) > 1 else f"only the category {next(iter(sizes))!r}"
        raise FormatError(
            f"{table.path}: a file of categories must have at least two categories, one of them with two words, "
            "because otherwise "
            f'any vectors have purity 1.0; got {got}: pass kind="relations" if the lines are pairs of a relation'
        )
    reading = FileReading(
        kind="categories",
        delimiter=table.delimiter_name,
        header=table.header.cells if table.header else None,
        columns={"word": word + 1, "category": category + 1},
        used=len(rows),
        dropped=tuple(dropped),
        comments=table.comments,
    )
    return WordCategories(table.path.name, tuple(one for one, _ in rows), tuple(name for _, name in rows), reading)


def read_groups(table: Table, options: Options) -> OddOneOut:
    """Read the groups of an odd-one-out benchmark; the last word of each row is the odd one."""
    groups: list[tuple[str, ...]] = []
    headings: list[tuple[str, int]] = []
    dropped: list[tuple[int, str]] = []
    starts: dict[int, list[str]] = {}
    for name, start in table.sections:
        starts.setdefault(start, []).append(name)
    for at, row in enumerate(table.rows):
        headings += [(name, len(groups)) for name in starts.get(at, ())]
        words = row.cells
        bar_misplaced = "|" in words and words.index("|") != len(words) - 2
        group = tuple(word for word in words if word != "|")
        if not (bar_misplaced or len(group) < _FEWEST_IN_GROUP or words.count("|") > 1):
            groups.append(group)
            continue
        rule = "a group must have at least two words followed by the odd one; a bar may precede the odd one"
        if options.bad_items == "refuse":
            raise row.line.error(rule, SKIP_LINES)
        dropped.append((row.line.number, rule))
    headings += [(name, len(groups)) for name in starts.get(len(table.rows), ())]
    if not groups:
        raise no_items(table.path)
    reading = FileReading(
        kind="odd-one-out",
        delimiter=table.delimiter_name,
        used=len(groups),
        dropped=tuple(dropped),
        comments=table.comments,
    )
    return OddOneOut(table.path.name, tuple(groups), make_sections(headings, len(groups)), reading)
