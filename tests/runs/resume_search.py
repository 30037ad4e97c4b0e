"""Stop and resume runs of random configurations, and compare them bit for bit with uninterrupted runs.

    make resume-search ARGS="--count 2000 --seed 7"      # or: python tests/runs/resume_search.py …

Each configuration is trained once without interruption, and once with a checkpoint directory, stopped at random
moments (at any check for signals) and resumed until it ends. All tables, losses and held-out losses must be equal bit
for bit. Configurations are drawn at random; among several candidates, the one with the most new pairs of option values
is used. The exit status is 1 if runs differ.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest import mock

import numpy as np

from wordkin import ConfigError, DivergenceError, Word2Vec
from wordkin.config import OBJECTIVES
from wordkin.runs.signals import StopSignals
from wordkin.training import trainer
from wordkin.training.cpu import shard_length

Bits = dict[str, bytes]
OBJECTIVE_SETS = [chosen for size in (1, 2, 3) for chosen in itertools.combinations(OBJECTIVES, size)]
# Values of each option that exercise different code paths. The vector sizes need only two row layouts, so that few
# kernels are compiled; 16 with a bias needs a second register.
SPACE: dict[str, list[Any]] = {
    "architecture": ["skip-gram", "cbow"],
    "objective": OBJECTIVE_SETS,
    "vector_size": [1, 7, 15, 16],
    "window": [1, 3, 12, "sentence"],
    "max_context": [20, 3],
    "dynamic_window": [True, False],
    "negative": [1, 5, 40],
    "noise_exponent": [0.75, 0.0, -1.0],
    "cbow_combine": ["mean", "sum"],
    "cbow_gradient": ["word2vec", "exact"],
    "projection_bias": [False, True],
    "output_bias": [False, True],
    "vectors": ["input", "output", "sum"],
    "max_vocabulary": [None, 20, 2],
    "subsample": [1e-3, 0.0, 0.05],
    "subsample_formula": ["word2vec", "paper"],
    "epochs": [1, 2, 3],
    "learning_rate": [None, 1e-3, 0.3],
    "min_learning_rate": [None, 1e-4],
    "validation": [None, "fraction", "text"],
    "patience": [None, 1],
    "seed": [1, 2**63 - 1],
    "reproducible": ["one thread", "deterministic"],
    "threads": [1, 2, 3],
    "parts": [2, 3, 7],
    # not options of training:
    "shard_words": [97, 500, 2000],
    "seconds_per_span": [0.0, trainer.SECONDS_PER_SPAN],
    "stops": [1, 3],
}
CANDIDATES = 12


def text_of(seed: int, sentences: int) -> list[list[str]]:
    """Make sentences of 1 to 40 words from a vocabulary of 60 words with decreasing frequencies."""
    generator = np.random.default_rng(seed)
    weights = 1 / np.arange(1, 61)
    lengths = generator.integers(1, 41, sentences)
    ids = generator.choice(60, lengths.sum(), p=weights / weights.sum())
    return [[f"w{word}" for word in sentence] for sentence in np.split(ids, np.cumsum(lengths)[:-1])]


TEXT, HELD_OUT = text_of(1, 150), text_of(2, 40)


def legal(chosen: dict[str, Any]) -> bool:
    """Whether the combination of values is valid."""
    try:
        model_of(chosen)
    except ConfigError:
        return False
    return chosen["patience"] is None or chosen["validation"] is not None


def model_of(chosen: dict[str, Any]) -> Word2Vec:
    options = {name: value for name, value in chosen.items() if name in SPACE and name not in NOT_OPTIONS}
    if chosen["validation"] == "fraction":
        options["validation_fraction"] = 0.2
    deterministic = chosen["reproducible"] == "deterministic"
    options |= {"deterministic": deterministic, "threads": chosen["threads"] if deterministic else 1}
    return Word2Vec(min_count=1, **options)


NOT_OPTIONS = {"validation", "reproducible", "shard_words", "seconds_per_span", "stops"}


def pairs_of(chosen: dict[str, Any]) -> set[Any]:
    """Return all pairs of (name, value) in a configuration."""
    return set(itertools.combinations([(name, str(value)) for name, value in chosen.items()], 2))


def configurations(count: int, randomness: random.Random) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield a number of configurations, each with the number of pairs of values covered so far."""
    seen: set[Any] = set()
    for _ in range(count):
        candidates: list[dict[str, Any]] = []
        while len(candidates) < CANDIDATES:
            chosen = {name: randomness.choice(values) for name, values in SPACE.items()}
            if legal(chosen):
                candidates.append(chosen)
        best = max(candidates, key=lambda each: len(pairs_of(each) - seen))
        seen |= pairs_of(best)
        yield best, len(seen)


class Asked:
    """Simulates a signal that arrives at the n-th check for signals during training."""

    def __init__(self, at: float) -> None:
        self.count = itertools.count(1)
        self.at = at
        self.last = 0

    def __call__(self, _signals: object) -> bool:
        self.last = next(self.count)
        return self.last >= self.at


def bits_of(model: Word2Vec) -> Bits:
    """Return everything that must be equal in two runs."""
    tables = {name: np.ascontiguousarray(table).tobytes() for name, table in model._tables.items()}
    state = model._state
    told = (state.losses, state.validation_losses, state.epoch, state.best_epoch, state.stopped_early)
    return tables | {"state": repr(told).encode()}


def check(chosen: dict[str, Any], randomness: random.Random) -> str | None:
    """Train without and with interruptions; return what differs, or None. May raise DivergenceError."""
    held_out = HELD_OUT if chosen["validation"] == "text" else None
    real = shard_length.shard_words
    with ExitStack() as patched, tempfile.TemporaryDirectory() as name:

        def stopping(at: float) -> Asked:
            asked = Asked(at)
            patched.enter_context(mock.patch.object(StopSignals, "received", lambda self: asked(self)))
            return asked

        def few_words(demands: Any, parts: int) -> int:
            return min(real(demands, parts), chosen["shard_words"])

        patched.enter_context(mock.patch.object(shard_length, "shard_words", few_words))
        patched.enter_context(mock.patch.object(trainer, "SECONDS_PER_SPAN", chosen["seconds_per_span"]))
        asked = stopping(np.inf)
        whole = bits_of(model_of(chosen).fit(TEXT, validation=held_out))
        most = asked.last
        stopping(randomness.randint(1, most))
        model = model_of(chosen).fit(TEXT, validation=held_out, checkpoint=name)
        left = chosen["stops"] - 1
        while True:
            asked = stopping(randomness.randint(1, most) if left > 0 else np.inf)
            left -= 1
            threads = randomness.choice([1, 2, 3]) if chosen["reproducible"] == "deterministic" else 1
            model = Word2Vec.resume(name, threads=threads)
            if asked.last < asked.at:
                break
        stopped = bits_of(model)
    differing = [part for part in whole if whole[part] != stopped.get(part)]
    return f"{', '.join(differing)} differ" if differing else None


def search(count: int, seed: int, tell: Callable[[str], None], every: int) -> int:
    """Check a number of configurations; return how many differ."""
    randomness = random.Random(seed)
    failed = diverged = pairs = 0
    began = time.monotonic()
    for number, (chosen, pairs) in enumerate(configurations(count, randomness), 1):
        draws = randomness.getrandbits(32)
        try:
            found = check(chosen, random.Random(draws))
        except DivergenceError:
            diverged += 1
            found = None
        if found is not None:
            failed += 1
            tell(f"FAILED, configuration {number} of seed {seed}: {found}\n  {chosen}")
        if number % every == 0 or number == count:
            seconds = time.monotonic() - began
            tell(f"{number} of {count} configurations, {pairs} pairs of values, {diverged} diverged, {failed} differ, "
                 f"{seconds:.0f} s")  # fmt: skip
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="configurations (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SPACE["vector_size"], help="vector sizes (default: all of the space)"
    )
    parser.add_argument("--every", type=int, default=100, help="configurations between lines of progress")
    arguments = parser.parse_args()
    SPACE["vector_size"] = arguments.sizes
    warnings.simplefilter("ignore")  # some configurations warn about their cost, or that no text is left to train on
    failed = search(arguments.count, arguments.seed, lambda line: print(line, flush=True), arguments.every)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
