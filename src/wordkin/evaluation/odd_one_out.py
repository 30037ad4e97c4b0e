"""Evaluate odd-one-out groups: which word of a group does not belong?

The answer is the word with the lowest cosine to the mean of the group's unit vectors, as in ``doesnt_match``. If this
word is removed, the mean similarity of the remaining words is the highest possible, which is the criterion of
Camacho-Collados and Navigli (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wordkin.evaluation.casing import WordFinder
from wordkin.evaluation.datasets import OddOneOut
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.outcomes import CORRECT, UNKNOWN, WRONG
from wordkin.evaluation.presentation import Measure, ScoreRow, Tabular, known_of, percent, proportion_cells
from wordkin.evaluation.statistics import Proportion, json_number
from wordkin.vectors import unit_rows

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors


@dataclass(frozen=True)
class OddOneOutScore:
    """Numbers of groups and of correct answers, for one section of a benchmark or for the whole file."""

    name: str
    groups: int
    known: int
    correct: int
    chance: float

    @property
    def coverage(self) -> float:
        """Fraction of the groups whose words are all in the vocabulary."""
        return Proportion(self.known, self.groups).value

    @property
    def accuracy(self) -> Proportion:
        """Number of correct answers out of the number of known groups."""
        return Proportion(self.correct, self.known)

    @property
    def accuracy_unknown_wrong(self) -> Proportion:
        """Number of correct answers out of the number of all groups. Groups with an unknown word count as wrong."""
        return Proportion(self.correct, self.groups)

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as a JSON-compatible dict; undefined numbers are None."""
        return {
            "name": self.name,
            "groups": self.groups,
            "known": self.known,
            "coverage": json_number(self.coverage),
            "correct": self.correct,
            "accuracy": json_number(self.accuracy.value),
            "accuracy_interval": list(self.accuracy.interval),
            "accuracy_unknown_wrong": json_number(self.accuracy_unknown_wrong.value),
            "accuracy_unknown_wrong_interval": list(self.accuracy_unknown_wrong.interval),
            "chance": json_number(self.chance),
        }


@dataclass(frozen=True)
class OddOneOutResult(Tabular):
    """Scores on one odd-one-out benchmark.

    Attributes
    ----------
    dataset : str
        Name of the file.
    case : {"fold", "exact"}
        How letter case was treated.
    sections : tuple of OddOneOutScore
        Scores of the sections in file order.
    total : OddOneOutScore
        Total of all sections.
    outcomes : array of int8, shape (groups,)
        The outcome of each group in file order: 1 for a correct answer, 0 for a wrong one, -1 for a group with an
        unknown word.
    reading : FileReading or None
        How the file was interpreted; None if the groups were not read from a file.
    """

    dataset: str
    case: str
    sections: tuple[OddOneOutScore, ...]
    total: OddOneOutScore
    outcomes: NDArray[np.int8] = field(repr=False, compare=False)
    columns: ClassVar = ("known", "accuracy", "95% interval", "chance", "all")
    kind: str = "odd-one-out"
    reading: FileReading | None = field(default=None, repr=False, compare=False)

    def rows(self) -> list[ScoreRow]:
        """Return one row for each section, and one for the total."""
        return [*(_row(score, total=False) for score in self.sections), _row(self.total, total=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-compatible dict; ``docs/evaluation.md`` lists the keys."""
        return {
            "kind": self.kind,
            "dataset": self.dataset,
            "case": self.case,
            "reading": None if self.reading is None else self.reading.to_dict(),
            "sections": [section.to_dict() for section in self.sections],
            "total": self.total.to_dict(),
        }


def _row(score: OddOneOutScore, *, total: bool) -> ScoreRow:
    cells = (
        known_of(score.known, score.groups),
        *proportion_cells(score.accuracy),
        percent(score.chance),
        percent(score.accuracy_unknown_wrong.value),
    )
    measures = [Measure.of("accuracy", score.accuracy, score.accuracy_unknown_wrong)]
    return ScoreRow(score.name, score.groups, score.known, cells, measures, total)


def evaluate_odd_one_out(
    embeddings: WordVectors, dataset: OddOneOut, *, restrict_vocab: int | None = None, case: str = "fold"
) -> OddOneOutResult:
    """Find the odd word of each group and count the correct answers.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    dataset : OddOneOut
        The benchmark.
    restrict_vocab : int or None, default None
        Words after the first ``restrict_vocab`` count as unknown; None for all words.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case (see :class:`WordFinder`).

    Returns
    -------
    OddOneOutResult
        The scores.
    """
    wanted = {word for group in dataset.groups for word in group}
    finder = WordFinder.build(embeddings.vocabulary.words, wanted, case=case, restrict_vocab=restrict_vocab)
    outcomes = np.array([_outcome(embeddings.matrix, finder, group) for group in dataset.groups], dtype=np.int8)

    def score(name: str, span: slice) -> OddOneOutScore:
        part = outcomes[span]
        sizes = np.array([len(group) for group in dataset.groups[span]])[part != UNKNOWN]
        chance = float(np.mean(1 / sizes)) if len(sizes) else np.nan
        return OddOneOutScore(name, len(part), len(sizes), int(np.count_nonzero(part == CORRECT)), chance)

    sections = tuple(score(section.name, slice(section.start, section.stop)) for section in dataset.sections)
    return OddOneOutResult(dataset.name, case, sections, score("total", slice(None)), outcomes, reading=dataset.reading)


def _outcome(matrix: NDArray[Any], finder: WordFinder, group: Sequence[str]) -> int:
    ids = [finder.variants(word) for word in group]
    if not all(ids):
        return UNKNOWN
    vectors = unit_rows(matrix[[variants[0] for variants in ids]])
    return CORRECT if int(np.argmin(vectors @ vectors.sum(axis=0))) == len(group) - 1 else WRONG
