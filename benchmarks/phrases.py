"""Phrases of a text, learned and joined, beside gensim: the result is compared before a speed is printed.

    python benchmarks/phrases.py TEXT --runs 3

Both sides get the same text and settings (one pass, min_count 5, threshold 10), in turn in the same run. gensim is
timed from lists of words in memory, which it needs anyway; wordkin from its encoded text, and from the raw file.
Counting is bound by memory latency: one access to a table of n-grams for each word of the text.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, Summary, common_options, in_turn, ratios, results_folder, show, table, values

from wordkin.corpus import scan
from wordkin.corpus.phrases import CountedText, PhraseOptions, learn_phrases
from wordkin.corpus.sources import resolve

_SYNTHETIC_WORDS = 2_000_000
_SIDES = {"wordkin, encoded": 20, "wordkin, raw text": 12, "gensim": None}  # and how many times gensim's speed is asked
_COMPARED_SENTENCES = 5_000


def of_gensim(sentences: list[list[str]], found: dict[str, Any]) -> float:
    """Seconds gensim takes to learn phrases and to join those of every sentence."""
    from gensim.models.phrases import Phrases

    began = time.perf_counter()
    model = Phrases(sentences, min_count=5, threshold=10.0)
    joined = [model[sentence] for sentence in sentences]
    seconds = time.perf_counter() - began
    found["gensim"] = (model.export_phrases(), joined[:_COMPARED_SENTENCES])
    return seconds


def of_wordkin(path: Path, found: dict[str, Any], workers: int, *, raw: bool) -> float:
    """Seconds wordkin takes to learn and join, from the raw file or from encoded text."""
    began = time.perf_counter()
    text = CountedText.of_scan(scan(resolve(path), threads=workers))
    if not raw:
        began = time.perf_counter()
    phrases, joined = learn_phrases(text, 1, PhraseOptions(), workers=workers)
    seconds = time.perf_counter() - began
    with joined:
        sentences = zip(joined.corpus, range(_COMPARED_SENTENCES), strict=False)
        found["wordkin"] = (
            {"_".join(words): score for words, score in phrases.passes[0].phrases.items()},
            [[joined.words[each] for each in sentence.tolist()] for sentence, _ in sentences],
        )
    return seconds


def compare(found: dict[str, Any]) -> None:
    """Raise where the two found other phrases, or joined them otherwise."""
    (theirs, their_text), (ours, our_text) = found["gensim"], found["wordkin"]
    if theirs.keys() != ours.keys() or their_text != our_text:
        raise SystemExit(f"the phrases differ, as in {sorted(theirs.keys() ^ ours.keys())[:5]}")
    worst = max((abs(ours[each] / theirs[each] - 1) for each in theirs), default=0.0)
    if worst > 1e-9:
        raise SystemExit(f"the scores differ by up to {worst:g}")


def measure(path: Path, runs: int, workers: int) -> dict[str, Any]:
    """Seconds of every side in turn, after one turn to warm up, and how many phrases all of them found."""
    with path.open(encoding="utf-8") as file:
        sentences = [words for words in map(str.split, file) if words]
    found: dict[str, Any] = {}
    of_wordkin(path, found, workers, raw=True)  # compiles
    sides = {
        "wordkin, encoded": partial(of_wordkin, path, found, workers, raw=False),
        "wordkin, raw text": partial(of_wordkin, path, found, workers, raw=True),
        "gensim": partial(of_gensim, sentences, found),
    }
    seconds = in_turn(sides, runs)
    compare(found)
    return {"seconds": seconds, "phrases": len(found["wordkin"][0])}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the section."""
    found = values(content).get("phrases")
    if found is None:
        return {}
    seconds = found["seconds"]
    rows = []
    for name, asked in _SIDES.items():
        faster = "" if asked is None else ratios(seconds["gensim"], seconds[name]).text()
        rows.append((name, Summary.of(seconds[name]).text(), faster, "" if asked is None else str(asked)))
    headers = (f"learn and join {found['phrases']:,} phrases, one pass", "seconds", "times gensim's speed", "asked")
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
    runs = 1 if options.quick else options.runs
    results.measured("phrases", {"runs": runs}, partial(measure, path, runs, options.threads))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
