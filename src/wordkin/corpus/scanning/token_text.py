"""A text as provisional ids of its distinct tokens: what a pass over the input leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.storage.spool import Spool

LINE_END = -1
"""What stands for the end of a line among token ids."""


class TokenText:
    """Distinct tokens, their counts, and the text as token ids in a spool.

    Attributes
    ----------
    tokens : the distinct tokens in the order of the text; ``unique`` tells that none is empty or occurs twice.
    integers : whether the tokens are whole numbers, not text.
    counts : int64 [tokens], how often each was seen.
    spool, table_of_segment, token_of_id : a segment of the spool holds ids of one of several tables (each thread
        has its own, so that none waits for another); ``token_of_id[table]`` int32 maps them to tokens, and to -1
        where one was dropped.
    sentences : number of lines, or lists, that are not empty.
    invalid : tokens that were not valid UTF-8, and ``invalid_sample``, bytes of some of them.
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
        """Append ids and line ends, ``words`` of them ids; line ends never stand side by side in one segment."""
        if not len(stream):
            return
        self.spool.append(stream)
        self.table_of_segment.append(table)
        self.sentences += len(stream) - words - int(stream[0] == LINE_END and not self._line_is_open)
        self._line_is_open = bool(stream[-1] != LINE_END)

    def close(self) -> None:
        """Forget the text and remove its temporary file."""
        self.spool.close()
