"""UMAP in a process of its own: ``python -m wordkin.studio.umap_worker FOLDER``.

The folder holds ``rows.npy``, the unit vectors. Written into it are ``progress``, how many rounds of the layout are
done, as "3/200", and in the end ``positions.npy``.
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
    """A stream for the bar of the layout: keeps the last "done/total" in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, text: str) -> int:
        found = re.search(r"\d+/[1-9]\d*", text)
        if found:
            self._path.write_text(found[0])
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


def main() -> None:
    """Read the rows, write the positions."""
    folder = Path(sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):  # it would tell its steps
        positions = umap_positions(np.load(folder / ROWS), 0, progress=_Progress(folder / PROGRESS))
    partial = folder / f"{POSITIONS}.partial.npy"
    np.save(partial, positions.astype(np.float32))
    partial.rename(folder / POSITIONS)


if __name__ == "__main__":
    main()
