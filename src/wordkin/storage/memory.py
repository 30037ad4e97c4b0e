"""Memory that goes back to the system when it is no longer needed.

What the C library frees it often keeps, above all in the heaps that it makes for threads. Where arrays are
large and short-lived, as in a scan, that adds up to more than the scan itself ever needed at once.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

# Python's default is memory that child processes share, which the system keeps accounts of as if it were a file.
_PRIVATE = 0 if sys.platform == "win32" else mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def system_zeros(length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Zeros in memory of their own, which the system gets back with the array; pages not written to take none."""
    kind = np.dtype(dtype)
    size = max(1, length * kind.itemsize)
    pages = mmap.mmap(-1, size) if sys.platform == "win32" else mmap.mmap(-1, size, flags=_PRIVATE)
    return np.frombuffer(pages, kind, length)


def give_back_freed_memory() -> None:
    """Let the system have what was freed, where the C library can be told to (glibc); elsewhere do nothing."""
    if os.name == "posix":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))
