"""Opening of an input file, local or remote: decompresses it by its suffix, and raises one-line errors."""

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from wordkin.corpus.readers.encodings import SAMPLE_BYTES, Transcoded, means_utf8, refuse_other_encoding
from wordkin.errors import CorpusError, CorpusNotFoundError, CorpusWarning, MissingExtraError, WordkinError, shown, warn

STANDARD_INPUT = "-"
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
PATHS_OR_LISTS = (
    "check the path; if you meant words or a text instead of a path, pass a list of lists of words, or strings as "
    "texts=[...]"
)
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class TextFile:
    """An input file: a local path, a URL for fsspec, or ``-`` for standard input.

    Attributes
    ----------
    name : str
        The path or URL.
    found : bool, default False
        Whether the file was found by searching a directory.
    part : pair of int, or None, default None
        The part of the file to read, as a half-open range (start, stop). For files of lines, a range of bytes: all
        lines that begin in it are read. For Parquet, a range of row groups. None for the whole file.
    """

    name: str
    found: bool = False
    part: tuple[int, int] | None = None

    @property
    def is_remote(self) -> bool:
        return is_address(self.name)

    @property
    def size(self) -> int | None:
        """Size of a local file in bytes, before decompression; None if unknown."""
        if self.is_remote or self.name == STANDARD_INPUT:
            return None
        try:
            status = Path(self.name).stat()
        except OSError:
            return None  # opening the file will raise the error
        return status.st_size if stat.S_ISREG(status.st_mode) else None


class BinaryFileError(CorpusError):
    """Raised for a file that is not text."""


PACKED_MARKS = {
    b"\x1f\x8b": ("compressed by gzip", "give its name the suffix .gz"),
    b"BZh91AY&SY": ("compressed by bzip2", "give its name the suffix .bz2"),
    b"\xfd7zXZ\0": ("compressed by xz", "give its name the suffix .xz"),
    b"\x28\xb5\x2f\xfd": ("compressed by Zstandard", "give its name the suffix .zst"),
    b"PK\x03\x04": ("a zip archive, or a document in one", "extract its text"),
    b"%PDF-": ("a PDF document", "extract its text"),
}


def refuse_packed(beginning: bytes, name: str) -> None:
    """Raise :class:`BinaryFileError` if a file begins like compressed data or like a document, such as a PDF."""
    for mark, (what, remedy) in PACKED_MARKS.items():
        if beginning.startswith(mark):
            if compression_of(name):
                what, remedy = f"{what} within {compression_of(name)}", "decompress it first"
            raise BinaryFileError(f"{name!r} is {what}: {remedy}")


def looks_binary(text: bytes) -> bool:
    """Whether the beginning of a file contains zero bytes, which text in UTF-8 does not."""
    return b"\0" in text[: 1 << 16]


def suffixes_of(name: str) -> list[str]:
    """The suffixes of a path or URL in lower case. The part of a URL from ``?``, ``#`` or ``::`` on is ignored."""
    if is_address(name):
        name = name.split("::")[0]
        if name.startswith(("http://", "https://")):
            name = name.split("?")[0].split("#")[0]
    return [suffix.lower() for suffix in PurePosixPath(name.replace(os.sep, "/")).suffixes]


def compression_of(name: str) -> str:
    """The suffix of a file name that stands for a compression, such as ".gz"; empty if there is none."""
    last = suffixes_of(name)[-1:]
    return last[0] if last and last[0] in COMPRESSIONS else ""


def is_address(name: str) -> bool:
    """Whether a name is a URL that fsspec opens; a file of this name on disk takes precedence."""
    return ("://" in name or "::" in name) and not os.path.lexists(name)


def fsspec_module() -> Any:
    """Import and return fsspec. It is imported only when a URL is used."""
    import fsspec  # type: ignore[import-untyped]

    return fsspec


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Context manager that turns errors of opening, reading and decompressing a file into one-line errors."""
    try:
        yield
    except WordkinError:
        raise
    except FileNotFoundError as error:
        raise CorpusNotFoundError(f"there is no file or directory {name!r}: {PATHS_OR_LISTS}") from error
    except PermissionError as error:
        raise CorpusError(f"no permission to read {name!r}: ask its owner for read permission") from error
    except _DAMAGED as error:
        raise _damaged(name, error) from error
    except (ImportError, ValueError) as error:  # fsspec does not know the protocol, or lacks the package for it
        raise CorpusError(f"cannot open {name!r}: {error}") from error
    except OSError as error:
        if error.errno is None:  # bz2 raises this for an invalid data stream
            raise _damaged(name, error) from error
        if error.errno == errno.ENAMETOOLONG:  # most likely text was passed instead of a path
            raise CorpusNotFoundError(f"there is no file or directory {shown(name)}: {PATHS_OR_LISTS}") from error
        raise CorpusError(f"cannot read {name!r}: {error.strerror}") from error


def _damaged(name: str, error: Exception) -> CorpusError:
    return CorpusError(
        f"{name!r} is damaged or cut short and cannot be decompressed ({error}): fetch or compress it again"
    )


class OpenFile:
    """A file open for reading, decompressed by its suffix and converted to UTF-8.

    Attributes
    ----------
    raw : binary file
        The file without decompression, for readers that seek.

    Parameters
    ----------
    file : TextFile
        The file.
    encoding : str, default "utf-8"
        Its encoding.
    encoding_errors : str, default "replace"
        Handling of invalid bytes.
    checked : bool, default True
        Whether :meth:`read` raises :class:`EncodingError` if the first MiB of the text is in another encoding.
    """

    def __init__(
        self, file: TextFile, encoding: str = "utf-8", encoding_errors: str = "replace", *, checked: bool = True
    ) -> None:
        self.file, self.encoding, self.encoding_errors = file, encoding, encoding_errors
        self._delivered = 0
        self._sample: list[bytes] | None = [] if checked else None
        with reading(file.name):
            self.raw: IO[bytes] = _open_raw(file)
            self._status = self._regular_file_status()
            try:
                self._stream: Any = _decompressed(self.raw, compression_of(file.name))
            except MissingExtraError:
                self.raw.close()
                raise
        self._transcoded = (
            None if means_utf8(encoding) else Transcoded(_Stream(self._read), encoding, encoding_errors, file.name)
        )

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def replaced(self) -> int:
        """Number of white-space tokens with invalid bytes so far; 0 for UTF-8, where readers count these."""
        return 0 if self._transcoded is None else self._transcoded.replaced

    def only_lines_of_part(self) -> None:
        """If only a part of the file is to be read, make :meth:`read` return only the lines that begin in it."""
        if self.file.part is not None:
            with reading(self.file.name):
                self._stream = LinesOfPart(self.raw, *self.file.part)

    def read(self, size: int) -> bytes:
        """Read about ``size`` bytes of the decompressed text, as UTF-8; an empty result means its end."""
        return self._read(size) if self._transcoded is None else self._transcoded.read(size)

    def _read(self, size: int) -> bytes:
        with reading(self.file.name):
            data: bytes = self._stream.read(size)
        if not self._delivered:
            refuse_packed(data, self.file.name)
        if self._sample is not None:
            self._check_encoding(data)
        self._delivered += len(data)
        return data

    def _check_encoding(self, data: bytes) -> None:
        """Collect the first MiB of the text; once it is complete, check that it is in the given encoding.

        Text that looks binary is not checked here.
        """
        assert self._sample is not None
        self._sample.append(data)
        if not data or self._delivered + len(data) >= SAMPLE_BYTES:
            sample, self._sample = b"".join(self._sample), None
            if not (means_utf8(self.encoding) and looks_binary(sample)):
                refuse_other_encoding(sample, self.encoding, repr(self.file.name))

    @property
    def bytes_read(self) -> int:
        """Bytes read from the file, before decompression; for a pipe, the bytes returned by :meth:`read`."""
        return self.raw.tell() if self.raw.seekable() else self._delivered

    def check_unchanged(self) -> None:
        """Raise :class:`CorpusError` if the file shrank while it was read; warn if it changed in another way."""
        before, after = self._status, self._regular_file_status()
        if before is None or after is None:
            return
        if after.st_size < before.st_size:
            raise CorpusError(
                f"{self.file.name!r} shrank while it was read, from {before.st_size:,} to {after.st_size:,} bytes: "
                "start again after the program that writes to it has ended"
            )
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            warn(
                f"{self.file.name!r} changed while it was read; the text may mix its old and new content", CorpusWarning
            )

    def close(self) -> None:
        if self.file.name != STANDARD_INPUT:
            self._stream.close()
            self.raw.close()

    def _regular_file_status(self) -> os.stat_result | None:
        if self.file.is_remote or self.file.name == STANDARD_INPUT:
            return None
        status = os.fstat(self.raw.fileno())
        return status if stat.S_ISREG(status.st_mode) else None


@dataclass(frozen=True, slots=True)
class _Stream:
    """Makes an object with a method ``read`` from a function."""

    read: Callable[[int], bytes]


class LinesOfPart:
    """Reads the lines of a file that begin in a byte range. The last of them may end after the range.

    Parameters
    ----------
    raw : binary file
        A seekable file.
    start, stop : int
        The half-open byte range.
    """

    _SEARCHED_BYTES = 1 << 16

    def __init__(self, raw: IO[bytes], start: int, stop: int) -> None:
        self._raw, self._stop, self._position = raw, stop, start
        self._pending = b""
        if start:
            raw.seek(start - 1)
            self._position = start - 1
            while data := raw.read(self._SEARCHED_BYTES):
                end = data.find(b"\n") + 1
                self._position += end or len(data)
                self._pending = data[end:] if end else b""
                if end:
                    break

    def read(self, size: int) -> bytes:
        """Read about ``size`` bytes of these lines; an empty result means that the last line has been read."""
        if self._position >= self._stop and not self._within_line:
            return b""
        data, self._pending = self._pending or self._raw.read(size), b""
        before, self._position = self._position, self._position + len(data)
        if self._position < self._stop:
            return data
        end = data.find(b"\n", max(0, self._stop - 1 - before)) + 1
        self._within_line = not end
        return data[:end] if end else data

    _within_line = False  # whether the last line continues after the byte range

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


def _open_raw(file: TextFile) -> IO[bytes]:
    if file.name == STANDARD_INPUT:
        if sys.stdin is None:
            raise CorpusError("standard input is closed: pass a file")
        return sys.stdin.buffer
    if file.is_remote:
        opened: IO[bytes] = fsspec_module().open(file.name, "rb").open()
        return opened
    return Path(file.name).open("rb", buffering=0)


def _decompressed(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if suffix == ".bz2":
        return io.BufferedReader(_FrameReader(raw, bz2.BZ2Decompressor))
    if suffix == ".xz":
        return io.BufferedReader(_FrameReader(raw, lzma.LZMADecompressor, padding=b"\0"))
    if suffix == ".zst":
        return io.BufferedReader(_FrameReader(raw, _zstandard_frame()))
    return raw


def _zstandard_frame() -> Callable[[], Any]:
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError("reading .zst files", "zstd") from error

    class Frame:
        """Decompresses one Zstandard frame, with the interface of Python's own decompressor objects."""

        needs_input = True

        def __init__(self) -> None:
            self._frame = zstandard.ZstdDecompressor().decompressobj()

        def decompress(self, data: bytes, most: int) -> bytes:
            try:
                return self._frame.decompress(data)
            except zstandard.ZstdError as error:
                raise EOFError(str(error)) from error

        @property
        def eof(self) -> bool:
            return self._frame.eof

        @property
        def unused_data(self) -> bytes:
            return self._frame.unused_data

    return Frame


class _FrameReader(io.RawIOBase):
    """Decompresses a file that consists of one or more compressed streams (frames).

    The readers of the libraries take a truncated frame, or other data after a frame, for the end of the file. This
    class raises an error for both.

    Parameters
    ----------
    raw : binary file
        The compressed file.
    new_frame : callable
        Makes a decompressor of one frame.
    padding : bytes, default b""
        A byte that may follow a frame any number of times.
    """

    _COMPRESSED_PIECE = 1 << 14  # small, because repetitive text can expand several thousand times

    def __init__(self, raw: IO[bytes], new_frame: Callable[[], Any], *, padding: bytes = b"") -> None:
        self._new_frame, self._padding = new_frame, padding
        self.raw = raw
        self._frame: Any = None
        self._frames = 0
        self._compressed = self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._frame is None or self._frame.needs_input:
                compressed = self._compressed or self.raw.read(self._COMPRESSED_PIECE)
                self._compressed = b""
                if not compressed:
                    if self._frame is not None:
                        raise EOFError("the compressed data has no end")
                    return 0
                if self._frame is None and self._frames:
                    compressed = compressed.lstrip(self._padding) if self._padding else compressed
                    if not compressed:
                        continue
            else:
                compressed = b""
            self._ready = self._decompressed(compressed, len(buffer))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _decompressed(self, compressed: bytes, most: int) -> bytes:
        """Decompress data, starting a new frame if the last one has ended; return at most ``most`` bytes."""
        if self._frame is None:
            self._frame = self._new_frame()
            self._frames += 1
        data: bytes = self._frame.decompress(compressed, most)
        if self._frame.eof:
            self._compressed, self._frame = self._frame.unused_data, None
        return data
