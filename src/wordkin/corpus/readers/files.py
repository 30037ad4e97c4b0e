"""One input file: opened wherever it lies, decompressed by its suffix, with errors of one line."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from wordkin.errors import CorpusError, CorpusNotFoundError, CorpusWarning, MissingExtraError, shown, warn

STANDARD_INPUT = "-"
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
PATHS_OR_LISTS = (
    "fix the path, or, if words were meant, pass a list of lists of words instead of a string or a list of strings"
)
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class TextFile:
    """One input: a local path, an address for fsspec, or ``-``; ``found`` when a directory was searched for it."""

    name: str
    found: bool = False

    @property
    def is_remote(self) -> bool:
        return is_address(self.name)

    @property
    def size(self) -> int | None:
        """Bytes on disk (compressed, if so) of a local file; ``None`` where that is not known."""
        if self.is_remote or self.name == STANDARD_INPUT:
            return None
        try:
            status = Path(self.name).stat()
        except OSError:
            return None  # opening it will say what is wrong
        return status.st_size if stat.S_ISREG(status.st_mode) else None


def is_address(name: str) -> bool:
    """Whether fsspec is asked for a name: it looks like an address, and no file is called so."""
    return ("://" in name or "::" in name) and not os.path.lexists(name)


def fsspec_module() -> Any:
    """The library that opens addresses, loaded when one is met."""
    import fsspec  # type: ignore[import-untyped]

    return fsspec


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what may go wrong while a file is opened, read and decompressed into one line about it."""
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusNotFoundError(f"no such file or directory: {name!r}: {PATHS_OR_LISTS}") from error
    except PermissionError as error:
        raise CorpusError(f"no permission to read {name!r}: change its permissions, or copy it") from error
    except _DAMAGED as error:
        raise _damaged(name, error) from error
    except MissingExtraError:
        raise
    except (ImportError, ValueError) as error:  # fsspec does not know the protocol, or lacks the package for it
        raise CorpusError(f"cannot open {name!r}: {error}") from error
    except OSError as error:
        if error.errno is None:  # bz2 says "Invalid data stream" so
            raise _damaged(name, error) from error
        if error.errno == errno.ENAMETOOLONG:  # text itself, more often than not
            raise CorpusNotFoundError(f"no such file or directory: {shown(name)}: {PATHS_OR_LISTS}") from error
        raise CorpusError(f"cannot read {name!r}: {error.strerror}") from error


def _damaged(name: str, error: Exception) -> CorpusError:
    return CorpusError(
        f"{name!r} is damaged or cut short and cannot be decompressed ({error}): fetch or compress it again"
    )


class OpenFile:
    """A file opened for reading, through its decompressor if its name asks for one."""

    def __init__(self, file: TextFile) -> None:
        self.file = file
        self._delivered = 0
        with reading(file.name):
            self._raw: IO[bytes] = _open_raw(file)
            self._status = self._regular_file_status()
            try:
                self._stream = _decompressed(self._raw, Path(file.name).suffix.lower())
            except MissingExtraError:
                self._raw.close()
                raise

    def read(self, size: int) -> bytes:
        with reading(self.file.name):
            data = self._stream.read(size)
        self._delivered += len(data)
        return data

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file as it is on disk; from a pipe, which does not tell, as they were delivered."""
        return self._raw.tell() if self._raw.seekable() else self._delivered

    def check_unchanged(self) -> None:
        """Raise :class:`CorpusError` if the file shrank while it was read, warn if it changed otherwise."""
        before, after = self._status, self._regular_file_status()
        if before is None or after is None:
            return
        if after.st_size < before.st_size:
            raise CorpusError(
                f"{self.file.name!r} shrank while it was read, from {before.st_size:,} to {after.st_size:,} bytes: "
                "let nothing write to it and start again"
            )
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            warn(f"{self.file.name!r} changed while it was read; the text may be a mixture", CorpusWarning)

    def close(self) -> None:
        if self.file.name != STANDARD_INPUT:
            self._stream.close()
            self._raw.close()

    def _regular_file_status(self) -> os.stat_result | None:
        if self.file.is_remote or self.file.name == STANDARD_INPUT:
            return None
        status = os.fstat(self._raw.fileno())
        return status if stat.S_ISREG(status.st_mode) else None


def _open_raw(file: TextFile) -> IO[bytes]:
    if file.name == STANDARD_INPUT:
        if sys.stdin is None:
            raise CorpusError("standard input is closed: name a file")
        return sys.stdin.buffer
    if file.is_remote:
        opened: IO[bytes] = fsspec_module().open(file.name, "rb").open()
        return opened
    return Path(file.name).open("rb", buffering=0)


def _decompressed(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if suffix == ".bz2":
        return bz2.BZ2File(raw)
    if suffix == ".xz":
        return lzma.LZMAFile(raw)
    if suffix == ".zst":
        return io.BufferedReader(_ZstandardReader(raw))
    return raw


class _ZstandardReader(io.RawIOBase):
    """Decompressed bytes of Zstandard frames; unlike the library's own reader, a missing end is an error."""

    _COMPRESSED_PIECE = 1 << 14  # small, because very repetitive text grows many thousandfold

    def __init__(self, raw: IO[bytes]) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise MissingExtraError("reading .zst files", "zstd") from error
        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._error = zstandard.ZstdError
        self._raw = raw
        self._frame: Any = None
        self._compressed = self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            compressed = self._compressed or self._raw.read(self._COMPRESSED_PIECE)
            self._compressed = b""
            if not compressed:
                if self._frame is not None:
                    raise EOFError("the last Zstandard frame has no end")
                return 0
            self._frame = self._frame or self._new_frame()
            try:
                self._ready = self._frame.decompress(compressed)
            except self._error as error:
                raise EOFError(str(error)) from error
            if self._frame.eof:
                self._compressed, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
