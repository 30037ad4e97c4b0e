"""Where text comes from: files, globs, directories, addresses, standard input, and iterables of lists of words.

Bytes are handed on as blocks cut at white space, decompressed on the way. Each input is read once.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import glob
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from wordkin.errors import CorpusError, CorpusNotFoundError, MissingExtraError, shown, warn

BLOCK_BYTES = 1 << 19  # several are under way at once: small, and soon reused
_LIKELY_CUT_BYTES = 1 << 12  # a block nearly always has white space in its last ones
LONGEST_WORD_BYTES = 1 << 30
STANDARD_INPUT = "-"
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CUTS = (b"\n", b" ", b"\t", b"\r", b"\xe3\x80\x80")  # white space at which blocks are cut: the frequent kinds
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
_PATHS_OR_LISTS = (
    "fix the path, or, if words were meant, pass a list of lists of words instead of a string or a list of strings"
)

Source = str | Path | Iterable[Any]


class CorpusWarning(UserWarning):
    """Part of the text could not be used as it is; the message says how much, and what was done."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """One input: a local path, an address for fsspec, or ``-``; ``found`` when a directory was searched for it."""

    name: str
    found: bool = False

    @property
    def is_remote(self) -> bool:
        return _is_address(self.name)

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


class Block(NamedTuple):
    """Some text: whole words, cut at white space.

    text : bytes; the last block of a file ends with a line feed.
    file : where it comes from.
    position : of its first byte in the (decompressed) file.
    bytes_read : of all files so far, as they are on disk.
    """

    text: bytes
    file: TextFile
    position: int
    bytes_read: int


def is_paths(source: object) -> bool:
    """Whether a source means paths: a string or path, or a non-empty list, tuple or set of nothing else."""
    if isinstance(source, str | os.PathLike):
        return True
    if isinstance(source, list | tuple | set | frozenset):
        return bool(source) and all(isinstance(each, str | os.PathLike) for each in source)
    return False


def find_files(source: object) -> list[TextFile]:
    """The files a source names, in the order of the source; globs, directories and sets are sorted.

    Raises :class:`CorpusNotFoundError` for a path, pattern or directory without files.
    """
    return [file for name in _names(source) for file in _expand(name)]


def _names(source: object) -> list[str]:
    """The paths, patterns and addresses of a source, as they stand there; sets are sorted."""
    if isinstance(source, str | os.PathLike):
        return [os.fspath(source)]
    assert isinstance(source, Iterable)
    names = [os.fspath(each) for each in source]
    return sorted(names) if isinstance(source, set | frozenset) else names


def would_be_read(path: Path, source: object) -> bool:
    """Whether a file at a path is, or would be once it is there, among those of a directory that a source names."""
    path = path.resolve()
    for name in _names(source):
        directory = Path(os.path.realpath(name))
        searched = os.path.isdir(name)  # noqa: PTH112  (Path.is_dir raises for a name too long)
        if searched and path.is_relative_to(directory) and not _is_hidden(path.relative_to(directory)):
            return True
    return False


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _expand(name: str) -> list[TextFile]:
    if not name:  # for pathlib it is the directory one is in, which nobody means
        raise CorpusNotFoundError(f"an empty path names no text: {_PATHS_OR_LISTS}")
    if name == STANDARD_INPUT:
        return [TextFile(name)]
    if _is_address(name):
        return _expand_address(name)
    path = Path(name)
    with _reading(name):
        is_directory = path.is_dir()
    if is_directory:
        return _directory_files(path)
    if os.path.lexists(name):
        return [TextFile(name)]
    if not glob.has_magic(name):
        raise CorpusNotFoundError(f"no such file or directory: {shown(name)}: {_PATHS_OR_LISTS}")
    paths = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (Path.glob refuses absolute patterns)
    matches = [TextFile(path) for path in paths if not Path(path).is_dir()]
    if not matches:
        raise CorpusNotFoundError(f"no file matches the pattern {name!r}: {_PATHS_OR_LISTS}")
    return matches


def _directory_files(directory: Path) -> list[TextFile]:
    """All files below a directory, sorted, without hidden ones."""
    found = [path for path in directory.rglob("*") if not _is_hidden(path.relative_to(directory)) and path.is_file()]
    if not found:
        raise CorpusNotFoundError(f"the directory {str(directory)!r} holds no files: put text files there")
    return [TextFile(str(path), found=True) for path in sorted(found)]


def _is_address(name: str) -> bool:
    """Whether fsspec is asked for a name: it looks like an address, and no file is called so."""
    return ("://" in name or "::" in name) and not os.path.lexists(name)


def _fsspec() -> Any:
    import fsspec  # type: ignore[import-untyped]

    return fsspec


def _expand_address(address: str) -> list[TextFile]:
    with _reading(address):
        system, path = _fsspec().core.url_to_fs(address)
        if not glob.has_magic(path) and not system.isdir(path):
            return [TextFile(address)]
        paths = sorted(system.glob(path) if glob.has_magic(path) else system.find(path))
        files = [TextFile(system.unstrip_protocol(each), found=True) for each in paths if not system.isdir(each)]
    if not files:
        raise CorpusNotFoundError(f"no file at {address!r}: {_PATHS_OR_LISTS}")
    return files


@contextlib.contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what may go wrong while a file is opened, read and decompressed into one line about it."""
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusNotFoundError(f"no such file or directory: {name!r}: {_PATHS_OR_LISTS}") from error
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
            raise CorpusNotFoundError(f"no such file or directory: {shown(name)}: {_PATHS_OR_LISTS}") from error
        raise CorpusError(f"cannot read {name!r}: {error.strerror}") from error


def _damaged(name: str, error: Exception) -> CorpusError:
    return CorpusError(
        f"{name!r} is damaged or cut short and cannot be decompressed ({error}): fetch or compress it again"
    )


def read_blocks(files: Iterable[TextFile], block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The text of files, one after another, in blocks of about ``block_bytes``.

    A word or line is never cut by the end of a file; a byte-order mark at its beginning is dropped.
    Raises :class:`CorpusError` for a file that is missing, unreadable, damaged, binary, or that shrinks
    while it is read; a binary file found in a directory is left out with a :class:`CorpusWarning`.
    """
    finished_bytes = 0
    binary: list[str] = []
    searched = used = 0
    for file in files:
        searched += 1
        with contextlib.closing(_OpenFile(file)) as opened:
            for number, block in enumerate(_cut_blocks(opened, block_bytes)):
                fault = "" if number else _fault_of(block.text)
                if fault and file.found:
                    binary.append(file.name)
                    break
                if fault:
                    raise CorpusError(f"{file.name!r} {fault}")
                yield block._replace(bytes_read=finished_bytes + block.bytes_read)
            else:
                used += 1
                opened.check_unchanged()
            finished_bytes += file.size or opened.bytes_read
    if binary and not used:
        raise CorpusError(f"all {searched:,} files look binary, as {binary[0]!r}: name a file or directory of text")
    if binary:
        warn(
            f"left out {len(binary):,} of {searched:,} files because they look binary: {', '.join(binary[:3])}",
            CorpusWarning,
        )


def _fault_of(text: bytes) -> str:
    """Why the beginning of a file is not UTF-8 text; empty when it may be."""
    if text.startswith(_UTF16_MARKS):
        return "is UTF-16, not UTF-8: convert it, for example with: iconv -f UTF-16 -t UTF-8"
    if b"\0" in text[: 1 << 16]:
        return "looks binary (it holds zero bytes): pass plain text, or text compressed as .gz, .bz2, .xz or .zst"
    return ""


def _cut_blocks(opened: _OpenFile, block_bytes: int) -> Iterator[Block]:
    """Blocks of one file that end at white space."""
    pieces: list[bytes] = []
    position = 0
    while data := opened.read(block_bytes):
        cut = _last_cut(data, max(0, len(data) - _LIKELY_CUT_BYTES)) or _last_cut(data, 0)
        if not cut:
            pieces.append(data)
            if sum(map(len, pieces)) > LONGEST_WORD_BYTES:
                raise CorpusError(
                    f"{opened.file.name!r} has a word over {LONGEST_WORD_BYTES:,} bytes long: is it text?"
                )
            continue
        pieces.append(data[:cut])
        text = b"".join(pieces)
        yield _block(text, opened, position)
        position += len(text)
        pieces = [data[cut:]] if cut < len(data) else []
    yield _block(b"".join(pieces) + b"\n", opened, position)


def _last_cut(data: bytes, start: int) -> int:
    """Position after the last white space from ``start`` on; 0 when there is none."""
    places = ((data.rfind(each, start), len(each)) for each in _CUTS)
    return max(place + length if place >= 0 else 0 for place, length in places)


def _block(text: bytes, opened: _OpenFile, position: int) -> Block:
    start = len(_BYTE_ORDER_MARK) if position == 0 and text.startswith(_BYTE_ORDER_MARK) else 0
    return Block(text[start:], opened.file, position + start, opened.bytes_read)


class _OpenFile:
    """A file opened for reading, through its decompressor if its name asks for one."""

    def __init__(self, file: TextFile) -> None:
        self.file = file
        self._delivered = 0
        with _reading(file.name):
            self._raw: IO[bytes] = _open_raw(file)
            self._status = self._regular_file_status()
            try:
                self._stream = _decompressed(self._raw, Path(file.name).suffix.lower())
            except MissingExtraError:
                self._raw.close()
                raise

    def read(self, size: int) -> bytes:
        with _reading(self.file.name):
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
        opened: IO[bytes] = _fsspec().open(file.name, "rb").open()
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
