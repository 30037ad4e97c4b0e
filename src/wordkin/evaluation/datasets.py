"""Data classes of benchmarks: analogies, word pairs, word categories, odd-one-out groups.

:func:`wordkin.evaluation.read_dataset` reads such benchmarks from files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wordkin.evaluation.files.report import FileReading

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Section:
    """A named section of a dataset. It has the items with indices from ``start`` to ``stop - 1``."""

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
        The accepted answers of each question, of which the first is d. If every question has the only answer d, the
        tuple is empty.
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
    """A similarity benchmark: word pairs, and a score for each: its similarity as rated by people, on any scale."""

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
    """An odd-one-out benchmark: groups of words, and their sections. The last word of each group is the odd one."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    reading: FileReading | None = field(default=None, compare=False)


Dataset = Analogies | WordPairs | WordCategories | OddOneOut
