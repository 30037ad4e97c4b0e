"""Input rows that stay as they are: put back after each stretch of text that moved them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class FrozenRows:
    """Some rows of a table, as they were.

    Kernels know nothing of them, and so cost nothing where no row is frozen. Within a stretch of text, which is a shard
    of shared tables or a round of merged ones, the rows move as others do.

    Parameters
    ----------
    rows : ndarray of shape (V or more, row_size)
        The table.
    ids : ndarray of shape (F,), int64
        The rows to freeze, each once.
    """

    def __init__(self, rows: NDArray[np.float32], ids: NDArray[np.int64]) -> None:
        self._rows = rows
        self._kept = rows[ids]
        self._index = np.full(len(rows), -1, np.int32)
        self._index[ids] = np.arange(len(ids), dtype=np.int32)

    def restore(self, read: NDArray[Any]) -> None:
        """Put back the frozen ones of the rows that were read, whose ids may be repeated."""
        ids = np.unique(read)
        index = self._index[ids]
        frozen = index >= 0
        self._rows[ids[frozen]] = self._kept[index[frozen]]
