"""Compare the training speed of this checkout with that of another one.

    git worktree add ../before COMMIT
    python benchmarks/before_after.py ../before enwiki.txt.xz

Both sides train one epoch on the same text with the same options, each in its own process, after a warm-up run that
compiles the kernels. They run in turn, and the order alternates. The result is the ratio of training speeds within a
turn.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, Summary, common_options, ratios, results_folder, run_child, show, table, values
from settings import SETTINGS

LEAST_RATIO = 0.97  # required of the median
_JOB = """
import json, sys
from wordkin import Word2Vec
corpus, warm_up, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
Word2Vec(**{**options, "min_count": 1}).fit(warm_up)
reports = []
Word2Vec(**options).fit(corpus, callbacks=[reports.append])
print(json.dumps({"words_per_second": reports[-1].total_words / reports[-1].seconds}))
"""
_WARM_UP_BYTES = 300_000


def speed(checkout: Path, corpus: Path, options: Mapping[str, Any]) -> float:
    """Return the words per second of training with the sources of a checkout."""
    arguments = [sys.executable, "-c", _JOB, corpus, texts.head(corpus, _WARM_UP_BYTES), json.dumps(options)]
    child = run_child(arguments, {"PYTHONPATH": str(checkout / "src")})
    return float(child.output["words_per_second"])


def turns(before: Path, corpus: Path, options: Mapping[str, Any], runs: int) -> dict[str, list[float]]:
    """Return the speeds of both sides in each turn; the order alternates."""
    checkouts = {"before": before, "after": Path(__file__).parent.parent}
    for checkout in checkouts.values():
        speed(checkout, texts.head(corpus, _WARM_UP_BYTES), options)  # fills the cache of compiled kernels
    found: dict[str, list[float]] = {name: [] for name in checkouts}
    for turn in range(runs):
        for name in list(checkouts) if turn % 2 == 0 else list(checkouts)[::-1]:
            found[name].append(speed(checkouts[name], corpus, options))
    return found


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    rows = []
    for name, found in values(content).items():
        cells = [Summary.of(found[side]).text(3, 1e6) for side in ("before", "after")]
        rows.append((name, *cells, ratios(found["after"], found["before"]).text()))
    headers = ("training", "before, million words/s", "after", f"ratio in a turn (at least {LEAST_RATIO:g})")
    return {"speed": table(headers, rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--runs", type=int, default=7, help="turns (default: 7)")
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--bytes", type=int, help="use only this much of the text")
    common_options(parser)
    options = parser.parse_args()
    corpus = texts.plain_text(options.corpus, 2_000_000)
    if options.bytes is not None:
        corpus = texts.head(corpus, options.bytes)
    about = {**texts.description(corpus), "threads": options.threads}
    results = Results("before_after", about, fresh=options.fresh, folder=results_folder(options.quick))
    runs = 2 if options.quick else options.runs
    for name in options.settings:
        settings = {**SETTINGS[name], "threads": options.threads, "epochs": 1}
        measure = partial(turns, options.before.resolve(), corpus, settings, runs)
        results.measured(name, {"runs": runs}, measure)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
