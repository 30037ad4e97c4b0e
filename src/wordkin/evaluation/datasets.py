"""Benchmark files as plain data: analogies, word pairs, word categories, odd-one-out groups.

A file is UTF-8 text (a byte-order mark is ignored), one item a line. Empty lines and lines that
start with ``#`` or ``//`` are skipped; every other line must parse, or a :class:`FormatError` names
the line. The four formats, as ``docs/evaluation.md`` shows them with examples:

============== ============================================================================
analogies      four words ``a b c d`` (a is to b as c is to d); ``: name`` starts a section
similarity     word, word, score; tab, comma or white space between; one header line allowed
categories     word, category; tab, comma or white space between
odd-one-out    ``word word word | odd``, the bar may be left out; ``: name`` starts a section
============== ============================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError

KINDS = ("analogies", "similarity", "categories", "odd-one-out")
_COMMENT_MARKS = ("#", "//")
_LINES_LOOKED_AT = 100
_FEWEST_IN_GROUP = 3


@dataclass(frozen=True)
class Section:
    """Items ``start`` to ``stop`` (excluded) of a dataset, under the name their header gives."""

    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Analogies:
    """Questions ``(a, b, c, d)`` in file order, and the sections that divide them."""

    name: str
    questions: tuple[tuple[str, str, str, str], ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words and how similar people find them, on any scale."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class WordCategories:
    """Words and the category of each."""

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True)
class OddOneOut:
    """Groups of words, the last of each the one that does not belong, and their sections."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]


Dataset = Analogies | WordPairs | WordCategories | OddOneOut


@dataclass(frozen=True)
class _Line:
    """One line that is neither empty nor a comment; ``place`` says where it stands, for errors."""

    text: str
    place: str

    def error(self, rule: str) -> FormatError:
        shown = self.text if len(self.text) <= 80 else self.text[:77] + "..."
        return FormatError(f"{self.place}: {rule}; got {shown!r}")


def read_dataset(path: str | Path, kind: str | None = None) -> Dataset:
    """Read a benchmark file.

    Parameters
    ----------
    path : a UTF-8 text file.
    kind : one of ``KINDS``; by default guessed from the first 100 lines: a bar means odd-one-out, a
        number in the third column similarity, section headers or four columns analogies, two columns
        categories.

    Raises
    ------
    ConfigError : an unknown ``kind``.
    CorpusNotFoundError : no such file.
    FormatError : a line does not parse, the file holds no item, or no kind fits.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError("kind", "must be one of " + ", ".join(f'"{each}"' for each in KINDS), kind)
    path = Path(path)
    lines = list(_read_lines(path))
    if all(line.text.startswith(":") for line in lines):
        raise _no_items(path)
    match kind or _guess_kind(lines, path):
        case "analogies":
            return _parse_analogies(path, lines)
        case "similarity":
            return _parse_pairs(path, lines)
        case "categories":
            return _parse_categories(path, lines)
        case _:
            return _parse_groups(path, lines)


def _no_items(path: Path) -> FormatError:
    return FormatError(f"{path}: a benchmark file must hold at least one item; got none")


def _read_lines(path: Path) -> Iterator[_Line]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CorpusNotFoundError(f"there is no benchmark file {str(path)!r}: check the path") from None
    except OSError as error:
        raise FormatError(f"the benchmark file {str(path)!r} cannot be read: {error.strerror}") from error
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        place = f"{path}, line {number}"
        try:
            text = raw.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise FormatError(f"{place}: must be UTF-8; got byte {raw[error.start]:#04x}: convert the file") from error
        if text and not text.startswith(_COMMENT_MARKS):
            yield _Line(text, place)


def _guess_kind(lines: Sequence[_Line], path: Path) -> str:
    head = [line for line in lines[:_LINES_LOOKED_AT] if not line.text.startswith(":")]
    columns = [_columns(line.text) for line in head]
    if any("|" in line.text.split() for line in head):
        return "odd-one-out"
    if len(head) < len(lines[:_LINES_LOOKED_AT]) or all(len(row) == 4 and _number(row[2]) is None for row in columns):
        return "analogies"
    if _number(columns[-1][2] if len(columns[-1]) > 2 else "") is not None:
        return "similarity"
    if all(len(row) == 2 for row in columns):
        return "categories"
    raise FormatError(
        f"{path}: the kind of benchmark must be plain from its first lines; got {head[0].text[:80]!r}: "
        "say which kind it is (" + ", ".join(KINDS) + ")"
    )


def _columns(text: str) -> list[str]:
    """Split at tabs if there are any, else at commas, else at white space."""
    for mark in ("\t", ","):
        if mark in text:
            return [column.strip() for column in text.split(mark)]
    return text.split()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class _Sections:
    """Collects sections while a file is read; items before any header form a section without a name."""

    def __init__(self) -> None:
        self._done: list[Section] = []
        self._name, self._start = "", 0

    def begin(self, header: str, items_so_far: int) -> None:
        self._close(items_so_far)
        self._name, self._start = header.lstrip(": ").strip(), items_so_far

    def finish(self, items: int) -> tuple[Section, ...]:
        self._close(items)
        return tuple(self._done)

    def _close(self, items: int) -> None:
        if items > self._start or self._name:
            self._done.append(Section(self._name, self._start, items))


def _parse_analogies(path: Path, lines: Sequence[_Line]) -> Analogies:
    questions: list[tuple[str, str, str, str]] = []
    sections = _Sections()
    for line in lines:
        if line.text.startswith(":"):
            sections.begin(line.text, len(questions))
            continue
        match line.text.split():
            case [a, b, c, d]:
                questions.append((a, b, c, d))
            case words:
                raise line.error(f"an analogy must have four words, not {len(words)}")
    return Analogies(path.name, tuple(questions), sections.finish(len(questions)))


def _parse_pairs(path: Path, lines: Sequence[_Line]) -> WordPairs:
    pairs: list[tuple[str, str]] = []
    scores: list[float] = []
    for position, line in enumerate(lines):
        row = _columns(line.text)
        score = _number(row[2]) if len(row) > 2 else None
        if score is None:
            if position == 0 and len(row) > 2:
                continue  # a header
            raise line.error("a word pair must have two words and a finite score")
        pairs.append((row[0], row[1]))
        scores.append(score)
    if not pairs:
        raise _no_items(path)
    return WordPairs(path.name, tuple(pairs), tuple(scores))


def _parse_categories(path: Path, lines: Sequence[_Line]) -> WordCategories:
    rows = []
    for line in lines:
        row = _columns(line.text)
        if len(row) != 2 or not all(row):
            raise line.error("a line must have a word and its category")
        rows.append(row)
    return WordCategories(path.name, tuple(word for word, _ in rows), tuple(category for _, category in rows))


def _parse_groups(path: Path, lines: Sequence[_Line]) -> OddOneOut:
    groups: list[tuple[str, ...]] = []
    sections = _Sections()
    for line in lines:
        if line.text.startswith(":"):
            sections.begin(line.text, len(groups))
            continue
        words = line.text.split()
        bar_misplaced = "|" in words and words.index("|") != len(words) - 2
        group = tuple(word for word in words if word != "|")
        if bar_misplaced or len(group) < _FEWEST_IN_GROUP or words.count("|") > 1:
            raise line.error("a group must have two or more words and then the odd one, after a bar if there is one")
        groups.append(group)
    return OddOneOut(path.name, tuple(groups), sections.finish(len(groups)))
