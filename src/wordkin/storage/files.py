"""Writing a whole file or none, and reading files that may be compressed or broken."""

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
_GZIP_LEVEL = 1  # float bits hardly compress at any level, and this one is the quickest
_EXPECTED_GZIP_GAIN = 8  # memory set aside before anything was read is at most this many times the file
_LARGEST_GZIP_GAIN = 100  # vectors never shrink so far, a decompression bomb does
_GZIP_SLACK_BYTES = 1 << 26
# MAP_NORESERVE, which Python names from 3.13 on: no memory is set aside for copies of pages that may never be made.
_NO_RESERVE = 0x4000 if sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64") else 0
_PRIVATE = 0 if sys.platform == "win32" else mmap.MAP_PRIVATE | _NO_RESERVE
_READ_BYTES = 1 << 20

T = TypeVar("T")


@contextlib.contextmanager
def replacing_path(path: Path) -> Iterator[Path]:
    """A path to write to that becomes ``path`` only when the block ends well; else nothing is left behind.

    What is written lies beside ``path``, is flushed to the disk and renamed, so that at every moment
    ``path`` is the old file or the new one, whole. A symbolic link stays, and the file that it leads to
    is replaced in this way. A pipe or a device is never replaced: it is handed the whole content when
    the block ends. Raises :class:`OutputError` where the system refuses.
    """
    try:
        if is_stream(path):
            with _handing_over(path) as temporary:
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
def _handing_over(stream: Path) -> Iterator[Path]:
    """A path in a temporary directory, whose content is written to a pipe or device when the block ends well."""
    with tempfile.TemporaryDirectory(prefix="wordkin-") as directory:
        temporary = Path(directory) / stream.name
        yield temporary
        with temporary.open("rb") as source, stream.open("wb") as target:
            shutil.copyfileobj(source, target, _READ_BYTES)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """As :func:`replacing_path`, but the open file; compressed when the name ends in ``.gz``."""
    with replacing_path(path) as temporary, temporary.open("xb") as file:
        with compressing(file) if path.suffix == ".gz" else contextlib.nullcontext(file) as stream:
            yield cast(BinaryIO, stream)
        file.flush()


def compressing(file: BinaryIO) -> gzip.GzipFile:
    """A gzip stream over ``file``, the same bytes for the same content: no name, no time."""
    return gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0)


def sync_directory(directory: Path) -> None:
    """Put the new name itself on the disk; systems that cannot open or sync a directory need not."""
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
    """Whether it passes on what is written, as pipes, terminals and devices do, and cannot be replaced or cut."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _followed(path: Path) -> Path:
    """Where a symbolic link leads, whether a file is there or not yet; any other path as it is."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def reason(error: OSError | ValueError) -> str:
    """Why the system refused, in its words, without the error number; for a path no system has, why Python did."""
    return getattr(error, "strerror", None) or str(error)


def check_writable(path: Path) -> None:
    """Raise :class:`OutputError` unless ``path`` can be written as :func:`replacing` does; leaves no trace."""
    try:
        if is_stream(path):
            _check_stream(path)
            return
        target = _followed(path)
        if target.is_dir():
            raise OutputError(f"cannot write {str(path)!r}: it is a directory: add a file name")
        if not target.parent.is_dir():
            raise OutputError(
                f"cannot write {str(path)!r}: there is no directory {str(target.parent)!r}: make it first"
            )
        probe = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        probe.open("xb").close()
        probe.unlink()
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _check_stream(path: Path) -> None:
    """Whoever reads a pipe would take opening and closing it for the end, so only the permissions are looked at."""
    mode = path.stat().st_mode
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        kind = "a block device" if stat.S_ISBLK(mode) else "a socket"
        raise OutputError(f"cannot write {str(path)!r}: it is {kind}: name a file, or a pipe")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class InputFile:
    """A file of vectors opened for reading: decompressed when it is gzip, whatever its name.

    Attributes
    ----------
    path : the file.
    file : the open file itself, compressed or not.
    compressed : whether it is gzip.
    size_limit : no allocation that a header asks for may exceed this many bytes before they were read:
        the file's size, or a few times that when it is compressed.
    """

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
        """The next bytes, fewer only at the end; :class:`FormatError` where the compression is broken."""
        return self._checked(lambda: self._stream.read(size), len)

    def readinto(self, memory: memoryview) -> int:
        """Read as much as there is room for, less at the end; 0 there. Errors as of :meth:`read`."""
        return self._checked(lambda: cast(io.BufferedIOBase, self._stream).readinto(memory), int)

    def _checked(self, reading: Callable[[], T], size_of: Callable[[T], int]) -> T:
        try:
            result = reading()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            place = self.file.tell()
            raise self.broken(f"the gzip data is truncated or damaged before byte {place:,} ({error})") from error
        except OSError as error:
            raise FormatError(f"cannot read {str(self.path)!r}: {reason(error)}") from error
        self._bytes_read += size_of(result)
        if self.compressed and self._bytes_read > self._read_limit:
            raise self.broken(
                f"the gzip data grows to more than {_LARGEST_GZIP_GAIN} times its size, as vectors never do: "
                "decompress it yourself if you trust it"
            )
        return result

    def broken(self, what: str) -> FormatError:
        """The error to raise: ``what`` is wrong, and in which file."""
        return FormatError(f"{str(self.path)!r}: {what}")


def mapped_bytes(source: InputFile, *, copied_on_write: bool = False) -> memoryview:
    """The whole file, read-only: mapped, or in memory where it is compressed.

    Parameters
    ----------
    source : InputFile
        The file.
    copied_on_write : bool, default False
        For what other libraries may be handed, some of which ignore that it is read-only, as PyTorch does: what is
        written changes a copy of the page in this process, never the file. Without this it ends the process.
    """
    if not source.compressed:
        try:
            return memoryview(_mapping(source.file.fileno(), copied_on_write)).toreadonly()
        except ValueError:  # an empty file cannot be mapped
            return memoryview(b"")
        except OSError as error:  # nor can a device
            raise FormatError(f"cannot map {str(source.path)!r}: {reason(error)}") from error
    content = io.BytesIO()
    while part := source.read(_READ_BYTES):
        content.write(part)
    return content.getbuffer().toreadonly()


def _mapping(descriptor: int, copied_on_write: bool) -> mmap.mmap:
    """A mapping of a whole file."""
    if not copied_on_write:
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    if sys.platform == "win32":
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
    try:
        return mmap.mmap(descriptor, 0, flags=_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except OSError as error:
        if error.errno != errno.ENOMEM:  # the system wants room for all the copies that there could be
            raise
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
