"""What recipes gain: classic settings and the quality recipe, seed by seed, scored on test files.

    python benchmarks/recipes.py enwiki.txt.xz --evaluation DIR --seeds 5
    python benchmarks/recipes.py enwiki.txt.xz --evaluation DIR --seeds 3 --steps   # what each option contributes

Classic settings are the defaults with three epochs. Both sides of a seed are trained one after the other, so that a
slow minute falls on both; the table gives means over seeds of the scores, and of the differences within a seed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, common_options, mean_text, ratios, results_folder, show, table
from runs import Text, scanned, scores, text_of, train
from settings import LABELS

from wordkin.config import ARCHITECTURES, TrainingConfig
from wordkin.recipes import values_of

CLASSIC_EPOCHS = 3
COLUMNS = {
    "total": "analogies, %", "syntactic": "syntactic, %", "wordsim353": "WordSim-353", "simlex999": "SimLex-999"
}  # fmt: skip


def sides_of(architecture: str, *, steps: bool) -> dict[str, dict[str, Any]]:
    """Options of each side; with ``steps``, the recipe's options one after the other."""
    sides: dict[str, dict[str, Any]] = {"classic": {"epochs": CLASSIC_EPOCHS}}
    recipe = dict(values_of("quality", architecture))
    if steps:
        for number in range(1, len(recipe)):
            named = list(recipe)[:number]
            sides[f"with {', '.join(named)}"] = {"epochs": CLASSIC_EPOCHS, **{name: recipe[name] for name in named}}
    sides["quality"] = recipe
    return sides


def measure(text: Text, options: Mapping[str, Any], evaluation: Path) -> dict[str, float]:
    """Scores and seconds of one run."""
    config = TrainingConfig.from_options(**options)
    run = train(text, config)
    return {**scores(run.embeddings(), evaluation, config.worker_threads), "seconds": run.seconds}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """The table of the results."""
    found: dict[tuple[str, str], dict[int, Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        settings = each["settings"]
        found.setdefault((settings["architecture"], settings["side"]), {})[settings["seed"]] = each["value"]
    lines = []
    for (architecture, side), by_seed in found.items():
        classic = found.get((architecture, "classic"), {})
        shared = sorted(by_seed.keys() & classic.keys())
        cells = []
        for score in COLUMNS:
            digits, scale = (1, 100) if score in ("total", "syntactic") else (3, 1)
            cell = mean_text([each[score] for each in by_seed.values() if score in each], digits, scale)
            if side != "classic" and shared:
                gain = statistics.fmean(by_seed[seed][score] - classic[seed][score] for seed in shared) * scale
                cell += f" ({gain:+.{digits}f})"
            cells.append(cell)
        seconds = [by_seed[seed]["seconds"] for seed in shared]
        time = "" if side == "classic" else ratios(seconds, [classic[seed]["seconds"] for seed in shared]).text()
        lines.append((f"{LABELS[architecture]}, {side}", len(by_seed), *cells, time))
    return {"scores": table(("", "seeds", *COLUMNS.values(), "times the classic time"), lines)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds, from 1 (default: 5)")
    parser.add_argument("--steps", action="store_true", help="also with the options of the recipe one after the other")
    common_options(parser)
    options = parser.parse_args()
    corpus = texts.plain_text(options.corpus, 0)
    about = {**texts.description(corpus), "threads": options.threads}
    results = Results("recipes", about, fresh=options.fresh, folder=results_folder(options.quick))
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        for seed in range(1, (1 if options.quick else options.seeds) + 1):
            for architecture in ARCHITECTURES:
                for side, values in sides_of(architecture, steps=options.steps).items():
                    settings = {"architecture": architecture, "threads": options.threads, "seed": seed, **values}
                    about = {"architecture": architecture, "side": side, "seed": seed, "options": values}
                    key = f"{architecture}, {side}, seed {seed}"
                    results.measured(key, about, partial(measure, text, settings, options.evaluation))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
