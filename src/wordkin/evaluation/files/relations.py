"""Make analogy questions from word pairs that have the same relation, as in BATS.

Each line has a word and its counterpart, possibly with alternatives after slashes. Any two pairs of a relation make a
question. For example, ``album albums`` and ``area areas/regions`` make the question "album is to albums as area is to
which word?", to which ``areas`` and ``regions`` are correct answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from wordkin.errors import FormatError
from wordkin.evaluation.datasets import Analogies, Question, Section
from wordkin.evaluation.files.headers import find_column
from wordkin.evaluation.files.lines import SKIP_LINES
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.files.table import Table, no_items

BATS_NAME = re.compile(r"[IDEL]\d{2} \[.+\]")
_MOST_QUESTIONS = 2_000_000

Pair = tuple[str, tuple[str, ...]]


def read_relations(tables: Sequence[Table], path: Path, options: Options) -> Analogies:
    """Make analogy questions from the word pairs in one file, or in the files of a directory.

    Each relation becomes a section of the benchmark. ``path`` is the file or directory.
    """
    questions: list[Question] = []
    accepted: list[tuple[str, ...]] = []
    sections: list[Section] = []
    pairs_used, left_out, without_answer = 0, 0, 0
    dropped: list[tuple[int, str]] = []
    for name, pairs in _relations(tables, options, dropped):
        start = len(questions)
        used = pairs[: options.pairs_per_relation]
        pairs_used, left_out = pairs_used + len(used), left_out + len(pairs) - len(used)
        _refuse_too_many(path, len(questions) + len(used) * (len(used) - 1))
        for question, answers in _questions(used):
            if set(answers) <= set(question[:3]):
                without_answer += 1
                continue
            questions.append(question)
            accepted.append(answers)
        sections.append(Section(name, start, len(questions)))
    if not questions:
        raise FormatError(
            f"{path}: no questions can be made, because they need a relation of at least two pairs, and an answer that "
            "is no word of its question"
        )
    notes = [f"{pairs_used:,} pairs of {len(sections):,} relations became {len(questions):,} questions"]
    if left_out:
        notes.append(f"{left_out:,} pairs left out by pairs_per_relation={options.pairs_per_relation}")
    if without_answer:
        notes.append(f"{without_answer:,} questions left out whose answer is a word of the question")
    first = tables[0]
    reading = FileReading(
        kind="relations",
        delimiter=first.delimiter_name,
        header=first.header.cells if first.header else None,
        columns=dict(zip(("first", "second"), (at + 1 for at in _columns(first, options)), strict=True)),
        used=sum(len(table.rows) for table in tables) - len(dropped),
        dropped=tuple(dropped),
        comments=sum(table.comments for table in tables),
        files=tuple(table.path.name for table in tables) if len(tables) > 1 else (),
        notes=tuple(notes),
    )
    return Analogies(path.name, tuple(questions), tuple(sections), tuple(accepted), reading)


def _refuse_too_many(path: Path, count: int) -> None:
    if count > _MOST_QUESTIONS:
        raise FormatError(
            f"{path}: the pairs of all relations must make at most {_MOST_QUESTIONS:,} questions; got {count:,} "
            "or more: pass pairs_per_relation=50 to take the first 50 pairs of each relation"
        )


def _relations(
    tables: Sequence[Table], options: Options, dropped: list[tuple[int, str]]
) -> Iterator[tuple[str, list[Pair]]]:
    """Yield the name and the word pairs of each relation.

    A relation is a section of a file or, if a file has no sections, the whole file. Malformed rows are refused, or
    their line numbers are appended to ``dropped`` with the reason.
    """
    for table in tables:
        first, second = _columns(table, options)
        name, pairs = table.path.stem, list[Pair]()
        headings = iter([*table.sections, ("", len(table.rows) + 1)])
        next_name, next_start = next(headings)
        for at, row in enumerate(table.rows):
            while at >= next_start:
                if pairs:
                    yield name, pairs
                name, pairs = next_name, []
                next_name, next_start = next(headings)
            if len(row.cells) != table.width or not row.cells[first] or not row.cells[second]:
                rule = f"a pair of a relation must have {table.width} columns, none of them empty"
                if options.bad_items == "refuse":
                    raise row.line.error(rule, SKIP_LINES)
                dropped.append((row.line.number, rule))
                continue
            answers = tuple(dict.fromkeys(each.strip() for each in row.cells[second].split("/") if each.strip()))
            pairs.append((row.cells[first], answers or (row.cells[second],)))
        if pairs:
            yield name, pairs
        elif not table.rows:
            raise no_items(table.path)


def _columns(table: Table, options: Options) -> tuple[int, int]:
    if options.word_columns is None:
        return 0, 1
    first, second = (find_column(table, "word_columns", each) for each in options.word_columns)
    return first, second


def _questions(pairs: Sequence[Pair]) -> Iterator[tuple[Question, tuple[str, ...]]]:
    """Yield a question for each ordered choice of two different word pairs, with the answers that it accepts."""
    for a, (b, *_) in pairs:
        for c, answers in pairs:
            if c != a:
                yield (a, b, c, answers[0]), answers
