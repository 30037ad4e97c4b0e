"""Compare loading, queries, evaluation and saving with gensim, on the same vectors.

    python benchmarks/queries.py                                   # everything, about ten minutes on two cores
    python benchmarks/queries.py --vectors v.safetensors --questions questions-words.txt     # also real vectors
    python benchmarks/queries.py --parts gensim                    # some parts: gensim, open, index, real
    python benchmarks/queries.py --quick                           # a short version

Results are checked before times are stored: the words must be equal, cosines must agree to 1e-5, and the numbers of
correct answers must be equal. The index is compared with exact search: its recall, and its speed.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
from harness import Results, Summary, common_options, ratios, results_folder, show, significant, table, tidy, values
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.embeddings.native_format import write_native
from wordkin.evaluation import AnalogyResult, evaluate_file
from wordkin.queries.exact import nearest
from wordkin.storage import files
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from matplotlib.axes import Axes

NEIGHBOURS = 10
EXPANSIONS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
WANTED_RECALL, WANTED_RATIO = 0.95, 30
PARTS = ("gensim", "open", "index", "real")
ROWS = {
    "load": "load word2vec .bin",
    "first": "first query",
    "single": "{queries:,} single queries",
    "batch": "a batch of {queries:,} (gensim: singly)",
    "analogies": "{questions:,} analogies, {restrict_vocab:,} words",
    "save": "save word2vec .bin, on the disk",
    "save unflushed": "save word2vec .bin, in the system's cache",
    "native": "save in its own format, on the disk",
    "native unflushed": "save in its own format, in the system's cache",
}
# sources that the measurements depend on; a change invalidates stored measurements
SOURCES = ("embeddings", "queries", "evaluation", "vocabulary")
_SECTION_PAIRS = 20  # word pairs per section; each is combined with each other pair of the section
_SECTIONS = 6
_TURNS_OF_QUERIES = 10

T = TypeVar("T")


# -- vectors and questions -----------------------------------------------------------------------------


def clustered_vectors(words: int, size: int, *, clusters: int = 1000, spread: float = 0.7, seed: int = 1) -> Embeddings:
    """Make clustered vectors, which resemble those of real words, and words with counts.

    The cluster centres are standard normal. The vector of a word is a random centre plus ``spread`` times standard
    normal noise, multiplied by a log-uniform factor between 0.5 and 2.
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


def write_questions(vectors: Embeddings, restrict_vocab: int, path: Path) -> int:
    """Write analogies and return their number; in every second one, the expected answer is the one by 3CosAdd.

    About half of the answers are thus correct, and which ones depends on the ranking of all words.
    """
    rng = np.random.default_rng(3)
    searched = min(restrict_vocab, len(vectors))
    lines = []
    for section in range(_SECTIONS):
        lines.append(f": {'gram' * (section % 2)}section{section}")
        pairs = rng.choice(searched, (_SECTION_PAIRS, 2), replace=False)
        first, second = (each.ravel() for each in np.indices((_SECTION_PAIRS, _SECTION_PAIRS)))
        asked = np.column_stack((pairs[first], pairs[second][:, 0]))[first != second]
        a, b, c = (vectors.unit_vectors(asked[:, place]) for place in range(3))
        found, _ = nearest(vectors, b - a + c, 4, restrict_vocab=searched)
        answers = [next(each for each in row if each not in own) for row, own in zip(found, asked, strict=True)]
        for number, (own, answer) in enumerate(zip(asked.tolist(), answers, strict=True)):
            given = int(answer) if number % 2 else int(rng.integers(searched))
            lines.append(" ".join(vectors.words[each] for each in (*own, given)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - _SECTIONS


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds and the result of an action; garbage of earlier actions is collected first."""
    gc.collect()
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def touch_memory(size: int) -> None:
    """Write to a number of bytes once, because a virtual machine is slow at the first access to memory."""
    np.ones(size, dtype=np.uint8)


# -- beside gensim -------------------------------------------------------------------------------------


def check_same(ours: Sequence[tuple[str, float]], theirs: Sequence[tuple[str, float]]) -> None:
    """Stop unless both sides returned the same words with the same cosines."""
    same_words = [word for word, _ in ours] == [word for word, _ in theirs]
    if not same_words or not np.allclose([c for _, c in ours], [c for _, c in theirs], atol=1e-5):
        sys.exit(f"the answers differ:\n{ours}\n{theirs}")


def beside_gensim(words: int, size: int, queries: int, restrict_vocab: int, runs: int, place: Path) -> dict[str, Any]:
    """Measure the seconds of both sides for each of ``ROWS``, and a lower bound for the searches on this machine."""
    touch_memory(4 * 4 * words * size)
    vectors = clustered_vectors(words, size)
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        vectors.save(folder / "v.bin")
        rows, ours, theirs = _loading(folder / "v.bin", runs)
        if not np.array_equal(ours.matrix, theirs.vectors) or ours.words != theirs.index_to_key:
            sys.exit("wordkin and gensim read different vectors")
        del vectors
        names = [ours.words[each] for each in np.linspace(0, len(ours) - 1, queries).astype(int).tolist()]
        rows |= _asking(ours, theirs, names)
        questions = write_questions(ours, restrict_vocab, folder / "questions.txt")
        rows["analogies"] = analogies(ours, theirs, folder / "questions.txt", restrict_vocab)
        rows |= _saving(ours, theirs, folder, runs)
    counts = {"words": words, "size": size, "queries": queries, "questions": questions}
    reading, multiplying = least_seconds(ours.matrix, queries)
    bounds = {"first": reading, "single": reading * queries, "batch": multiplying}
    return {**counts, "restrict_vocab": min(restrict_vocab, words), "rows": rows, "bounds": bounds}


def _loading(path: Path, runs: int) -> tuple[dict[str, Any], Embeddings, KeyedVectors]:
    """Measure loading and the first query after it, several times in turn."""
    from gensim.models import KeyedVectors

    rows: dict[str, Any] = {each: {"wordkin": [], "gensim": []} for each in ("load", "first")}
    ours = theirs = None
    for _ in range(runs):
        ours = theirs = None  # frees memory before loading again
        for side in ("wordkin", "gensim"):
            if side == "wordkin":
                seconds, ours = timed(lambda: load_embeddings(path))
                first, answer = timed(partial(ours.most_similar, ours.words[7], topn=NEIGHBOURS))
            else:
                seconds, theirs = timed(lambda: KeyedVectors.load_word2vec_format(str(path), binary=True))
                first, expected = timed(partial(theirs.most_similar, theirs.index_to_key[7], topn=NEIGHBOURS))
            rows["load"][side].append(seconds)
            rows["first"][side].append(first)
        check_same(answer, expected)
    assert ours is not None
    return rows, ours, theirs


def _asking(ours: Embeddings, theirs: KeyedVectors, names: Sequence[str]) -> dict[str, Any]:
    """Measure queries one by one, with both sides in turn a few words at a time, and as a batch."""
    single: dict[str, list[float]] = {"wordkin": [], "gensim": []}
    expected = []
    for part in np.array_split(np.array(names), min(_TURNS_OF_QUERIES, len(names))):
        asked = part.tolist()
        seconds, answers = timed(lambda asked=asked: [ours.most_similar(each, topn=NEIGHBOURS) for each in asked])
        single["wordkin"].append(seconds)
        seconds, others = timed(lambda asked=asked: [theirs.most_similar(each, topn=NEIGHBOURS) for each in asked])
        single["gensim"].append(seconds)
        for answer, other in zip(answers, others, strict=True):
            check_same(answer, other)
        expected += others
    together, answers = timed(lambda: ours.most_similar_batch(names, topn=NEIGHBOURS))
    for answer, other in zip(answers, expected, strict=True):
        check_same(answer, other)
    totals = {side: [sum(parts)] for side, parts in single.items()}
    return {"single": totals, "batch": {"wordkin": [together], "gensim": totals["gensim"]}}


def analogies(ours: Embeddings, theirs: KeyedVectors, path: Path, restrict_vocab: int) -> dict[str, Any]:
    """Measure the evaluation of a file of analogies; stop unless the scores of all sections are equal."""
    our_seconds, result = timed(lambda: evaluate_file(ours, path, kind="analogies", restrict_vocab=restrict_vocab))
    their_seconds, (_, sections) = timed(
        lambda: theirs.evaluate_word_analogies(str(path), restrict_vocab=restrict_vocab)
    )
    assert isinstance(result, AnalogyResult)
    for section, other in zip(result.sections, sections, strict=False):  # gensim's last section is a total
        if (section.correct["3cosadd"], section.known) != (
            len(other["correct"]), len(other["correct"]) + len(other["incorrect"])
        ):  # fmt: skip
            sys.exit(f"the scores of {section.name} differ")
    return {"wordkin": [our_seconds], "gensim": [their_seconds], "accuracy": result.total.accuracy().value}


@contextlib.contextmanager
def unflushed() -> Iterator[None]:
    """Disable fsync, so that wordkin leaves saved data in the page cache like gensim."""
    flush, files.os.fsync = os.fsync, lambda _: None  # type: ignore[assignment]
    try:
        yield
    finally:
        files.os.fsync = flush


def _saving(ours: Embeddings, theirs: KeyedVectors, folder: Path, runs: int) -> dict[str, Any]:
    """Measure saving in both formats, with and without waiting until the data is on the disk."""
    saves: dict[str, dict[str, Callable[[], object]]] = {
        "save": {
            "wordkin": lambda: ours.save(folder / "saved.bin"),
            "gensim": lambda: theirs.save_word2vec_format(str(folder / "saved.bin"), binary=True),
        },
        "native": {
            "wordkin": lambda: ours.save(folder / "saved.safetensors"),
            "gensim": lambda: theirs.save(str(folder / "saved.kv")),
        },
    }
    rows: dict[str, Any] = {}
    for row, sides in saves.items():
        rows[row] = {side: [] for side in sides}
        rows[f"{row} unflushed"] = {side: [] for side in sides}
        for _ in range(runs):
            for side, save in sides.items():
                with unflushed():
                    rows[f"{row} unflushed"][side].append(_saved(save, folder))
                on_disk = save if side == "wordkin" else lambda save=save: (save(), flush(folder))
                rows[row][side].append(_saved(on_disk, folder))
    return rows


def _saved(save: Callable[[], object], folder: Path) -> float:
    """Return the seconds of saving, and delete the file."""
    seconds, _ = timed(save)
    for path in folder.glob("saved.*"):
        path.unlink()
    return seconds


def flush(folder: Path) -> None:
    """Flush a file saved by gensim and its directory entry to the disk, as wordkin does itself."""
    for path in folder.glob("saved.*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    files.sync_directory(folder)


def least_seconds(matrix: NDArray[np.float32], batch: int) -> tuple[float, float]:
    """Measure the minimum time to read the matrix once, and to multiply it by a batch."""
    reading = min(timed(lambda: matrix @ matrix[0])[0] for _ in range(3))
    sample = matrix[:8192]
    operations = 2 * sample.shape[0] * sample.shape[1] * batch
    multiplying = min(timed(lambda: matrix[:batch] @ sample.T)[0] for _ in range(5))
    return reading, 2 * matrix.size * batch * multiplying / operations


# -- opening a large file ------------------------------------------------------------------------------


class _WithHoles:
    """A sparse file: runs of zeros are skipped, so that it takes little disk space."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes | memoryview) -> int:
        if len(data) > 1 << 16 and not np.frombuffer(data, dtype=np.uint8).any():
            self._file.seek(len(data), os.SEEK_CUR)
        else:
            self._file.write(data)
        return len(data)


def opening(words: int, size: int, place: Path) -> dict[str, Any]:
    """Open a native file, look up a word, compare two words; return seconds and the bytes of the file read."""
    matrix = np.zeros((words, size), dtype=np.float32)
    matrix[[words // 3, words - 1]] = 1
    vectors = Embeddings(Vocabulary(f"word{number}" for number in range(words)), matrix)
    with tempfile.TemporaryDirectory(dir=place) as name:
        path = Path(name) / "large.safetensors"
        with path.open("wb") as file:
            write_native(vectors, _WithHoles(file))  # type: ignore[arg-type]
        del vectors, matrix
        gc.collect()
        before = _resident_bytes()
        seconds, opened = timed(lambda: load_embeddings(path))
        asking, cosine = timed(lambda: opened.similarity(f"word{words // 3}", f"word{words - 1}"))
        if abs(cosine - 1) > 1e-6 or not np.array_equal(opened["word5"], np.zeros(size)):
            sys.exit("the file does not hold what was written")
        resident = None if before is None else _resident_bytes() - before  # type: ignore[operator]
        found = {"words": words, "size": size, "file_bytes": path.stat().st_size, "vector_bytes": opened.matrix.nbytes}
    return {**found, "open_seconds": seconds, "compare_seconds": asking, "resident_bytes": resident}


def _resident_bytes() -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))


# -- the index -----------------------------------------------------------------------------------------


def index_curve(vectors: Embeddings, queries: int, threads: int | None) -> dict[str, Any]:
    """Measure recall and speed of the index (single queries on one thread) and of exact search on all threads.

    Queries are vectors of words with some noise, so that no query has distance 0 to a word.
    """
    rng = np.random.default_rng(2)
    queries = min(queries, len(vectors))
    asked = vectors.unit_vectors(rng.choice(len(vectors), queries, replace=False))
    asked += 0.05 * rng.standard_normal(asked.shape, dtype=np.float32)
    few = asked[: max(1, min(100, queries))]
    nearest(vectors, few[:1], NEIGHBOURS)
    exact = [timed(lambda: [nearest(vectors, query[None], NEIGHBOURS) for query in few])[0] for _ in range(2)]
    truth, _ = nearest(vectors, asked, NEIGHBOURS)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "v.usearch"
        building, index = timed(lambda: vectors.build_index(path, threads=threads, progress=show_progress))
        index_bytes = path.stat().st_size
    points = []
    for expansion in EXPANSIONS:
        index.expansion_search = expansion
        found, seconds = [], []
        for _ in range(2):
            each, found = timed(lambda: [index.nearest(query[None], NEIGHBOURS, threads=1)[0][0] for query in asked])
            seconds.append(each)
        recall = np.mean([len(np.intersect1d(ours, ids)) for ours, ids in zip(found, truth, strict=True)]) / NEIGHBOURS
        points.append({"expansion": expansion, "recall": float(recall), "seconds": min(seconds) / queries})
    return {
        "words": len(vectors), "size": vectors.vector_size, "exact_seconds": min(exact) / len(few),
        "build_seconds": building, "index_bytes": index_bytes, "points": points,
    }  # fmt: skip


def show_progress(done: int, total: int) -> None:
    print(f"\rindex: {done:,} of {total:,} words", end="\n" if done == total else "", file=sys.stderr, flush=True)


def real_vectors(path: Path, questions: Path | None, queries: int, threads: int | None) -> dict[str, Any]:
    """Measure the index on trained vectors and, with a file of analogies, their evaluation compared with gensim."""
    vectors = load_embeddings(path)
    found = {"index": index_curve(vectors, queries, threads)}
    if questions is not None:
        found["analogies"] = analogies(vectors, vectors.to_gensim(), questions, 30_000)
    return found


# -- tables and picture --------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content)
    tables = {}
    if "gensim" in found:
        tables["gensim"] = _gensim_table(found["gensim"])
    if "open" in found:
        tables["open"] = _open_table(found["open"])
    curves = _curves(found)
    for name, curve in curves.items():
        tables[name] = _index_table(curve)
    if "analogies" in found.get("real", {}):
        row = found["real"]["analogies"]
        shares = (row["wordkin"], row["gensim"])
        cells = [f"{row['accuracy']:.1%}", *(Summary.of(each).text() for each in shares), ratios(*shares[::-1]).text()]
        tables["analogies"] = table(
            ("test", "accuracy of both", "wordkin, s", "gensim, s", "times faster"),
            [("Google's analogies, 30,000 words", *cells)],
        )
    return tables


def _curves(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the curves of the index by the names of their tables."""
    curves = {"index": found.get("index"), "real": found.get("real", {}).get("index")}
    return {name: curve for name, curve in curves.items() if curve is not None}


def _gensim_table(found: Mapping[str, Any]) -> str:
    lines = []
    for row, name in ROWS.items():
        sides = found["rows"][row]
        ours, theirs = sides["wordkin"], sides["gensim"]
        least = found["bounds"].get(row)
        cells = [Summary.of(each).text() for each in (ours, theirs)]
        lines.append((name.format(**found), *cells, ratios(theirs, ours).text(), significant(least) if least else ""))
    head = f"{found['words']:,} words x {found['size']}"
    return table((head, "wordkin, s", "gensim, s", "times faster", "lower bound, s"), lines)


def _open_table(found: Mapping[str, Any]) -> str:
    resident = found["resident_bytes"]
    memory = "" if resident is None else significant(resident / 1e6)
    cells = [significant(found[each] * 1e3) for each in ("open_seconds", "compare_seconds")]
    return table(
        (f"{found['words']:,} words x {found['size']}", "open, ms", "compare two words, ms", "file, MB", "read, MB"),
        [("`.safetensors`", *cells, f"{found['file_bytes'] / 1e6:,.0f}", memory)],
    )


def _index_table(curve: Mapping[str, Any]) -> str:
    lines = [
        (
            each["expansion"], f"{each['recall']:.4f}", significant(each["seconds"] * 1e3),
            f"{curve['exact_seconds'] / each['seconds']:.0f}",
        )
        for each in curve["points"]
    ]  # fmt: skip
    rows = table(("expansion", f"recall@{NEIGHBOURS}", "ms a query", "times faster than exact"), lines)
    exact = significant(curve["exact_seconds"] * 1e3)
    return (
        f"{rows}\n\n{curve['words']:,} words x {curve['size']}; exact, one by one: {exact} ms a query; index of "
        f"{curve['index_bytes'] / 1e6:,.0f} MB built in {curve['build_seconds']:,.0f} s."
    )


def draw(content: Mapping[str, Any], path: Path) -> None:
    """Plot recall against queries per second, with a panel for each set of vectors."""
    from matplotlib.figure import Figure

    curves = _curves(values(content))
    figure = Figure(figsize=(6.2 * len(curves), 4.4), layout="constrained")
    titles = {"index": "clustered", "real": "trained"}
    for place, (name, curve) in enumerate(curves.items()):
        axes = figure.add_subplot(1, len(curves), place + 1)
        _draw_curve(axes, curve)
        axes.set_title(f"{curve['words']:,} {titles[name]} words x {curve['size']}", fontsize=11, loc="left")
    figure.savefig(path, dpi=110)


def _draw_curve(axes: Axes, curve: Mapping[str, Any]) -> None:
    points = curve["points"]
    exact = 1 / curve["exact_seconds"]
    axes.plot([each["recall"] for each in points], [1 / each["seconds"] for each in points], "o-", color="#1f6fb4")
    for each in points:
        place = (each["recall"], 1 / each["seconds"])
        axes.annotate(str(each["expansion"]), place, (5, 4), textcoords="offset points", fontsize=8)
    axes.axhline(exact, color="#b4521f", linestyle="--", linewidth=1, label="exact, one by one, all threads")
    axes.axhline(WANTED_RATIO * exact, color="#b4521f", linestyle=":", linewidth=1, label=f"{WANTED_RATIO} times that")
    axes.axvline(WANTED_RECALL, color="#777777", linewidth=0.8, label=f"recall {WANTED_RECALL}")
    tidy(axes, logarithmic="y")
    axes.set_xlabel(f"recall@{NEIGHBOURS}; beside the points: candidates held (expansion_search)")
    axes.set_ylabel("queries a second, one thread")
    axes.legend(fontsize=8, loc="best")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--words", type=int, default=1_000_000, help="beside gensim (default: 1,000,000)")
    parser.add_argument("--size", type=int, default=300, help="length of their vectors (default: 300)")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3, help="turns of loading and saving (default: 3)")
    parser.add_argument("--restrict-vocab", type=int, default=300_000, help="for analogies (default: as gensim's)")
    parser.add_argument("--index-words", type=int, default=1_000_000)
    parser.add_argument("--index-size", type=int, default=100)
    parser.add_argument("--vectors", type=Path, help="trained vectors, for the index too")
    parser.add_argument("--questions", type=Path, help="a file of analogies to ask the trained vectors")
    parser.add_argument("--build-threads", type=int, help="threads that build the index (default: all)")
    parser.add_argument("--folder", type=Path, help="where to write files (default: a temporary folder)")
    common_options(parser, threads=None)
    options = parser.parse_args()
    if options.quick:
        options.words, options.size, options.queries, options.runs = 50_000, 100, 200, 2
        options.index_words, options.restrict_vocab = 20_000, 30_000
    results = Results("queries", {}, fresh=options.fresh, folder=results_folder(options.quick), sources=SOURCES)
    began = time.perf_counter()
    if "gensim" in options.parts:
        settings = {each: getattr(options, each) for each in ("words", "size", "queries", "restrict_vocab", "runs")}
        results.measured("gensim", settings, partial(beside_gensim, **settings, place=options.folder))
    if "open" in options.parts:
        words = 3 * options.words
        settings = {"words": words, "size": options.size}
        results.measured("open", settings, partial(opening, **settings, place=options.folder))
    if "index" in options.parts:
        settings = {"words": options.index_words, "size": options.index_size, "queries": options.queries}
        measure = partial(_synthetic_index, **settings, threads=options.build_threads)
        results.measured("index", settings, measure)
    if "real" in options.parts and options.vectors is not None:
        asked = options.questions
        settings = {"vectors": options.vectors.name, "questions": asked and asked.name, "queries": options.queries}
        measure = partial(real_vectors, options.vectors, asked, options.queries, options.build_threads)
        results.measured("real", settings, measure)
    show(blocks(results.content))
    if _curves(values(results.content)):
        picture = results.path.with_name("recall.png")
        draw(results.content, picture)
        print(f"\npicture: {picture}")
    print(f"measured in {time.perf_counter() - began:,.0f} s")


def _synthetic_index(words: int, size: int, queries: int, threads: int | None) -> dict[str, Any]:
    return index_curve(clustered_vectors(words, size), queries, threads)


if __name__ == "__main__":
    main()
