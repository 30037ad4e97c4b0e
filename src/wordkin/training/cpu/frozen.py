"""Input rows that must not change: they are restored after each piece of text that changed them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class FrozenRows:
    """Copies of the rows of a table that must not change, from which the rows are restored.

    Kernels do not check whether a row is frozen, so a run without frozen rows takes no longer. While a piece of text is
    trained, frozen rows change like others. The piece is a shard if threads share tables, and a round if they merge
    copies.

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
        """Restore the frozen rows whose ids are in ``read``, in which ids may be repeated."""
        ids = np.unique(read)
        index = self._index[ids]
        frozen = index >= 0
        self._rows[ids[frozen]] = self._kept[index[frozen]]
