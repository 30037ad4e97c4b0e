"""Loading, questions and saving: wordkin and gensim in turn, on the same vectors, in one run.

    python benchmarks/queries.py                     # 1,000,000 words x 300; an index on 1,000,000 x 100
    python benchmarks/queries.py --words 100000 --index-words 100000

Every answer is checked before its time is printed. Beside the times of searches stands the least time
this machine can do them in: reading the matrix once, or doing the multiplications, at the speed that
NumPy's BLAS reaches here on exactly that. The second part prints how recall and speed of the
approximate index trade, and draws it.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.queries.exact import nearest
from wordkin.vocabulary import Vocabulary

NEIGHBOURS = 10
EXPANSIONS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512)


def clustered_vectors(words: int, size: int, *, clusters: int = 1000, spread: float = 0.7, seed: int = 1) -> Embeddings:
    """Vectors that lie in clusters as those of real words do, words with their counts.

    The centres are standard normal. Each word takes one at random, adds ``spread`` times standard normal
    noise, and is scaled by a factor between 0.5 and 2, drawn on a logarithmic scale.
    """
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((clusters, size), dtype=np.float32)
    matrix = rng.standard_normal((words, size), dtype=np.float32)
    matrix *= np.float32(spread)
    for start in range(0, words, 65536):
        block = matrix[start : start + 65536]
        block += centres[rng.integers(0, clusters, len(block))]
        block *= np.exp2(rng.uniform(-1, 1, (len(block), 1))).astype(np.float32)
    counts = np.maximum(5, 1e8 / np.arange(1, words + 1)).astype(np.int64)
    return Embeddings(Vocabulary((f"word{number}" for number in range(words)), counts), matrix)


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds an action takes, and its result; waste of the one before is collected first."""
    gc.collect()
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def print_row(name: str, ours: float, theirs: float, bound: float | None = None) -> None:
    least = "" if bound is None else f"{bound:>12.3f}"
    print(f"{name:<34}{ours:>10.3f}{theirs:>10.3f}{theirs / ours:>8.1f}x{least}", flush=True)


def check_same(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> None:
    """Stop unless both gave the same words with the same cosines."""
    same_words = [word for word, _ in ours] == [word for word, _ in theirs]
    if not same_words or not np.allclose([c for _, c in ours], [c for _, c in theirs], atol=1e-5):
        sys.exit(f"the answers differ:\n{ours}\n{theirs}")


def flushed(folder: Path, _: object) -> None:
    """Have the system write out the files that gensim left in its cache; wordkin does so by itself."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def least_seconds(matrix: NDArray[np.float32], batch: int) -> tuple[float, float]:
    """Least time to read the matrix once, and to multiply it with a batch, measured on this machine."""
    reading = min(timed(lambda: matrix @ matrix[0])[0] for _ in range(3))
    sample = matrix[:8192]
    operations = 2 * sample.shape[0] * sample.shape[1] * batch
    multiplying = min(timed(lambda: matrix[:batch] @ sample.T)[0] for _ in range(5))
    return reading, 2 * matrix.size * batch * multiplying / operations


def compare_with_gensim(vectors: Embeddings, queries: int, folder: Path) -> None:
    """Print a table: loading, questions and saving, wordkin beside gensim."""
    from gensim.models import KeyedVectors

    binary, native, theirs_path = folder / "v.bin", folder / "v.safetensors", folder / "gensim.bin"
    print(f"\n{len(vectors):,} words x {vectors.vector_size}, seconds{'':<10}wordkin    gensim   ratio  least here")
    ours_native = timed(lambda: vectors.save(native))[0]
    ours_binary = timed(lambda: vectors.save(binary))[0]
    names = [vectors.words[number] for number in np.linspace(0, len(vectors) - 1, queries).astype(int).tolist()]
    theirs_load, keyed = timed(lambda: KeyedVectors.load_word2vec_format(str(binary), binary=True))
    ours_load, loaded = timed(lambda: load_embeddings(binary))
    if not np.array_equal(loaded.matrix, keyed.vectors) or loaded.words != keyed.index_to_key:
        sys.exit("wordkin and gensim read different vectors")
    print_row("load word2vec .bin", ours_load, theirs_load)
    ours, cosine = timed(lambda: load_embeddings(native).similarity(names[1], names[2]))
    if abs(cosine - keyed.similarity(names[1], names[2])) > 1e-5:
        sys.exit("wordkin and gensim compare two words differently")
    print_row("open native, compare two words", ours, theirs_load)
    ours, answer = timed(lambda: loaded.most_similar(names[0], topn=NEIGHBOURS))
    theirs, expected = timed(lambda: keyed.most_similar(names[0], topn=NEIGHBOURS))
    check_same(answer, expected)
    reading, multiplying = least_seconds(loaded.matrix, queries)
    print_row("first query", ours, theirs, reading)
    ours, answers = timed(lambda: [loaded.most_similar(name, topn=NEIGHBOURS) for name in names])
    theirs, expected = timed(lambda: [keyed.most_similar(name, topn=NEIGHBOURS) for name in names])
    for answer, other in zip(answers, expected, strict=True):
        check_same(answer, other)
    print_row(f"{queries:,} single queries", ours, theirs, reading * queries)
    batch_seconds, answers = timed(lambda: loaded.most_similar_batch(names, topn=NEIGHBOURS))
    for answer, other in zip(answers, expected, strict=True):
        check_same(answer, other)
    print_row(f"a batch of {queries:,} (gensim: singly)", batch_seconds, theirs, multiplying)
    theirs_save = timed(lambda: flushed(folder, keyed.save_word2vec_format(str(theirs_path), binary=True)))[0]
    print_row("save word2vec .bin", ours_binary, theirs_save)
    theirs_native = timed(lambda: flushed(folder, keyed.save(str(folder / "gensim.kv"))))[0]
    print_row("save native (gensim: save())", ours_native, theirs_native)
    print("gensim opens its .bin for the second row; a save ends when the data is on the disk, for both")


def compare_with_index(vectors: Embeddings, queries: int, plot: Path, threads: int | None) -> None:
    """Print and draw recall and speed of the approximate index against exact search, one query at a time."""
    rng = np.random.default_rng(2)
    asked = vectors.unit_vectors(rng.choice(len(vectors), queries, replace=False))
    asked += 0.05 * rng.standard_normal(asked.shape, dtype=np.float32)
    few = asked[: max(1, min(100, queries))]
    nearest(vectors, few[:1], NEIGHBOURS)
    exact_seconds = timed(lambda: [nearest(vectors, query[None], NEIGHBOURS) for query in few])[0] / len(few)
    truth, _ = nearest(vectors, asked, NEIGHBOURS)
    build_seconds, index = timed(lambda: vectors.build_index(threads=threads))
    print(f"\n{len(vectors):,} words x {vectors.vector_size}, index built in {build_seconds:,.0f} s")
    print(f"exact, one by one: {exact_seconds * 1e3:.2f} ms a query\n")
    print(f"{'expansion':>9}{'recall@10':>11}{'ms a query':>12}{'faster than exact':>19}")
    rows = []
    for expansion in EXPANSIONS:
        index.expansion_search = expansion
        seconds, found = timed(lambda: [index.nearest(query[None], NEIGHBOURS, threads=1)[0][0] for query in asked])
        recall = np.mean([len(np.intersect1d(ours, ids)) for ours, ids in zip(found, truth, strict=True)]) / NEIGHBOURS
        rows.append((expansion, float(recall), seconds / queries))
        ratio = exact_seconds * queries / seconds
        print(f"{expansion:>9}{recall:>11.4f}{seconds / queries * 1e3:>12.3f}{ratio:>18.0f}x", flush=True)
    draw(rows, exact_seconds, f"{len(vectors):,} words x {vectors.vector_size}", plot)


def draw(rows: list[tuple[int, float, float]], exact_seconds: float, title: str, plot: Path) -> None:
    """Draw recall against queries a second, each point labelled with its expansion."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.plot([recall for _, recall, _ in rows], [1 / seconds for _, _, seconds in rows], "o-", label="index")
    for expansion, recall, seconds in rows:
        axes.annotate(str(expansion), (recall, 1 / seconds), xytext=(5, 4), textcoords="offset points", fontsize=8)
    axes.axhline(1 / exact_seconds, color="C1", linestyle="--", label="exact, one by one")
    axes.axhline(30 / exact_seconds, color="C2", linestyle=":", label="30 times exact")
    axes.axvline(0.95, color="grey", linewidth=0.8, label="recall 0.95")
    axes.set(xlabel=f"recall@{NEIGHBOURS}", ylabel="queries a second", yscale="log", title=title)
    axes.legend()
    plot.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(plot, dpi=120)
    print(f"\nplot: {plot}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--index-words", type=int, default=1_000_000)
    parser.add_argument("--index-size", type=int, default=100)
    parser.add_argument("--index-vectors", type=Path, help="real vectors for the index instead of synthetic ones")
    parser.add_argument("--threads", type=int, help="threads that build the index (default: all)")
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/index.png"))
    parser.add_argument("--folder", type=Path, help="where to write files (default: a temporary folder)")
    parser.add_argument("--only", choices=("gensim", "index"), help="run one part")
    options = parser.parse_args()
    if options.only != "index":
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            compare_with_gensim(clustered_vectors(options.words, options.size), options.queries, Path(folder))
    if options.only != "gensim":
        if options.index_vectors is not None:
            vectors = load_embeddings(options.index_vectors)
        else:
            vectors = clustered_vectors(options.index_words, options.index_size)
        compare_with_index(vectors, min(options.queries, len(vectors)), options.plot, options.threads)


if __name__ == "__main__":
    main()
