"""UMAP in a separate process: ``python -m wordkin.studio.umap_worker FOLDER``.

The process reads the unit vectors from ``rows.npy`` in the folder. It writes the number of finished iterations to
``progress``, such as "3/200", and finally the positions to ``positions.npy``.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

import numpy as np

from wordkin.plots.map import umap_positions

ROWS, PROGRESS, POSITIONS = "rows.npy", "progress", "positions.npy"


class _Progress:
    """A stream that receives the progress bar of UMAP, and writes the last "done/total" in it to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, text: str) -> int:
        found = re.search(r"\d+/[1-9]\d*", text)
        if found:
            self._path.write_text(found[0])
        return len(text)

    def flush(self) -> None:
        """Do nothing, because nothing is buffered."""


def main() -> None:
    """Read the vectors, compute the positions and write them."""
    folder = Path(sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):  # otherwise UMAP prints its steps
        positions = umap_positions(np.load(folder / ROWS), 0, progress=_Progress(folder / PROGRESS))
    partial = folder / f"{POSITIONS}.partial.npy"
    np.save(partial, positions.astype(np.float32))
    partial.rename(folder / POSITIONS)


if __name__ == "__main__":
    main()
