"""What was tried for better vectors and left out of the library: schedules, averages, and what is done afterwards.

    python benchmarks/left_out.py enwiki-2m.txt.xz --evaluation DIR --epochs 25
    python benchmarks/left_out.py enwiki-17m.txt.xz --evaluation DIR --epochs 5

Each variant changes one thing of skip-gram and CBOW with fixed or dynamic windows and subsample 1e-4:

- the learning rate falls as half a cosine, as a square root, stays up for the first half, or falls to a tenth;
- vectors are moved so that their mean is zero, also without their two first principal components (Mu et al. 2018);
- vectors of two seeds are rotated onto each other and averaged, for twice the time.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
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
from wordkin.training.schedule import Schedule

Matrix = NDArray[np.float32]
SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "square root": lambda done: math.sqrt(1 - done),
    "first half constant": lambda done: min(1.0, 2 * (1 - done)),
    "to a tenth": lambda done: 1 - 0.9 * done,
}
COLUMNS = {
    "total": "analogies, %", "syntactic": "syntactic, %", "wordsim353": "WordSim-353", "simlex999": "SimLex-999"
}  # fmt: skip


@contextlib.contextmanager
def schedule(shape: Callable[[float], float]) -> Iterator[None]:
    """The learning rate follows another shape: its share of the starting rate by the share of the text done."""

    def at(self: Schedule, words: int) -> float:
        done = min(1.0, words / max(1, self.total_words))
        return max(self.end, self.start * shape(done))

    with mock.patch.object(Schedule, "at", at):
        yield


def centred(matrix: Matrix, components: int = 0) -> Matrix:
    """Vectors with mean 0, without so many first principal components of the frequent words."""
    moved = matrix - matrix.mean(axis=0)
    if components:
        first = np.linalg.svd(moved[:20_000], full_matrices=False)[2][:components]
        moved -= (moved @ first.T) @ first
    return np.asarray(moved, np.float32)


def averaged(one: Matrix, other: Matrix) -> Matrix:
    """The mean of unit vectors of two seeds, the second rotated onto the first (orthogonal Procrustes)."""
    units = [each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12) for each in (one, other)]
    left, _, right = np.linalg.svd(units[1][:20_000].T @ units[0][:20_000])
    return np.asarray(units[0] + units[1] @ (left @ right), np.float32)


def variants(text: Text, base: Mapping[str, Any], evaluation: Path) -> dict[str, dict[str, float]]:
    """Scores of every variant with one seed."""
    config = TrainingConfig.from_options(**base)

    def scored(matrix: Matrix) -> dict[str, float]:
        return scores(Embeddings(text.vocabulary, matrix), evaluation, config.worker_threads)

    run = train(text, config)
    inputs, outputs = run.tables["input"], run.tables["output/negative-sampling"]
    second = train(text, TrainingConfig.from_options(**{**base, "seed": base["seed"] + 1000})).tables["input"]
    found = {
        "as it is": scored(inputs),
        "input + output": scored(np.add(inputs, outputs)),
        "mean removed": scored(centred(inputs)),
        "mean and two components removed": scored(centred(inputs, 2)),
        "input + output, mean removed": scored(centred(np.add(inputs, outputs))),
        "two seeds averaged (twice the time)": scored(averaged(inputs, second)),
    }
    for name, shape in SCHEDULES.items():
        with schedule(shape):
            found[f"schedule: {name}"] = scored(train(text, config).tables["input"])
    return found


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """The table of the results."""
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
            lines.append((f"{Path(text).stem}, {LABELS[architecture]}, {variant}", len(found), *cells))
    return {"scores": table(("", "seeds", *COLUMNS.values()), lines)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--epochs", type=int, default=5, help="of every variant (default: 5)")
    parser.add_argument("--seeds", type=int, default=2, help="how many seeds, from 1 (default: 2)")
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
            base = {"architecture": architecture, "dynamic_window": architecture == "cbow", "subsample": 1e-4,
                    "epochs": options.epochs, "threads": options.threads, "seed": seed}  # fmt: skip
            settings = {**base, "text": corpus.name, "bytes": corpus.stat().st_size}
            key = f"{corpus.name}, {architecture}, seed {seed}"
            results.measured(key, settings, lambda base=base: variants(text, base, options.evaluation))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
