"""The score of a trial: the weighted mean of its values on all benchmark files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordkin.errors import ConfigError
from wordkin.evaluation import (
    AnalogyResult,
    CategoryResult,
    Result,
    SimilarityResult,
    evaluate_benchmark,
    read_dataset,
)
from wordkin.evaluation.datasets import Dataset
from wordkin.vectors import WordVectors

_LEAST_KNOWN = {"similarity": 3, "categories": 2}  # with fewer items, the value is undefined or meaningless


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that trials are scored on; ``digest`` identifies the content of its file or directory."""

    name: str
    dataset: Dataset
    weight: float
    digest: str


def read_benchmarks(files: object, weights: object) -> list[Benchmark]:
    """Read the benchmark files that trials are scored on.

    Raises :class:`ConfigError` if the paths or the weights are not legal, and the errors of :func:`read_dataset`.
    """
    paths = [files] if isinstance(files, str | Path) else list(files) if isinstance(files, Sequence) else []
    if not paths or not all(isinstance(each, str | Path) for each in paths):
        raise ConfigError("evaluate", "must be a benchmark file or a list of them", files)
    given = [1.0] * len(paths) if weights is None else weights
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != len(paths):
        raise ConfigError("weights", f"must be {len(paths)} numbers, one for each file of evaluate", weights)
    if not all(_is_weight(each) for each in given) or sum(given) == 0:
        raise ConfigError("weights", "must be numbers from 0 up, not all 0", weights)
    names = [Path(each).stem for each in paths]
    names = [name if names.count(name) == 1 else str(path) for name, path in zip(names, paths, strict=True)]
    if len(set(names)) < len(names):
        raise ConfigError("evaluate", "must not contain a file twice", files)
    return [
        Benchmark(name, read_dataset(path), float(weight), _digest(Path(path)))
        for name, path, weight in zip(names, paths, given, strict=True)
    ]


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _digest(path: Path) -> str:
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    whole = hashlib.sha256()
    for each in files:
        whole.update(hashlib.sha256(each.read_bytes()).digest())
    return whole.hexdigest()[:32]


def scores_of(vectors: WordVectors, benchmarks: Sequence[Benchmark], threads: int) -> tuple[Mapping[str, float], float]:
    """Return the value on each benchmark and their weighted mean, the score. An undefined correlation counts as 0."""
    values = {}
    for each in benchmarks:
        value = _value(evaluate_benchmark(vectors, each.dataset, threads=threads, resamples=1))
        values[each.name] = value if math.isfinite(value) else 0.0
    total = sum(each.weight for each in benchmarks)
    return values, sum(each.weight * values[each.name] for each in benchmarks) / total


def refuse_unknown(vectors: WordVectors, benchmarks: Sequence[Benchmark], threads: int) -> None:
    """Raise :class:`ConfigError` if a benchmark has too few items whose words are all in the vocabulary."""
    for each in benchmarks:
        result = evaluate_benchmark(vectors, each.dataset, threads=threads, resamples=1)
        known, asked = _known(result)
        least = _LEAST_KNOWN.get(result.kind, 1)
        if known < least:
            raise ConfigError(
                "evaluate",
                f"must name a file with at least {least} items whose words are all in the vocabulary, not {known:,} "
                f"of {asked:,}",
                each.name,
                "choose another file, or train on text that contains the words of this file",
            )


def _value(result: Result) -> float:
    match result:
        case AnalogyResult():
            return result.total.accuracy().value
        case SimilarityResult():
            return result.spearman.value
        case CategoryResult():
            return result.purity.value
        case _:
            return result.total.accuracy.value


def _known(result: Result) -> tuple[int, int]:
    match result:
        case AnalogyResult():
            return result.total.known, result.total.questions
        case SimilarityResult():
            return result.known, result.pairs
        case CategoryResult():
            return result.known, result.words
        case _:
            return result.total.known, result.total.groups
