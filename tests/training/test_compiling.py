"""A warm start compiles nothing, and a first compilation is announced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from wordkin.training.compiling import announcing_compilation
import wordkin

announced = []
with announcing_compilation(lambda: announced.append("compiling")):
    wordkin.train(["text.txt"], min_count=1, vector_size=8, epochs=1, subsample=0, threads=1)
print(announced)
"""


def announced_by_a_run(directory: Path) -> str:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(directory / "kernels")}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=directory, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def test_only_the_first_run_compiles(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("you say goodbye and i say hello\n" * 20)
    assert announced_by_a_run(tmp_path) == "['compiling']"
    assert announced_by_a_run(tmp_path) == "[]"
