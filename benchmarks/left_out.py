"""Measure variants of training that were tried and rejected: schedules, position weights, averages.

    python benchmarks/left_out.py enwiki-2m.txt.xz --evaluation DIR --epochs 20
    python benchmarks/left_out.py enwiki-17m.txt.xz --evaluation DIR --epochs 4

Each variant changes one aspect of the quality recipe, for skip-gram and CBOW:

- The learning rate decays like half a cosine or a square root, stays constant for the first half, or ends at a tenth.
- Near context words count more: a context word at distance d is used with probability 1 / d or 1 / sqrt(d).
- The second half of the epochs uses more noise words, or narrower or wider windows.
- The mean is subtracted from the vectors, also together with their first two principal components (Mu et al. 2018).
- Vectors of two seeds are aligned by rotation and averaged, which takes twice the time.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import texts
from harness import Results, common_options, mean_text, results_folder, show, table
from numpy.typing import NDArray
from runs import Text, scanned, scores, text_of, train
from settings import LABELS

from wordkin.config import ARCHITECTURES, TrainingConfig
from wordkin.embeddings import Embeddings
from wordkin.recipes import values_of
from wordkin.training.choose import open_backend
from wordkin.training.cpu import sampler
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables, pieces_of, result_vectors
from wordkin.training.trainer import Trainer

Matrix = NDArray[np.float32]
SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "square root": lambda done: math.sqrt(1 - done),
    "first half constant": lambda done: min(1.0, 2 * (1 - done)),
    "to a tenth": lambda done: 1 - 0.9 * done,
}
WEIGHTS: Mapping[str, Callable[[int], float]] = {
    "1 / d": lambda distance: 1 / distance,
    "1 / sqrt(d)": lambda distance: 1 / math.sqrt(distance),
}
# Option, and the changes to the recipe's value in the first and in the second half of the epochs.
HALVES: Mapping[str, tuple[str, int, int]] = {
    "two noise words fewer, then two more": ("negative", -2, 2),
    "window wider by one, then narrower": ("window", 1, -1),
    "window narrower by one, then wider": ("window", -1, 1),
}
# How the table of the docs calls a variant, if not by the name that results are stored under.
SHOWN: Mapping[str, str] = {
    "as it is": "quality",
    "average vectors": "average of both tables",
    "input vectors": "input table",
    "mean removed": "mean subtracted",
    "mean and two components removed": "mean and two components subtracted",
    "schedule: cosine": "learning rate: half a cosine",
    "schedule: square root": "learning rate: square root",
    "schedule: first half constant": "learning rate: first half constant",
    "schedule: to a tenth": "learning rate: ends at a tenth",
    "weight 1 / d, window 5": "context weight 1 / d, window of 5",
    "weight 1 / d, window 10": "context weight 1 / d, window of 10",
    "weight 1 / sqrt(d), window 5": "context weight 1 / sqrt(d), window of 5",
    "weight 1 / sqrt(d), window 10": "context weight 1 / sqrt(d), window of 10",
    "two noise words fewer, then two more": "noise words: two fewer, then two more",
    "window wider by one, then narrower": "window: wider by one, then narrower by one",
    "window narrower by one, then wider": "window: narrower by one, then wider by one",
}
COLUMNS = {
    "total": "analogies, %", "syntactic": "syntactic, %", "wordsim353": "WordSim-353", "simlex999": "SimLex-999"
}  # fmt: skip


@contextlib.contextmanager
def schedule(shape: Callable[[float], float]) -> Iterator[None]:
    """Replace the decay of the learning rate by a function from progress (0 to 1) to the share of the initial rate."""

    def at(self: Schedule, words: int) -> float:
        done = min(1.0, words / max(1, self.total_words))
        return max(self.end, self.start * shape(done))

    with mock.patch.object(Schedule, "at", at):
        yield


def centred(matrix: Matrix, components: int = 0) -> Matrix:
    """Subtract the mean and the first principal components of frequent words from the vectors."""
    moved = matrix - matrix.mean(axis=0)
    if components:
        first = np.linalg.svd(moved[:20_000], full_matrices=False)[2][:components]
        moved -= (moved @ first.T) @ first
    return np.asarray(moved, np.float32)


def averaged(one: Matrix, other: Matrix) -> Matrix:
    """Average the unit vectors of two seeds, after rotating the second onto the first (orthogonal Procrustes)."""
    units = [each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12) for each in (one, other)]
    left, _, right = np.linalg.svd(units[1][:20_000].T @ units[0][:20_000])
    return np.asarray(units[0] + units[1] @ (left @ right), np.float32)


@contextlib.contextmanager
def position_weights(weight: Callable[[int], float], window: int) -> Iterator[None]:
    """Draw the reach of each window so that context words are used with a probability that depends on distance."""
    chances = np.array([weight(distance) for distance in range(1, window + 1)])
    plain = sampler.select_windows

    def select(*arguments: Any) -> tuple[int, int, int]:
        first_position, key, starts, stops = arguments[2], arguments[5], arguments[10], arguments[11]
        first, stop, kept = plain(*arguments)
        random = np.random.Generator(np.random.Philox(key=[int(key), int(first_position)]))
        reach = np.sum(random.random(stop - first)[:, None] < chances, axis=1)
        centres = np.arange(first, stop)
        starts[first:stop] = np.maximum(starts[first:stop], centres - reach)
        stops[first:stop] = np.minimum(stops[first:stop], centres + reach + 1)
        return first, stop, kept

    with mock.patch.object(sampler, "select_windows", select):
        yield


def in_halves(text: Text, config: TrainingConfig, option: str, changes: tuple[int, int]) -> NamedTables:
    """Train two runs with half of the epochs and their own value each, the second from the tables of the first."""
    values: list[dict[str, Any]] = [{option: getattr(config, option) + change} for change in changes]
    start, end = config.starting_learning_rate, config.final_learning_rate
    middle = (start + end) / 2
    first = replace(config, epochs=config.epochs // 2, min_learning_rate=middle, **values[0])
    rest = {"epochs": config.epochs - first.epochs, "learning_rate": middle, "min_learning_rate": end}
    second = replace(config, seed=config.seed + 500, **rest, **values[1])
    with contextlib.closing(open_backend(second, text.vocabulary, pieces_of(train(text, first).tables))) as backend:
        Trainer(second, backend, text.corpus).run()
        return backend.tables()


def variants(text: Text, base: Mapping[str, Any], evaluation: Path) -> dict[str, dict[str, float]]:
    """Return the scores of every variant with one seed."""
    config = TrainingConfig.from_options(**base)

    def scored(matrix: Matrix) -> dict[str, float]:
        return scores(Embeddings(text.vocabulary, matrix), evaluation, config.worker_threads)

    def trained() -> dict[str, float]:
        return scored(result_vectors(config, train(text, config).tables))

    tables = train(text, config).tables
    inputs, outputs = tables["input"], tables["output/negative-sampling"]
    result = result_vectors(config, tables)
    second = train(text, replace(config, seed=config.seed + 1000)).tables
    found = {
        "as it is": scored(result),
        "average vectors" if config.vectors == "input" else "input vectors": scored(
            np.add(inputs, outputs) if config.vectors == "input" else inputs
        ),
        "mean removed": scored(centred(result)),
        "mean and two components removed": scored(centred(result, 2)),
        "two seeds averaged (twice the time)": scored(averaged(result, result_vectors(config, second))),
    }
    for name, shape in SCHEDULES.items():
        with schedule(shape):
            found[f"schedule: {name}"] = trained()
    fixed = replace(config, dynamic_window=False)
    for name, weight in WEIGHTS.items():
        for window in (5, 10):
            wide = replace(fixed, window=window)
            with position_weights(weight, window):
                vectors = result_vectors(wide, train(text, wide).tables)
            found[f"weight {name}, window {window}"] = scored(vectors)
    for name, (option, first, then) in HALVES.items():
        found[name] = scored(result_vectors(config, in_halves(text, config, option, (first, then))))
    return found


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    groups: dict[tuple[str, str], list[Mapping[str, Mapping[str, float]]]] = {}
    for each in content["measurements"].values():
        settings = each["settings"]
        groups.setdefault((settings["text"], settings["architecture"]), []).append(each["value"])
    lines = []
    for (text, architecture), found in groups.items():
        for variant in found[0]:
            cells = []
            for name in COLUMNS:
                digits, scale = (1, 100) if name in ("total", "syntactic") else (3, 1)
                cells.append(mean_text([each[variant][name] for each in found], digits, scale))
            label = f"{Path(text).stem}, {LABELS[architecture]}, {SHOWN.get(variant, variant)}"
            lines.append((label, len(found), *cells))
    return {"scores": table(("text, architecture, change", "seeds", *COLUMNS.values()), lines)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of every variant (default: 5)")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds, which are 1, 2, ... (default: 2)")
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    common_options(parser)
    options = parser.parse_args()
    corpus = texts.plain_text(options.corpus, 0)
    results = Results(
        "left_out", {"threads": options.threads}, fresh=options.fresh, folder=results_folder(options.quick)
    )
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
    for seed in range(1, options.seeds + 1):
        for architecture in options.architectures:
            recipe = values_of("quality", architecture, words=text.corpus.words)
            base = {**recipe, "architecture": architecture, "epochs": options.epochs, "threads": options.threads,
                    "seed": seed}  # fmt: skip
            settings = {**base, "text": corpus.name, "bytes": corpus.stat().st_size}
            key = f"{corpus.name}, {architecture}, seed {seed}"
            results.measured(key, settings, lambda base=base: variants(text, base, options.evaluation))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
