"""Frozen input rows: restored after each stretch of text that changed them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class FrozenRows:
    """Copies of the frozen rows of a table, from which they are restored after they were changed.

    Kernels do not check for frozen rows, so they cost nothing when no row is frozen. Within a stretch of text, that is,
    a shard of shared tables or a round of merged tables, frozen rows change like others.

    Parameters
    ----------
    rows : ndarray of shape (V or more, row_size)
        The table.
    ids : ndarray of shape (F,), int64
        The distinct rows to freeze.
    """

    def __init__(self, rows: NDArray[np.float32], ids: NDArray[np.int64]) -> None:
        self._rows = rows
        self._kept = rows[ids]
        self._index = np.full(len(rows), -1, np.int32)
        self._index[ids] = np.arange(len(ids), dtype=np.int32)

    def restore(self, read: NDArray[Any]) -> None:
        """Restore the frozen rows among the rows ``read``, whose ids may be repeated."""
        ids = np.unique(read)
        index = self._index[ids]
        frozen = index >= 0
        self._rows[ids[frozen]] = self._kept[index[frozen]]
