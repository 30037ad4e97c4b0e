"""Encoded corpora: an int32 array of word ids and an int64 array of sentence offsets."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import FormatError, OutputError
from wordkin.storage.files import replacing
from wordkin.storage.headers import read_header
from wordkin.storage.spool import MEMORY_LIMIT_BYTES, nameless_file, spool_error, write_fully

HEADER_NAME = "corpus.json"
TEXT_HEADER_NAME = "text.json"  # header of an encoded text, in the same directory; see text/encoded_text.py
FORMAT_NAME = "wordkin encoded corpus"
FORMAT_VERSION = 1
_TYPES: dict[str, np.dtype[Any]] = {"ids": np.dtype("<i4"), "offsets": np.dtype("<i8")}
_PIECE = 1 << 20  # elements per batch, to bound temporary memory
_FILE_NAME = re.compile(r"\w[\w.-]{0,63}", re.ASCII)


class TrainingText(Protocol):
    """The text that training reads: a whole encoded corpus, or consecutive sentences of one.

    Attributes
    ----------
    ids : ndarray of int32
        Word ids of the sentences; ``ids[0]`` is at position ``offsets[0]`` of the whole corpus.
    offsets : ndarray of int64
        Position in the whole corpus of the start of each sentence, followed by the end of the last one.
    words : int
        Number of words of the whole corpus.
    """

    @property
    def ids(self) -> NDArray[np.int32]: ...

    @property
    def offsets(self) -> NDArray[np.int64]: ...

    @property
    def words(self) -> int: ...


class CorpusPiece(NamedTuple):
    """Consecutive sentences of a corpus; :class:`TrainingText` explains the attributes."""

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    words: int

    @classmethod
    def joined(cls, pieces: Sequence[CorpusPiece]) -> CorpusPiece:
        """Concatenate consecutive pieces, given in the order of the corpus, to one piece."""
        if len(pieces) == 1:
            return read_only(pieces[0])
        offsets = [pieces[0].offsets, *(piece.offsets[1:] for piece in pieces[1:])]
        ids = np.concatenate([piece.ids for piece in pieces])
        return read_only(cls(ids, np.concatenate(offsets), pieces[0].words))


def read_only(piece: CorpusPiece) -> CorpusPiece:
    """Make the arrays of a piece read-only, as the arrays of an encoded corpus are.

    Numba would compile each kernel a second time for writable arrays.
    """
    for array in (piece.ids, piece.offsets):
        array.flags.writeable = False
    return piece


class EncodedCorpus:
    """Nonempty sentences of word ids, in the order of the text.

    A saved corpus is a directory with ``corpus.json`` (format, version, number of words and sentences, fingerprint,
    file names) and two files of raw little-endian integers.

    Attributes
    ----------
    ids : ndarray of shape (words,), int32
        Word ids, in memory or memory-mapped.
    offsets : ndarray of shape (sentences + 1,), int64
        Sentence s is ``ids[offsets[s]:offsets[s + 1]]``.
    fingerprint : str
        Hexadecimal digest of ids and offsets; equal for equal content.
    """

    def __init__(self, ids: NDArray[np.int32], offsets: NDArray[np.int64], fingerprint: str) -> None:
        self.ids, self.offsets, self.fingerprint = ids, offsets, fingerprint

    @classmethod
    def of_arrays(cls, ids: NDArray[np.int32], offsets: NDArray[np.int64], fingerprint: str = "") -> EncodedCorpus:
        """Wrap arrays in memory and make them read-only; see :func:`read_only`."""
        ids, offsets, _ = read_only(CorpusPiece(ids, offsets, len(ids)))
        return cls(ids, offsets, fingerprint)

    @property
    def words(self) -> int:
        """Number of words in the text, counting repeated words each time."""
        return len(self.ids)

    @property
    def sentences(self) -> int:
        """Number of sentences."""
        return len(self.offsets) - 1

    def __len__(self) -> int:
        return self.sentences

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        """Yield the word ids of each sentence."""
        for sentence in range(self.sentences):
            yield self.ids[self.offsets[sentence] : self.offsets[sentence + 1]]

    def __repr__(self) -> str:
        return f"EncodedCorpus({self.words:,} words in {self.sentences:,} sentences)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the arrays and their temporary file, if any; the corpus is then empty."""
        self.ids, self.offsets = np.empty(0, np.int32), np.zeros(1, np.int64)

    def save(self, directory: str | Path) -> None:
        """Save to a directory, which is created if needed; a corpus saved there before is replaced.

        Raises :class:`OutputError` on failure; the previous corpus is then unchanged.
        """
        with CorpusWriter(directory) as writer:
            _copy(self, writer)
            writer.finish()

    @classmethod
    def open(cls, directory: str | Path, *, verify: bool = False) -> EncodedCorpus:
        """Memory-map a saved corpus; with ``verify``, also read all of it and check the fingerprint.

        Raises :class:`FormatError` if the directory holds no corpus, or a corpus that is damaged or has another format
        version.
        """
        directory = Path(directory)
        header = _read_header(directory)
        ids = _map_file(directory / header["ids"], _TYPES["ids"], header["words"])
        offsets = _map_file(directory / header["offsets"], _TYPES["offsets"], header["sentences"] + 1)
        corpus = cls(ids, offsets, header["fingerprint"])
        damage = corpus._damage(verify)
        if damage:
            raise FormatError(f"{directory} is damaged, because {damage}: encode the text again")
        return corpus

    @staticmethod
    def check_files(directory: str | Path) -> None:
        """Raise :class:`FormatError` if a file of a saved corpus is missing or has the wrong size."""
        directory = Path(directory)
        header = _read_header(directory)
        _check_size(directory / header["ids"], _TYPES["ids"], header["words"])
        _check_size(directory / header["offsets"], _TYPES["offsets"], header["sentences"] + 1)

    def piece(self, positions: range) -> CorpusPiece:
        """Copy the sentences that contain at least one of these positions of the corpus."""
        if not positions:
            start = self.offsets[:1] if not self.words else self.offsets[-1:]
            return read_only(CorpusPiece(np.empty(0, np.int32), np.array(start), self.words))
        first = int(np.searchsorted(self.offsets, positions.start, "right")) - 1
        last = int(np.searchsorted(self.offsets, positions.stop, "left"))
        offsets = np.array(self.offsets[first : last + 1])
        return read_only(CorpusPiece(np.array(self.ids[offsets[0] : offsets[-1]]), offsets, self.words))

    def has_neighbours(self) -> bool:
        """Whether at least one sentence has two or more words; otherwise there is nothing to train on."""
        return self.words > self.sentences  # no sentence is empty

    def holds_ids_below(self, words: int) -> bool:
        """Whether all word ids are from 0 to ``words - 1``.

        This must be checked before training, because kernels do not check the bounds of arrays.
        """
        pieces = (self.ids[start : start + _PIECE] for start in range(0, self.words, _PIECE))
        return all(piece.min() >= 0 and piece.max() < words for piece in pieces)

    def _damage(self, verify: bool) -> str:
        """Describe what is wrong with the arrays; empty if nothing is. With ``verify``, also check the fingerprint."""
        if self.offsets[0] != 0 or self.offsets[-1] != self.words:
            return "its sentence offsets do not span its words"
        for start in range(0, self.sentences, _PIECE):
            piece = self.offsets[start : start + _PIECE + 1]
            if not (piece[1:] > piece[:-1]).all():
                return "its sentence offsets do not increase"
        if verify:
            digests = _Digests()
            _copy(self, digests)
            if digests.fingerprint() != self.fingerprint:
                return "its content does not match its fingerprint"
        return ""


class _Digests:
    """Computes the fingerprint of a corpus whose ids and sentence ends are added in pieces of any size."""

    def __init__(self) -> None:
        self._ids, self._ends = hashlib.sha256(), hashlib.sha256()

    def add_ids(self, ids: NDArray[np.int32]) -> None:
        self._ids.update(np.ascontiguousarray(ids, _TYPES["ids"]).data)

    def add_ends(self, ends: NDArray[np.int64]) -> None:
        self._ends.update(np.ascontiguousarray(ends, _TYPES["offsets"]).data)

    def fingerprint(self) -> str:
        return hashlib.sha256(self._ids.digest() + self._ends.digest()).hexdigest()[:32]


class CorpusWriter:
    """Builds an :class:`EncodedCorpus` from word ids and sentence ends, which are added in pieces.

    With a directory, :meth:`finish` saves the corpus there. If the context manager ends before that, an earlier corpus
    in the directory stays as it was. Without a directory, the arrays are kept in memory if ``expected_bytes`` is small,
    and in unnamed temporary files in ``spool_directory`` otherwise.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        spool_directory: str | Path | None = None,
        expected_bytes: int = 0,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self._directory = None if directory is None else Path(directory)
        self._spool_directory = spool_directory
        self._digests = _Digests()
        in_memory = directory is None and expected_bytes <= memory_limit_bytes
        unique = uuid.uuid4().hex[:12]
        self._columns: dict[str, _Column] = {}
        try:
            if self._directory is not None:
                self._directory.mkdir(parents=True, exist_ok=True)
            for name, dtype in _TYPES.items():
                column = self._columns[name] = _Column(dtype)
                if self._directory is not None:
                    column.write_to(self._directory / f"{name}-{unique}.{dtype.name}")
                elif not in_memory:
                    column.write_to_nameless_file(spool_directory)
            self._columns["offsets"].append(np.zeros(1, np.int64))
        except OSError as error:
            self._discard()
            raise self._error(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard()

    @property
    def words(self) -> int:
        """Number of word ids added so far."""
        return self._columns["ids"].length

    def add_ids(self, ids: NDArray[np.int32]) -> None:
        """Append word ids. Raises :class:`OutputError` if they cannot be written."""
        self._digests.add_ids(ids)
        self._append("ids", ids)

    def add_ends(self, ends: NDArray[np.int64]) -> None:
        """Append the ends of sentences: increasing positions, counted in words from the start of the corpus."""
        self._digests.add_ends(ends)
        self._append("offsets", ends)

    def finish(self) -> EncodedCorpus:
        """Complete and return the corpus.

        In a directory, the header ``corpus.json`` is written last. Until then, readers see the previous corpus.
        """
        fingerprint = self._digests.fingerprint()
        try:
            if self._directory is not None:
                self._publish(self._directory, fingerprint)
            return EncodedCorpus(self._columns["ids"].array(), self._columns["offsets"].array(), fingerprint)
        except OutputError:
            raise
        except OSError as error:
            raise self._error(error) from error

    def _append(self, name: str, values: NDArray[Any]) -> None:
        try:
            self._columns[name].append(values)
        except OSError as error:
            raise self._error(error) from error

    def _publish(self, directory: Path, fingerprint: str) -> None:
        header: dict[str, Any] = {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "words": self.words,
            "sentences": self._columns["offsets"].length - 1,
            "fingerprint": fingerprint,
        }
        for name, column in self._columns.items():
            header[name] = column.sync().name
        try:
            with replacing(directory / HEADER_NAME) as stream:
                stream.write(json.dumps(header, indent=1).encode() + b"\n")
        except OutputError as error:
            # The header may still exist: the error may come from the fsync of the directory after the rename.
            if _may_name(directory, header["ids"]):
                self._keep_columns()
            cause = error.__cause__
            raise self._error(cause if isinstance(cause, OSError) else error) from error
        self._keep_columns()
        with contextlib.suppress(OSError):  # leftovers only take space, and the next save removes them
            _remove_leftovers(directory, {header[name] for name in _TYPES})

    def _keep_columns(self) -> None:
        for column in self._columns.values():
            column.keep()

    def _discard(self) -> None:
        for column in self._columns.values():
            column.close()

    def _error(self, error: OSError) -> OutputError:
        if self._directory is None:
            return spool_error(error, self._spool_directory)
        return OutputError(f"cannot write the encoded corpus to {self._directory}: {error.strerror or error}")


class _Column:
    """An array that grows while values are appended, in memory or in a file."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype, self.length = dtype, 0
        self._pieces: list[NDArray[Any]] = []
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def write_to(self, path: Path) -> None:
        """Write the values to a file at ``path``; :meth:`close` removes it unless :meth:`keep` was called."""
        self._path, self._file = path, path.open("w+b", buffering=0)

    def write_to_nameless_file(self, directory: str | Path | None) -> None:
        """Write the values to an unnamed temporary file in ``directory``."""
        self._file = nameless_file(directory)

    def append(self, values: NDArray[Any]) -> None:
        values = np.ascontiguousarray(values, self.dtype)
        self.length += len(values)
        if self._file is None:
            self._pieces.append(values)
        else:
            write_fully(self._file, values)

    def array(self) -> NDArray[Any]:
        """Return all values read-only; if they are in a file, as a memory map that stays valid after :meth:`close`."""
        if self._file is not None and self.length:
            return np.memmap(self._file, self.dtype, "r", shape=(self.length,))
        values = np.concatenate([np.empty(0, self.dtype), *self._pieces])
        values.flags.writeable = False
        return values

    def sync(self) -> Path:
        """Flush the file to the disk with fsync, and return its path."""
        assert self._file is not None and self._path is not None
        os.fsync(self._file.fileno())
        return self._path

    def keep(self) -> None:
        """Make :meth:`close` leave the file on disk."""
        self._path = None

    def close(self) -> None:
        """Close the file, and remove it unless it is kept.

        Errors are ignored, because :meth:`sync` has already written the files that are kept.
        """
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


def _copy(corpus: EncodedCorpus, target: CorpusWriter | _Digests) -> None:
    for start in range(0, corpus.words, _PIECE):
        target.add_ids(corpus.ids[start : start + _PIECE])
    for start in range(1, len(corpus.offsets), _PIECE):
        target.add_ends(corpus.offsets[start : start + _PIECE])


def _may_name(directory: Path, name: str) -> bool:
    """Whether the header ``corpus.json`` in a directory refers to the file ``name``.

    Also true if the header exists but cannot be read, so that the file is not removed by mistake.
    """
    try:
        return directory / HEADER_NAME in directory.iterdir() and bool(_read_header(directory)["ids"] == name)
    except (OSError, FormatError):
        return True


def _remove_leftovers(directory: Path, kept: set[str]) -> None:
    """Remove the data files in a directory that are not in ``kept``, and unfinished headers of killed processes."""
    patterns = [f"{name}-*.{dtype.name}" for name, dtype in _TYPES.items()]
    patterns += [f".{HEADER_NAME}.*.tmp", f"{HEADER_NAME}.new"]  # earlier versions wrote the second
    for old in [path for pattern in patterns for path in directory.glob(pattern)]:  # globbed before any is removed
        if old.name not in kept:
            old.unlink()


def _read_header(directory: Path) -> dict[str, Any]:
    path = directory / HEADER_NAME
    header = read_header(path, FORMAT_NAME, FORMAT_VERSION, "encoded corpus")
    numbers = [header.get("words"), header.get("sentences")]
    texts = [header.get("fingerprint"), *(header.get(name) for name in _TYPES)]
    if not all(type(each) is int and each >= 0 for each in numbers) or not all(isinstance(each, str) for each in texts):
        raise FormatError(
            f"{path} is damaged, because entries are missing or have the wrong type: encode the text again"
        )
    if not all(_FILE_NAME.fullmatch(header[name]) for name in _TYPES):
        raise FormatError(f"{path} is damaged, because it contains invalid file names: encode the text again")
    return header


def _map_file(path: Path, dtype: np.dtype[Any], length: int) -> NDArray[Any]:
    _check_size(path, dtype, length)
    try:
        return np.memmap(path, dtype, "r", shape=(length,)) if length else np.empty(0, dtype)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}; encode the text again") from error


def _check_size(path: Path, dtype: np.dtype[Any], length: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}; encode the text again") from error
    if size != length * dtype.itemsize:
        raise FormatError(
            f"{path} is damaged, because it has {size:,} bytes instead of {length * dtype.itemsize:,}: encode the "
            "text again"
        )
