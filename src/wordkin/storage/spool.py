"""A sequence of int32 arrays, kept in memory while small and in an unnamed temporary file otherwise."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import OutputError

MEMORY_LIMIT_BYTES = 4 << 20  # small, because the page cache holds the file as long as memory is free


class Spool:
    """A list of int32 arrays, which moves to a temporary file when it is large.

    The file has no name, or is deleted when it is closed, so it never outlives the process.

    Parameters
    ----------
    directory : path, default None
        Directory of the file. If None, the system's temporary directory.
    memory_limit_bytes : int, default 4 MiB
        Size above which the arrays are moved to the file.
    """

    def __init__(self, directory: str | Path | None = None, memory_limit_bytes: int = MEMORY_LIMIT_BYTES) -> None:
        self._directory, self._limit = directory, memory_limit_bytes
        self._arrays: list[NDArray[np.int32]] = []
        self._lengths: list[int] = []
        self._offsets: list[int] = []  # in bytes
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._reading = threading.Lock()  # guards the file position

    def __len__(self) -> int:
        return len(self._lengths)

    def append(self, array: NDArray[np.int32]) -> None:
        """Append an array. Raises :class:`OutputError` if the disk is full or the directory cannot be used."""
        self._lengths.append(len(array))
        self._offsets.append(self._bytes)
        self._bytes += array.nbytes
        self._arrays.append(array)
        if self._file is not None or self._bytes > self._limit:
            try:
                if self._file is None:
                    self._file = nameless_file(self._directory)
                for each in self._arrays:
                    write_fully(self._file, each)
            except OSError as error:
                raise spool_error(error, self._directory) from error
            self._arrays.clear()

    def array(self, index: int) -> NDArray[np.int32]:
        """Return the array with this index. Several threads may call it at the same time."""
        if self._file is None:
            return self._arrays[index]
        array = np.empty(self._lengths[index], np.int32)
        with self._reading:
            self._file.seek(self._offsets[index])
            view = array.data.cast("B")
            while view:
                count = self._file.readinto(view)  # type: ignore[attr-defined]
                if not count:
                    raise OutputError(
                        "the temporary file of the encoded corpus was truncated by another program: start again"
                    )
                view = view[count:]
        return array

    def close(self) -> None:
        """Remove the arrays, and the temporary file if there is one."""
        self._arrays.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


def nameless_file(directory: str | Path | None) -> IO[bytes]:
    """Open an unbuffered temporary file that disappears when it is closed or the process ends."""
    return tempfile.TemporaryFile(dir=directory, prefix="wordkin-", buffering=0)


def write_fully(file: IO[bytes], array: NDArray[Any]) -> None:
    """Write all bytes of a contiguous array to an unbuffered file."""
    view = array.data.cast("B") if len(array) else memoryview(b"")
    while view:
        view = view[file.write(view) :]


def spool_error(error: OSError, directory: str | Path | None) -> OutputError:
    """Return an :class:`OutputError` about a temporary file.

    It names the directory of temporary files and says how to choose another one.
    """
    used = tempfile.gettempdir() if directory is None else directory
    return OutputError(
        f"cannot write temporary files in {used} ({error.strerror or error}): free some space there, or choose another "
        "directory (spool_directory in Python, TMPDIR in the environment)"
    )
