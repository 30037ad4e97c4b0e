"""What readers take and return: the options of reading, blocks of text, lists of words, and statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

BLOCK_BYTES = 1 << 19  # small, because several blocks are in flight at a time


class Block(NamedTuple):
    """A block of text that starts and ends at white space.

    Attributes
    ----------
    text : bytes
        UTF-8 text, possibly with invalid bytes of the input. The last block of a file and each block of records end
        with a line feed.
    name : str
        Name of the file or iterable, for messages.
    position : int
        Position of the first byte in the decompressed file.
    bytes_read : int or None
        Bytes of this file read so far, before decompression; None if unknown.
    """

    text: bytes
    name: str
    position: int
    bytes_read: int | None


class WordLists(NamedTuple):
    """Sentences that are lists of words or of whole numbers.

    ``name`` and ``bytes_read`` have the same meaning as in :class:`Block`: the name of the file or iterable, and the
    bytes of the file read so far.
    """

    sentences: Sequence[Sequence[str]]
    name: str
    bytes_read: int | None


Piece = Block | WordLists


@dataclass(frozen=True)
class Reading:
    """Options of reading.

    Attributes
    ----------
    field : str, int or None, default None
        Name of the column or field with the text; ``a.b`` for a nested field; a number for CSV without a header.
    reader : str or None, default None
        One of ``wordkin.config.READERS``. If None, the suffix of each file selects the reader.
    encoding : str, default "utf-8"
        Encoding of text, CSV and JSON Lines files: any text encoding of Python.
    sets : bool, default False
        Whether sets are accepted as sentences, because training ignores the order of words; their items are sorted.
    delimiter : str or None, default None
        Character that separates CSV columns; None for a comma.
    quoting : bool, default True
        Whether text in quotation marks is one field of CSV or TSV; if False, quotation marks are ordinary characters.
    """

    field: str | int | None = None
    reader: str | None = None
    encoding: str = "utf-8"
    sets: bool = False
    delimiter: str | None = None
    quoting: bool = True


@dataclass
class Tally:
    """Statistics of one reader.

    Attributes
    ----------
    files : int, default 0
        Number of files read.
    records : int, default 0
        Number of records, rows or texts; 0 for plain text.
    skipped : Counter
        Number of skipped records by reason: "null", "missing", "empty list".
    replaced : int, default 0
        Number of white-space tokens in which invalid bytes were replaced or ignored.
    """

    files: int = 0
    records: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    replaced: int = 0

    def to_dict(self) -> dict[str, object]:
        """The statistics as JSON values."""
        return {
            "files": self.files,
            "records": self.records,
            "skipped": dict(sorted(self.skipped.items())),
            "replaced": self.replaced,
        }
