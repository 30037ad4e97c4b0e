"""Convert a table to an analogy benchmark, in the layout of Google (sections) or of MSR (a tag in each line)."""

from __future__ import annotations

import re
from itertools import groupby

from wordkin.evaluation.datasets import Analogies, Question, Section
from wordkin.evaluation.files.lines import SKIP_LINES
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.files.table import Row, Table, no_items

_TAG = re.compile(r"[A-Z]{1,5}\$?_[A-Z]{1,5}\$?")
_WORD_WITH_TAG = re.compile(r"(.+)/[A-Z]{1,5}\$?")


def read_questions(table: Table, options: Options) -> Analogies:
    """Read the analogy questions of a table.

    Headings divide the questions into sections. If there are no headings, questions with the same MSR tag, such as
    ``JJ_JJR``, form a section.
    """
    tag = tag_column(table)
    width = 4 if tag is None else 5
    questions: list[Question] = []
    tags: list[str] = []
    starts = {row: [name for name, start in table.sections if start == row] for _, row in table.sections}
    sections: list[tuple[str, int]] = []
    dropped: list[tuple[int, str]] = []
    for at, row in enumerate(table.rows):
        sections += [(name, len(questions)) for name in starts.get(at, ())]
        words = [cell for column, cell in enumerate(row.cells) if column != tag]
        if len(row.cells) != width or not all(words):
            rule = f"an analogy must have four words, not {len([word for word in words if word])}"
            if options.bad_items == "refuse":
                raise row.line.error(rule, SKIP_LINES)
            dropped.append((row.line.number, rule))
            continue
        questions.append((words[0], words[1], words[2], words[3]))
        tags.append("" if tag is None else row.cells[tag])
    sections += [(name, len(questions)) for name in starts.get(len(table.rows), ())]
    if not questions:
        raise no_items(table.path)
    notes: list[str] = []
    if tag is not None and not sections:
        order = sorted(range(len(tags)), key=lambda at: tags.index(tags[at]))
        questions = [questions[at] for at in order]
        sorted_tags = [tags[at] for at in order]
        sections = [(name, next(group)) for name, group in groupby(range(len(order)), key=lambda at: sorted_tags[at])]
        notes.append(f"sections by the tags of column {tag + 1}")
    if options.pos_suffixes == "strip" and all(_WORD_WITH_TAG.fullmatch(word) for each in questions for word in each):
        questions = [tuple(_WORD_WITH_TAG.sub(r"\1", word) for word in each) for each in questions]  # type: ignore[misc]
        notes.append('removed the parts of speech from the words (to keep them: pos_suffixes="keep")')
    reading = FileReading(
        kind="analogies",
        delimiter=table.delimiter_name,
        header=table.header.cells if table.header else None,
        used=len(questions),
        dropped=tuple(dropped),
        comments=table.comments,
        files=table.files,
        notes=tuple(notes),
    )
    return Analogies(table.path.name, tuple(questions), make_sections(sections, len(questions)), (), reading)


def tag_column(table: Table) -> int | None:
    """Return the index of the column of MSR tags such as ``JJ_JJR``; None unless each row has four words and a tag."""
    if table.width != 5:
        return None
    return next((at for at in (0, 3, 4) if all(_is_tag(row, at) for row in table.rows)), None)


def _is_tag(row: Row, at: int) -> bool:
    return len(row.cells) == 5 and _TAG.fullmatch(row.cells[at]) is not None


def make_sections(headings: list[tuple[str, int]], items: int) -> tuple[Section, ...]:
    """Make sections from headings. Each heading is a pair of a name and the index of the first item below it.

    Items before the first heading form a section named "". ``items`` is the number of all items.
    """
    if not headings or headings[0][1] > 0:
        headings = [("", 0), *headings]
    ends = [start for _, start in headings[1:]] + [items]
    return tuple(Section(name, start, end) for (name, start), end in zip(headings, ends, strict=True))
