"""Compare values of the subsampling threshold t and of the number of noise words K on a large and a small text.

    python benchmarks/guidance.py LARGE --small SMALL --evaluation DIR
    python benchmarks/guidance.py LARGE --small SMALL --evaluation DIR --quick

One option is changed at a time; the others have their defaults. The tables show mean and spread over seeds. Mikolov et
al. (2013) recommend t = 1e-5, and K = 5 to 20 for small texts or 2 to 5 for large ones.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from claims import COLUMNS, claim
from harness import Results, common_options, mean_text, results_folder, show, table, values
from runs import scanned, text_of

from wordkin.config import TrainingConfig

THRESHOLDS = (0.0, 1e-3, 1e-4, 1e-5)
NOISE_WORDS = (1, 2, 5, 10, 20)
_SHARED = {"total": COLUMNS["total"], "wordsim353": COLUMNS["wordsim353"], "simlex999": COLUMNS["simlex999"]}
# Name of a table, heading of its first column, the option it changes, and the values.
TABLES: Mapping[str, tuple[str, str, tuple[float, ...]]] = {
    "subsample": ("t", "subsample", THRESHOLDS),
    "noise_large": ("K", "negative", NOISE_WORDS),
    "noise_small": ("K", "negative", NOISE_WORDS),
}


def value_text(option: str, value: float) -> str:
    """Format a value for the tables.

    >>> value_text("subsample", 0.0), value_text("subsample", 1e-05), value_text("negative", 5)
    ('no subsampling', '1e-5', '5')
    """
    if option == "subsample":
        return f"{value:.0e}".replace("e-0", "e-") if value else "no subsampling"
    return str(value)


def rows_of(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the measured rows of a table: the value as text, the number of seeds, and the scores of each seed."""
    _, option, wanted = TABLES[name]
    found = values(content, f"{name}: ")
    rows = []
    for value in wanted:
        seeds = [each for key, each in found.items() if key.rpartition(", seed ")[0] == value_text(option, value)]
        if seeds:
            scores = {key: [each["scores"][key] for each in seeds if key in each["scores"]] for key in _SHARED}
            rows.append({"value": value_text(option, value), "seeds": len(seeds), "scores": scores})
    return rows


def for_lesson(content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the means over seeds of each table, for the pages of the studio's lesson."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in TABLES:
        found[name] = []
        for row in rows_of(content, name):
            means = {key: round(statistics.fmean(each), 4) for key, each in row["scores"].items() if each}
            found[name].append({"value": row["value"], **means})
    return found


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    tables = {}
    for name, (head, _, _) in TABLES.items():
        lines = []
        for found in rows_of(content, name):
            cells = []
            for score, numbers in found["scores"].items():
                digits, scale = (1, 100) if score == "total" else (3, 1)
                cells.append(mean_text(numbers, digits, scale) if numbers else "")
            lines.append((found["value"], found["seeds"], *cells))
        if lines:
            tables[name] = table((head, "seeds", *_SHARED.values()), lines)
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", help="the large text; also .gz, .bz2 or .xz")
    parser.add_argument("--small", required=True, metavar="FILE", help="the small text")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--epochs", type=int, default=1, help="epochs on the large text (default: 1)")
    parser.add_argument("--small-epochs", type=int, default=5, help="epochs on the small text (default: 5)")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, which are 1, 2, ... (default: 3)")
    common_options(parser)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.small_epochs = 1, 1
    large, small = texts.plain_text(options.corpus, 0), texts.plain_text(options.small, 0)
    about = {"large": texts.description(large), "small": texts.description(small), "threads": options.threads}
    results = Results("guidance", about, fresh=options.fresh, folder=results_folder(options.quick))
    measure(results, ("subsample", "noise_large"), large, options.epochs, options)
    measure(results, ("noise_small",), small, options.small_epochs, options)
    show(blocks(results.content))


def measure(results: Results, names: tuple[str, ...], path: Path, epochs: int, options: argparse.Namespace) -> None:
    """Measure the tables of one text, one seed after the other."""
    with scanned(path, options.threads) as scan:
        text = text_of(scan)
        for seed in range(1, options.seeds + 1):
            for name in names:
                _, option, wanted = TABLES[name]
                for value in wanted:
                    settings = {option: value, "epochs": epochs, "seed": seed}
                    config = TrainingConfig.from_options(threads=options.threads, **settings)
                    key = f"{name}: {value_text(option, value)}, seed {seed}"
                    results.measured(key, settings, partial(claim, text, config, options.evaluation))


if __name__ == "__main__":
    main()
