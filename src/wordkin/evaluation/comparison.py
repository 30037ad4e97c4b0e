"""Do two sets of vectors differ on a benchmark, or could chance explain it?

Both answer the same items, so the tests are paired, over the items whose words both know:

- right or wrong answers (analogies, odd-one-out): McNemar's exact test;
- similarity: Williams' test of the two Spearman correlations with the human scores.

The difference comes with a 95% interval. For similarity it is a bootstrap over pairs. Analogies are
not independent, as one word pair takes part in many questions; McNemar's test ignores that, so their
interval counts questions that share a pair as correlated. ``differs`` asks both for agreement.
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
    """Two sets of vectors on one benchmark.

    Attributes
    ----------
    kind, dataset : of the benchmark.
    measure : "accuracy" or "spearman".
    items : how many were compared: those whose words both know.
    first, second : the measure of each on these items.
    difference : first minus second.
    interval : of the difference, at 95%.
    test : "McNemar" or "Williams".
    p_value : two-sided.
    only_first, only_second : items that only one side got right; None for similarity.
    reading : what was understood of the file.
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
        """Whether the p-value is below 0.05 and the interval leaves out 0."""
        low, high = self.interval
        return self.p_value < _SIGNIFICANCE and (low > 0 or high < 0)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values, as listed in ``docs/evaluation.md``."""
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
    """Test whether two sets of vectors differ on a benchmark file.

    Parameters
    ----------
    method : for analogies, "3cosadd" or "3cosmul".
    path, kind, restrict_vocab, case, threads, resamples, seed : as of :func:`evaluate_file`.
    **reading : how to read the file, as of :func:`read_dataset`.

    Raises
    ------
    ConfigError : an illegal option, or a file of categories: how well one word is clustered depends
        on the others, so no paired test applies.
    CorpusNotFoundError, FormatError : as from :func:`evaluate_file`.
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
                'must be "analogies", "similarity" or "odd-one-out" for a comparison',
                "categories",
                "how well one word is clustered depends on the others, so no paired test applies",
            )
    return replace(compared, reading=dataset.reading)


def _word_pairs(dataset: Analogies) -> NDArray[np.int64]:
    """Numbers of the pairs (a, b) and (c, d) of each question, sections apart: int64[2, questions]."""
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
    """``units``: int64[2, items], what an item may share with others, as of :func:`mean_interval`."""
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
