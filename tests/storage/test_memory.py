"""Memory of its own, and memory given back."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordkin.storage.memory import give_back_freed_memory, system_zeros

STATUS = Path("/proc/self/status")
needs_figures = pytest.mark.skipif(
    not STATUS.exists() or "RssAnon" not in STATUS.read_text(), reason="the system does not tell"
)


def anonymous_bytes() -> int:
    return next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith("RssAnon:"))


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_memory_of_the_system_is_zeros_that_can_be_written(length: int) -> None:
    array = system_zeros(length, np.int64)
    assert (array.shape, array.dtype) == ((length,), np.int64)
    assert not array.any()
    array += 1
    assert array.sum() == length


@needs_figures
def test_an_array_takes_what_is_written_and_gives_it_back_at_once() -> None:
    before = anonymous_bytes()
    array = system_zeros(40 << 20, np.uint8)
    assert anonymous_bytes() - before < 5 << 20
    array += 1
    assert anonymous_bytes() - before > 35 << 20
    del array
    assert anonymous_bytes() - before < 5 << 20


@needs_figures
def test_what_was_freed_goes_back() -> None:
    before = anonymous_bytes()
    pieces = [bytes(50_000) for _ in range(800)]  # 40 MB, below what the C library asks of the system one by one
    keeper = bytes(50_000)
    del pieces
    gc.collect()
    give_back_freed_memory()
    assert anonymous_bytes() - before < 10 << 20
    assert len(keeper) == 50_000


SCAN = """
from pathlib import Path
from wordkin.config import TrainingConfig
from wordkin.corpus import resolve
from wordkin.storage.memory import give_back_freed_memory
from wordkin.text.steps import count_and_encode, scan_text

def anonymous_bytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))

def encoded(text):
    config = TrainingConfig(threads=2, min_count=1)
    with scan_text(resolve(text), config) as scanned:
        return count_and_encode(scanned, config)

encoded("small.txt")
before = anonymous_bytes()
vocabulary, corpus = encoded("large.txt")
give_back_freed_memory()
print(len(vocabulary), corpus.words, anonymous_bytes() - before)
"""


@needs_figures
def test_little_is_left_of_a_scan(tmp_path: Path) -> None:
    words = 200_000
    (tmp_path / "small.txt").write_text("you say goodbye\n")
    (tmp_path / "large.txt").write_text("\n".join(f"word{number % words}" for number in range(10 * words)))
    run = subprocess.run([sys.executable, "-c", SCAN], cwd=tmp_path, capture_output=True, text=True, check=True)
    vocabulary_size, corpus_words, left = map(int, run.stdout.split())
    assert (vocabulary_size, corpus_words) == (words, 10 * words)
    assert left < 30 << 20  # of which the vocabulary takes 6 MB
