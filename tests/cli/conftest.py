"""The command line as a function, and small files to use it on."""

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
    """What a command left: its exit code and what it wrote to both streams."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line with arguments and catch what it writes."""

    def call(*arguments: str | Path) -> Finished:
        code = main([str(argument) for argument in arguments])
        return Finished(code, *capsys.readouterr())

    return call


@pytest.fixture
def vectors_file(tmp_path: Path) -> Path:
    """Countries and, one step up the third axis, their capitals."""
    words = ["paris", "france", "rome", "italy", "oslo", "norway", "cheese"]
    rows = [[1, 0, 1], [1, 0, 0], [0.8, 0.6, 1], [0.8, 0.6, 0], [0, 1, 1], [0, 1, 0], [-1, 0, 0.2]]
    path = tmp_path / "towns.safetensors"
    Embeddings(Vocabulary(words, [70, 60, 50, 40, 30, 20, 10]), np.float32(rows), {"epochs": "5"}).save(path)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """Two groups of words that never meet."""
    path = tmp_path / "text.txt"
    path.write_text("sun moon star sky\nbread cheese wine oil\n" * 300)
    return path
