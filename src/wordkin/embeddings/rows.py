"""Words and vectors as they arrive from a file, row by row: what is kept, what is refused, what is reported.

Memory is set aside as rows arrive, never because a header says so.
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
from wordkin.storage.packed_words import are_utf8
from wordkin.storage.utf8 import is_utf8
from wordkin.vocabulary import Vocabulary

_PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read an interchange format; see :func:`wordkin.embeddings.load_embeddings`.

    ``words`` are the UTF-8 bytes of the words to load, or None for all.
    """

    limit: int | None = None
    words: frozenset[bytes] | None = None
    bad_rows: str = "error"
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    duplicates: str = "error"
    header: bool | None = None
    written_in: str | None = None  # the encoding of the file, where the words are UTF-8 already


class Source(Protocol):
    """Where rows come from, a file or a folder, and the error to raise about it."""

    @property
    def path(self) -> Path: ...
    def broken(self, what: str) -> FormatError: ...


class Rows:
    """The rows that were kept so far.

    Attributes
    ----------
    source : the file, or the folder of several.
    unit : what positions in the file count: "byte", "line" or "row".
    words : the words that were kept.
    matrix : their vectors; the first ``len(words)`` rows count.
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
        """Whether all words that were asked for are there, so that nothing more needs to be read."""
        return self._missing is not None and not self._missing

    @functools.cached_property
    def first_fields(self) -> frozenset[bytes]:
        """What the lines of the words asked for may begin with: the word up to its first space or tab."""
        words = self.options.words or frozenset()
        return frozenset(word.partition(b" ")[0].partition(b"\t")[0] for word in words)

    def choose(self, words: list[bytes]) -> tuple[list[bytes], NDArray[np.int64] | None]:
        """Those of the words that are to be kept, and their indices; None where all are."""
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
        """Add words that stand at these positions, and their vectors; refuse or skip those that are not finite."""
        with np.errstate(invalid="ignore", over="ignore"):
            total = block.sum()  # seldom not finite where all values are, and four times as fast to find
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
            # In place: the system moves pages, not bytes, and both sizes never stand side by side.
            self.matrix.resize((max(end, len(self.matrix) * 3 // 2), self.matrix.shape[1]), refcheck=False)
        self.matrix[first:end] = block
        self.words += words
        self._positions.append(positions)
        if counts is not None:
            self._counts.append(counts)
        if self._missing is not None:
            self._missing.difference_update(self.decoded(words))

    def bad(self, position: int, what: str) -> None:
        """Refuse a row, or skip it where that was asked for; ``what`` says what is wrong with it."""
        if self.options.bad_rows == "error":
            remedy = 'pass bad_rows="skip" to leave out such rows'
            raise self.broken(position, f"{what}: {remedy}")
        self._skipped += 1
        if len(self._reasons) < _PLACES_SHOWN:
            self._reasons.append(f"{self.unit} {position:,}: {what}")

    def short(self, promised: int, read: int, what: str) -> None:
        """Refuse a file that ends before all rows that its header promises, unless bad rows are skipped."""
        if self.options.bad_rows == "error":
            remedy = f"pass limit={read} to read those before" if read else "the file is damaged"
            raise self.source.broken(f"the header promises {promised:,} words, but {what}: {remedy}")
        self._skipped += 1
        self._reasons.append(f"the header promises {promised:,} words, but {what}")

    def broken(self, position: int, what: str) -> FormatError:
        """The error to raise: ``what`` is wrong at a position of the file."""
        return self.source.broken(f"{self.unit} {position:,}: {what}")

    def position(self, row: int) -> int:
        """Where in the file the word of a row stands."""
        return int(np.concatenate(self._positions)[row])

    def decoded(self, words: list[bytes]) -> list[bytes]:
        """The words in UTF-8 as far as the options say how; as they are where that fails."""
        encoding, errors = self.options.encoding, self.options.encoding_errors
        if (encoding, errors) == ("utf-8", "strict"):
            return words
        return [word.decode(encoding, lenient(errors)).encode("utf-8", "surrogatepass") for word in words]

    def finish(self) -> Embeddings:
        """The Embeddings, once the words are known to be valid and distinct."""
        self.matrix.resize((len(self.words), self.matrix.shape[1]), refcheck=False)
        self.words = self.decoded(self.words)
        matrix = self.matrix
        counts = np.concatenate(self._counts) if self._counts else None
        if counts is not None and len(counts) < len(self.words):  # some rows have none
            counts = None
        kept = self._kept_rows()
        if len(kept) < len(self.words):
            self.words = [self.words[row] for row in kept]
            matrix, counts = matrix[kept], None if counts is None else counts[kept]
        if self._skipped and not self.words and self.options.words is None:
            raise self.source.broken(f"no row is left of {self._skipped:,} bad ones, which begin: {self._reasons[0]}")
        self._report()
        if self.options.words is not None and not self.words:
            asked = [word.decode(errors="replace") for word in sorted(self.options.words)[:3]]
            raise ConfigError("words", f"must hold a word of {str(self.source.path)!r}", asked)
        vocabulary = Vocabulary.from_packed(*packed(self.words), counts=counts)
        return Embeddings(vocabulary, matrix.astype(np.float32, copy=False), path=self.source.path)

    def _kept_rows(self) -> list[int]:
        """The rows whose words are valid and, of equal ones, first; errors where the options allow no others."""
        rows = list(range(len(self.words)))
        if not are_utf8(*packed(self.words)):
            for row in rows:
                if not is_utf8(self.words[row]):
                    written_in = self.options.written_in or self.options.encoding
                    shown = self.words[row][:40]
                    if written_in != "utf-8":  # back to the bytes of the file
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
                remedy = 'pass duplicates="first" to keep the first of each'
                what = f"the word {word[:300].decode(errors='replace')!r} stands there again, {first}: {remedy}"
                raise self.broken(self.position(row), what)
        return list(first_rows.values())

    def _report(self) -> None:
        if self._skipped:
            path, kept = str(self.source.path), len(self.words)
            more = "" if self._skipped <= len(self._reasons) else "; ..."
            warn(f"{path!r}: {self._skipped:,} bad rows were skipped, {kept:,} are left: "
                 + "; ".join(self._reasons) + more, UserWarning)  # fmt: skip


def packed(words: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The words one after the other, and where each starts and, last, where they all end."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    return np.frombuffer(b"".join(words), dtype=np.uint8), np.concatenate(([0], np.cumsum(lengths)))


def lenient(errors: str) -> str:
    """For "strict", what keeps broken words recognisable, so that they can be refused with their position."""
    return "surrogateescape" if errors == "strict" else errors
