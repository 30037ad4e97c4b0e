"""Check that ``deterministic=True`` gives identical bits for any number of threads, and measure what it costs.

    python benchmarks/determinism.py enwiki.txt.xz --evaluation FOLDER   # or no path: a synthetic text, and no quality
    python benchmarks/determinism.py --quick                             # only the comparison of bits

Bits are compared on a small text for every architecture, objective and seed. Speed and quality are measured in turn
with the default mode, one turn per seed.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, common_options, mean_text, ratios, results_folder, show, significant, table, values
from runs import Run, Text, scanned, scores, text_of, train

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig

THREADS = (1, 2, 3, 8)
SEEDS = (1, 2, 3)
SMALL_TEXT_WORDS = 200_000
SMALL_VOCABULARY = 2_000
SPEED_OBJECTIVES = ("negative-sampling", "hierarchical-softmax")  # the full softmax would take hours
MODES: dict[str, dict[str, Any]] = {
    "default": {},
    "deterministic": {"deterministic": True},
    "deterministic, four parts": {"deterministic": True, "parts": 4},
}
SHOWN_SCORES = {"total": ("analogies, %", 1, 100), "wordsim353": ("WordSim-353", 3, 1)}


def digest(run: Run) -> str:
    """Return a short hash of all tables of a run."""
    hashed = hashlib.sha256()
    for name, rows in sorted(run.tables.items()):
        hashed.update(name.encode())
        hashed.update(rows.tobytes())
    return hashed.hexdigest()[:12]


def digests(text: Text, **options: Any) -> dict[str, str]:
    """Return the hash of the tables for each number of threads."""
    config = partial(TrainingConfig, vector_size=20, epochs=2, deterministic=True, **options)
    return {str(threads): digest(train(text, config(threads=threads))) for threads in THREADS}


def measure_bits(results: Results, text: Text) -> None:
    """Train a small text in every configuration with every number of threads."""
    for architecture, objective, seed in itertools.product(ARCHITECTURES, OBJECTIVES, SEEDS):
        options = {"architecture": architecture, "objective": objective, "seed": seed}
        results.measured(f"bits, {architecture}, {objective}, seed {seed}", options, partial(digests, text, **options))


def measure_cost(results: Results, text: Text, evaluation: Path | None, options: argparse.Namespace) -> None:
    """Train in every mode in turn, with a different seed in each turn."""

    def speed_and_scores(config: TrainingConfig) -> dict[str, Any]:
        run = train(text, config)
        found = {} if evaluation is None else scores(run.embeddings(), evaluation, options.threads)
        return {"words_per_second": text.words / run.seconds, "loss": run.losses[-1], "scores": found}

    for seed in range(1, options.runs + 1):
        for architecture, objective in itertools.product(ARCHITECTURES, SPEED_OBJECTIVES):
            for mode, changes in MODES.items():
                settings = {"architecture": architecture, "objective": objective, "seed": seed, **changes}
                config = TrainingConfig(epochs=1, threads=options.threads, **settings)
                key = f"cost, {architecture}, {objective}, {mode}, seed {seed}"
                results.measured(key, settings, partial(speed_and_scores, config))


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = {"bits": _bits(content)}
    return {**found, "cost": _cost(content)} if values(content, "cost, ") else found


def _bits(content: Mapping[str, Any]) -> str:
    """Make a table with a row per architecture and objective and a column per seed: the hash, or all hashes found."""
    found = values(content, "bits, ")
    rows = []
    for architecture, objective in itertools.product(ARCHITECTURES, OBJECTIVES):
        hashes = [found.get(f"{architecture}, {objective}, seed {seed}", {}) for seed in SEEDS]
        rows.append((f"{architecture}, {objective}", *(_verdict(each) for each in hashes)))
    return table(("architecture, objective", *(f"seed {seed}" for seed in SEEDS)), rows)


def _verdict(by_threads: Mapping[str, str]) -> str:
    """Describe whether all numbers of threads give the same hash."""
    different = sorted(set(by_threads.values()))
    if not different:
        return "not measured"
    return f"{different[0]}, all {len(by_threads)}" if len(different) == 1 else f"DIFFERENT: {', '.join(different)}"


def _cost(content: Mapping[str, Any]) -> str:
    """Make a table with a row per model and mode: speed, ratio to the default within a turn, and scores over seeds."""
    rows = []
    for architecture, objective in itertools.product(ARCHITECTURES, SPEED_OBJECTIVES):
        runs = {mode: values(content, f"cost, {architecture}, {objective}, {mode}, seed ") for mode in MODES}
        for mode, by_seed in runs.items():
            turns = sorted(set(by_seed) & set(runs["default"]))
            if not turns:
                continue
            speeds = [by_seed[seed]["words_per_second"] for seed in turns]
            usual = [runs["default"][seed]["words_per_second"] for seed in turns]
            found_scores = [by_seed[seed]["scores"] for seed in turns]
            rows.append((
                f"{architecture}, {objective}, {mode}",
                significant(statistics.median(speeds) / 1e6),
                "" if mode == "default" else ratios(speeds, usual).text(2),
                *(mean_text([each[name] for each in found_scores], digits, scale) if name in found_scores[0] else ""
                  for name, (_, digits, scale) in SHOWN_SCORES.items()),
            ))  # fmt: skip
    headers = (
        "architecture, objective, mode",
        "million words/s",
        "relative speed",
        *(shown for shown, *_ in SHOWN_SCORES.values()),
    )
    return table(headers, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text to measure speed on (default: a synthetic one)")
    parser.add_argument("--evaluation", type=Path, help="folder with test files")
    parser.add_argument("--runs", type=int, default=5, help="turns, each with a different seed (default: 5)")
    common_options(parser)
    options = parser.parse_args()
    small = texts.synthetic_text(SMALL_TEXT_WORDS, SMALL_VOCABULARY)
    corpus = small if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = {**texts.description(corpus), "threads": options.threads}
    results = Results("determinism", about, fresh=options.fresh, folder=results_folder(options.quick))
    with scanned(small, options.threads) as scan:
        measure_bits(results, text_of(scan))
    if not options.quick:
        with scanned(corpus, options.threads) as scan:
            measure_cost(results, text_of(scan), options.evaluation, options)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
