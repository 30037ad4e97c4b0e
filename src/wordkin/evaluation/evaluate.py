"""From a benchmark file to its scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.evaluation.analogies import AnalogyResult, evaluate_analogies
from wordkin.evaluation.categories import CategoryResult, evaluate_categories
from wordkin.evaluation.datasets import Analogies, OddOneOut, WordCategories, WordPairs, read_dataset
from wordkin.evaluation.odd_one_out import OddOneOutResult, evaluate_odd_one_out
from wordkin.evaluation.similarity import SimilarityResult, evaluate_similarity

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

Result = AnalogyResult | SimilarityResult | CategoryResult | OddOneOutResult


def evaluate_file(
    embeddings: WordVectors,
    path: str | Path,
    *,
    kind: str | None = None,
    restrict_vocab: int | None = 30_000,
    case: str = "fold",
    threads: int | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Result:
    """Score vectors on a benchmark file.

    Parameters
    ----------
    path : file in one of the formats of :mod:`wordkin.evaluation.datasets`.
    kind : "analogies", "similarity", "categories" or "odd-one-out"; guessed from the file by default.
    restrict_vocab : for analogies, ask about and answer with the first so many words only; None for
        all. The other kinds use the whole vocabulary.
    case : "fold" finds words in other letter case too, "exact" does not.
    threads : cores for analogies; all this process may use by default.
    resamples, seed : of the bootstrap intervals of correlations.

    Returns
    -------
    The result of its kind; each has ``kind``, ``dataset``, ``coverage`` figures and ``to_dict()``.

    Raises
    ------
    ConfigError : an illegal option.
    CorpusNotFoundError : no such file.
    FormatError : the file is malformed.
    """
    dataset = read_dataset(path, kind)
    match dataset:
        case Analogies():
            return evaluate_analogies(embeddings, dataset, restrict_vocab=restrict_vocab, case=case, threads=threads)
        case WordPairs():
            return evaluate_similarity(embeddings, dataset, case=case, resamples=resamples, seed=seed)
        case WordCategories():
            return evaluate_categories(embeddings, dataset, case=case)
        case OddOneOut():
            return evaluate_odd_one_out(embeddings, dataset, case=case)
