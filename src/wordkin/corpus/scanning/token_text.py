"""The result of a pass over the input: the text as provisional ids of its distinct tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.storage.spool import Spool

LINE_END = -1
"""Marks the end of a line among token ids."""


class TokenText:
    """A text as token ids, its distinct tokens, and their counts.

    The ids are stored in segments, in a spool. Every thread that counts has its own table of tokens, so the ids in a
    segment belong to one of several tables.

    Attributes
    ----------
    tokens : sequence
        The distinct tokens in order of first occurrence.
    unique : bool
        Whether no token is empty or repeated.
    integers : bool
        Whether the tokens are whole numbers.
    counts : ndarray of shape (tokens,), int64
        Count of each token.
    spool : Spool
        The segments.
    table_of_segment : list of int
        The index of the table of each segment.
    token_of_id : sequence of ndarray of int32
        For each table, a map from its ids to indices of ``tokens``; -1 for dropped tokens.
    sentences : int
        Number of nonempty lines or lists.
    invalid : int
        Number of tokens with invalid UTF-8.
    invalid_sample : bytes
        Some of these tokens.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.tokens: Sequence[Any] = []
        self.integers = False
        self.unique = True
        self.counts = np.empty(0, np.int64)
        self.table_of_segment: list[int] = []
        self.token_of_id: Sequence[NDArray[np.int32]] = []
        self.sentences = 0
        self.invalid = 0
        self.invalid_sample = b""
        self._line_is_open = False

    def add_segment(self, stream: NDArray[np.int32], words: int, table: int) -> None:
        """Append a segment of ids of one table; ``words`` is its number of ids without line ends."""
        if not len(stream):
            return
        self.spool.append(stream)
        self.table_of_segment.append(table)
        self.sentences += len(stream) - words - int(stream[0] == LINE_END and not self._line_is_open)
        self._line_is_open = bool(stream[-1] != LINE_END)

    def close(self) -> None:
        """Remove the text, and its temporary file if there is one."""
        self.spool.close()
