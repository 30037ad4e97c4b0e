"""UMAP in a separate process, because it may take minutes and must end when its tab is closed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings
from wordkin.errors import WordkinError
from wordkin.studio.umap_worker import POSITIONS, PROGRESS, ROWS

MOST_WORDS = 10_000  # UMAP takes longer with more words; `wordkin plot --method umap` has a higher limit


class UmapProcess:
    """Computes a map in a separate process.

    Parameters
    ----------
    vectors : Embeddings
        The vectors. Only the first :data:`MOST_WORDS` words are mapped.
    """

    def __init__(self, vectors: Embeddings) -> None:
        self.count = min(len(vectors), MOST_WORDS)
        self._temporary = tempfile.TemporaryDirectory(prefix="wordkin-umap-")
        self._folder = Path(self._temporary.name)
        np.save(self._folder / ROWS, vectors.unit_vectors(np.arange(self.count)))
        with (self._folder / "errors").open("wb") as errors:
            command = [sys.executable, "-P", "-m", "wordkin.studio.umap_worker", self._temporary.name]
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)

    @property
    def done(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    @property
    def progress(self) -> float:
        """Fraction of the iterations of UMAP that are done, 0 to 1. It is 0 as long as UMAP searches neighbours."""
        try:
            done, total = (self._folder / PROGRESS).read_text().split("/")
            return min(1.0, int(done) / int(total))
        except (OSError, ValueError):  # the file does not exist yet, or is being written
            return 0.0

    def result(self) -> NDArray[np.float32]:
        """Return the position of each word as float32, shape (words, 2); raise WordkinError if the process failed."""
        try:
            if not (self._folder / POSITIONS).exists():
                lines = (self._folder / "errors").read_text(errors="replace").strip().splitlines()
                reason = lines[-1] if lines else f"code {self._process.returncode}"
                raise WordkinError(f"UMAP ended early: {reason}")
            positions: NDArray[np.float32] = np.load(self._folder / POSITIONS)
            return positions
        finally:
            self.stop()

    def stop(self) -> None:
        """End the process and remove its files. May be called twice."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._temporary.cleanup()
