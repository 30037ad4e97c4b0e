"""The programs of docs/coming-from-gensim.md run, before and after."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from-gensim.md").read_text(encoding="utf-8")
BEFORE, AFTER, INSTALL = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
TEXT = "new york is big\nhello new york\nhello there\nthe city there is big\nwho is there in new york\n" * 20


def run(program: str, folder: Path) -> str:
    (folder / "text.txt").write_text(TEXT)
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "words.txt").read_text().split()[1] == "50"
    return done.stdout


def test_only_the_imports_differ():
    lines = [[line for line in block.splitlines() if not line.startswith("from ")] for block in (BEFORE, AFTER)]
    assert lines[0] == lines[1]


def test_the_program_after(tmp_path):
    pairs, numbers = run(AFTER, tmp_path).splitlines()
    assert pairs.startswith("[('") and numbers.split()[-1] == "10"


def test_the_program_before_where_wordkin_stands_in(tmp_path):
    pairs, numbers = run(INSTALL + BEFORE, tmp_path).splitlines()
    assert pairs.startswith("[('") and numbers.split()[-1] == "10"


def test_the_program_before_with_gensim(tmp_path):
    pytest.importorskip("gensim")
    assert run(BEFORE, tmp_path).splitlines()[1].split()[-1] == "10"
