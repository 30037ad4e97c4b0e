"""Fixtures that call the command line in this process, and small input files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from wordkin.cli import main
from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary


class Finished(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that calls the command line with arguments and captures its output."""

    def call(*arguments: str | Path) -> Finished:
        code = main([str(argument) for argument in arguments])
        return Finished(code, *capsys.readouterr())

    return call


@pytest.fixture
def vectors_file(tmp_path: Path) -> Path:
    """Vectors of countries and capitals; a capital is its country plus a step along the third axis."""
    words = ["paris", "france", "rome", "italy", "oslo", "norway", "cheese"]
    rows = [[1, 0, 1], [1, 0, 0], [0.8, 0.6, 1], [0.8, 0.6, 0], [0, 1, 1], [0, 1, 0], [-1, 0, 0.2]]
    path = tmp_path / "towns.safetensors"
    Embeddings(Vocabulary(words, [70, 60, 50, 40, 30, 20, 10]), np.float32(rows), {"epochs": "5"}).save(path)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A text with two groups of words that never occur in the same sentence."""
    path = tmp_path / "text.txt"
    path.write_text("sun moon star sky\nbread cheese wine oil\n" * 300)
    return path
