"""Model the speed of training with replicas on several machines.

    python benchmarks/cluster_model.py                          # assumes that a machine trains 16 million words/s
    python benchmarks/cluster_model.py --words-per-second 4e6

Assumptions:

- Word frequencies follow Zipf's law. Subsampling is 1e-3, the window is 5, and a block of 32 centres shares its 5 noise
  words.
- A round is 524,288 words per machine. After each round, the 8,192 frequent rows are merged; after every fourth round,
  all changed rows are merged.
- A row takes 4 bytes for its index, 4 for its pull (merge weight) and 4 for each element, padded to whole registers.
- Each machine sends its changed rows to their owners (except rows it owns itself), and each owner sends the merged rows
  to all others. Links are full duplex and fully used.
- Merging a replica of a row takes as long as measured on one core of this machine.
- Training, sending and merging do not overlap, and all machines are equally fast.
"""

from __future__ import annotations

import argparse
import functools
import time
from typing import NamedTuple

import numpy as np
from harness import table
from numpy.typing import NDArray

from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cluster.merging import STRIPE_ROWS, ChangedRows, Merger

MACHINES = (2, 4, 8, 16, 32)
GIGABITS = (10, 100)
VOCABULARIES = (10**5, 10**6, 10**7)
ROUND_WORDS, MERGE_ALL_EVERY, FREQUENT_ROWS = 2**19, 4, 8192
VECTOR_SIZE, WINDOW, NEGATIVE, BLOCK, SUBSAMPLE = 100, 5, 5, 32, 1e-3


class Touched(NamedTuple):
    """Expected numbers of rows in both tables that training some words changes: of all rows, and of frequent ones."""

    all_rows: float
    frequent: float


@functools.cache
def chances(vocabulary: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each word the probability that a word of the text is it and is kept, and that a noise word is it."""
    shares = 1 / np.arange(1, vocabulary + 1)
    shares /= shares.sum()
    kept = shares * np.minimum(1.0, np.sqrt(SUBSAMPLE / shares) + SUBSAMPLE / shares)
    noise = shares**0.75
    noise /= noise.sum()
    return kept, noise


@functools.cache
def touched(vocabulary: int, words: float) -> Touched:
    """Return the expected numbers of changed rows if word frequencies follow Zipf's law."""
    kept, noise = chances(vocabulary)
    read = -np.expm1(-words * kept)
    scored = -np.expm1(-words * (kept + kept.sum() * NEGATIVE / BLOCK * noise))
    both: NDArray[np.float64] = read + scored
    return Touched(float(both.sum()), float(both[:FREQUENT_ROWS].sum()))


def merge_seconds_per_row(replicas: int = 8, runs: int = 20) -> float:
    """Measure the seconds that one core takes to merge one replica of one row."""
    layout = choose_layout(VECTOR_SIZE)
    merger = Merger(layout, [STRIPE_ROWS, 0, STRIPE_ROWS])
    chance = np.random.default_rng(1)
    before = [chance.random((rows, layout.row_size), np.float32) for rows in (STRIPE_ROWS, 0, STRIPE_ROWS)]
    ids = [np.arange(len(rows), dtype=np.int32) for rows in before]
    pulls = [np.full(len(rows), 0.5, np.float32) for rows in before]
    changes = [[ChangedRows(*each) for each in zip(ids, before, pulls, strict=True)] for _ in range(replicas)]
    merger.merge(before, changes)  # compiles
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        merger.merge(before, changes)
        seconds.append(time.perf_counter() - began)
    return min(seconds) / (replicas * 2 * STRIPE_ROWS)


class Cost(NamedTuple):
    """Costs of a period: seconds of training, sending and merging, and bytes that a machine sends per word."""

    training: float
    sending: float
    merging: float
    bytes_per_word: float

    @property
    def share(self) -> float:
        """The share of the time spent on training."""
        return self.training / (self.training + self.sending + self.merging)


def cost(machines: int, gigabits: float, vocabulary: int, words_per_second: float, merge_seconds: float) -> Cost:
    """Return the costs of a period for each machine."""
    row_bytes = 4 + 4 + 4 * choose_layout(VECTOR_SIZE).row_size
    sent = merged = 0.0
    for number in range(1, MERGE_ALL_EVERY + 1):
        whole = number == MERGE_ALL_EVERY
        words = ROUND_WORDS * (MERGE_ALL_EVERY if whole else 1)
        own, of_any = touched(vocabulary, words), touched(vocabulary, words * machines)
        rows, union = (own.all_rows, of_any.all_rows) if whole else (own.frequent, of_any.frequent)
        sent += row_bytes * (rows * (machines - 1) / machines + union / machines * (machines - 1))
        merged += merge_seconds * rows  # all replicas, divided among all machines
    words = ROUND_WORDS * MERGE_ALL_EVERY
    return Cost(words / words_per_second, sent * 8 / (gigabits * 1e9), merged, sent / words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--words-per-second", type=float, default=16e6, help="training speed of a machine (default: 16e6)"
    )
    options = parser.parse_args()
    merge_seconds = merge_seconds_per_row()
    print(
        f"{options.words_per_second:.3g} words/s a machine, {merge_seconds * 1e9:.0f} ns to merge a replica of a row\n"
    )
    rows = []
    for vocabulary in VOCABULARIES:
        for machines in MACHINES:
            costs = [cost(machines, each, vocabulary, options.words_per_second, merge_seconds) for each in GIGABITS]
            gains = [f"{machines * each.share:.1f}" for each in costs]
            rows.append((f"{vocabulary:,}", machines, f"{costs[0].bytes_per_word:.1f}", *gains))
    headers = ("words", "machines", "bytes a word", *(f"gain at {each} Gbit/s" for each in GIGABITS))
    print(table(headers, rows))


if __name__ == "__main__":
    main()
