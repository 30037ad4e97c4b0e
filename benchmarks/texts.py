"""The text that benchmarks run on: a file given, or a synthetic one that anyone can make again.

The synthetic text has no meaning, only the statistics that speed depends on. Its words are drawn
independently with probability ∝ 1 / (rank + 2.7) (Zipf's law in Mandelbrot's form), 100,000 different ones
unless told otherwise, spelled in syllables so that frequent words are short, 25 words a line.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from harness import RESULTS
from numpy.typing import NDArray

FOLDER = RESULTS / "texts"
SYNTHETIC_VOCABULARY = 100_000
_WORDS_A_LINE = 25
_LINES_AT_ONCE = 10_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwxz" for vowel in "aeiou"]  # 100
_OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {
    ".xz": lzma.open,
    ".gz": gzip.open,  # type: ignore[dict-item]
    ".bz2": bz2.open,
}


def zipf_probabilities(vocabulary_size: int) -> NDArray[np.float64]:
    """Probability of each word, falling: float64 [V]."""
    weights: NDArray[np.float64] = 1.0 / (np.arange(1, vocabulary_size + 1, dtype=np.float64) + 2.7)
    weights /= weights.sum()
    return weights


def zipf_ids(vocabulary_size: int, words: int, seed: int = 1) -> NDArray[np.int32]:
    """Words drawn independently: int32 [words]."""
    edges = np.cumsum(zipf_probabilities(vocabulary_size))
    draws = np.random.default_rng(seed).random(words) * edges[-1]
    return np.asarray(np.searchsorted(edges, draws, side="right"), np.int32)


def spelled(rank: int) -> str:
    """A pronounceable word for a rank from 0 up: one syllable for the first hundred, and so on."""
    syllable = _SYLLABLES[rank % 100]
    return syllable if rank < 100 else spelled(rank // 100 - 1) + syllable


def synthetic_text(words: int, vocabulary_size: int = SYNTHETIC_VOCABULARY) -> Path:
    """A synthetic text file, made when it is first asked for."""
    path = FOLDER / f"zipf-{words}-{vocabulary_size}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        spellings = np.array([spelled(rank) for rank in range(vocabulary_size)], dtype=object)
        ids = zipf_ids(vocabulary_size, words)
        new = path.with_suffix(".new")
        with new.open("w", encoding="ascii") as file:
            for start in range(0, words, _LINES_AT_ONCE * _WORDS_A_LINE):
                drawn = spellings[ids[start : start + _LINES_AT_ONCE * _WORDS_A_LINE]].tolist()
                lines = (drawn[first : first + _WORDS_A_LINE] for first in range(0, len(drawn), _WORDS_A_LINE))
                file.writelines(" ".join(line) + "\n" for line in lines)
        new.replace(path)
    return path


def plain_text(corpus: str | None, synthetic_words: int) -> Path:
    """The file to measure on, uncompressed (gensim's fast mode reads nothing else); synthetic if none is given."""
    if corpus is None:
        return synthetic_text(synthetic_words)
    source = Path(corpus)
    if source.suffix not in _OPENERS:
        return source
    path = FOLDER / f"{source.stat().st_size}" / source.stem  # two files of one name are kept apart
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with _OPENERS[source.suffix](source) as packed, new.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        new.replace(path)
    return path


def head(source: Path, size_bytes: int) -> Path:
    """The first lines of a file, about so many bytes; the file itself when it is no longer than that."""
    if source.stat().st_size <= size_bytes:
        return source
    path = FOLDER / f"{source.stat().st_size}" / f"{source.stem}-first-{size_bytes}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with source.open("rb") as file, new.open("wb") as out:
            out.write(file.read(size_bytes))
            out.write(file.readline())
        new.replace(path)
    return path


def description(path: Path) -> dict[str, Any]:
    """Name and size of a text, for the record; never where it lies."""
    return {"corpus": path.name, "bytes": path.stat().st_size}
