"""Whether ``deterministic=True`` gives the same bits for any number of threads, and what it costs.

    python benchmarks/determinism.py enwiki.txt.xz --evaluation FOLDER   # or no path: a synthetic text, and no quality
    python benchmarks/determinism.py --quick                             # only whether bits are equal

Bits are compared on a small text, for every architecture, objective and seed. Speed and quality are measured in
turn with the default, on as many threads.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import texts
from harness import common_options, in_turn, ratios, significant, table
from runs import Run, Text, scanned, scores, text_of, train

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig

THREADS = (1, 2, 3, 8)
SEEDS = (1, 2, 3)
SMALL_TEXT_WORDS = 200_000
SMALL_VOCABULARY = 2_000
SPEED_OBJECTIVES = ("negative-sampling", "hierarchical-softmax")  # full softmax takes hours on a whole text


def digest(run: Run) -> str:
    """Short hash of all tables of a run."""
    hashed = hashlib.sha256()
    for name, rows in sorted(run.tables.items()):
        hashed.update(name.encode())
        hashed.update(rows.tobytes())
    return hashed.hexdigest()[:12]


def bits(text: Text) -> str:
    """A row for each architecture, objective and seed: hash of the tables, and whether all threads agree on it."""
    rows: list[tuple[object, ...]] = []
    for architecture, objective, seed in itertools.product(ARCHITECTURES, OBJECTIVES, SEEDS):
        config = partial(
            TrainingConfig, architecture=architecture, objective=objective, seed=seed, vector_size=20, epochs=2,
            deterministic=True,
        )  # fmt: skip
        found = [digest(train(text, config(threads=threads))) for threads in THREADS]
        verdict = "equal" if len(set(found)) == 1 else "DIFFERENT: " + ", ".join(found)
        rows.append((architecture, objective, seed, found[0], verdict))
    threads = ", ".join(map(str, THREADS))
    return table(("architecture", "objective", "seed", "hash", f"with {threads} threads"), rows)


def cost(text: Text, evaluation: Path | None, threads: int, runs: int) -> str:
    """A row for each model: speed of the default and with ``deterministic=True``, and the scores of both."""
    rows: list[tuple[object, ...]] = []
    for architecture, objective in itertools.product(ARCHITECTURES, SPEED_OBJECTIVES):
        config = partial(TrainingConfig, architecture=architecture, objective=objective, epochs=1, threads=threads)
        sides = {name: partial(train, text, config(deterministic=name == "deterministic")) for name in
                 ("default", "deterministic")}  # fmt: skip
        found = in_turn(sides, runs)
        speeds = {name: [text.words / run.seconds for run in side] for name, side in found.items()}
        rows.append((
            f"{architecture}, {objective}",
            *(significant(statistics.median(speeds[name]) / 1e6) for name in sides),
            ratios(speeds["deterministic"], speeds["default"]).text(2),
            *(shown_scores(found[name][0], evaluation, threads) for name in sides if evaluation is not None),
        ))  # fmt: skip
    headers = ["one epoch", "default, million words/s", "deterministic", "ratio"]
    return table(headers + ["scores, default", "deterministic"] * (evaluation is not None), rows)


def shown_scores(run: Run, evaluation: Path | None, threads: int) -> str:
    """Scores of a run on the test files of a folder, one after the other."""
    found: Mapping[str, float] = {} if evaluation is None else scores(run.embeddings(), evaluation, threads)
    return ", ".join(f"{name} {value:.3f}" for name, value in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text to measure speed on (default: a synthetic one)")
    parser.add_argument("--evaluation", type=Path, help="folder with test files")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3)")
    common_options(parser)
    options = parser.parse_args()
    small = texts.synthetic_text(SMALL_TEXT_WORDS, SMALL_VOCABULARY)
    with scanned(small, options.threads) as scan:
        print(bits(text_of(scan)), flush=True)
    if options.quick:
        return
    with scanned(texts.plain_text(options.corpus, 10_000_000), options.threads) as scan:
        print(f"\n{cost(text_of(scan), options.evaluation, options.threads, options.runs)}")


if __name__ == "__main__":
    main()
