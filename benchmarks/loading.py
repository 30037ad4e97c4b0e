"""Loading: chosen words beside all words, bad rows skipped beside refused, and 100,000 similarity rows.

    python benchmarks/loading.py [--quick]

Each figure of loading is measured in a process of its own: seconds, and the memory it took at most beyond what the
imports take. Answers are checked before times are printed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.evaluation import evaluate_file
from wordkin.vocabulary import Vocabulary

SUFFIXES = (".safetensors", ".bin", ".txt", ".parquet")
SIZE = 300
CHOSEN = 1000
PAIRS = 100_000


def peak_bytes() -> int:
    """Largest resident memory of this process so far; what it maps and touches counts as well."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_files(folder: Path, words: int) -> None:
    """The same vectors in every format."""
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
    """Words spread over the whole file, the last one among them: the file must be read to its end."""
    return [f"word{number}" for number in np.linspace(0, words - 1, CHOSEN).astype(int)]


def measure(path: Path, mode: str, words: int) -> dict[str, float]:
    """Load a file in a process of its own, as this script does with ``--one``."""
    command = [sys.executable, __file__, "--one", str(path), "--mode", mode, "--words", str(words)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one(path: Path, mode: str, words: int) -> None:
    options = {"all": {}, "words": {"words": chosen_words(words)}, "skip": {"bad_rows": "skip"}}[mode]
    before, start = peak_bytes(), time.perf_counter()
    vectors = load_embeddings(path, **options)
    seconds, peak = time.perf_counter() - start, peak_bytes() - before
    assert len(vectors) == (CHOSEN if mode == "words" else words)
    rng = np.random.default_rng(0)
    first = rng.standard_normal((1, SIZE), dtype=np.float32)[0]
    assert np.array_equal(vectors["word0"], first)
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1e6}))


def load_in_turn(folder: Path, words: int, turns: int) -> None:
    print(f"{words:,} words of {SIZE} numbers; {CHOSEN:,} of them; median of {turns} turns")
    for suffix in SUFFIXES:
        modes = ["all", "words"] + (["skip"] if suffix != ".safetensors" else [])
        results: dict[str, list[dict[str, float]]] = {mode: [] for mode in modes}
        for _ in range(turns):
            for mode in modes:
                results[mode].append(measure(folder / f"v{suffix}", mode, words))
        for mode, found in results.items():
            seconds, megabytes = (float(np.median([each[key] for each in found])) for key in ("seconds", "megabytes"))
            print(f"{suffix:13} {mode:6} {seconds:8.2f} s {megabytes:8.0f} MB")


def evaluate_pairs(folder: Path) -> None:
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(20_000)]
    vectors = Embeddings(Vocabulary(words), rng.standard_normal((len(words), 100), dtype=np.float32))
    rows = (f"{words[a]}\t{words[b]}\t{score:.1f}\n" for (a, b), score in
            zip(rng.integers(0, len(words), (PAIRS, 2)), rng.random(PAIRS) * 10, strict=True))  # fmt: skip
    path = folder / "pairs.tsv"
    path.write_text("".join(rows))
    start = time.perf_counter()
    result = evaluate_file(vectors, path, kind="similarity")
    seconds = time.perf_counter() - start
    assert result.known == PAIRS and result.spearman.interval[0] < result.spearman.value < result.spearman.interval[1]
    print(f"{PAIRS:,} similarity rows evaluated in {seconds:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="50,000 words, one turn")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--words", type=int, default=1_000_000, help="how many words the files have")
    parser.add_argument("--folder", type=Path, help="where the files go for the time being; 6 GB for a million words")
    options = parser.parse_args()
    if options.one is not None:
        one(options.one, options.mode, options.words)
        return
    words, turns = (50_000, 1) if options.quick else (options.words, 3)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        evaluate_pairs(Path(folder))
        write_files(Path(folder), words)
        load_in_turn(Path(folder), words, turns)


if __name__ == "__main__":
    main()
