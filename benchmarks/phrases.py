"""Compare the speed of learning and joining phrases with gensim, after checking that the results are equal.

    python benchmarks/phrases.py TEXT --runs 3

Both sides get the same text and settings (one pass, min_count 5, threshold 10) and run in turn. gensim is measured from
lists of words in memory, which it needs anyway; wordkin from its encoded text and from the raw file. Counting is
limited by memory latency: each word of the text needs one access to a table of n-grams.

Each measurement is stored at once. A benchmark that is started again continues where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, Summary, common_options, ratios, results_folder, show, table, values

from wordkin.corpus import scan
from wordkin.corpus.phrases import CountedText, PhraseOptions, learn_phrases
from wordkin.corpus.sources import resolve

_SYNTHETIC_WORDS = 2_000_000
_SIDES = {"wordkin, encoded": 20, "wordkin, raw text": 12, "gensim": None}  # values: required ratio to gensim's speed
_COMPARED_SENTENCES = 5_000


def of_gensim(path: Path, kept: Path) -> float:
    """Return the seconds that gensim takes to learn phrases and to join them in every sentence."""
    from gensim.models.phrases import Phrases

    with path.open(encoding="utf-8") as file:
        sentences = [words for words in map(str.split, file) if words]
    began = time.perf_counter()
    model = Phrases(sentences, min_count=5, threshold=10.0)
    joined = [model[sentence] for sentence in sentences]
    seconds = time.perf_counter() - began
    keep(kept, model.export_phrases(), joined[:_COMPARED_SENTENCES])
    return seconds


def of_wordkin(path: Path, kept: Path, workers: int, *, raw: bool) -> float:
    """Return the seconds that wordkin takes to learn and join phrases, from the raw file or from encoded text."""
    CountedText.of_scan(scan(resolve([["warm", "up"]] * 9))).corpus.close()
    learn_phrases(CountedText.of_scan(scan(resolve([["warm", "up"]] * 9))), 1, PhraseOptions(), workers=workers)
    began = time.perf_counter()
    text = CountedText.of_scan(scan(resolve(path), threads=workers))
    if not raw:
        began = time.perf_counter()
    phrases, joined = learn_phrases(text, 1, PhraseOptions(), workers=workers)
    seconds = time.perf_counter() - began
    with joined:
        sentences = zip(joined.corpus, range(_COMPARED_SENTENCES), strict=False)
        found = {"_".join(words): score for words, score in phrases.passes[0].phrases.items()}
        keep(kept, found, [[joined.words[each] for each in sentence.tolist()] for sentence, _ in sentences])
    return seconds


def keep(path: Path, phrases: Mapping[str, float], joined: list[list[str]]) -> None:
    """Store the phrases that a side found, for the comparison with the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"phrases": dict(phrases), "joined": joined}), encoding="utf-8")


def compare(kept: Mapping[str, Path]) -> int:
    """Return the number of phrases found; stop the benchmark if the sides found or joined different phrases."""
    found = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in kept.items()}
    theirs = found["gensim"]["phrases"]
    for name, each in found.items():
        ours = each["phrases"]
        if theirs.keys() != ours.keys() or found["gensim"]["joined"] != each["joined"]:
            raise SystemExit(f"the phrases of {name} differ, as in {sorted(theirs.keys() ^ ours.keys())[:5]}")
        worst = max((abs(ours[phrase] / theirs[phrase] - 1) for phrase in theirs), default=0.0)
        if worst > 1e-9:
            raise SystemExit(f"the scores of {name} differ by up to {worst:g}")
    return len(theirs)


def measure(results: Results, path: Path, runs: int, workers: int) -> None:
    """Measure the seconds of every side in turn, and the number of phrases that all of them found."""
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    kept = {name: texts.FOLDER / f"phrases-{digest}-{number}.json" for number, name in enumerate(_SIDES)}
    sides = {
        "wordkin, encoded": partial(of_wordkin, path, kept["wordkin, encoded"], workers, raw=False),
        "wordkin, raw text": partial(of_wordkin, path, kept["wordkin, raw text"], workers, raw=True),
        "gensim": partial(of_gensim, path, kept["gensim"]),
    }
    for turn in range(1, runs + 1):
        for name, side in sides.items():
            results.measured(f"{name}, turn {turn}", {"side": name, "turn": turn}, side)
    results.measured("phrases", {"runs": runs}, partial(compare, kept))


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content)
    seconds: dict[str, list[float]] = {name: [] for name in _SIDES}
    for each in content["measurements"].values():
        if "side" in each["settings"]:
            seconds[each["settings"]["side"]].append(each["value"])
    if "phrases" not in found or not all(seconds.values()):
        return {}
    turns = min(map(len, seconds.values()))
    rows = []
    for name, asked in _SIDES.items():
        faster = "" if asked is None else ratios(seconds["gensim"][:turns], seconds[name][:turns]).text()
        rows.append((name, Summary.of(seconds[name]).text(), faster, "" if asked is None else str(asked)))
    headers = ("program and input", "seconds", "times faster than gensim", "required")
    return {"speed": table(headers, rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="?", help="a text file, also compressed (default: a synthetic one)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3)")
    common_options(parser)
    options = parser.parse_args()
    path = texts.plain_text(options.text, _SYNTHETIC_WORDS)
    about = {"threads": options.threads, **texts.description(path)}
    sources = ("corpus",)
    folder = results_folder(options.quick)
    results = Results("phrases", about, fresh=options.fresh, folder=folder, sources=sources)
    measure(results, path, 1 if options.quick else options.runs, options.threads)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
