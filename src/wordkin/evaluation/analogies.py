"""Evaluate analogies: a is to b as c is to which word?

The answer is the word x (other than a, b and c) with the highest score:

- 3CosAdd (Mikolov et al. 2013c):    cos(x, b) - cos(x, a) + cos(x, c)
- 3CosMul (Levy and Goldberg 2014):  s(x, b) s(x, c) / (s(x, a) + 1e-6),  with s = (1 + cos) / 2

A benchmark has thousands of questions, but only hundreds of distinct words. The vocabulary is searched in slices. For
each slice, the cosines of the distinct words of the benchmark with the words of the slice are computed once, as one
matrix product. They are then combined to the scores of all questions. Finally, the two best candidates for each
question are compared in float64, so that the answer does not depend on the size of the slices or the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, FROM_1_OR_NONE, check
from wordkin.cores import usable_cores
from wordkin.errors import ConfigError
from wordkin.evaluation.casing import WordFinder
from wordkin.evaluation.datasets import Analogies
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.outcomes import CORRECT, UNKNOWN, WRONG
from wordkin.evaluation.presentation import Measure, ScoreRow, Tabular, known_of, percent, proportion_cells
from wordkin.evaluation.section_groups import group_sections
from wordkin.evaluation.statistics import Proportion, json_number
from wordkin.vectors import unit_rows

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

METHODS = ("3cosadd", "3cosmul")

_MULTIPLICATIVE_EPSILON = np.float32(1e-6)
_SLICE_WORDS = 2048  # vocabulary words per slice, so that a few score arrays fit in a core's cache
_BLOCK_QUESTIONS = 64
_COSINES_AT_ONCE = 1 << 24  # float32 values per thread: 64 MiB
_RESCORED_AT_ONCE = 4096

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class AnalogyScore:
    """Numbers of questions and of correct answers, for one section of a benchmark or for several sections together.

    Attributes
    ----------
    name : str
        Name of the section, or "semantic", "syntactic" or "total".
    questions : int
        Number of questions.
    known : int
        Number of questions whose words are all in the searched vocabulary. If a question has several accepted answers,
        one of them must be in it.
    correct : dict of str to int
        Number of correct answers for each method, ``"3cosadd"`` and ``"3cosmul"``.
    """

    name: str
    questions: int
    known: int
    correct: dict[str, int]

    @property
    def coverage(self) -> float:
        """Fraction of the questions that are ``known``; NaN if there are no questions."""
        return Proportion(self.known, self.questions).value

    def accuracy(self, method: str = "3cosadd", *, unknown: str = "skip") -> Proportion:
        """Return the proportion of correct answers.

        Parameters
        ----------
        method : {"3cosadd", "3cosmul"}, default "3cosadd"
            The scoring method.
        unknown : {"skip", "wrong"}, default "skip"
            Whether questions with unknown words are left out, or count as wrong.

        Returns
        -------
        Proportion
            The number of correct answers out of the number of questions that are not left out.

        Raises
        ------
        ConfigError
            An option is not valid.
        """
        if method not in METHODS:
            raise ConfigError("method", 'must be "3cosadd" or "3cosmul"', method)
        if unknown not in ("skip", "wrong"):
            raise ConfigError("unknown", 'must be "skip" or "wrong"', unknown)
        return Proportion(self.correct[method], self.known if unknown == "skip" else self.questions)

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as a JSON-compatible dict; undefined numbers are None."""
        values: dict[str, Any] = {
            "name": self.name,
            "questions": self.questions,
            "known": self.known,
            "coverage": json_number(self.coverage),
        }
        for method in METHODS:
            skipping, counting = self.accuracy(method), self.accuracy(method, unknown="wrong")
            values[method] = {
                "correct": skipping.successes,
                "accuracy": json_number(skipping.value),
                "accuracy_interval": list(skipping.interval),
                "accuracy_unknown_wrong": json_number(counting.value),
                "accuracy_unknown_wrong_interval": list(counting.interval),
            }
        return values


@dataclass(frozen=True)
class AnalogyResult(Tabular):
    """Scores on one analogy benchmark.

    Attributes
    ----------
    dataset : str
        Name of the file.
    restrict_vocab : int or None
        Number of first words searched; None for all.
    case : {"fold", "exact"}
        How letter case was treated.
    sections : tuple of AnalogyScore
        Scores of the sections in file order.
    semantic, syntactic : AnalogyScore or None
        Totals of the semantic and the syntactic sections (see ``wordkin/evaluation/section_groups.py``); None if there
        are no such sections.
    total : AnalogyScore
        Total of all sections.
    outcomes : dict of str to array of int8, shape (questions,)
        For each method, the outcome of each question in file order: 1 for a correct answer, 0 for a wrong one, -1 for a
        question with an unknown word.
    reading : FileReading or None
        How the file was interpreted; None if the questions were not read from a file.
    """

    dataset: str
    restrict_vocab: int | None
    case: str
    sections: tuple[AnalogyScore, ...]
    semantic: AnalogyScore | None
    syntactic: AnalogyScore | None
    total: AnalogyScore
    outcomes: dict[str, NDArray[np.int8]] = field(repr=False, compare=False)
    columns: ClassVar = ("known", "3CosAdd", "95% interval", "3CosMul", "all")
    kind: str = "analogies"
    reading: FileReading | None = field(default=None, repr=False, compare=False)

    def rows(self) -> list[ScoreRow]:
        """Return one row for each section and each total, in this order."""
        totals = [each for each in (self.semantic, self.syntactic) if each is not None]
        return [
            *(_row(score, score.name, total=False) for score in self.sections),
            *(_row(score, f"{score.name} (total)", total=True) for score in totals),
            _row(self.total, "total", total=True),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-compatible dict; ``docs/evaluation.md`` lists the keys."""
        return {
            "kind": self.kind,
            "dataset": self.dataset,
            "restrict_vocab": self.restrict_vocab,
            "case": self.case,
            "reading": None if self.reading is None else self.reading.to_dict(),
            "sections": [section.to_dict() for section in self.sections],
            "semantic": self.semantic.to_dict() if self.semantic else None,
            "syntactic": self.syntactic.to_dict() if self.syntactic else None,
            "total": self.total.to_dict(),
        }


def _row(score: AnalogyScore, name: str, *, total: bool) -> ScoreRow:
    accuracy = score.accuracy()
    cells = (
        known_of(score.known, score.questions),
        *proportion_cells(accuracy),
        percent(score.accuracy("3cosmul").value),
        percent(score.accuracy(unknown="wrong").value),
    )
    measures = [Measure.of(each, score.accuracy(each), score.accuracy(each, unknown="wrong")) for each in METHODS]
    return ScoreRow(name, score.questions, score.known, cells, measures, total)


def evaluate_analogies(
    embeddings: WordVectors,
    dataset: Analogies,
    *,
    restrict_vocab: int | None = 30_000,
    case: str = "fold",
    threads: int | None = None,
    syntactic_sections: Sequence[str] | None = None,
) -> AnalogyResult:
    """Answer the questions of an analogy benchmark and count the correct answers.

    The words of a question and all their case variants are excluded from its answers. For lower-case ASCII words, the
    scores equal those of gensim's ``evaluate_word_analogies``. Each thread uses at most about 200 MiB of memory.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    dataset : Analogies
        The benchmark.
    restrict_vocab : int or None, default 30,000
        Use only the first ``restrict_vocab`` words, as known words and as answers; None for all.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case (see :class:`WordFinder`).
    threads : int or None, default None
        Number of threads; None for all available cores. In each of them, BLAS uses one thread.
    syntactic_sections : sequence of str or None, default None
        Patterns such as ``"morph*"`` for the names of syntactic sections; all others count as semantic. None recognises
        the names in published benchmarks.

    Returns
    -------
    AnalogyResult
        The scores.

    Raises
    ------
    ConfigError
        An option is not valid.
    """
    threads = usable_cores() if threads is None else check("threads", FROM_1, threads)
    restrict_vocab = check("restrict_vocab", FROM_1_OR_NONE, restrict_vocab)
    accepted = dataset.accepted or tuple((question[3],) for question in dataset.questions)
    wanted = {word for question in dataset.questions for word in question} | {each for one in accepted for each in one}
    finder = WordFinder.build(embeddings.vocabulary.words, wanted, case=case, restrict_vocab=restrict_vocab)
    variants = {word: finder.variants(word) for word in wanted}

    known = np.array(
        [
            all(variants[word] for word in question[:3]) and any(variants[word] for word in answers)
            for question, answers in zip(dataset.questions, accepted, strict=True)
        ]
    )
    asked = [at for at, is_known in enumerate(known) if is_known]
    questions = [dataset.questions[at] for at in asked]
    first_ids = np.array([[variants[word][0] for word in question[:3]] for question in questions], dtype=np.int64)
    first_ids = first_ids.reshape(-1, 3)
    search = _Search(embeddings.matrix[:restrict_vocab], first_ids, _excluded(questions, variants), threads)

    outcomes = {}
    for method, answers in zip(METHODS, search.answers(), strict=True):
        outcome = np.full(len(known), UNKNOWN, dtype=np.int8)
        outcome[known] = [
            CORRECT if any(answer in variants[word] for word in accepted[at]) else WRONG
            for answer, at in zip(answers.tolist(), asked, strict=True)
        ]
        outcomes[method] = outcome
    return _summary(dataset, outcomes, restrict_vocab, case, syntactic_sections)


def _excluded(questions: Sequence[tuple[str, str, str, str]], variants: dict[str, tuple[int, ...]]) -> tuple[Ids, Ids]:
    """Return the (question, word) pairs that are no valid answers, as two arrays: indices of questions, and word ids.

    The words of a question and their case variants are no valid answers to it. ``variants`` maps each word to the ids
    of its variants.
    """
    rows: list[int] = []
    columns: list[int] = []
    for row, question in enumerate(questions):
        for word in question[:3]:
            ids = variants[word]
            rows.extend([row] * len(ids))
            columns.extend(ids)
    return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)


def _summary(
    dataset: Analogies,
    outcomes: dict[str, NDArray[np.int8]],
    restrict_vocab: int | None,
    case: str,
    syntactic_sections: Sequence[str] | None,
) -> AnalogyResult:
    def score(name: str, spans: Sequence[slice]) -> AnalogyScore:
        parts = {method: np.concatenate([outcome[span] for span in spans]) for method, outcome in outcomes.items()}
        any_part = parts[METHODS[0]]
        correct = {method: int(np.count_nonzero(part == CORRECT)) for method, part in parts.items()}
        return AnalogyScore(name, len(any_part), int(np.count_nonzero(any_part != UNKNOWN)), correct)

    spans = [slice(section.start, section.stop) for section in dataset.sections]
    groups = group_sections([section.name for section in dataset.sections], syntactic_sections)
    semantic, syntactic = (
        [span for span, group in zip(spans, groups, strict=True) if group == wanted]
        for wanted in ("semantic", "syntactic")
    )
    return AnalogyResult(
        dataset=dataset.name,
        restrict_vocab=restrict_vocab,
        case=case,
        sections=tuple(score(section.name, [span]) for section, span in zip(dataset.sections, spans, strict=True)),
        semantic=score("semantic", semantic) if semantic else None,
        syntactic=score("syntactic", syntactic) if syntactic else None,
        total=score("total", [slice(None)]),
        outcomes=outcomes,
        reading=dataset.reading,
    )


class _Search:
    """Finds the best answers to all questions, one slice of the vocabulary at a time.

    Parameters
    ----------
    matrix : array, shape (V, N)
        The vectors to search, not necessarily of unit length. May be memory-mapped.
    questions : array of int64, shape (Q, 3)
        Ids of a, b and c.
    excluded : pair of arrays of int64
        Rows (questions) and columns (word ids) of the score matrix, shape (Q, V), that are no valid answers.
    threads : int
        Number of threads.
    """

    def __init__(self, matrix: NDArray[Any], questions: Ids, excluded: tuple[Ids, Ids], threads: int) -> None:
        self._matrix, self._questions, self._threads = matrix, questions, threads
        self._excluded_rows, self._excluded_columns = excluded
        self._asked_ids, terms = np.unique(questions, return_inverse=True)
        self._terms = terms.reshape(questions.shape)  # positions in _asked_ids
        self._asked = unit_rows(matrix[self._asked_ids]).astype(np.float32)

    def answers(self) -> tuple[Ids, Ids]:
        """Return the word ids of the answers, one array of shape (Q,) per method; -1 if no word is a valid answer."""
        from threadpoolctl import threadpool_limits

        count = len(self._questions)
        best = [_BestTwo.empty(count) for _ in METHODS]
        if count:
            width = max(64, min(_SLICE_WORDS, _COSINES_AT_ONCE // len(self._asked)))
            starts = range(0, len(self._matrix), width)
            with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
                for found in pool.map(partial(self._best_in_slice, width=width), starts):
                    best = [old.merged(new) for old, new in zip(best, found, strict=True)]
        add, multiply = (self._choose_best(two.valid_ids(), method) for two, method in zip(best, METHODS, strict=True))
        return add, multiply

    def _best_in_slice(self, start: int, width: int) -> list[_BestTwo]:
        """Search the words with ids ``start`` to ``start + width - 1``.

        Returns, for each method, the two best candidates of each question among them.
        """
        candidates = unit_rows(self._matrix[start : start + width]).astype(np.float32)
        cosines = self._asked @ candidates.T
        similarities: Floats = (cosines + np.float32(1)) / np.float32(2)
        inverses: Floats = np.float32(1) / (similarities + _MULTIPLICATIVE_EPSILON)
        inside = (self._excluded_columns >= start) & (self._excluded_columns < start + len(candidates))
        rows, columns = self._excluded_rows[inside], self._excluded_columns[inside] - start

        formulas = (
            _Formula((cosines, cosines, cosines), (np.add, np.subtract)),
            _Formula((similarities, similarities, inverses), (np.multiply, np.multiply)),
        )
        found = [_BestTwo.empty(len(self._questions)) for _ in formulas]
        scores = np.empty((_BLOCK_QUESTIONS, len(candidates)), dtype=np.float32)
        spare = np.empty_like(scores)
        for first in range(0, len(self._questions), _BLOCK_QUESTIONS):
            block = slice(first, min(first + _BLOCK_QUESTIONS, len(self._questions)))
            size = block.stop - block.start
            low, high = np.searchsorted(rows, (block.start, block.stop))
            excluded = rows[low:high] - first, columns[low:high]
            for formula, best in zip(formulas, found, strict=True):
                formula.score(self._terms[block], scores[:size], spare[:size])
                scores[excluded] = -np.inf
                best.fill(block, scores[:size], start)
        return found

    def _choose_best(self, pairs: Ids, method: str) -> Ids:
        """Return the better of two candidates for each question, shape (Q,). Their scores are computed in float64.

        If the scores are equal, the lower id is chosen.

        Parameters
        ----------
        pairs : array of int64, shape (Q, 2)
            Ids of the candidates; -1 for none.
        method : str
            One of ``METHODS``.
        """
        answers = np.empty(len(pairs), dtype=np.int64)
        for first in range(0, len(pairs), _RESCORED_AT_ONCE):
            block = slice(first, first + _RESCORED_AT_ONCE)
            candidates = np.sort(pairs[block], axis=1)
            asked_vectors = unit_rows(self._matrix[self._questions[block]])  # [rows, 3, N]
            candidate_vectors = unit_rows(self._matrix[candidates])  # [rows, 2, N]
            a, b, c = np.moveaxis(candidate_vectors @ asked_vectors.swapaxes(1, 2), 2, 0)
            if method == "3cosadd":
                scores = b - a + c
            else:
                scores = (1 + b) / 2 * ((1 + c) / 2) / ((1 + a) / 2 + float(_MULTIPLICATIVE_EPSILON))
            scores[candidates < 0] = -np.inf
            answers[block] = candidates[np.arange(len(candidates)), scores.argmax(axis=1)]
        return answers


@dataclass(frozen=True)
class _Formula:
    """The formula of a method for one slice of the vocabulary: tables of similarities and how to combine them.

    Attributes
    ----------
    tables : three arrays of float32, shape (U, slice)
        The similarities to use for b, c and a, in this order. Row i holds the similarities of the i-th of the U
        distinct words of the benchmark with the words of the slice.
    joins : two ufuncs
        The first combines the row of b with the row of c; the second combines the result with the row of a.
    """

    tables: tuple[Floats, Floats, Floats]
    joins: tuple[np.ufunc, np.ufunc]

    def score(self, terms: Ids, into: Floats, spare: Floats) -> None:
        """Compute the scores of some questions for each word of the slice; write them to ``into``, shape (rows, slice).

        ``terms``, shape (rows, 3), holds the indices of the table rows of a, b and c for each question. ``spare`` is a
        work array of the shape of ``into``.
        """
        a, b, c = terms.T
        # "clip" because np.take buffers its output under the default mode
        np.take(self.tables[0], b, axis=0, out=into, mode="clip")
        for table, rows, join in zip(self.tables[1:], (c, a), self.joins, strict=True):
            np.take(table, rows, axis=0, out=spare, mode="clip")
            join(into, spare, out=into)


@dataclass(frozen=True)
class _BestTwo:
    """The two best candidates for each of Q questions: their ids and scores, each of shape (Q, 2), the best first."""

    ids: Ids
    scores: Floats

    @classmethod
    def empty(cls, count: int) -> _BestTwo:
        return cls(np.zeros((count, 2), dtype=np.int64), np.full((count, 2), -np.inf, dtype=np.float32))

    def fill(self, block: slice, scores: Floats, first_id: int) -> None:
        """Find the two best candidates in each row of ``scores``, and store them in the rows ``block``.

        Column j of ``scores`` belongs to word id ``first_id + j``. ``scores`` is overwritten.
        """
        rows = np.arange(len(scores))
        for rank in range(2):
            columns = scores.argmax(axis=1)
            self.ids[block, rank] = columns + first_id
            self.scores[block, rank] = scores[rows, columns]
            scores[rows, columns] = -np.inf

    def valid_ids(self) -> Ids:
        """Return the ids of the best candidates, shape (Q,); -1 for a question without a valid answer."""
        return np.where(np.isneginf(self.scores), -1, self.ids)

    def merged(self, other: _BestTwo) -> _BestTwo:
        ids = np.concatenate((self.ids, other.ids), axis=1)
        scores = np.concatenate((self.scores, other.scores), axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :2]
        return _BestTwo(np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1))
