"""Files that are written atomically, and input files that may be compressed or damaged."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import mmap
import os
import platform
import secrets
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, TypeVar, cast

from wordkin.errors import CorpusNotFoundError, FormatError, OutputError

_GZIP_MAGIC = b"\x1f\x8b\x08"
_GZIP_LEVEL = 1  # floats hardly compress at any level, so use the fastest
_EXPECTED_GZIP_GAIN = 8  # limits allocations before any data was read to this multiple of the file size
_LARGEST_GZIP_GAIN = 100  # a higher compression ratio is a decompression bomb, not vectors
_GZIP_SLACK_BYTES = 1 << 26
# MAP_NORESERVE (named in the mmap module since Python 3.13) reserves no memory for copy-on-write pages.
_NO_RESERVE = 0x4000 if sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64") else 0
_PRIVATE = 0 if sys.platform == "win32" else mmap.MAP_PRIVATE | _NO_RESERVE
_READ_BYTES = 1 << 20

T = TypeVar("T")


@contextlib.contextmanager
def replacing_path(path: Path) -> Iterator[Path]:
    """Context manager that yields a temporary path, to be written to instead of ``path``.

    The temporary file is in the directory of ``path``. At the end of the block, it is fsynced and renamed to ``path``,
    so ``path`` is always either the old or the new file. If the block fails, the temporary file is removed. If ``path``
    is a symbolic link, the target of the link is replaced. If ``path`` is a pipe or device, the whole content is
    written to it at the end of the block. Raises :class:`OutputError` if the system refuses to write.
    """
    try:
        if is_stream(path):
            with _copied_to_stream(path) as temporary:
                yield temporary
            return
        target = _followed(path)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
            sync_directory(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


@contextlib.contextmanager
def _copied_to_stream(stream: Path) -> Iterator[Path]:
    """Context manager that yields a temporary path. At the end, its content is written to a pipe or device."""
    with tempfile.TemporaryDirectory(prefix="wordkin-") as directory:
        temporary = Path(directory) / stream.name
        yield temporary
        with temporary.open("rb") as source, stream.open("wb") as target:
            shutil.copyfileobj(source, target, _READ_BYTES)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Like :func:`replacing_path`, but yields the open file. It is compressed with gzip if the name ends in ``.gz``."""
    with replacing_path(path) as temporary, temporary.open("xb") as file:
        with compressing(file) if path.suffix == ".gz" else contextlib.nullcontext(file) as stream:
            yield cast(BinaryIO, stream)
        file.flush()


def compressing(file: BinaryIO) -> gzip.GzipFile:
    """Return a stream that compresses to ``file`` with gzip.

    The header holds no file name and no time, so equal content gives equal bytes.
    """
    return gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0)


def sync_directory(directory: Path) -> None:
    """Fsync a directory, so that a rename in it survives a power cut; skipped if the system does not support it."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a terminal or a device, which cannot be replaced or truncated like a file."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _followed(path: Path) -> Path:
    """If a path is a symbolic link, return its target, which need not exist; otherwise return the path."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def reason(error: OSError | ValueError) -> str:
    """Return the message of a system error, without its number.

    Paths that no system accepts, such as one with a null character, raise ValueError, whose message is returned.
    """
    return getattr(error, "strerror", None) or str(error)


def check_writable(path: Path) -> None:
    """Raise :class:`OutputError` unless :func:`replacing` can write ``path``. No file is left behind."""
    try:
        if is_stream(path):
            _check_stream(path)
            return
        target = _followed(path)
        if target.is_dir():
            raise OutputError(f"cannot write {str(path)!r}, which is a directory: add a file name")
        if not target.parent.is_dir():
            raise OutputError(
                f"cannot write {str(path)!r}, because there is no directory {str(target.parent)!r}: make this "
                "directory first"
            )
        probe = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        probe.open("xb").close()
        probe.unlink()
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _check_stream(path: Path) -> None:
    """Raise :class:`OutputError` unless a pipe or device may be written to.

    Only its permissions are checked, because opening and closing a pipe would signal its end to the reader.
    """
    mode = path.stat().st_mode
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        kind = "a block device" if stat.S_ISBLK(mode) else "a socket"
        raise OutputError(f"cannot write {str(path)!r}, which is {kind}: choose a file or a pipe")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class InputFile:
    """A file of vectors open for reading. Gzip data is recognised by content and decompressed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.file: IO[bytes] = path.open("rb")
            self.compressed = self.file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            self.file.seek(0)
            size = os.fstat(self.file.fileno()).st_size
        except (FileNotFoundError, NotADirectoryError):
            raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None
        except IsADirectoryError:
            raise FormatError(
                f"{str(path)!r} is a directory, not a file of vectors; Word2Vec.load opens saved models and runs"
            ) from None
        except (OSError, ValueError) as error:
            raise FormatError(f"cannot read {str(path)!r}: {reason(error)}") from error
        self.size_limit = size * _EXPECTED_GZIP_GAIN if self.compressed else size
        self._stream = gzip.GzipFile(fileobj=self.file, mode="rb") if self.compressed else self.file
        self._read_limit = size * _LARGEST_GZIP_GAIN + _GZIP_SLACK_BYTES
        self._bytes_read = 0

    def __enter__(self) -> InputFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes of the decompressed file, or fewer at its end.

        Raises :class:`FormatError` if the gzip data is damaged.
        """
        return self._checked(lambda: self._stream.read(size), len)

    def readinto(self, memory: memoryview) -> int:
        """Fill ``memory`` with the next bytes of the decompressed file; return their number, 0 at its end.

        Raises :class:`FormatError` if the gzip data is damaged.
        """
        return self._checked(lambda: cast(io.BufferedIOBase, self._stream).readinto(memory), int)

    def _checked(self, reading: Callable[[], T], size_of: Callable[[T], int]) -> T:
        try:
            result = reading()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            position = self.file.tell()
            raise self.broken(f"the gzip data is truncated or damaged before byte {position:,} ({error})") from error
        except OSError as error:
            raise FormatError(f"cannot read {str(self.path)!r}: {reason(error)}") from error
        self._bytes_read += size_of(result)
        if self.compressed and self._bytes_read > self._read_limit:
            raise self.broken(
                f"the gzip data expands to more than {_LARGEST_GZIP_GAIN} times its size, which vectors never do: "
                "decompress it yourself if you trust it"
            )
        return result

    def broken(self, what: str) -> FormatError:
        """Return a :class:`FormatError` that names the file and says ``what`` is wrong with it."""
        return FormatError(f"{str(self.path)!r}: {what}")


def mapped_bytes(source: InputFile, *, copied_on_write: bool = False) -> memoryview:
    """Return the content of a file, read-only: as a memory map or, if it is compressed, in memory.

    Parameters
    ----------
    source : InputFile
        The file.
    copied_on_write : bool, default False
        Map the pages copy-on-write. Use it for arrays that are passed to libraries that may write to read-only memory,
        such as PyTorch: a write then changes a private copy of the page instead of crashing the process.
    """
    if not source.compressed:
        try:
            return memoryview(_mapping(source.file.fileno(), copied_on_write)).toreadonly()
        except ValueError:  # an empty file cannot be mapped
            return memoryview(b"")
        except OSError as error:  # a device cannot be mapped
            raise FormatError(f"cannot map {str(source.path)!r}: {reason(error)}") from error
    content = io.BytesIO()
    while part := source.read(_READ_BYTES):
        content.write(part)
    return content.getbuffer().toreadonly()


def _mapping(descriptor: int, copied_on_write: bool) -> mmap.mmap:
    """Memory-map the whole file that a descriptor belongs to."""
    if not copied_on_write:
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    if sys.platform == "win32":
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
    try:
        return mmap.mmap(descriptor, 0, flags=_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except OSError as error:
        if error.errno != errno.ENOMEM:  # ENOMEM: the system cannot reserve memory for the copies; map read-only
            raise
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
