"""Measure quality over seeds and epochs: mean and spread of the scores on test files.

python benchmarks/quality.py enwiki.txt.xz --evaluation DIR --settings "skip-gram NS 100" --epochs 1 3 --seeds 3
python benchmarks/quality.py enwiki.txt.xz --evaluation DIR --gensim           # also gensim, from an iterable
python benchmarks/quality.py enwiki.txt.xz --evaluation DIR --option window=8  # any training option
"""

from __future__ import annotations

import argparse
import ast
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import texts
from harness import Results, common_options, mean_text, results_folder, show, table
from jobs import start_job
from runs import Text, scanned, scores, text_of, train
from settings import SETTINGS, gensim_options, spelled

from wordkin.config import TrainingConfig
from wordkin.embeddings import load_embeddings

COLUMNS = {"total": "analogies, %", "wordsim353": "WordSim-353", "simlex999": "SimLex-999"}


def wordkin_scores(text: Text, config: TrainingConfig, evaluation: Path) -> dict[str, float]:
    run = train(text, config)
    return {**scores(run.embeddings(), evaluation, config.worker_threads), "loss": run.losses[-1]}


def gensim_scores(corpus: Path, config: TrainingConfig, evaluation: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "vectors.bin"
        start_job("train_gensim", corpus=corpus, options=gensim_options(config), mode="iterable", save=saved)
        return scores(load_embeddings(saved), evaluation, config.worker_threads)


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    by_row: dict[tuple[str, int, str], list[Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        settings = each["settings"]
        by_row.setdefault((settings["name"], settings["epochs"], settings["side"]), []).append(each["value"])
    lines = []
    for (name, epochs, side), found in sorted(by_row.items()):
        cells = []
        for score in COLUMNS:
            digits, scale = (1, 100) if score == "total" else (3, 1)
            numbers = [each[score] for each in found if score in each]
            cells.append(mean_text(numbers, digits, scale) if numbers else "")
        lines.append((f"{name}, {side}", epochs, len(found), *cells))
    return {
        "scores": table(("setting, program", "epochs", "seeds", *COLUMNS.values()), lines),
        "summary": _summary(by_row),
    }


def _summary(by_row: Mapping[tuple[str, int, str], list[Mapping[str, float]]]) -> str:
    """The two most quoted scores of both sides, for the README; means over seeds."""
    scores = {"analogies": ("total", ".1%"), "WordSim-353": ("wordsim353", ".3f")}

    def shown(found: list[Mapping[str, float]], score: str, form: str) -> str:
        return format(fmean(each[score] for each in found), form) if found else ""

    sides = [side for side in ("wordkin", "gensim") if any(measured == side for _, _, measured in by_row)]
    rows = sorted({(name, epochs) for name, epochs, _ in by_row if "NS" in name})
    lines = [
        (
            f"{spelled(name)}, {epochs} epoch{'s' * (epochs > 1)}",
            *(shown(by_row.get((name, epochs, side), []), *score) for score in scores.values() for side in sides),
        )
        for name, epochs in rows
    ]
    return table(("setting", *(f"{name}, {side}" for name in scores for side in sides)), lines)


def option(argument: str) -> tuple[str, Any]:
    """Parse ``name=value`` into a training option; the value is a Python literal or a word."""
    name, _, value = argument.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, which are 1, 2, ... (default: 3)")
    parser.add_argument("--option", type=option, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--gensim", action="store_true", help="train gensim as well, from an iterable")
    common_options(parser)
    options = parser.parse_args()
    corpus = texts.plain_text(options.corpus, 0)
    about = {**texts.description(corpus), "threads": options.threads, "options": dict(options.option)}
    results = Results("quality", about, fresh=options.fresh, folder=results_folder(options.quick))
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        measure(results, corpus, text, options)
    show(blocks(results.content))


def measure(results: Results, corpus: Path, text: Text, options: argparse.Namespace) -> None:
    """Make missing measurements, one seed after the other, so that a first table is available early."""
    changes = {**dict(options.option), "threads": options.threads}
    for seed in range(1, (1 if options.quick else options.seeds) + 1):
        for name in options.settings:
            for epochs in options.epochs:
                config = TrainingConfig.from_options(**{**SETTINGS[name], **changes, "epochs": epochs, "seed": seed})
                sides = {"wordkin": partial(wordkin_scores, text, config, options.evaluation)}
                if options.gensim:
                    sides["gensim"] = partial(gensim_scores, corpus, config, options.evaluation)
                for side, score in sides.items():
                    about = {"name": name, "epochs": epochs, "seed": seed, "side": side}
                    results.measured(f"{side}, {name}, epochs {epochs}, seed {seed}", about, score)


if __name__ == "__main__":
    main()
