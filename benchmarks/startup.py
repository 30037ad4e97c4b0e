"""Measure waiting times: import, a query from the shell, compilation, the start of training, saving.

    python benchmarks/startup.py

Except for importing and saving, times are wall times of a whole process. ``wordkin train`` runs on a text of less than
one shard, so that its time is that from the start of Python until the first words are trained and their vectors are
saved. "Cold" is with an empty cache of compiled code, as after installation; "warm" is the same command again. Saving
is compared with writing as many bytes to the same disk, both including fsync.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import texts
from harness import Results, Summary, common_options, in_turn, ratios, results_folder, run_child, show, table, values
from settings import SETTINGS

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

_IMPORT = """
import json, time
began = time.perf_counter()
import {0}
print(json.dumps({{"seconds": time.perf_counter() - began}}))
"""
_TEXT_WORDS = 10_000  # less than a shard
_COMPILING = "Compiling for this processor"
LIMITS = {"import wordkin": 0.15, "similar": 0.5, "cold": 10.0, "warm": 1.5}  # seconds, the published limits
FORMATS = (".raw", ".safetensors", ".bin")
TRAINED = {**SETTINGS, "skip-gram softmax 100": {"architecture": "skip-gram", "objective": "softmax"}}
del TRAINED["skip-gram NS 300"]


def imports(runs: int) -> dict[str, list[float]]:
    """Return the seconds of ``import`` within a new process."""

    def seconds(module: str) -> float:
        return float(run_child([sys.executable, "-c", _IMPORT.format(module)]).output["seconds"])

    return in_turn({module: partial(seconds, module) for module in ("wordkin", "gensim")}, runs)


def question(runs: int, vectors: Embeddings, folder: Path) -> dict[str, list[float]]:
    """Return the wall seconds of ``wordkin similar``, and of a Python process that does nothing."""
    saved = folder / "vectors.safetensors"
    vectors.save(saved)
    ask: list[str | Path] = [sys.executable, "-m", "wordkin", "similar", saved, vectors.words[5]]
    sides = {"similar": lambda: run_child(ask).seconds, "python": lambda: run_child([sys.executable, "-c", ""]).seconds}
    return in_turn(sides, runs)


def training(runs: int, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the wall seconds of ``wordkin train`` on one shard of text, first with an empty cache, then again.

    ``announced`` tells whether the first run, and no later one, announced that it was compiling.
    """
    text = texts.synthetic_text(_TEXT_WORDS, 1_000)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = ["-m", "wordkin", "train", text, f"--output={folder / 'trained.safetensors'}", "--epochs=1", *flags]
    with tempfile.TemporaryDirectory(dir=folder) as compiled:
        environment = {**os.environ, "NUMBA_CACHE_DIR": compiled}
        told = [_seconds_and_notices([sys.executable, *map(str, command)], environment) for _ in range(1 + runs)]
    seconds = [each for each, _ in told]
    announced = [_COMPILING in notices for _, notices in told] == [True] + runs * [False]
    return {"cold": seconds[:1], "warm": seconds[1:], "announced": announced}


def _seconds_and_notices(command: list[str], environment: Mapping[str, str]) -> tuple[float, str]:
    """Run a command; return wall seconds and its standard error; stop the benchmark if it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nfailed with {done.returncode}:\n{done.stderr}")
    return seconds, done.stderr


def saving(runs: int, vectors: Embeddings, folder: Path) -> dict[str, Any]:
    """Return the bytes per second of ``save`` in each format, and of writing plain bytes."""
    matrix = np.ascontiguousarray(vectors.matrix)
    place = folder / "saved"

    def written(suffix: str) -> float:
        path = place.with_suffix(suffix)
        began = time.perf_counter()
        if suffix == ".raw":
            with path.open("wb") as file:
                file.write(matrix.data)
        else:
            vectors.save(path)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        seconds = time.perf_counter() - began
        size = path.stat().st_size
        path.unlink()
        return size / seconds

    return {"bytes": matrix.nbytes, "rates": in_turn({each: partial(written, each) for each in FORMATS}, runs)}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content)
    tables = {}
    waits = [
        (f"`import {module}`", seconds, LIMITS.get(f"import {module}"))
        for module, seconds in found.get("import", {}).items()
    ]
    if "question" in found:
        waits.append(("`wordkin similar`, 100,000 words x 100", found["question"]["similar"], LIMITS["similar"]))
        waits.append(("`python -c ''`, for comparison", found["question"]["python"], None))
    if waits:
        lines = [(what, Summary.of(each).text(), "" if most is None else f"{most:g}") for what, each, most in waits]
        tables["seconds"] = table(("command", "seconds", "at most"), lines)
    trained = values(content, "train, ").items()
    if trained:
        heads = (f"first run, s (at most {LIMITS['cold']:g})", f"later runs, s (at most {LIMITS['warm']:g})")
        lines = [
            (name, *(Summary.of(each[when]).text() for when in ("cold", "warm")), "yes" if each["announced"] else "no")
            for name, each in trained
        ]
        columns = (f"`wordkin train`, {_TEXT_WORDS:,} words", *heads, "says that it compiles")
        tables["train"] = table(columns, lines)
    if "saving" in found:
        tables["saving"] = _saving_table(found["saving"])
    return tables


def _saving_table(found: Mapping[str, Any]) -> str:
    lines = []
    for suffix, rates in found["rates"].items():
        name = "plain bytes" if suffix == ".raw" else f"`{suffix}`"
        lines.append((name, Summary.of(rates).text(3, 1e6), ratios(rates, found["rates"][".raw"]).text(2)))
    return table((f"saving {found['bytes'] / 1e6:.0f} MB", "MB/s", "ratio to plain bytes"), lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="turns (default: 5)")
    parser.add_argument("--folder", type=Path, help="directory for files (default: a temporary directory)")
    common_options(parser, threads=None)
    options = parser.parse_args()
    runs = 2 if options.quick else options.runs
    results = Results("startup", {}, fresh=options.fresh, folder=results_folder(options.quick))
    words = 100_000 if options.quick else 500_000
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((words, 100), dtype=np.float32)
    large = Embeddings(Vocabulary([f"word{number}" for number in range(words)]), matrix)
    small = Embeddings(Vocabulary(large.words[:100_000]), matrix[:100_000])
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        results.measured("import", {"runs": runs}, partial(imports, runs))
        results.measured("question", {"runs": runs}, partial(question, runs, small, folder))
        for setting in list(TRAINED)[:1] if options.quick else TRAINED:
            key = f"train, {setting}"
            results.measured(key, {"runs": runs}, partial(training, runs, TRAINED[setting], folder))
        results.measured("saving", {"runs": runs, "words": words}, partial(saving, runs, large, folder))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
