"""UMAP in a process of its own: it takes minutes, and a closed tab must end it."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import re
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings
from wordkin.errors import WordkinError
from wordkin.plots.map import umap_positions
from wordkin.plots.word_map import MOST_WORDS


class UmapProcess:
    """Computes a map in the background.

    Parameters
    ----------
    vectors : their first 100,000 words are mapped.

    Attributes
    ----------
    progress : share of the layout that is done, 0 to 1; 0 while neighbours are being found.
    """

    def __init__(self, vectors: Embeddings) -> None:
        count = min(len(vectors), MOST_WORDS)
        self.progress = 0.0
        self._answer: Any = None
        self._folder = tempfile.TemporaryDirectory(prefix="wordkin-umap-")
        rows = Path(self._folder.name) / "rows.npy"
        np.save(rows, vectors.unit_vectors(np.arange(count)))
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(str(rows), other), daemon=True)
        self._process.start()
        other.close()

    @property
    def done(self) -> bool:
        """Whether there is a result, or never will be; also takes in what the process tells."""
        try:
            while self._answer is None and self._pipe.poll():
                kind, value = self._pipe.recv()
                if kind == "progress":
                    self.progress = value
                else:
                    self._answer = (kind, value)
        except EOFError:
            self._answer = ("error", "the process that computed UMAP ended early")
        if self._answer is not None:
            self.stop()
        return self._answer is not None

    def result(self) -> NDArray[np.float32]:
        """Where each word lies, float32[words, 2]; WordkinError where the process failed."""
        kind, value = self._answer
        if kind == "error":
            raise WordkinError(value)
        positions: NDArray[np.float32] = value
        return positions

    def stop(self) -> None:
        """End the process and remove its files; harmless when repeated."""
        if self._process.is_alive() and self._answer is None:
            self._process.terminate()
        self._process.join(timeout=5)
        self._folder.cleanup()


class _Progress:
    """A stream for the bar of UMAP's layout: finds "done/total" in what is written and passes it on."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def write(self, text: str) -> int:
        found = re.search(r"(\d+)/(\d+)", text)
        if found and int(found[2]) > 0:
            self._pipe.send(("progress", min(1.0, int(found[1]) / int(found[2]))))
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


def _work(rows: str, pipe: Connection) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it would tell its steps to the terminal
            positions = umap_positions(np.load(rows), 0, progress=_Progress(pipe))
        pipe.send(("done", positions.astype(np.float32)))
    except Exception as error:  # noqa: BLE001  (the page shows it, whatever it is)
        pipe.send(("error", f"{type(error).__name__}: {error}"))
