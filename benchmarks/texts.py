"""The text that benchmarks run on: a given file, or a reproducible synthetic text.

The synthetic text has no meaning, only the statistics that speed depends on. Its words are drawn independently with
probability ∝ 1 / (rank + 2.7) (the Zipf-Mandelbrot law), by default from 100,000 distinct words. They are spelled in
syllables so that frequent words are short. A line has 25 words.
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
    """Return the probability of each word in decreasing order, float64 [V]."""
    weights: NDArray[np.float64] = 1.0 / (np.arange(1, vocabulary_size + 1, dtype=np.float64) + 2.7)
    weights /= weights.sum()
    return weights


def zipf_ids(vocabulary_size: int, words: int, seed: int = 1) -> NDArray[np.int32]:
    """Draw words independently, int32 [words]."""
    edges = np.cumsum(zipf_probabilities(vocabulary_size))
    draws = np.random.default_rng(seed).random(words) * edges[-1]
    return np.asarray(np.searchsorted(edges, draws, side="right"), np.int32)


def spelled(rank: int) -> str:
    """Return a pronounceable word for a rank from 0: one syllable for the first hundred, and so on."""
    syllable = _SYLLABLES[rank % 100]
    return syllable if rank < 100 else spelled(rank // 100 - 1) + syllable


def synthetic_text(words: int, vocabulary_size: int = SYNTHETIC_VOCABULARY) -> Path:
    """Return a synthetic text file, which is made on the first call."""
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
    """Return the text file to use, uncompressed, because gensim's fast mode needs that; synthetic if none is given."""
    if corpus is None:
        return synthetic_text(synthetic_words)
    source = Path(corpus)
    if source.suffix not in _OPENERS:
        return source
    path = FOLDER / f"{source.stat().st_size}" / source.stem  # keeps files with the same name apart
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with _OPENERS[source.suffix](source) as packed, new.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        new.replace(path)
    return path


def head(source: Path, size_bytes: int) -> Path:
    """Return a file with the first lines of a file, about a number of bytes; the file itself if it is shorter."""
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
    """Return the name and size of a text for the stored results, without its directory."""
    return {"corpus": path.name, "bytes": path.stat().st_size}
