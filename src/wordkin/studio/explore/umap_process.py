"""UMAP in the background: it takes up to minutes, and a closed tab must end it."""

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

MOST_WORDS = 10_000  # UMAP's time grows with the words; `wordkin plot --method umap` takes more of them


class UmapProcess:
    """Computes a map in a process of its own.

    Parameters
    ----------
    vectors : their first 10,000 words are mapped.
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
        """Share of the layout that is done, 0 to 1; 0 while neighbours are being found."""
        try:
            done, total = (self._folder / PROGRESS).read_text().split("/")
            return min(1.0, int(done) / int(total))
        except (OSError, ValueError):  # not begun, or being written
            return 0.0

    def result(self) -> NDArray[np.float32]:
        """Where each word lies, float32[words, 2]; WordkinError where the process failed."""
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
        """End the process and remove its files; harmless when repeated."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._temporary.cleanup()
