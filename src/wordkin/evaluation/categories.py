"""Evaluate word categorisation: do clusters of the vectors agree with given categories?

The unit vectors of the words are clustered into as many clusters as there are categories, by Ward's method (1963),
which is deterministic. Purity is the fraction of words that belong to the most frequent category of their cluster. A
perfect clustering has purity 1. If all words were in one cluster, the purity would be the fraction of words in the
largest category.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import FormatError
from wordkin.evaluation.casing import WordFinder
from wordkin.evaluation.datasets import WordCategories
from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.presentation import Measure, ScoreRow, Tabular, known_of, percent, proportion_cells
from wordkin.evaluation.statistics import Proportion, json_number
from wordkin.vectors import unit_rows

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

_MOST_WORDS = 20_000  # their pairwise distances take 1.5 GiB


@dataclass(frozen=True)
class CategoryScore:
    """Counts of the words of one category.

    Attributes
    ----------
    name : str
        Name of the category.
    words : int
        Number of words of the category in the benchmark.
    known : int
        Number of these words that are in the vocabulary.
    in_majority : int
        Number of these words that are in a cluster in which this category is the most frequent one.
    """

    name: str
    words: int
    known: int
    in_majority: int

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as a JSON-compatible dict."""
        return {"name": self.name, "words": self.words, "known": self.known, "in_majority": self.in_majority}


@dataclass(frozen=True)
class CategoryResult(Tabular):
    """Scores on one categorisation benchmark.

    Attributes
    ----------
    dataset : str
        Name of the file.
    case : {"fold", "exact"}
        How letter case was treated.
    categories : tuple of CategoryScore
        Counts of each category, in order of first appearance.
    clusters : int
        Number of clusters: the number of categories that have a known word.
    reading : FileReading or None
        How the file was interpreted; None if the words were not read from a file.
    """

    dataset: str
    case: str
    categories: tuple[CategoryScore, ...]
    clusters: int
    columns: ClassVar = ("known", "purity", "95% interval", "chance", "all")
    kind: str = "categories"
    reading: FileReading | None = field(default=None, repr=False, compare=False)

    @property
    def words(self) -> int:
        """Number of words in the benchmark."""
        return sum(category.words for category in self.categories)

    @property
    def known(self) -> int:
        """Number of words of the benchmark that are in the vocabulary."""
        return sum(category.known for category in self.categories)

    @property
    def coverage(self) -> float:
        """Fraction of the words of the benchmark that are in the vocabulary."""
        return Proportion(self.known, self.words).value

    @property
    def purity(self) -> Proportion:
        """Number of known words that belong to the most frequent category of their cluster, out of all known words.

        It is 0 out of 0 (undefined) if fewer than two categories have a known word, or if no category has more than
        one, because the purity would then be 1 for any vectors.
        """
        sizes = [category.known for category in self.categories if category.known]
        if len(sizes) < 2 or max(sizes) < 2:
            return Proportion(0, 0)
        return Proportion(sum(category.in_majority for category in self.categories), self.known)

    @property
    def purity_unknown_wrong(self) -> Proportion:
        """The same number as in :attr:`purity`, but out of all words: unknown words count as wrong.

        It is 0 out of 0 (undefined) if some words are known but their purity is undefined.
        """
        if self.known and not self.purity.total:
            return Proportion(0, 0)
        return Proportion(self.purity.successes, self.words)

    @property
    def largest_share(self) -> float:
        """Fraction of the known words that are in the largest category.

        If all words were in one cluster, the purity would be this fraction.
        """
        return Proportion(max(category.known for category in self.categories), self.known).value

    def rows(self) -> list[ScoreRow]:
        """Return a list with one row, because the table of a categorisation benchmark has only one."""
        cells = (
            known_of(self.known, self.words),
            *proportion_cells(self.purity),
            percent(self.largest_share),
            percent(self.purity_unknown_wrong.value),
        )
        measures = [Measure.of("purity", self.purity, self.purity_unknown_wrong)]
        return [ScoreRow("total", self.words, self.known, cells, measures, total=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-compatible dict; ``docs/evaluation.md`` lists the keys."""
        return {
            "kind": self.kind,
            "dataset": self.dataset,
            "case": self.case,
            "reading": None if self.reading is None else self.reading.to_dict(),
            "words": self.words,
            "known": self.known,
            "coverage": json_number(self.coverage),
            "clusters": self.clusters,
            "purity": json_number(self.purity.value),
            "purity_interval": list(self.purity.interval),
            "purity_unknown_wrong": json_number(self.purity_unknown_wrong.value),
            "purity_unknown_wrong_interval": list(self.purity_unknown_wrong.interval),
            "largest_share": json_number(self.largest_share),
            "categories": [category.to_dict() for category in self.categories],
        }


def evaluate_categories(
    embeddings: WordVectors, dataset: WordCategories, *, restrict_vocab: int | None = None, case: str = "fold"
) -> CategoryResult:
    """Cluster the known words and compare the clusters with the categories.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    dataset : WordCategories
        The benchmark.
    restrict_vocab : int or None, default None
        Words after the first ``restrict_vocab`` count as unknown; None for all words.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case (see :class:`WordFinder`).

    Returns
    -------
    CategoryResult
        The scores.

    Raises
    ------
    FormatError
        More than 20,000 words are known. Their pairwise distances would take too much memory.
    """
    finder = WordFinder.build(embeddings.vocabulary.words, dataset.words, case=case, restrict_vocab=restrict_vocab)
    variants = [finder.variants(word) for word in dataset.words]
    known = np.array([bool(ids) for ids in variants])
    if known.sum() > _MOST_WORDS:
        raise FormatError(
            f"{dataset.name}: a categorisation benchmark must have at most {_MOST_WORDS:,} known words; "
            f"got {known.sum():,}: split the file"
        )
    names = list(dict.fromkeys(dataset.categories))
    number = {name: position for position, name in enumerate(names)}
    categories = np.array([number[category] for category in dataset.categories])
    known_categories = categories[known]
    clusters = len(np.unique(known_categories))
    vectors = unit_rows(embeddings.matrix[[ids[0] for ids in variants if ids]]) if clusters else np.empty((0, 1))
    table = _contingency(_ward_clusters(vectors, clusters), known_categories, clusters, len(names))
    in_majority = np.where(table.argmax(axis=1)[:, None] == np.arange(len(names)), table, 0).sum(axis=0)
    scores = zip(
        names,
        np.bincount(categories, minlength=len(names)).tolist(),
        np.bincount(known_categories, minlength=len(names)).tolist(),
        in_majority.tolist(),
        strict=True,
    )
    return CategoryResult(
        dataset.name, case, tuple(CategoryScore(*score) for score in scores), clusters, reading=dataset.reading
    )


def _ward_clusters(vectors: NDArray[np.float64], clusters: int) -> NDArray[np.int64]:
    """Cluster the rows of ``vectors`` by Ward's method; return the index of the cluster of each row."""
    if len(vectors) <= clusters or clusters <= 1:
        return np.arange(len(vectors)) % max(clusters, 1)
    from scipy.cluster.hierarchy import cut_tree, ward

    return np.asarray(cut_tree(ward(vectors), n_clusters=clusters)[:, 0], dtype=np.int64)


def _contingency(
    clusters: NDArray[np.int64], categories: NDArray[np.int64], cluster_count: int, category_count: int
) -> NDArray[np.int64]:
    """Return the table of the number of words of each category in each cluster, shape (clusters, categories)."""
    cells = np.bincount(clusters * category_count + categories, minlength=cluster_count * category_count)
    return cells.reshape(cluster_count, category_count)
