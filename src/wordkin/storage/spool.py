"""A sequence of int32 arrays, kept in memory while small and in a nameless temporary file when not."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import OutputError

MEMORY_LIMIT_BYTES = 4 << 20  # the cache of the system holds the rest, as long as nothing else needs the memory


class Spool:
    """Arrays in the order they were added.

    The temporary file has no name (or loses it when it is closed), so nothing stays behind however
    the process ends.

    Parameters
    ----------
    directory : where the file goes; the system's temporary directory when ``None``.
    memory_limit_bytes : more than this is moved to the file.
    """

    def __init__(self, directory: str | Path | None = None, memory_limit_bytes: int = MEMORY_LIMIT_BYTES) -> None:
        self._directory, self._limit = directory, memory_limit_bytes
        self._arrays: list[NDArray[np.int32]] = []
        self._lengths: list[int] = []
        self._offsets: list[int] = []  # in bytes
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._reading = threading.Lock()  # of the file's position

    def __len__(self) -> int:
        return len(self._lengths)

    def append(self, array: NDArray[np.int32]) -> None:
        """Add an array. Raises :class:`OutputError` when the disk is full or the directory unusable."""
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
        """The array added as number ``index``. Several threads may ask at once."""
        if self._file is None:
            return self._arrays[index]
        array = np.empty(self._lengths[index], np.int32)
        with self._reading:
            self._file.seek(self._offsets[index])
            view = array.data.cast("B")
            while view:
                count = self._file.readinto(view)  # type: ignore[attr-defined]
                if not count:
                    raise OutputError("the temporary file of the encoded corpus was cut short by another program")
                view = view[count:]
        return array

    def close(self) -> None:
        """Forget the arrays and remove the file."""
        self._arrays.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


def nameless_file(directory: str | Path | None) -> IO[bytes]:
    """An unbuffered temporary file without a name, gone when it is closed or the process ends."""
    return tempfile.TemporaryFile(dir=directory, prefix="wordkin-", buffering=0)


def write_fully(file: IO[bytes], array: NDArray[Any]) -> None:
    """Write all bytes of a contiguous array to an unbuffered file."""
    view = array.data.cast("B") if len(array) else memoryview(b"")
    while view:
        view = view[file.write(view) :]


def spool_error(error: OSError, directory: str | Path | None) -> OutputError:
    """Say where the space ran out, and how to choose another place."""
    place = tempfile.gettempdir() if directory is None else directory
    return OutputError(
        f"cannot keep the encoded corpus in {place}: {error.strerror or error}; "
        "free some space there, or name another directory (spool_directory in Python, TMPDIR in the environment)"
    )
