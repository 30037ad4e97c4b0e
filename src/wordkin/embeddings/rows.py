"""Collect words and vectors while a file is read: select and check rows, and skip or refuse bad ones.

The memory used is bounded by the size of the file, whatever its header claims.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings.embeddings import Embeddings
from wordkin.errors import ConfigError, FormatError, warn
from wordkin.items import Item
from wordkin.storage.packed_words import are_utf8
from wordkin.storage.utf8 import is_utf8
from wordkin.vocabulary import Vocabulary

_REASONS_SHOWN = 3


def none_found(path: Path, asked: list[Item]) -> ConfigError:
    """Return the error for a file that has none of the asked words; ``asked`` has the first few of them."""
    return ConfigError(
        "words", f"must hold at least one word of {str(path)!r}", asked, "check the spelling and the case of the words"
    )


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of :func:`wordkin.embeddings.load_embeddings` after checking.

    ``words`` holds words as UTF-8 bytes. None stands for all words.
    """

    limit: int | None = None
    words: frozenset[bytes] | None = None
    bad_rows: str = "error"
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    duplicates: str = "error"
    header: bool | None = None
    written_in: str | None = None  # the encoding of the file if its words were already converted to UTF-8


class Source(Protocol):
    """The file or directory that rows are read from. ``broken`` makes an error about it."""

    @property
    def path(self) -> Path: ...
    def broken(self, what: str) -> FormatError: ...


class Rows:
    """The words and vectors kept so far while a file is read.

    Parameters
    ----------
    source : Source
        The file, or the directory of a table in several files.
    options : ReadOptions
        How to read it.
    vector_size : int
        The size of a vector.
    expected : int
        The number of rows for which memory is allocated at first.
    unit : {"byte", "line", "row"}
        A position in the file is the number of a byte, a line or a row.

    Attributes
    ----------
    words : list of bytes
        The words kept.
    matrix : array of float32
        Their vectors, in the first ``len(words)`` rows. The other rows are unused capacity.
    """

    def __init__(self, source: Source, options: ReadOptions, vector_size: int, expected: int, unit: str) -> None:
        self.source, self.options, self.unit = source, options, unit
        self.words: list[bytes] = []
        self._positions: list[NDArray[np.int64]] = []
        self._counts: list[NDArray[np.int64]] = []
        wanted = expected if options.words is None else min(expected, len(options.words))
        self.matrix: NDArray[np.float32] = np.empty((wanted, vector_size), dtype="<f4")
        self._skipped, self._reasons = 0, list[str]()
        self._missing: set[bytes] | None = None if options.words is None else set(options.words)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def complete(self) -> bool:
        """Whether all words that were asked for have been found, so that reading can stop."""
        return self._missing is not None and not self._missing

    @functools.cached_property
    def first_fields(self) -> frozenset[bytes]:
        """The first fields of all words that were asked for: the part of each word before its first space or tab."""
        words = self.options.words or frozenset()
        return frozenset(word.partition(b" ")[0].partition(b"\t")[0] for word in words)

    def choose(self, words: list[bytes]) -> tuple[list[bytes], NDArray[np.int64] | None]:
        """Select the words to keep; return them and their indices in ``words``.

        If all are kept, None is returned instead of the indices.
        """
        wanted = self.options.words
        if wanted is None:
            return words, None
        chosen = [index for index, word in enumerate(self.decoded(words)) if word in wanted]
        return [words[index] for index in chosen], np.array(chosen, dtype=np.int64)

    def append(
        self,
        words: list[bytes],
        positions: NDArray[np.int64],
        block: NDArray[np.float32],
        counts: NDArray[np.int64] | None = None,
    ) -> None:
        """Add words with their vectors (``block``) and their positions in the file.

        Vectors that are not finite are refused or skipped.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            total = block.sum()  # four times as fast as checking every value, with rare false alarms
        if not np.isfinite(total):
            finite = np.isfinite(block).all(axis=1)
            for row in np.flatnonzero(~finite).tolist():
                shown = words[row][:80].decode(errors="replace")
                self.bad(int(positions[row]), f"the vector of {shown!r} holds a value that is not finite")
            words = [words[row] for row in np.flatnonzero(finite).tolist()]
            positions, block = positions[finite], block[finite]
            counts = None if counts is None else counts[finite]
        first, end = len(self.words), len(self.words) + len(words)
        if end > len(self.matrix):
            # Resizing in place lets the system remap pages, without a copy and without peak memory for both sizes.
            self.matrix.resize((max(end, len(self.matrix) * 3 // 2), self.matrix.shape[1]), refcheck=False)
        self.matrix[first:end] = block
        self.words += words
        self._positions.append(positions)
        if counts is not None:
            self._counts.append(counts)
        if self._missing is not None:
            self._missing.difference_update(self.decoded(words))

    def bad(self, position: int, what: str) -> None:
        """Raise FormatError for a malformed row, or skip the row if ``bad_rows`` is "skip".

        ``what`` describes the problem.
        """
        if self.options.bad_rows == "error":
            remedy = 'pass bad_rows="skip" to skip such rows'
            raise self.broken(position, f"{what}: {remedy}")
        self._skipped += 1
        if len(self._reasons) < _REASONS_SHOWN:
            self._reasons.append(f"{self.unit} {position:,}: {what}")

    def short(self, announced: int, read: int, what: str) -> None:
        """Raise FormatError because the file has fewer rows than its header says; do nothing if ``bad_rows`` is "skip".

        ``announced`` is the number in the header, ``read`` the number of rows read, and ``what`` describes the end of
        the file.
        """
        if self.options.bad_rows == "error":
            remedy = f"pass limit={read} to read the complete ones" if read else "the file is damaged"
            raise self.source.broken(f"the header announces {announced:,} words, but {what}: {remedy}")
        self._skipped += 1
        self._reasons.append(f"the header announces {announced:,} words, but {what}")

    def broken(self, position: int, what: str) -> FormatError:
        """Return a FormatError about a position in the file; ``what`` describes the problem."""
        return self.source.broken(f"{self.unit} {position:,}: {what}")

    def position(self, row: int) -> int:
        """Return the position in the file of a kept row. ``row`` is its index among the kept rows."""
        return int(np.concatenate(self._positions)[row])

    def decoded(self, words: list[bytes]) -> list[bytes]:
        """Convert words from the encoding of the file to UTF-8. Invalid bytes stay invalid, and are reported later."""
        encoding, errors = self.options.encoding, self.options.encoding_errors
        if (encoding, errors) == ("utf-8", "strict"):
            return words
        return [word.decode(encoding, lenient(errors)).encode("utf-8", "surrogatepass") for word in words]

    def finish(self) -> Embeddings:
        """Check that the words are valid and distinct, and return the Embeddings."""
        self.matrix.resize((len(self.words), self.matrix.shape[1]), refcheck=False)
        self.words = self.decoded(self.words)
        matrix = self.matrix
        counts = np.concatenate(self._counts) if self._counts else None
        if counts is not None and len(counts) < len(self.words):  # some rows had no count
            counts = None
        kept = self._kept_rows()
        if len(kept) < len(self.words):
            self.words = [self.words[row] for row in kept]
            matrix, counts = matrix[kept], None if counts is None else counts[kept]
        if self._skipped and not self.words and self.options.words is None:
            raise self.source.broken(f"all {self._skipped:,} rows are malformed; the first: {self._reasons[0]}")
        self._report()
        if self.options.words is not None and not self.words:
            asked: list[Item] = [word.decode(errors="replace") for word in sorted(self.options.words)[:3]]
            raise none_found(self.source.path, asked)
        vocabulary = Vocabulary.from_packed(*packed(self.words), counts=counts)
        return Embeddings(vocabulary, matrix.astype(np.float32, copy=False), path=self.source.path)

    def _kept_rows(self) -> list[int]:
        """Return the indices of the rows to return. Rows with invalid words are left out, as are repetitions of a word.

        Raises FormatError for an invalid or repeated word unless the options allow it.
        """
        rows = list(range(len(self.words)))
        if not are_utf8(*packed(self.words)):
            for row in rows:
                if not is_utf8(self.words[row]):
                    written_in = self.options.written_in or self.options.encoding
                    shown = self.words[row][:40]
                    if written_in != "utf-8":  # recover the original bytes
                        shown = shown.decode("utf-8", "surrogatepass").encode(written_in, "surrogateescape")
                    remedy = 'pass encoding=, or encoding_errors="replace", "ignore" or "backslashreplace"'
                    what = f"the word {shown!r} is not valid {written_in.upper()}"
                    if self.options.bad_rows == "error":
                        raise self.broken(self.position(row), f"{what}: {remedy}")
                    self.bad(self.position(row), what)
            rows = [row for row in rows if is_utf8(self.words[row])]
        if len({self.words[row] for row in rows}) == len(rows):
            return rows
        first_rows: dict[bytes, int] = {}
        for row in rows:
            word = self.words[row]
            if first_rows.setdefault(word, row) != row and self.options.duplicates == "error":
                first = f"first at {self.unit} {self.position(first_rows[word]):,}"
                remedy = 'pass duplicates="first" to keep the first'
                what = f"the word {word[:300].decode(errors='replace')!r} occurs twice, {first}: {remedy}"
                raise self.broken(self.position(row), what)
        return list(first_rows.values())

    def _report(self) -> None:
        if self._skipped:
            path, kept = str(self.source.path), len(self.words)
            more = "" if self._skipped <= len(self._reasons) else "; ..."
            warn(f"{path!r}: skipped {self._skipped:,} bad rows and kept {kept:,}: "
                 + "; ".join(self._reasons) + more, UserWarning)  # fmt: skip


def packed(words: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Concatenate words to one array of bytes; return it and the offsets at which words begin.

    The last offset is the total length.
    """
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    return np.frombuffer(b"".join(words), dtype=np.uint8), np.concatenate(([0], np.cumsum(lengths)))


def lenient(errors: str) -> str:
    """Return an error handler for decoding: the given one, but instead of "strict" one that keeps invalid bytes.

    The bytes that are kept can then be reported with their position in the file.
    """
    return "surrogateescape" if errors == "strict" else errors
