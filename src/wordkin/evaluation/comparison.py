"""Test whether two sets of vectors differ significantly on a benchmark.

The tests are paired. They use the items of the benchmark whose words are all in both sets of vectors:

- for correct and wrong answers (analogies, odd-one-out), McNemar's exact test;
- for similarity, Williams' test of the two Spearman correlations with the human scores.

The difference of the scores has a 95% confidence interval. For similarity, it is computed by a bootstrap over pairs.
Analogy questions are not independent, because one word pair occurs in many questions. McNemar's test ignores this, but
the interval treats questions that share a pair as correlated. ``differs`` is true only if the p-value is below 0.05 and
the interval excludes 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.evaluation.analogies import METHODS, evaluate_analogies
from wordkin.evaluation.datasets import Analogies, OddOneOut, WordCategories, WordPairs
from wordkin.evaluation.files.options import ReadOptions
from wordkin.evaluation.files.read import read_dataset
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.odd_one_out import evaluate_odd_one_out
from wordkin.evaluation.outcomes import CORRECT, UNKNOWN
from wordkin.evaluation.similarity import pair_cosines
from wordkin.evaluation.statistics import (
    Floats,
    Interval,
    ResampledPairs,
    bootstrap,
    json_number,
    mcnemar_p_value,
    mean_interval,
    spearman,
    williams_p_value,
)

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

_SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Comparison:
    """Comparison of two sets of vectors on one benchmark.

    Attributes
    ----------
    kind, dataset : str
        Kind and name of the benchmark.
    measure : {"accuracy", "spearman"}
        The score compared.
    items : int
        Number of items whose words are known to both sets of vectors.
    first, second : float
        The score of each set of vectors on these items.
    difference : float
        ``first - second``.
    interval : (float, float)
        95% confidence interval of the difference.
    test : {"McNemar", "Williams"}
        The significance test.
    p_value : float
        Two-sided p-value.
    only_first, only_second : int or None
        Number of items that only the first, or only the second, set of vectors answered correctly; None for similarity.
    reading : FileReading or None
        How the file was interpreted.
    """

    kind: str
    dataset: str
    measure: str
    items: int
    first: float
    second: float
    difference: float
    interval: Interval
    test: str
    p_value: float
    only_first: int | None = None
    only_second: int | None = None
    reading: FileReading | None = field(default=None, repr=False, compare=False)

    @property
    def differs(self) -> bool:
        """Whether the p-value is below 0.05 and the interval excludes 0."""
        low, high = self.interval
        return self.p_value < _SIGNIFICANCE and (low > 0 or high < 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a JSON-compatible dict; ``docs/evaluation.md`` lists the keys."""
        return {
            "kind": self.kind,
            "dataset": self.dataset,
            "measure": self.measure,
            "items": self.items,
            "first": json_number(self.first),
            "second": json_number(self.second),
            "difference": json_number(self.difference),
            "interval": [json_number(end) for end in self.interval],
            "test": self.test,
            "p_value": json_number(self.p_value),
            "only_first": self.only_first,
            "only_second": self.only_second,
            "differs": self.differs,
            "reading": None if self.reading is None else self.reading.to_dict(),
        }


def compare(
    first: WordVectors,
    second: WordVectors,
    path: str | Path,
    *,
    kind: str | None = None,
    method: str = "3cosadd",
    restrict_vocab: int | None = 30_000,
    case: str = "fold",
    threads: int | None = None,
    resamples: int = 2000,
    seed: int = 0,
    **reading: Unpack[ReadOptions],
) -> Comparison:
    """Test whether two sets of vectors differ significantly on a benchmark file.

    Parameters
    ----------
    first, second : WordVectors
        The vectors to compare.
    path : str or Path
        The benchmark file (see :func:`read_dataset`).
    kind : str or None, default None
        Kind of benchmark, as in :func:`evaluate_file`; None detects it.
    method : {"3cosadd", "3cosmul"}, default "3cosadd"
        The scoring method for analogies.
    restrict_vocab : int or None, default 30,000
        For analogies, use only the first ``restrict_vocab`` words; None for all.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case.
    threads : int or None, default None
        Number of threads for analogies; None for all available cores.
    resamples : int, default 2000
        Number of bootstrap resamples for the interval of similarity.
    seed : int, default 0
        Random seed of the bootstrap.
    **reading
        Options of :func:`read_dataset`.

    Returns
    -------
    Comparison
        Scores, difference and significance.

    Raises
    ------
    ConfigError
        An option is not valid, or the file is a categorisation benchmark. For these there is no paired test, because
        the cluster of a word depends on the other words.
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file is malformed.
    """
    if method not in METHODS:
        raise ConfigError("method", 'must be "3cosadd" or "3cosmul"', method)
    dataset = read_dataset(path, kind, **reading)
    match dataset:
        case Analogies():
            outcomes = [
                evaluate_analogies(each, dataset, restrict_vocab=restrict_vocab, case=case, threads=threads).outcomes
                for each in (first, second)
            ]
            units = _word_pairs(dataset)
            compared = _compare_outcomes("analogies", dataset.name, outcomes[0][method], outcomes[1][method], units)
        case OddOneOut():
            answers = [evaluate_odd_one_out(each, dataset, case=case).outcomes for each in (first, second)]
            alone = np.tile(np.arange(len(dataset.groups)), (2, 1))
            compared = _compare_outcomes("odd-one-out", dataset.name, answers[0], answers[1], alone)
        case WordPairs():
            cosines = [pair_cosines(each, dataset, case=case) for each in (first, second)]
            compared = _compare_correlations(dataset, cosines[0], cosines[1], resamples, seed)
        case WordCategories():
            raise ConfigError(
                "kind",
                'must be "analogies", "similarity" or "odd-one-out", because there is no paired test for categories',
                "categories",
                "compare the scores of separate evaluations",
            )
    return replace(compared, reading=dataset.reading)


def _word_pairs(dataset: Analogies) -> NDArray[np.int64]:
    """Return the indices of the word pairs (a, b) and (c, d) of each question, shape (2, questions).

    Each distinct word pair of a section has an index of its own.
    """
    numbers: dict[tuple[int, str, str], int] = {}
    rows = [
        [numbers.setdefault((at, first, second), len(numbers)) for first, second in (question[:2], question[2:])]
        for at, section in enumerate(dataset.sections)
        for question in dataset.questions[section.start : section.stop]
    ]
    return np.array(rows, dtype=np.int64).T


def _compare_outcomes(
    kind: str, name: str, first: NDArray[np.int8], second: NDArray[np.int8], units: NDArray[np.int64]
) -> Comparison:
    """Compare two sets of vectors by their outcomes (correct, wrong or unknown) on the same items.

    ``units``, shape (2, items), holds the indices of the two word pairs of each item, for the confidence interval.
    """
    shared = (first != UNKNOWN) & (second != UNKNOWN)
    first_right, second_right = first[shared] == CORRECT, second[shared] == CORRECT
    items = len(first_right)
    only_first = int(np.count_nonzero(first_right & ~second_right))
    only_second = int(np.count_nonzero(second_right & ~first_right))

    leads = first_right.astype(np.float64) - second_right
    return Comparison(
        kind=kind,
        dataset=name,
        measure="accuracy",
        items=items,
        first=float(first_right.mean()) if items else math.nan,
        second=float(second_right.mean()) if items else math.nan,
        difference=(only_first - only_second) / items if items else math.nan,
        interval=mean_interval(leads, *units[:, shared]),
        test="McNemar",
        p_value=mcnemar_p_value(only_first, only_second),
        only_first=only_first,
        only_second=only_second,
    )


def _compare_correlations(dataset: WordPairs, first: Floats, second: Floats, resamples: int, seed: int) -> Comparison:
    gold = np.array(dataset.scores)
    shared = ~(np.isnan(first) | np.isnan(second))
    gold, first, second = gold[shared], first[shared], second[shared]

    pairs = ResampledPairs.of(first, gold), ResampledPairs.of(second, gold)

    def differences(counts: NDArray[np.int64]) -> Floats:
        return pairs[0].spearman(counts) - pairs[1].spearman(counts)

    of_first, of_second = spearman(first, gold), spearman(second, gold)
    return Comparison(
        kind="similarity",
        dataset=dataset.name,
        measure="spearman",
        items=len(gold),
        first=of_first,
        second=of_second,
        difference=of_first - of_second,
        interval=bootstrap(differences, len(gold), resamples=resamples, seed=seed),
        test="Williams",
        p_value=williams_p_value(of_first, of_second, spearman(first, second), len(gold)),
    )
