"""From a benchmark file to its scores."""

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
    """How a benchmark is scored: the options of :func:`evaluate_dataset`, for the signatures of what passes them on."""

    restrict_vocab: int | None
    case: str
    threads: int | None
    syntactic_sections: Sequence[str] | None
    resamples: int
    seed: int


class EvaluateOptions(ScoreOptions, ReadOptions, total=False):
    """How a benchmark file is read and scored: the options of :func:`evaluate_file`."""

    kind: str | None


def evaluate_file(embeddings: WordVectors, path: str | Path, **options: Unpack[EvaluateOptions]) -> Result:
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
    **options
        Others say how to read the file, as of :func:`read_dataset`.

    Returns
    -------
    The result of its kind; each has ``kind``, ``dataset``, ``coverage`` figures and ``to_dict()``.

    Raises
    ------
    ConfigError : an illegal option.
    CorpusNotFoundError : no such file.
    FormatError : the file is malformed.
    """
    kind, reading, scoring = _parted(options)
    return evaluate_dataset(embeddings, read_dataset(path, kind, **reading), **scoring)


def _parted(options: EvaluateOptions) -> tuple[str | None, ReadOptions, ScoreOptions]:
    """The kind, how to read, and how to score. Raises :class:`ConfigError` for what is no option."""
    of_scores, known = ScoreOptions.__annotations__, list(EvaluateOptions.__annotations__)
    for name, value in options.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            guess = f"did you mean {' or '.join(near)}?" if near else f"the options are {', '.join(sorted(known))}"
            raise ConfigError(name, "is not an option of evaluating", value, guess)
    scoring = {name: value for name, value in options.items() if name in of_scores}
    reading = {name: value for name, value in options.items() if name not in (*of_scores, "kind")}
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
    """Score vectors on a benchmark that is read; the options are those of :func:`evaluate_file`."""
    if embeddings.vocabulary.integers:
        raise ConfigError(
            "vectors", "must have words as items: benchmarks are made of words", f"whole numbers ({embeddings!r})",
            "give them names, as in vectors.with_words(names)")  # fmt: skip
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
    """Score vectors on a file, a dataset that was read, or items; see :meth:`wordkin.Embeddings.evaluate`."""
    kind, reading, scoring = _parted(options)
    if isinstance(benchmark, str | Path):
        dataset = read_dataset(benchmark, kind, **reading)
    else:
        given = next(iter([*reading, *(["kind"] if kind is not None else [])]), None)
        if given is not None:
            raise ConfigError(given, "is for reading a file", reading.get(given, kind), "leave it out for items")
        dataset = benchmark if isinstance(benchmark, Dataset) else dataset_of(benchmark)
    return evaluate_dataset(embeddings, dataset, **scoring)


def dataset_of(items: Iterable[Sequence[Any]]) -> Dataset:
    """Word pairs from ``(word, word, score)``, analogies from ``(a, b, c, d)``.

    Raises
    ------
    ConfigError
        An item is neither, or they are not all of one kind.
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
