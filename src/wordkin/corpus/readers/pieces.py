"""What readers hand on: blocks of text or lists of words; and the options and counts of reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

BLOCK_BYTES = 1 << 19  # several are under way at once: small, and soon reused


class Block(NamedTuple):
    """Some text: whole words, cut at white space.

    Attributes
    ----------
    text : bytes
        UTF-8, as far as the input was; the last block of a file, and each block of records, ends with a line feed.
    name : str
        Where it comes from, for messages.
    position : int
        Of its first byte in the (decompressed) file.
    bytes_read : int or None
        Of this file so far, as it is on disk; None where that is not known.
    """

    text: bytes
    name: str
    position: int
    bytes_read: int | None


class WordLists(NamedTuple):
    """Some sentences that are lists of words already; ``name`` and ``bytes_read`` as in :class:`Block`."""

    sentences: Sequence[Sequence[str]]
    name: str
    bytes_read: int | None


Piece = Block | WordLists


@dataclass(frozen=True)
class Reading:
    """How inputs are read.

    Attributes
    ----------
    field : str, int or None
        Name of the column or field with the text; in a nested record ``a.b``; a number for CSV without a header.
    reader : str or None
        One of ``wordkin.config.READERS``; None chooses by the suffix of each file.
    encoding : str
        Of text, CSV and JSON lines: any text encoding that Python knows.
    sets : bool
        Whether a set is a sentence, whose items are sorted: where the order within a sentence means nothing.
    delimiter : str or None
        What parts the columns of CSV; None for a comma.
    """

    field: str | int | None = None
    reader: str | None = None
    encoding: str = "utf-8"
    sets: bool = False
    delimiter: str | None = None


@dataclass
class Tally:
    """What one reader met.

    Attributes
    ----------
    files : int
        Files read.
    records : int
        Records, rows or texts met; 0 for plain text, which has none.
    skipped : Counter
        Records left out, by reason: "null", "missing", "empty list".
    replaced : int
        White-space tokens in which something invalid in their encoding was replaced or ignored.
    """

    files: int = 0
    records: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    replaced: int = 0

    def to_dict(self) -> dict[str, object]:
        """The figures as plain values."""
        return {
            "files": self.files,
            "records": self.records,
            "skipped": dict(sorted(self.skipped.items())),
            "replaced": self.replaced,
        }
