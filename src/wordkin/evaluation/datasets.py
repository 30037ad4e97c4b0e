"""Data classes of benchmarks: analogies, word pairs, word categories, odd-one-out groups.

:func:`wordkin.evaluation.read_dataset` reads them from files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wordkin.evaluation.files.report import FileReading

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Section:
    """A named section of a dataset: the items with indices from ``start`` to ``stop - 1``."""

    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Analogies:
    """An analogy benchmark: questions ``(a, b, c, d)``, where a is to b as c is to d.

    Attributes
    ----------
    name : str
        Name of the file.
    questions : tuple of (str, str, str, str)
        The questions in file order.
    sections : tuple of Section
        The sections, which cover all questions.
    accepted : tuple of tuple of str
        All accepted answers of each question, starting with d. Empty if d is the only answer of every question.
    reading : FileReading or None
        How the file was interpreted; None if the questions were not read from a file.
    """

    name: str
    questions: tuple[Question, ...]
    sections: tuple[Section, ...]
    accepted: tuple[tuple[str, ...], ...] = ()
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WordPairs:
    """A similarity benchmark: word pairs and their similarity as rated by people, on any scale."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WordCategories:
    """A categorisation benchmark: words and the category of each."""

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    reading: FileReading | None = field(default=None, compare=False)


@dataclass(frozen=True)
class OddOneOut:
    """An odd-one-out benchmark: groups of words, in each of which the last word is the odd one, and sections."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    reading: FileReading | None = field(default=None, compare=False)


Dataset = Analogies | WordPairs | WordCategories | OddOneOut
