"""Compare Chinese and Korean with and without segmentation: vocabulary size and examples of neighbours.

    python benchmarks/segmentation.py --chinese zhwiki.txt.xz --korean kowiki.txt.xz

Each tokenizer reads the first 2 MB of the text. Training uses one thread, so that the neighbours are reproducible.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, common_options, results_folder, show, table, values

from wordkin import TrainingConfig, Word2Vec

# Tokenizers of each language, and words whose neighbours are shown, with their meaning.
LANGUAGES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "chinese": (
        ("whitespace", "words", "jieba"),
        {"大學": "university", "音樂": "music, traditional", "音乐": "music, simplified"},
    ),
    "korean": (("whitespace", "kiwi"), {"학교": "school", "음악": "music", "전쟁": "war"}),
}
_BYTES = 2_000_000
_NEIGHBOURS = 6


def measure(text: Path, tokenizer: str, words: Mapping[str, str], epochs: int) -> dict[str, Any]:
    """Return the vocabulary size, and the nearest neighbours of some words; None for unknown words."""
    config = TrainingConfig(tokenizer=tokenizer, epochs=epochs, min_count=5, seed=1, threads=1)
    vectors = Word2Vec(config).fit(str(text)).embeddings
    near = {
        word: [found for found, _ in vectors.most_similar(word, topn=_NEIGHBOURS)] if word in vectors else None
        for word in words
    }
    with text.open(encoding="utf-8") as file:
        lines = sum(1 for _ in file)
    return {"lines": lines, "words": len(vectors), "neighbours": near}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return a table for each language."""
    found_blocks = {}
    for language, (_, words) in LANGUAGES.items():
        rows = [
            (f'"{tokenizer}"', f"{found['words']:,}", *(_neighbours_text(found["neighbours"][word]) for word in words))
            for tokenizer, found in values(content, f"{language}, ").items()
        ]
        heads = ("tokenizer", "words in the vocabulary", *(f"{word} ({meaning})" for word, meaning in words.items()))
        if rows:
            found_blocks[language] = table(heads, rows)
    return found_blocks


def _neighbours_text(found: list[str] | None) -> str:
    if found is None:
        return "not in the vocabulary"
    return " ".join(word.replace("|", "\\|") for word in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for language in LANGUAGES:
        parser.add_argument(f"--{language}", required=True, help="a text file, also .gz, .bz2 or .xz")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of every run (default: 10)")
    common_options(parser, threads=None)
    options = parser.parse_args()
    size = _BYTES // (10 if options.quick else 1)
    read = {each: texts.head(texts.plain_text(getattr(options, each), 0), size) for each in LANGUAGES}
    about = {"epochs": options.epochs, "texts": {each: path.name for each, path in read.items()}}
    results = Results("segmentation", about, fresh=options.fresh, folder=results_folder(options.quick))
    for language, (tokenizers, words) in LANGUAGES.items():
        for tokenizer in tokenizers:
            measurement = partial(measure, read[language], tokenizer, words, options.epochs)
            results.measured(f"{language}, {tokenizer}", {"epochs": options.epochs}, measurement)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
