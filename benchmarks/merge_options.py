"""Measure what the options of merging cost in quality, simulated on one machine.

    python benchmarks/merge_options.py enwiki-17m.txt --evaluation DIR             # one seed
    python benchmarks/merge_options.py enwiki-17m.txt --evaluation DIR --seeds 3
    python benchmarks/merge_options.py --quick                                     # a test run on a synthetic text

Two and four replicas train one epoch with the defaults, and with one option changed. Each run is stored when it ends,
and a restart continues with the rest.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, common_options, mean_text, results_folder, show, table
from replicas import COLUMNS, measure
from runs import scanned, text_of

from wordkin.config import TrainingConfig

REPLICAS = (2, 4)
SIDES: dict[str, dict[str, Any]] = {
    "defaults": {},
    '`merge_dtype="bfloat16"`': {"merge_dtype": "bfloat16"},
    "`merge_all_every=8`": {"merge_all_every": 8},
    "`merge_late=True`": {"merge_late": True},
}
SOURCES = ("windows", "objectives/cpu", "training", "training/cpu", "training/cluster")


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    found: dict[tuple[int, str], list[Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        found.setdefault((each["settings"]["replicas"], each["settings"]["side"]), []).append(each["value"])
    order = list(SIDES)
    rows = []
    for (replicas, side), runs in sorted(found.items(), key=lambda item: (item[0][0], order.index(item[0][1]))):
        cells = [
            mean_text([each[score] for each in runs], digits, scale) if score in runs[0] else ""
            for score, (_, digits, scale) in COLUMNS.items()
        ]
        loss = mean_text([each["loss"] for each in runs], 4)
        rows.append((f"{replicas} replicas, {side}", len(runs), *cells, loss))
    return {"scores": table(("", "seeds", *(shown for shown, *_ in COLUMNS.values()), "loss"), rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--evaluation", type=Path, metavar="DIR", help="folder with the test files")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, which are 1, 2, ... (default: 1)")
    common_options(parser, threads=1)
    options = parser.parse_args()
    corpus = texts.synthetic_text(200_000, 2_000) if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = {**texts.description(corpus), "threads": options.threads}
    folder = results_folder(options.quick)
    results = Results("merge_options", about, fresh=options.fresh, folder=folder, sources=SOURCES)
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        for seed, replicas, side in itertools.product(range(1, options.seeds + 1), REPLICAS, SIDES):
            usual = {"epochs": 1, "threads": options.threads, "replicas": replicas, "seed": seed}
            config = TrainingConfig.from_options(**usual, **SIDES[side])
            settings = {"replicas": replicas, "side": side, "seed": seed}
            measuring = partial(measure, text, config, options.evaluation)
            results.measured(f"{replicas} replicas, {side}, seed {seed}", settings, measuring)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
