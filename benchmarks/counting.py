"""Measure memory and time of counting a text with many distinct words, with and without a bound.

    python benchmarks/counting.py                     # 20 million distinct words
    python benchmarks/counting.py --types 2000000

The text is synthetic: each word occurs twice, in shuffled order, with frequent words in between. It is counted in its
own process, whose peak of anonymous memory is measured (spool and text are files). The counts of frequent words are
compared with the true counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import texts
from harness import Results, common_options, results_folder, run_child, show, table, values

_COMMON = [f"common{number}" for number in range(1000)]
_BLOCK = 100_000
_BOUND = 1_000_000
_LEAST = {None: 2.5, _BOUND: 1.0}  # GiB, the targets for 20 million words


def text_of(types: int) -> Path:
    """Write a file with ``types`` words, each twice, and one of 1,000 frequent words after each of them."""
    path = texts.FOLDER / f"types-{types}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(1)
        new = path.with_suffix(".new")
        with new.open("w", encoding="ascii") as file:
            for _ in range(2):
                order = random.permutation(types)
                for start in range(0, types, _BLOCK):
                    numbers = order[start : start + _BLOCK].tolist()
                    lines = (
                        " ".join(f"w{number * 2654435761 % 2**32:x} {_COMMON[number % 1000]}" for number in some)
                        for some in (numbers[first : first + 20] for first in range(0, len(numbers), 20))
                    )
                    file.writelines(line + "\n" for line in lines)
        new.replace(path)
    return path


def count(path: str, types: int, max_types: int | None, threads: int) -> dict[str, Any]:
    """Count a text and select its vocabulary; check the counts, and return seconds and numbers of words."""
    from wordkin.config import TrainingConfig
    from wordkin.text.steps import scan_text, select_words, source_of

    config = TrainingConfig(max_types=max_types, threads=threads, min_count=5)
    began = time.perf_counter()
    warnings.simplefilter("ignore")
    with scan_text(source_of(path, config), config) as scanned:
        chosen = select_words(scanned.words, scanned.counts, config)
        seconds = time.perf_counter() - began
        found, dropped, total = len(scanned.words), scanned.dropped, int(scanned.counts.sum())
    counts = dict(zip(chosen.vocabulary, chosen.vocabulary.counts.tolist(), strict=True))
    lost = 0 if dropped is None else dropped.occurrences
    if total + lost != 4 * types or any(counts.get(word) != 2 * types // 1000 for word in _COMMON):
        raise SystemExit(f"wrong counts: {total:,} words of {4 * types:,}, {counts.get(_COMMON[0])} of {_COMMON[0]}")
    if max_types is None and found != types + len(_COMMON):
        raise SystemExit(f"{found:,} different words instead of {types + len(_COMMON):,}")
    return {"seconds": seconds, "found": found, "dropped": None if dropped is None else dropped.to_dict()}


def measure(path: Path, types: int, max_types: int | None, threads: int) -> dict[str, Any]:
    """Run :func:`count` in its own process, and add the peak memory."""
    request = {"path": str(path), "types": types, "max_types": max_types, "threads": threads}
    return run_child([sys.executable, __file__, "--child", json.dumps(request)]).to_dict()


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    rows = []
    for found in values(content).values():
        bound, dropped = found["max_types"], found["dropped"]
        rows.append((
            "none" if bound is None else f"{bound:,}",
            f"{found['found']:,}",
            f"{found['peak_bytes'] / 2**30:.2f}",
            f"{_LEAST[bound]:g}" if bound in _LEAST else "",
            f"{found['seconds']:.0f}",
            "" if dropped is None else f"{dropped['words']:,}",
            "" if dropped is None else f"{dropped['highest']:,}",
        ))  # fmt: skip
    heads = ("max_types", "kept words", "peak GiB", "allowed GiB", "seconds", "words dropped", "bound in the warning")
    return {"memory": table(heads, rows)} if rows else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--types", type=int, default=20_000_000, help="number of distinct words (default: 20 million)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    common_options(parser)
    options = parser.parse_args()
    if options.child:
        request = json.loads(options.child)
        print(json.dumps({**count(**request), "max_types": request["max_types"]}))
        return
    types = min(options.types, 1_000_000) if options.quick else options.types
    path = text_of(types)
    about = {"types": types, "threads": options.threads, **texts.description(path)}
    folder = results_folder(options.quick)
    sources = ("corpus", "vocabulary", "storage")
    results = Results("counting", about, fresh=options.fresh, folder=folder, sources=sources)
    for bound in (None, _BOUND, _BOUND // 10):
        measurement = partial(measure, path, types, bound, options.threads)
        results.measured(f"max_types {bound}", {"max_types": bound}, measurement)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
