"""The examples of docs/corpora.md run as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from wordkin.config import READERS

PAGE = (Path(__file__).parent.parent / "docs" / "corpora.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpora")


def test_python_examples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    found = blocks("python")
    assert len(found) >= 5
    for block in found:
        exec(compile(block, "docs/corpora.md", "exec"), names)


def test_commands(folder: Path) -> None:
    commands = blocks("sh")[0].splitlines()
    assert [command.split()[1] for command in commands] == ["encode", "info", "train"]
    for command in commands:
        arguments = [sys.executable, "-m", *shlex.split(command)]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (folder / "vectors.safetensors").exists()


def test_every_reader_is_there() -> None:
    assert [name for name in READERS if f"`{name}`" not in PAGE] == []
