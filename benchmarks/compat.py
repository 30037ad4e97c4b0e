"""Compare programs run with gensim and with ``wordkin.compat.gensim``: training, loading, queries, memory, packages.

    python benchmarks/compat.py en2m.txt --epochs 1                        # some minutes
    python benchmarks/compat.py en2m.txt --evaluation DIR --epochs 5       # also the score of wordsim353.tsv
    python benchmarks/compat.py --parts packages                           # node2vec and karateclub, see make compat

Each program runs in its own process, with gensim and wordkin in turn; only the module that the classes are imported
from differs. Both sides warm up on a short text, which compiles wordkin's kernels. Their results (vocabulary and
counts, loaded vectors, neighbours and cosines) must agree before a time is shown. Memory is the peak of anonymous
memory of the process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import texts
from compat_tests import SOURCES, run_script
from harness import (
    Results,
    Summary,
    common_options,
    in_turn,
    mean_text,
    ratios,
    results_folder,
    run_child,
    show,
    table,
    values,
)

PARTS = ("training", "loading", "queries", "packages")
SIDES = {"gensim": "gensim.models", "wordkin": "wordkin.compat.gensim"}
INPUTS = ("LineSentence", "corpus_file")
FILES = {"binary": "v.bin", "text": "v.txt", "saved": "v.{side}"}
QUERIES = 1000
_WARM_UP_BYTES = 300_000
_SYNTHETIC_WORDS = 2_000_000
_TOLERANCE = 1e-5


# -- programs, each run in its own process - -----------------------------------------------------------


def classes(side: str) -> tuple[Any, Any, Any]:
    """Import ``Word2Vec``, ``KeyedVectors`` and ``LineSentence`` from one side."""
    if side == "gensim":
        from gensim.models import KeyedVectors, Word2Vec
        from gensim.models.word2vec import LineSentence
    else:
        from wordkin.compat.gensim import KeyedVectors, LineSentence, Word2Vec
    return Word2Vec, KeyedVectors, LineSentence


def train(side: str, text: str, given_as: str, options: Mapping[str, Any], pairs: str | None) -> dict[str, Any]:
    """Train on a text; return a digest of vocabulary and counts, and the score on a file of word pairs."""
    word2vec, _, line_sentence = classes(side)

    def fit(path: str, **changed: Any) -> Any:
        source = {"sentences": line_sentence(path)} if given_as == "LineSentence" else {"corpus_file": path}
        return word2vec(**source, **{**options, **changed})

    fit(str(texts.head(Path(text), _WARM_UP_BYTES)), epochs=1, min_count=1)
    began = time.perf_counter()
    model = fit(text)
    seconds = time.perf_counter() - began
    counted = sorted((word, int(model.wv.get_vecattr(word, "count"))) for word in model.wv.key_to_index)
    assert np.isfinite(model.wv.vectors).all(), "vectors must be finite"
    score = None if pairs is None else float(model.wv.evaluate_word_pairs(pairs)[1][0])
    return {"seconds": seconds, "answer": _digest(counted), "words": len(counted), "score": score}


def load(side: str, folder: str, kind: str) -> dict[str, Any]:
    """Load vectors, and read the first and the last of them."""
    _, keyed_vectors, _ = classes(side)
    path = str(Path(folder) / FILES[kind].format(side=side))
    began = time.perf_counter()
    if kind == "saved":
        vectors = keyed_vectors.load(path, mmap="r")
    else:
        vectors = keyed_vectors.load_word2vec_format(path, binary=kind == "binary")
    ends = [vectors[vectors.index_to_key[row]].tolist() for row in (0, -1)]
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "answer": _digest([vectors.index_to_key, ends]), "sum": float(vectors.vectors.sum())}


def ask(side: str, folder: str, kind: str) -> dict[str, Any]:
    """Query the ten nearest words of 1,000 words, after one warm-up query."""
    _, keyed_vectors, _ = classes(side)
    vectors = keyed_vectors.load(str(Path(folder) / FILES["saved"].format(side=side)))
    step = max(1, len(vectors.index_to_key) // QUERIES)
    asked = vectors.index_to_key[::step][:QUERIES]
    vectors.most_similar(asked[0])
    began = time.perf_counter()
    found = [vectors.most_similar(word, topn=10) for word in asked]
    seconds = time.perf_counter() - began
    Path(folder, f"found.{side}.json").write_text(json.dumps(found))
    return {"seconds": seconds}


def _digest(answer: object) -> str:
    return hashlib.sha256(json.dumps(answer).encode()).hexdigest()[:16]


PROGRAMS = {each.__name__: each for each in (train, load, ask)}


# -- sides in turn --------------------------------------------------------------------------------------


def beside(program: str, turns: int, **arguments: Any) -> dict[str, Any]:
    """Run a program with both sides in turn; return seconds and peak memory of each turn if the results agree."""

    def side(name: str) -> dict[str, Any]:
        request = json.dumps({"program": program, "side": name, **arguments})
        return run_child([sys.executable, __file__, "--child", request]).to_dict()

    runs = in_turn({name: partial(side, name) for name in SIDES}, turns)
    answers = {each["answer"] for found in runs.values() for each in found if "answer" in each}
    if len(answers) > 1:
        raise SystemExit(f"{program}: gensim and wordkin disagree")
    kept = ("seconds", "peak_bytes", "score")
    return {
        name: {key: [each[key] for each in found] for key in kept if found[0].get(key) is not None}
        for name, found in runs.items()
    }


def asking(turns: int, folder: str) -> dict[str, Any]:
    """Run the queries with both sides; check that neighbours and cosines agree up to ties and rounding."""
    found = beside("ask", turns, folder=folder, kind="saved")
    ours, theirs = (json.loads(Path(folder, f"found.{side}.json").read_text()) for side in ("wordkin", "gensim"))
    for one, other in zip(ours, theirs, strict=True):
        cosines = [[score for _, score in each] for each in (one, other)]
        if not np.allclose(*cosines, atol=_TOLERANCE):
            raise SystemExit(f"other cosines: {one} and {other}")
        apart = [pair for pair, word in zip(one, (word for word, _ in other), strict=True) if pair[0] != word]
        if any(min(abs(score - each) for each in cosines[1]) > _TOLERANCE for _, score in apart):
            raise SystemExit(f"other neighbours: {one} and {other}")
    return found


def made_vectors(folder: Path, words: int, size: int) -> None:
    """Write random vectors in each format: word2vec text and binary, and the native formats of both sides."""
    from gensim.models import KeyedVectors as Theirs

    from wordkin.compat.gensim import KeyedVectors as Ours

    rows = np.random.default_rng(1).standard_normal((words, size), dtype=np.float32)
    vectors = Ours(size)
    vectors.add_vectors([texts.spelled(rank) for rank in range(words)], rows)
    for kind in ("binary", "text"):
        vectors.save_word2vec_format(folder / FILES[kind], binary=kind == "binary")
    vectors.save(str(folder / FILES["saved"].format(side="wordkin")))
    theirs = Theirs.load_word2vec_format(str(folder / FILES["binary"]), binary=True)
    theirs.save(str(folder / FILES["saved"].format(side="gensim")))


def packages(turns: int, folder: Path | None) -> Any:
    """Return the seconds of each program of ``run_packages.py`` that works with both sides."""
    arguments: tuple[str | Path, ...] = ("--turns", str(turns), *(("--folder", folder) if folder else ()))
    found = run_script("run_packages.py", *arguments)
    return {name: sides for name, sides in found.items() if all(side["ran"] for side in sides.values())}


# -- tables --------------------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content)
    built = found.pop("packages", {})
    rows = [_row(name, sides) for name, sides in found.items()]
    tables = {}
    if rows:
        heads = ("program", "gensim, s", "wordkin, s", "times faster", "gensim, MB", "wordkin, MB")
        tables["programs"] = table(heads, rows)
    scored = {name: sides for name, sides in found.items() if "score" in sides["gensim"]}
    if scored:
        lines = [(name, *(mean_text(sides[side]["score"], 3) for side in SIDES)) for name, sides in scored.items()]
        tables["scores"] = table(("WordSim-353, Spearman", *SIDES), lines)
    if built:
        tables["packages"] = table(
            ("package", "gensim, s", "wordkin, s", "times faster"),
            [_row(name, sides)[:4] for name, sides in built.items()],
        )
    return tables


def _row(name: str, sides: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = [sides[side]["seconds"] for side in SIDES]
    peaks = [sides[side].get("peak_bytes", []) for side in SIDES]
    memory = [Summary.of(each).text(scale=1e6).partition(" ")[0] if each else "" for each in peaks]
    return (name, *(Summary.of(each).text() for each in seconds), ratios(*seconds).text(), *memory)


# -- measuring -----------------------------------------------------------------------------------------


def measure_training(results: Results, corpus: Path, options: argparse.Namespace) -> None:
    """Measure training of CBOW and skip-gram from an iterable of sentences and from a file."""
    pairs = options.evaluation and str(options.evaluation / "wordsim353.tsv")
    for sg, architecture in enumerate(("CBOW", "skip-gram")):
        for given_as in INPUTS:
            asked = {"sg": sg, "vector_size": options.size, "epochs": options.epochs, "workers": options.threads}
            settings = {**asked, "given_as": given_as, "turns": options.turns, "pairs": bool(pairs)}
            measure = partial(
                beside, "train", options.turns, text=str(corpus), given_as=given_as, options=asked, pairs=pairs
            )
            results.measured(f"train {architecture}, {given_as}", settings, measure)


def measure_vectors(results: Results, options: argparse.Namespace) -> None:
    """Measure loading and queries."""
    with tempfile.TemporaryDirectory() as place:
        made_vectors(Path(place), options.words, options.size)
        settings = {"words": options.words, "size": options.size, "turns": options.turns}
        measures: dict[str, Callable[[], Any]] = {}
        for kind, name in (("binary", "binary"), ("text", "text"), ("saved", "own format, mapped")):
            if "loading" in options.parts:
                measures[f"load, {name}"] = partial(beside, "load", options.turns, folder=place, kind=kind)
        if "queries" in options.parts:
            measures[f"{QUERIES:,} times most_similar"] = partial(asking, options.turns, place)
        for name, measure in measures.items():
            results.measured(name, settings, measure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--evaluation", type=Path, metavar="DIR", help="folder with wordsim353.tsv, for scores")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS[:3], help="default: all but packages")
    parser.add_argument("--epochs", type=int, default=5, help="training epochs (default: 5)")
    parser.add_argument("--size", type=int, default=100, help="vector size (default: 100)")
    parser.add_argument("--words", type=int, default=100_000, help="vectors to load and to query (default: 100,000)")
    parser.add_argument("--turns", type=int, default=3, help="runs of each side (default: 3)")
    parser.add_argument("--folder", type=Path, help="directory of installed packages to use instead of installing them")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    common_options(parser)
    options = parser.parse_args()
    if options.child:
        request = json.loads(options.child)
        print(json.dumps(PROGRAMS[request.pop("program")](**request)))
        return
    if options.quick:
        options.epochs, options.words, options.turns = 1, 20_000, 2
    corpus = texts.plain_text(options.corpus, _SYNTHETIC_WORDS // (10 if options.quick else 1))
    about = {"threads": options.threads, **texts.description(corpus)}
    folder = results_folder(options.quick)
    results = Results("compat", about, fresh=options.fresh, folder=folder, sources=SOURCES)
    if "training" in options.parts:
        measure_training(results, corpus, options)
    if {"loading", "queries"} & set(options.parts):
        measure_vectors(results, options)
    if "packages" in options.parts:
        measure = partial(packages, options.turns, options.folder)
        results.measured("packages", {"turns": options.turns}, measure)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
