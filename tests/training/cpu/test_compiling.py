"""A warm start compiles nothing, and a first compilation is announced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from wordkin.training.cpu.compiling import announcing_compilation
import wordkin

def announce():
    print("compiling")
    if "stop" in sys.argv:
        sys.exit()

with announcing_compilation(announce):
    wordkin.train(["text.txt"], min_count=1, vector_size=8, epochs=1, subsample=0, threads=1)
print("trained")
"""


def output_of_a_run(directory: Path, *arguments: str, **environment: str) -> list[str]:
    (directory / "text.txt").write_text("you say goodbye and i say hello\n" * 20)
    command = [sys.executable, "-c", SCRIPT, *arguments]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_compilation_is_announced(tmp_path: Path) -> None:
    assert output_of_a_run(tmp_path, "stop", NUMBA_CACHE_DIR=str(tmp_path / "kernels")) == ["compiling"]


def test_only_the_first_run_compiles(tmp_path: Path) -> None:
    output_of_a_run(tmp_path)
    assert output_of_a_run(tmp_path) == ["trained"]


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
