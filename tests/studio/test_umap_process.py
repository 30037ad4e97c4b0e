"""UMAP in a process of its own, with a stand-in for the library, whose compilation alone takes half a minute.

What the library itself makes of vectors is tested with the plots.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import WordkinError
from wordkin.vocabulary import Vocabulary

pytest.importorskip("nicegui")
from wordkin.studio.explore import umap_process
from wordkin.studio.explore.umap_process import UmapProcess

STAND_IN = """
import time

class UMAP:
    def __init__(self, **options):
        self.stream = options["tqdm_kwds"]["file"]

    def fit_transform(self, rows):
        self.stream.write("layout:  50%|   | 100/200 [00:01]")
        {then}
        return rows[:, :2] * 3
"""


@pytest.fixture
def umap_that(tmp_path, monkeypatch):
    """Puts a module umap that does something in its layout before any other."""

    def install(then: str) -> None:
        (tmp_path / "umap.py").write_text(STAND_IN.replace("{then}", then))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return install


def vectors(count: int) -> Embeddings:
    rows = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    return Embeddings(Vocabulary([f"w{number}" for number in range(count)]), rows)


def until(reached) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_layout_is_followed_and_its_result_taken(umap_that, monkeypatch):
    umap_that("time.sleep(0.5)")
    monkeypatch.setattr(umap_process, "MOST_WORDS", 6)
    mapped = vectors(9)
    process = UmapProcess(mapped)
    until(lambda: process.progress or process.done)
    assert process.progress == 0.5
    until(lambda: process.done)
    np.testing.assert_allclose(process.result(), mapped.unit_vectors(np.arange(6))[:, :2] * 3, rtol=1e-6)
    assert not process._folder.exists()


def test_an_error_of_the_library_is_told(umap_that):
    umap_that("raise ValueError('no neighbours')")
    process = UmapProcess(vectors(8))
    until(lambda: process.done)
    with pytest.raises(WordkinError, match="UMAP ended early: ValueError: no neighbours"):
        process.result()


def test_a_closed_tab_ends_the_process_and_removes_its_files(umap_that):
    umap_that("time.sleep(600)")
    process = UmapProcess(vectors(8))
    until(lambda: process.progress)
    process.stop()
    assert process.done
    assert not process._folder.exists()
    process.stop()
