"""Fixtures that make vectors and benchmark files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

MakeEmbeddings = Callable[..., Embeddings]
WriteFile = Callable[[str], Path]


@pytest.fixture
def make_embeddings() -> MakeEmbeddings:
    """Return a factory: ``make(words)`` draws Gaussian vectors; ``make(words, matrix)`` uses the given ones."""

    def make(words: Sequence[str], matrix: object = None, *, size: int = 12, seed: int = 0) -> Embeddings:
        if matrix is None:
            matrix = np.random.default_rng(seed).standard_normal((len(words), size))
        return Embeddings(Vocabulary(words), np.asarray(matrix, dtype=np.float32))

    return make


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(text: str, name: str = "benchmark.txt") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
