"""Memory that is returned to the operating system as soon as it is freed.

The C library often keeps freed memory, above all in the heaps of threads. For large arrays that live briefly, as in the
scan of a text, the memory it keeps can exceed the memory that the scan needs.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

# Python maps shared memory by default, which the system accounts for like a file.
_PRIVATE = 0 if sys.platform == "win32" else mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def system_zeros(length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros in a memory mapping of its own, which is returned to the system with the array.

    Pages that are never used take no memory.
    """
    kind = np.dtype(dtype)
    size = max(1, length * kind.itemsize)
    pages = mmap.mmap(-1, size) if sys.platform == "win32" else mmap.mmap(-1, size, flags=_PRIVATE)
    return np.frombuffer(pages, kind, length)


def give_back_freed_memory() -> None:
    """Make the C library return freed memory to the system, if it is glibc; otherwise do nothing."""
    if os.name == "posix":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))
