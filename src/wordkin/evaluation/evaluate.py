"""Evaluate vectors on a benchmark file, a dataset or a list of items."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

import numpy as np

from wordkin.errors import ConfigError
from wordkin.evaluation.analogies import AnalogyResult, evaluate_analogies
from wordkin.evaluation.categories import CategoryResult, evaluate_categories
from wordkin.evaluation.datasets import Analogies, Dataset, OddOneOut, Section, WordCategories, WordPairs
from wordkin.evaluation.files.options import ReadOptions
from wordkin.evaluation.files.read import read_dataset
from wordkin.evaluation.odd_one_out import OddOneOutResult, evaluate_odd_one_out
from wordkin.evaluation.similarity import SimilarityResult, evaluate_similarity

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors

Result = AnalogyResult | SimilarityResult | CategoryResult | OddOneOutResult


class ScoreOptions(TypedDict, total=False):
    """Types of the scoring options of :func:`evaluate_dataset`, for functions that pass these options on."""

    restrict_vocab: int | None
    case: str
    threads: int | None
    syntactic_sections: Sequence[str] | None
    resamples: int
    seed: int


class EvaluateOptions(ScoreOptions, ReadOptions, total=False):
    """Types of all options of :func:`evaluate_file`: those for reading the file and those for scoring."""

    kind: str | None


def evaluate_file(embeddings: WordVectors, path: str | Path, **options: Unpack[EvaluateOptions]) -> Result:
    """Score vectors on a benchmark file.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    path : str or Path
        A benchmark file, or a directory of relations (see :func:`read_dataset`).
    kind : {"analogies", "similarity", "categories", "odd-one-out", "relations"} or None, default None
        Kind of benchmark; None detects it from the lines of the file.
    restrict_vocab : int or None, default 30,000
        For analogies, use only the first ``restrict_vocab`` words, as known words and as answers; None for all. The
        other kinds use the whole vocabulary.
    case : {"fold", "exact"}, default "fold"
        Whether to ignore letter case when looking up words.
    threads : int or None, default None
        Number of threads for analogies; None for all available cores.
    syntactic_sections : sequence of str or None, default None
        Patterns such as "morph*" for the names of syntactic sections of analogies. None recognises the names in
        published benchmarks.
    resamples : int, default 2000
        Number of bootstrap resamples for the intervals of correlations.
    seed : int, default 0
        Random seed of the bootstrap.
    **options
        Options of :func:`read_dataset`.

    Returns
    -------
    AnalogyResult, SimilarityResult, CategoryResult or OddOneOutResult
        The scores. Every result has the attributes ``kind`` and ``dataset``, the number of known items, and the method
        ``to_dict``.

    Raises
    ------
    ConfigError
        An option is not valid.
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file is malformed.
    """
    kind, reading, scoring = _split_options(options)
    return evaluate_dataset(embeddings, read_dataset(path, kind, **reading), **scoring)


def _split_options(options: EvaluateOptions) -> tuple[str | None, ReadOptions, ScoreOptions]:
    """Split options into ``kind``, those for reading and those for scoring; raise ConfigError for unknown options."""
    scoring_names, known = ScoreOptions.__annotations__, list(EvaluateOptions.__annotations__)
    for name, value in options.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            guess = f"did you mean {' or '.join(near)}?" if near else f"the options are {', '.join(sorted(known))}"
            raise ConfigError(name, "is not an option of evaluation", value, guess)
    scoring = {name: value for name, value in options.items() if name in scoring_names}
    reading = {name: value for name, value in options.items() if name not in (*scoring_names, "kind")}
    return options.get("kind"), cast(ReadOptions, reading), cast(ScoreOptions, scoring)


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
    """Score vectors on a dataset, with the scoring options of :func:`evaluate_file`."""
    if embeddings.vocabulary.integers:
        raise ConfigError(
            "vectors", "must have words as items, because benchmarks are made of words",
            f"whole numbers ({embeddings!r})", "give the items names with vectors.with_words(names)")  # fmt: skip
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


def evaluate_benchmark(
    embeddings: WordVectors,
    benchmark: str | Path | Dataset | Iterable[Sequence[Any]],
    **options: Unpack[EvaluateOptions],
) -> Result:
    """Score vectors on a benchmark file, a dataset or a list of items.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors to evaluate.
    benchmark : str, Path, Dataset or iterable
        A benchmark file or directory (see :func:`read_dataset`), a dataset, or the items themselves: word pairs
        ``(word, word, score)`` or analogies ``(a, b, c, d)``.
    **options
        Options of :func:`evaluate_file`. ``kind`` and the options of :func:`read_dataset` apply only to files.

    Returns
    -------
    AnalogyResult, SimilarityResult, CategoryResult or OddOneOutResult
        The scores.

    Raises
    ------
    ConfigError
        An option or an item is not valid.
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file is malformed.
    """
    kind, reading, scoring = _split_options(options)
    if isinstance(benchmark, str | Path):
        dataset = read_dataset(benchmark, kind, **reading)
    else:
        given = next(iter([*reading, *(["kind"] if kind is not None else [])]), None)
        if given is not None:
            remedy = f"leave {given} out, because benchmark is not a path"
            raise ConfigError(given, "applies only to benchmark files", reading.get(given, kind), remedy)
        dataset = benchmark if isinstance(benchmark, Dataset) else dataset_of(benchmark)
    return evaluate_dataset(embeddings, dataset, **scoring)


def dataset_of(items: Iterable[Sequence[Any]]) -> Dataset:
    """Make a dataset of items, which are word pairs ``(word, word, score)`` or analogies ``(a, b, c, d)``.

    Raises
    ------
    ConfigError
        An item is neither a word pair nor an analogy, or the items are of different kinds.
    """
    rows = [tuple(item) if not isinstance(item, str) else (item,) for item in items]
    for row in rows or [()]:
        is_pair = len(row) == 3 and _is_score(row[2])
        words = row[:2] if is_pair else row
        fits = (is_pair or len(row) == 4) and len(row) == len(rows[0])
        if not fits or not all(isinstance(word, str) and word for word in words):
            raise ConfigError(
                "benchmark",
                "must be a file, or a list of (word, word, score) or of (a, b, c, d), all of one kind",
                row,
            )
    if len(rows[0]) == 4:
        return Analogies("items", tuple(rows), (Section("", 0, len(rows)),))
    return WordPairs("items", tuple((row[0], row[1]) for row in rows), tuple(float(row[2]) for row in rows))


def _is_score(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))
