"""A warm start compiles nothing, and a first compilation is announced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from wordkin.training.cpu.compiling import announcing_compilation
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


ALONE = """
import sys
from wordkin.training.cpu.compiling import load_numba_alone

load_numba_alone()
assert "numba.np.arraymath" in sys.modules and "scipy.linalg" not in sys.modules

import numpy as np, scipy.linalg
from numba import njit

product = njit(lambda a, b: np.dot(a, b))  # what others compile in this process works as ever
print(product(np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist(), scipy.linalg.det(np.eye(2)))
"""


def test_numba_is_loaded_without_linear_algebra_and_still_finds_it_when_asked() -> None:
    run = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[[1.0, 2.0], [3.0, 4.0]] 1.0"
