"""Benchmarks as plain data: analogies, word pairs, word categories, odd-one-out groups.

:func:`wordkin.evaluation.read_dataset` makes them from files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wordkin.evaluation.files.report import FileReading

Question = tuple[str, str, str, str]


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
    """Questions ``(a, b, c, d)``: a is to b as c is to d.

    Attributes
    ----------
    name : str
    questions : tuple of (str, str, str, str)
        In file order.
    sections : tuple of Section
    accepted : tuple of tuple of str
        All right answers of each question, d the first; empty where d alone is right throughout.
    reading : FileReading or None
        What was understood of the file.
    """

    name: str
    questions: tuple[Question, ...]
    sections: tuple[Section, ...]
    accepted: tuple[tuple[str, ...], ...] = ()
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words and how similar people find them, on any scale."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WordCategories:
    """Words and the category of each."""

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class OddOneOut:
    """Groups of words, the last of each the one that does not belong, and their sections."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    reading: FileReading | None = field(default=None, compare=False)


Dataset = Analogies | WordPairs | WordCategories | OddOneOut
