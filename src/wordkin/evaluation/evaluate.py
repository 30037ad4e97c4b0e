"""From a benchmark file to its scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from wordkin.evaluation.analogies import AnalogyResult, evaluate_analogies
from wordkin.evaluation.categories import CategoryResult, evaluate_categories
from wordkin.evaluation.datasets import Analogies, Dataset, OddOneOut, WordCategories, WordPairs
from wordkin.evaluation.files.options import ReadOptions
from wordkin.evaluation.files.read import read_dataset
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
    syntactic_sections: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    **reading: Unpack[ReadOptions],
) -> Result:
    """Score vectors on a benchmark file.

    Parameters
    ----------
    path : str or Path
        A benchmark file, or a directory of relations, as of :func:`read_dataset`.
    kind : {"analogies", "similarity", "categories", "odd-one-out", "relations"}, optional
        What the file holds; told from its lines unless given.
    restrict_vocab : int or None, default 30,000
        For analogies, ask about and answer with the first so many words only; None for all. The other
        kinds use the whole vocabulary.
    case : {"fold", "exact"}, default "fold"
        Whether to find words in other letter case too.
    threads : int, optional
        Cores for analogies; all this process may use unless given.
    syntactic_sections : sequence of str, optional
        Patterns of the names of sections about form, such as "morph*"; told by known names unless given.
    resamples, seed : int, default 2000 and 0
        Of the bootstrap intervals of correlations.
    **reading
        How to read the file, as of :func:`read_dataset`.

    Returns
    -------
    The result of its kind; each has ``kind``, ``dataset``, ``coverage`` figures and ``to_dict()``.

    Raises
    ------
    ConfigError : an illegal option.
    CorpusNotFoundError : no such file.
    FormatError : the file is malformed.
    """
    return evaluate_dataset(
        embeddings,
        read_dataset(path, kind, **reading),
        restrict_vocab=restrict_vocab,
        case=case,
        threads=threads,
        syntactic_sections=syntactic_sections,
        resamples=resamples,
        seed=seed,
    )


def evaluate_dataset(
    embeddings: WordVectors,
    dataset: Dataset,
    *,
    restrict_vocab: int | None = 30_000,
    case: str = "fold",
    threads: int | None = None,
    syntactic_sections: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Result:
    """Score vectors on a benchmark that is read; the options are those of :func:`evaluate_file`."""
    match dataset:
        case Analogies():
            return evaluate_analogies(
                embeddings,
                dataset,
                restrict_vocab=restrict_vocab,
                case=case,
                threads=threads,
                syntactic_sections=syntactic_sections,
            )
        case WordPairs():
            return evaluate_similarity(embeddings, dataset, case=case, resamples=resamples, seed=seed)
        case WordCategories():
            return evaluate_categories(embeddings, dataset, case=case)
        case OddOneOut():
            return evaluate_odd_one_out(embeddings, dataset, case=case)
