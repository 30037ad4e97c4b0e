"""Measure speed and memory of ``window="sentence"`` for baskets of several sizes: ``python benchmarks/baskets.py``.

The same items are divided into baskets of each size. Every run thus trains the same number of centres with the same
number of context words, except for baskets smaller than ``max_context`` + 1. Each size is measured in its own process.
Memory is the peak of that process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

SIZES = (6, 21, 100, 10_000, 1_000_000)


def measure(size: int, items: int, threads: int) -> dict[str, float]:
    """Train twice on baskets of one size, and measure the second run; the first compiles the kernels."""
    import wordkin

    random = np.random.default_rng(1)
    drawn = (random.zipf(1.2, items) % 100_000).astype(np.int64)
    baskets = [drawn[start : start + size] for start in range(0, items, size)]
    options = {"window": "sentence", "min_count": 1, "epochs": 1, "threads": threads, "subsample": 0.0}
    wordkin.train(baskets[:2000], **options)
    began: list[float] = []
    wordkin.train(baskets, callbacks=[lambda report: began.append(report.seconds)], **options)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"size": size, "items_per_second": items / began[-1], "megabytes": memory}


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=2_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, help="measure only this size and print JSON")
    given = parser.parse_args()
    if given.size is not None:
        print(json.dumps(measure(given.size, given.items, given.threads)))
        return
    print(f"{'basket':>10} {'items/s':>12} {'MB':>7}   {time.strftime('%Y-%m-%d')}, {given.threads} threads")
    for size in SIZES:
        command = [sys.executable, __file__, "--size", str(size), "--items", str(given.items)]
        command += ["--threads", str(given.threads)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{size:>10,} {row['items_per_second']:>12,.0f} {row['megabytes']:>7,.0f}")


if __name__ == "__main__":
    main()
