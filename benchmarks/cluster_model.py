"""How many machines pay: a model of training with replicas, from the rows of a round and the speed of a machine.

    python benchmarks/cluster_model.py                          # takes it that a machine trains 16 million words/s
    python benchmarks/cluster_model.py --words-per-second 4e6

Assumptions. Words follow Zipf's law, with subsampling at 1e-3, a window of 5 and 5 noise words of which a block of
32 centres shares one draw. A round is 524,288 words of each machine. After each round the 8,192 frequent rows are
merged, after every fourth all rows that were changed. A row is 4 bytes for its number, 4 for its pull and 4 for each
of its numbers, padded to whole registers. Each machine sends the rows it changed to their owners, all but its own
share, and each owner sends what it merged to all others; links carry both directions at once and are used fully.
Merging takes the time of one core that it takes here, for each replica of a row. Nothing overlaps, and no machine waits
for a slower one.
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
    """Rows of both tables together that are changed by training some words: of all, and of the frequent ones."""

    all_rows: float
    frequent: float


@functools.cache
def chances(vocabulary: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The chance that a word of the text is each word and is kept, and that a noise word is it."""
    shares = 1 / np.arange(1, vocabulary + 1)
    shares /= shares.sum()
    kept = shares * np.minimum(1.0, np.sqrt(SUBSAMPLE / shares) + SUBSAMPLE / shares)
    noise = shares**0.75
    noise /= noise.sum()
    return kept, noise


@functools.cache
def touched(vocabulary: int, words: float) -> Touched:
    """Expected numbers of rows; words of Zipf's law."""
    kept, noise = chances(vocabulary)
    read = -np.expm1(-words * kept)
    scored = -np.expm1(-words * (kept + kept.sum() * NEGATIVE / BLOCK * noise))
    both: NDArray[np.float64] = read + scored
    return Touched(float(both.sum()), float(both[:FREQUENT_ROWS].sum()))


def merge_seconds_per_row(replicas: int = 8, runs: int = 20) -> float:
    """Seconds of one core for one replica of one row, measured here."""
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
    """Of a period: seconds of training, of sending and of merging, and bytes that a machine sends for each word."""

    training: float
    sending: float
    merging: float
    bytes_per_word: float

    @property
    def share(self) -> float:
        """The share of the time that is training."""
        return self.training / (self.training + self.sending + self.merging)


def cost(machines: int, gigabits: float, vocabulary: int, words_per_second: float, merge_seconds: float) -> Cost:
    """What a period costs each machine."""
    row_bytes = 4 + 4 + 4 * choose_layout(VECTOR_SIZE).row_size
    sent = merged = 0.0
    for number in range(1, MERGE_ALL_EVERY + 1):
        whole = number == MERGE_ALL_EVERY
        words = ROUND_WORDS * (MERGE_ALL_EVERY if whole else 1)
        own, of_any = touched(vocabulary, words), touched(vocabulary, words * machines)
        rows, union = (own.all_rows, of_any.all_rows) if whole else (own.frequent, of_any.frequent)
        sent += row_bytes * (rows * (machines - 1) / machines + union / machines * (machines - 1))
        merged += merge_seconds * rows  # of all replicas, over all machines
    words = ROUND_WORDS * MERGE_ALL_EVERY
    return Cost(words / words_per_second, sent * 8 / (gigabits * 1e9), merged, sent / words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words-per-second", type=float, default=16e6, help="of a machine (default: 16e6)")
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
