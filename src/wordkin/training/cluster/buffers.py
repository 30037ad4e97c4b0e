"""Memory that is used again for every merge, because fresh memory costs more than the copy into it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.layout import CACHE_LINE_BYTES, aligned_zeros, padded


class Buffer:
    """Memory that grows if necessary, with a quarter to spare, so that it rarely grows again."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def divided(self, sizes: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Return arrays of these sizes in bytes, each aligned to a cache line. The next call reuses their memory."""
        starts = np.cumsum([0, *(padded(size, CACHE_LINE_BYTES) for size in sizes)]).tolist()
        if starts[-1] > len(self._memory):
            self._memory = np.empty(0, np.uint8)  # released before the new memory is allocated
            self._memory = aligned_zeros((starts[-1] + starts[-1] // 4,), "uint8")
        return [self._memory[start : start + size] for start, size in zip(starts[:-1], sizes, strict=True)]

    def rows(self, count: int, row_size: int) -> NDArray[np.float32]:
        """Return ``count`` rows of float32. The next call reuses their memory."""
        (memory,) = self.divided([count * row_size * 4])
        return memory.view(np.float32).reshape(count, row_size)
