"""Measure loading (selected words or all, bad rows skipped or refused) and evaluation with 100,000 rows.

    python benchmarks/loading.py [--quick] [--fresh] [--runs 3] [--folder DIRECTORY]

Each load runs in its own process and measures seconds and peak memory beyond that of the imports. The results are
checked before times are stored. A million vectors of size 300 take 7 GB of temporary disk space.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import Results, Summary, common_options, in_turn, ratios, results_folder, run_child, show, table, values

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.evaluation import evaluate_file
from wordkin.vocabulary import Vocabulary

SUFFIXES = (".safetensors", ".bin", ".txt", ".parquet")
SIZE = 300
CHOSEN = 1000
ROWS = 100_000
_OPTIONS: dict[str, dict[str, Any]] = {"all": {}, "words": {}, "skip": {"bad_rows": "skip"}}


def peak_bytes() -> int:
    """Return the peak resident memory of this process so far, including mapped pages it has accessed."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would include the memory of the parent at the time of the fork
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write_files(folder: Path, words: int) -> None:
    """Write the same vectors in every format."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((words, SIZE), dtype=np.float32)
    vectors = Embeddings(Vocabulary([f"word{number}" for number in range(words)]), matrix)
    for suffix in SUFFIXES:
        path = folder / f"v{suffix}"
        if suffix == ".parquet":
            vectors.to_parquet(path)
        else:
            vectors.save(path)


def chosen_words(words: int) -> list[str]:
    """Choose words spread over the whole file, including the last one, so that the file must be read to its end."""
    return [f"word{number}" for number in np.linspace(0, words - 1, CHOSEN).astype(int)]


def measure(path: Path, mode: str, words: int) -> dict[str, float]:
    """Load a file in its own process, by running this script with ``--one``."""
    found = run_child([sys.executable, __file__, "--one", path, "--mode", mode, "--words", str(words)]).output
    return {name: float(found[name]) for name in ("seconds", "bytes")}


def load_once(path: Path, mode: str, words: int) -> dict[str, float]:
    """Load a file in this process; return seconds, memory, and whether the vectors are correct."""
    options = {"words": chosen_words(words)} if mode == "words" else _OPTIONS[mode]
    before, start = peak_bytes(), time.perf_counter()
    vectors = load_embeddings(path, **options)
    seconds, peak = time.perf_counter() - start, peak_bytes() - before
    assert len(vectors) == (CHOSEN if mode == "words" else words)
    rng = np.random.default_rng(0)
    first = rng.standard_normal((1, SIZE), dtype=np.float32)[0]
    assert np.array_equal(vectors["word0"], first)
    return {"seconds": seconds, "bytes": peak}


def loading(path: Path, words: int, runs: int) -> dict[str, list[dict[str, float]]]:
    """Measure all ways to load a file, in turn."""
    modes = ["all", "words"] + (["skip"] if path.suffix != ".safetensors" else [])
    return in_turn({mode: partial(measure, path, mode, words) for mode in modes}, runs)


def evaluation(kind: str, runs: int, folder: Path) -> dict[str, Any]:
    """Return the seconds to evaluate a file with a number of rows of 20,000 words."""
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(20_000)]
    vectors = Embeddings(Vocabulary(words), rng.standard_normal((len(words), 100), dtype=np.float32))
    path = folder / "rows.txt"
    if kind == "similarity":
        rows = (
            f"{words[a]}\t{words[b]}\t{score:.1f}\n"
            for (a, b), score in zip(rng.integers(0, len(words), (ROWS, 2)), rng.random(ROWS) * 10, strict=True)
        )
    else:
        questions = np.array([rng.choice(len(words), 4, replace=False) for _ in range(ROWS)])
        rows = (" ".join(words[each] for each in question) + "\n" for question in questions)
    path.write_text("".join(rows))
    seconds: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        result = evaluate_file(vectors, path, kind=kind)
        seconds.append(time.perf_counter() - start)
        known = result.total.known if kind == "analogies" else result.known
        assert known == ROWS
    return {"rows": ROWS, "seconds": seconds}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content, "load, ")
    tables = {}
    if found:
        words = next(iter(content["measurements"][f"load, {suffix}"]["settings"]["words"] for suffix in found))
        chosen = (f"{CHOSEN:,} words, s", f"{CHOSEN:,} words, MB")
        columns = (f"{words:,} words x {SIZE}", "all words, s", "all words, MB", *chosen, "ratio of times")
        tables["words"] = table(columns, [_chosen_line(suffix, each) for suffix, each in found.items()])
        columns = ("file without bad rows", '`bad_rows="error"`, s', '`bad_rows="skip"`, s', "ratio of times")
        tables["skip"] = table(columns, [_skip_line(suffix, each) for suffix, each in found.items() if "skip" in each])
    rows = values(content, "evaluate, ")
    if rows:
        lines = [(kind, f"{each['rows']:,}", Summary.of(each["seconds"]).text()) for kind, each in rows.items()]
        tables["rows"] = table(("kind of benchmark", "items", "seconds"), lines)
    return tables


def _taken(runs: Sequence[Mapping[str, float]], what: str) -> list[float]:
    return [each[what] for each in runs]


def _chosen_line(suffix: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [f"`{suffix}`"]
    for mode in ("all", "words"):
        cells.append(Summary.of(_taken(found[mode], "seconds")).text())
        cells.append(Summary.of(_taken(found[mode], "bytes")).text(2, 1e6))
    return (*cells, ratios(_taken(found["words"], "seconds"), _taken(found["all"], "seconds")).text(2))


def _skip_line(suffix: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    refused, skipped = (_taken(found[mode], "seconds") for mode in ("all", "skip"))
    return f"`{suffix}`", Summary.of(refused).text(), Summary.of(skipped).text(), ratios(skipped, refused).text(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--words", type=int, help="number of words in the files (default: 1,000,000)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3)")
    parser.add_argument(
        "--folder", type=Path, help="directory for the temporary files (default: a temporary directory)"
    )
    common_options(parser, threads=None)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(load_once(options.one, options.mode, options.words)))
        return
    words = options.words if options.words is not None else 50_000 if options.quick else 1_000_000
    runs = 1 if options.quick else options.runs
    sources = ("embeddings", "evaluation", "evaluation/files", "vocabulary", "storage")
    where = results_folder(options.quick)
    results = Results("loading", {}, fresh=options.fresh, folder=where, sources=sources)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for kind in ("similarity", "analogies"):
            results.measured(f"evaluate, {kind}", {"runs": runs}, partial(evaluation, kind, runs, folder))
        write_files(folder, words)
        for suffix in SUFFIXES:
            path = folder / f"v{suffix}"
            results.measured(f"load, {suffix}", {"words": words, "runs": runs}, partial(loading, path, words, runs))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
