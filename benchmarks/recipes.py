"""Compare the quality recipe with the classic settings on test files, over several seeds.

    python benchmarks/recipes.py enwiki-17m.txt.xz,DIR,3 enwiki-2m.txt.xz,DIR,15 kowiki.txt.xz,DIR/ko,10 --seeds 5
    python benchmarks/recipes.py enwiki-17m.txt.xz,DIR,3 --steps --seeds 3   # also without each option in turn
    python benchmarks/recipes.py enwiki-17m.txt.xz,DIR,3 --times --turns 3   # times only, on a quiet machine

Each argument is a text, the directory of its test files, and the epochs of the classic settings, whose other options
are the defaults. The recipe is made for three classic epochs; for another number, its epochs are scaled in proportion.
The tables show means over seeds of the scores and of the differences within a seed. Each run is stored at once, so that
a benchmark that is started again continues where it stopped.

Unlike scores, times depend on the load of the machine. ``--times`` therefore measures them separately, with both sides
in turn. Every run also records CPU seconds, which allow a rough comparison.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import texts
from harness import Results, common_options, mean_text, ratios, results_folder, show, significant, table
from runs import Text, scanned, scores, text_of, train
from settings import LABELS

from wordkin.config import ARCHITECTURES, TrainingConfig
from wordkin.recipes import values_of

CLASSIC_EPOCHS = 3  # the classic epochs that the recipe is made for
COLUMNS = {
    "analogies, %": ("total",),
    "syntactic, %": ("syntactic",),
    "WordSim-353": ("wordsim353", "ws353_ko"),
    "SimLex-999": ("simlex999",),
}


class Task(NamedTuple):
    """A text, the directory of its test files, and the epochs of the classic settings."""

    corpus: Path
    evaluation: Path
    epochs: int


def task_of(argument: str) -> Task:
    """Parse an argument into a task."""
    corpus, evaluation, epochs = argument.split(",")
    return Task(texts.plain_text(corpus, 0), Path(evaluation), int(epochs))


def sides_of(architecture: str, epochs: int, words: int, *, steps: bool) -> dict[str, dict[str, Any]]:
    """Return the options of each side for a text; with ``steps``, also of the recipe without each of its options."""
    recipe = dict(values_of("quality", architecture, words=words))
    recipe["epochs"] = round(recipe["epochs"] * epochs / CLASSIC_EPOCHS)
    sides: dict[str, dict[str, Any]] = {"classic": {"epochs": epochs}, "quality": recipe}
    if steps:
        plain = {name: getattr(TrainingConfig(), name) for name in recipe} | {"epochs": epochs}
        for name in recipe:
            if recipe[name] != plain[name]:
                others = {each: value for each, value in recipe.items() if each != name}
                sides[f"quality without {name}"] = {"epochs": epochs, **others}
    return sides


def kind_of(side: str) -> str:
    """The value of ``--only`` that a side belongs to."""
    return "steps" if "without" in side else side


def measure(text: Text, options: Mapping[str, Any], evaluation: Path | None) -> dict[str, float]:
    """Train once; return wall seconds, CPU seconds and, if there are test files, the scores."""
    config = TrainingConfig.from_options(**options)
    before = os.times()
    run = train(text, config)
    after = os.times()
    found = {} if evaluation is None else scores(run.embeddings(), evaluation, config.worker_threads)
    processor = after.user + after.system - before.user - before.system
    return {**found, "seconds": run.seconds, "processor_seconds": processor}


# -- tables --------------------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    runs: dict[tuple[str, str, str], dict[int, Mapping[str, float]]] = {}
    times: dict[tuple[str, str, str], dict[int, Mapping[str, float]]] = {}
    for key, each in content["measurements"].items():
        settings = each["settings"]
        group = times if key.startswith("times: ") else runs
        by_seed = group.setdefault((settings["text"], settings["architecture"], settings["side"]), {})
        by_seed[settings["seed"]] = each["value"]
    main = {key: value for key, value in runs.items() if "without" not in key[2]}
    steps = {
        key: value for key, value in runs.items() if any(key[:2] == each[:2] and "without" in each[2] for each in runs)
    }
    tables = {}
    if main:
        tables["scores"] = _scores_table(main, runs, "classic")
    if steps:
        tables["steps"] = _scores_table(steps, runs, "quality")
    if times:
        tables["times"] = _times_table(times)
    return tables


def _scores_table(shown: Mapping[Any, Any], runs: Mapping[Any, Any], base: str) -> str:
    """Make a table of means over seeds, with the mean difference to ``base`` within a seed in parentheses."""
    lines = []
    for (text, architecture, side), by_seed in shown.items():
        other = runs.get((text, architecture, base), {})
        shared = sorted(by_seed.keys() & other.keys())
        cells = []
        for names in COLUMNS.values():
            name = next((each for each in names if all(each in value for value in by_seed.values())), None)
            if name is None:
                cells.append("")
                continue
            digits, scale = (1, 100) if name in ("total", "syntactic") else (3, 1)
            cell = mean_text([each[name] for each in by_seed.values()], digits, scale)
            if side != base and shared:
                gain = statistics.fmean(by_seed[seed][name] - other[seed][name] for seed in shared) * scale
                cell += f" ({gain:+.{digits}f})"
            cells.append(cell)
        lines.append((f"{Path(text).stem}, {LABELS[architecture]}, {side}", len(by_seed), *cells))
    return table(("text, architecture, recipe", "seeds", *COLUMNS), lines)


def _times_table(times: Mapping[Any, Any]) -> str:
    """Make a table of the seconds of both sides, and their ratio within a turn."""
    lines = []
    for (text, architecture, side), by_turn in times.items():
        other = times.get((text, architecture, "classic"), {})
        shared = sorted(by_turn.keys() & other.keys())
        cells = [significant(statistics.median(each["seconds"] for each in by_turn.values()))]
        for name in ("seconds", "processor_seconds"):
            ratio = ratios([by_turn[turn][name] for turn in shared], [other[turn][name] for turn in shared])
            cells.append("" if side == "classic" or not shared else ratio.text())
        lines.append((f"{Path(text).stem}, {LABELS[architecture]}, {side}", len(by_turn), *cells))
    heads = (
        "text, architecture, recipe",
        "turns",
        "seconds",
        "time relative to classic",
        "CPU time relative to classic",
    )
    return table(heads, lines)


# -- measuring -----------------------------------------------------------------------------------------


def run_scores(results: Results, task: Task, options: argparse.Namespace) -> None:
    """Train and score every side with every seed, one seed after the other."""
    with scanned(task.corpus, options.threads) as scan:
        text = text_of(scan)
    for seed in range(1, (1 if options.quick else options.seeds) + 1):
        for architecture in options.architectures:
            for side, values in sides_of(architecture, task.epochs, text.corpus.words, steps=options.steps).items():
                if options.only and kind_of(side) not in options.only:
                    continue
                settings = {"architecture": architecture, "threads": options.threads, "seed": seed, **values}
                about = {**_about(task, architecture, side, seed), "options": values}
                key = f"{task.corpus.name}, {architecture}, {side}, seed {seed}"
                results.measured(key, about, partial(measure, text, settings, task.evaluation))


def run_times(results: Results, task: Task, options: argparse.Namespace) -> None:
    """Measure the training times of both sides in turn, optionally on the first words of the text only."""
    with scanned(task.corpus, options.threads) as scan:
        text = text_of(scan)
    words = text.corpus.words
    text = text if options.words is None else text.first(options.words)
    for turn in range(1, options.turns + 1):
        for architecture in options.architectures:
            for side, values in sides_of(architecture, task.epochs, words, steps=False).items():
                settings = {"architecture": architecture, "threads": options.threads, "seed": turn, **values}
                about = {**_about(task, architecture, side, turn), "options": values, "words": options.words}
                key = f"times: {task.corpus.name}, {architecture}, {side}, turn {turn}"
                results.measured(key, about, partial(measure, text, settings, None))


def _about(task: Task, architecture: str, side: str, seed: int) -> dict[str, Any]:
    text = texts.description(task.corpus)
    return {"text": text["corpus"], "bytes": text["bytes"], "architecture": architecture, "side": side, "seed": seed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="+", metavar="CORPUS,DIR,EPOCHS", help="text, folder of test files, epochs")
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds, which are 1, 2, ... (default: 5)")
    parser.add_argument("--steps", action="store_true", help="also the recipe without each of its options in turn")
    parser.add_argument("--only", nargs="+", choices=("classic", "quality", "steps"), help="train these sides alone")
    parser.add_argument("--times", action="store_true", help="measure times only")
    parser.add_argument("--turns", type=int, default=3, help="turns of --times (default: 3)")
    parser.add_argument("--words", type=int, help="first words of the text for --times (default: all)")
    common_options(parser)
    options = parser.parse_args()
    results = Results(
        "recipes", {"threads": options.threads}, fresh=options.fresh, folder=results_folder(options.quick)
    )
    for argument in options.texts:
        (run_times if options.times else run_scores)(results, task_of(argument), options)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
