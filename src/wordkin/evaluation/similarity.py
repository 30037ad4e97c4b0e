"""Evaluate word similarity: correlate the cosines of word pairs with human ratings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wordkin.evaluation.casing import WordFinder
from wordkin.evaluation.datasets import WordPairs
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.presentation import Measure, ScoreRow, Tabular, decimal, interval_text, known_of
from wordkin.evaluation.statistics import (
    Floats,
    Interval,
    Proportion,
    ResampledPairs,
    bootstraps,
    correlation_p_value,
    json_number,
    pearson,
    spearman,
)
from wordkin.vectors import unit_rows

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

_PAIRS_AT_ONCE = 4096


@dataclass(frozen=True)
class Correlation:
    """A correlation with its two-sided p-value and its 95% bootstrap interval. Numbers that are undefined are NaN."""

    value: float
    p_value: float
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as a JSON-compatible dict; undefined numbers are None."""
        return {
            "correlation": json_number(self.value),
            "p_value": json_number(self.p_value),
            "interval": [json_number(end) for end in self.interval],
        }


@dataclass(frozen=True)
class SimilarityResult(Tabular):
    """Scores on one similarity benchmark.

    Attributes
    ----------
    dataset : str
        Name of the file.
    case : {"fold", "exact"}
        How letter case was treated.
    pairs, known : int
        Number of all pairs, and number of pairs whose two words are in the vocabulary.
    spearman, pearson : Correlation
        Correlation of cosines and human scores over the known pairs.
    spearman_unknown_zero, pearson_unknown_zero : Correlation
        Correlation over all pairs. Pairs with an unknown word count as pairs with cosine 0.
    gold : array of float64, shape (pairs,)
        The human scores in file order.
    cosines : array of float64, shape (pairs,)
        The cosines; NaN for pairs with an unknown word.
    reading : FileReading or None
        How the file was interpreted; None if the pairs were not read from a file.
    """

    dataset: str
    case: str
    pairs: int
    known: int
    spearman: Correlation
    pearson: Correlation
    spearman_unknown_zero: Correlation
    pearson_unknown_zero: Correlation
    gold: Floats = field(repr=False, compare=False)
    cosines: Floats = field(repr=False, compare=False)
    columns: ClassVar = ("known", "Spearman", "95% interval", "Pearson", "all")
    kind: str = "similarity"
    reading: FileReading | None = field(default=None, repr=False, compare=False)

    @property
    def coverage(self) -> float:
        """Fraction of the pairs whose two words are both in the vocabulary."""
        return Proportion(self.known, self.pairs).value

    def rows(self) -> list[ScoreRow]:
        """Return a list with one row, because the table of a similarity benchmark has only one."""
        cells = (
            known_of(self.known, self.pairs),
            decimal(self.spearman.value),
            interval_text(self.spearman.interval, as_percent=False),
            decimal(self.pearson.value),
            decimal(self.spearman_unknown_zero.value),
        )
        measures = [
            Measure("spearman", self.spearman.value, self.spearman.interval, self.spearman_unknown_zero.value),
            Measure("pearson", self.pearson.value, self.pearson.interval, self.pearson_unknown_zero.value),
        ]
        return [ScoreRow("total", self.pairs, self.known, cells, measures, total=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-compatible dict; ``docs/evaluation.md`` lists the keys."""
        return {
            "kind": self.kind,
            "dataset": self.dataset,
            "case": self.case,
            "reading": None if self.reading is None else self.reading.to_dict(),
            "pairs": self.pairs,
            "known": self.known,
            "coverage": json_number(self.coverage),
            "spearman": self.spearman.to_dict(),
            "pearson": self.pearson.to_dict(),
            "spearman_unknown_zero": self.spearman_unknown_zero.to_dict(),
            "pearson_unknown_zero": self.pearson_unknown_zero.to_dict(),
        }


def evaluate_similarity(
    embeddings: WordVectors,
    dataset: WordPairs,
    *,
    restrict_vocab: int | None = None,
    case: str = "fold",
    resamples: int = 2000,
    seed: int = 0,
) -> SimilarityResult:
    """Correlate the cosines of word pairs with the human scores.

    For lower-case ASCII words, the correlations equal those of gensim's ``evaluate_word_pairs``.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    dataset : WordPairs
        The benchmark.
    restrict_vocab : int or None, default None
        Words after the first ``restrict_vocab`` count as unknown; None for all words.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case (see :class:`WordFinder`).
    resamples : int, default 2000
        Number of bootstrap resamples of the pairs for the intervals.
    seed : int, default 0
        Random seed of the bootstrap.

    Returns
    -------
    SimilarityResult
        The correlations.

    Raises
    ------
    ConfigError
        An option is not valid.
    """
    cosines = pair_cosines(embeddings, dataset, restrict_vocab=restrict_vocab, case=case)
    gold = np.array(dataset.scores, dtype=np.float64)
    known = ~np.isnan(cosines)
    skipping = _correlations(gold[known], cosines[known], resamples, seed)
    counting = skipping if known.all() else _correlations(gold, np.where(known, cosines, 0.0), resamples, seed)
    return SimilarityResult(
        dataset=dataset.name,
        case=case,
        pairs=len(gold),
        known=int(known.sum()),
        spearman=skipping[0],
        pearson=skipping[1],
        spearman_unknown_zero=counting[0],
        pearson_unknown_zero=counting[1],
        gold=gold,
        cosines=cosines,
        reading=dataset.reading,
    )


def pair_cosines(
    embeddings: WordVectors, dataset: WordPairs, *, restrict_vocab: int | None = None, case: str = "fold"
) -> Floats:
    """Return the cosine of the two words of each pair, shape (pairs,); NaN if a word is unknown."""
    wanted = {word for pair in dataset.pairs for word in pair}
    finder = WordFinder.build(embeddings.vocabulary.words, wanted, case=case, restrict_vocab=restrict_vocab)
    found = [(finder.variants(first), finder.variants(second)) for first, second in dataset.pairs]
    known = np.array([bool(one and other) for one, other in found], dtype=bool)
    ids = np.array([(one[0], other[0]) for one, other in found if one and other], dtype=np.int64).reshape(-1, 2)
    cosines = np.full(len(found), np.nan)
    cosines[known] = np.concatenate([np.empty(0), *(_cosines(embeddings.matrix[block]) for block in _blocks(ids))])
    return cosines


def _blocks(ids: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split an array of ids into blocks, so that copies of the vectors of one block take little memory."""
    return [ids[start : start + _PAIRS_AT_ONCE] for start in range(0, len(ids), _PAIRS_AT_ONCE)]


def _cosines(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return the cosine of each pair of vectors, given an array of shape (pairs, 2, N).

    It uses the same float32 arithmetic as queries, so that both give equal results.
    """
    units = unit_rows(vectors).astype(np.float32)
    return np.asarray((units[:, None, 0] @ units[:, 1, :, None])[:, 0, 0])


def _correlations(gold: Floats, cosines: Floats, resamples: int, seed: int) -> tuple[Correlation, Correlation]:
    """Return Spearman's and Pearson's correlation of human scores with cosines."""
    n = len(gold)
    intervals = bootstraps(ResampledPairs.of(gold, cosines).both, n, resamples=resamples, seed=seed)
    values = spearman(gold, cosines), pearson(gold, cosines)
    first, second = (
        Correlation(value, correlation_p_value(value, n), interval)
        for value, interval in zip(values, intervals, strict=True)
    )
    return first, second
