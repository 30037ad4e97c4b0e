"""Memory that is returned to the system as soon as it is freed.

The C library often keeps freed memory, above all in the heaps of threads. For large, short-lived arrays, as in a scan,
the kept memory can exceed the peak need of the scan itself.
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
    """An array of zeros in its own mapping, unmapped with the array; untouched pages take no memory."""
    kind = np.dtype(dtype)
    size = max(1, length * kind.itemsize)
    pages = mmap.mmap(-1, size) if sys.platform == "win32" else mmap.mmap(-1, size, flags=_PRIVATE)
    return np.frombuffer(pages, kind, length)


def give_back_freed_memory() -> None:
    """Return freed memory to the system if the C library is glibc; otherwise do nothing."""
    if os.name == "posix":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))
