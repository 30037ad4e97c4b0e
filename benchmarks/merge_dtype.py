"""Measure what ``merge_dtype="bfloat16"`` costs in quality, simulated on one machine.

    python benchmarks/merge_dtype.py enwiki-17m.txt --evaluation DIR             # one seed
    python benchmarks/merge_dtype.py enwiki-17m.txt --evaluation DIR --seeds 3
    python benchmarks/merge_dtype.py --quick                                     # a test run on a synthetic text

Four replicas train one epoch with each number format, and otherwise equal options. Each run is stored when it ends, and
a restart continues with the rest.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

import texts
from harness import Results, common_options, mean_text, results_folder, show, table
from replicas import COLUMNS, measure
from runs import scanned, text_of

from wordkin.config import TrainingConfig
from wordkin.options import MergeDtype

REPLICAS = 4
SOURCES = ("windows", "objectives/cpu", "training", "training/cpu", "training/cluster")


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    found: dict[str, list[Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        found.setdefault(each["settings"]["merge_dtype"], []).append(each["value"])
    rows = []
    for dtype, runs in found.items():
        cells = [
            mean_text([each[score] for each in runs], digits, scale) if score in runs[0] else ""
            for score, (_, digits, scale) in COLUMNS.items()
        ]
        rows.append((f"`{dtype}`", len(runs), *cells, mean_text([each["loss"] for each in runs], 4)))
    return {"scores": table(("`merge_dtype`", "seeds", *(shown for shown, *_ in COLUMNS.values()), "loss"), rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--evaluation", type=Path, metavar="DIR", help="folder with the test files")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, which are 1, 2, ... (default: 1)")
    common_options(parser, threads=1)
    options = parser.parse_args()
    corpus = texts.synthetic_text(200_000, 2_000) if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = {**texts.description(corpus), "threads": options.threads, "replicas": REPLICAS}
    folder = results_folder(options.quick)
    results = Results("merge_dtype", about, fresh=options.fresh, folder=folder, sources=SOURCES)
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        for seed in range(1, options.seeds + 1):
            for dtype in get_args(MergeDtype):
                usual = {"epochs": 1, "threads": options.threads, "replicas": REPLICAS}
                config = TrainingConfig.from_options(**usual, seed=seed, merge_dtype=dtype)
                settings = {"merge_dtype": dtype, "seed": seed}
                measuring = partial(measure, text, config, options.evaluation)
                results.measured(f"{dtype}, seed {seed}", settings, measuring)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
