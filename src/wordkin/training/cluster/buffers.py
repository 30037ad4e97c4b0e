"""Buffers that are reused for every merge, because new memory costs more than the copy into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.layout import CACHE_LINE_BYTES, aligned_zeros, padded

ScalarT = TypeVar("ScalarT", bound=np.generic)


class Buffer:
    """Reusable memory. When it is too small, it grows by a quarter more than needed, so that it rarely grows again."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def divided(self, sizes: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Return byte arrays of these sizes, each aligned to a cache line. The next call reuses their memory."""
        starts = np.cumsum([0, *(padded(size, CACHE_LINE_BYTES) for size in sizes)]).tolist()
        if starts[-1] > len(self._memory):
            self.reserve(starts[-1] + starts[-1] // 4)
        return [self._memory[start : start + size] for start, size in zip(starts[:-1], sizes, strict=True)]

    def reserve(self, size: int) -> None:
        """Allocate at least ``size`` bytes and write to all of them.

        The system provides memory only when it is first written to.
        """
        size = padded(size, CACHE_LINE_BYTES)
        if size > len(self._memory):
            self._memory = np.empty(0, np.uint8)  # released before the new memory is allocated
            self._memory = aligned_zeros((size,), "uint8")
            self._memory.fill(0)

    def rows(self, count: int, columns: int, dtype: type[ScalarT]) -> NDArray[ScalarT]:
        """Return an array of ``count`` rows in the buffer. The next call reuses its memory."""
        (memory,) = self.divided([count * columns * np.dtype(dtype).itemsize])
        return memory.view(dtype).reshape(count, columns)
