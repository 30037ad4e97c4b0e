"""Split and count the text of files, at the level of bytes, in threads.

Importing this module loads Numba.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.readers import BLOCK_BYTES, Block, TextFile, read_blocks
from wordkin.corpus.scan_progress import Reporter
from wordkin.corpus.token_table import PADDING, CountedText, TokenTable
from wordkin.corpus.token_text import TokenText
from wordkin.corpus.utf8 import decode, is_utf8, warn_of_invalid


def count_text(
    files: list[TextFile],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    workers: int,
    block_bytes: int = BLOCK_BYTES,
) -> None:
    """Fill ``text`` with the tokens of files, split at white space.

    The workers split and count, while the calling thread reads, decompresses and merges. The outcome
    depends on neither ``workers`` nor ``block_bytes``, except for how the spool is cut into segments.
    """
    blocks = read_blocks(files, block_bytes)
    if encoding_errors == "strict":
        blocks = _checked_blocks(blocks)
    counter = _BlockCounter(workers)
    merged = TokenTable()
    token_of_id: list[list[NDArray[np.int32]]] = [[] for _ in range(workers)]
    with ThreadPoolExecutor(workers, "wordkin-scan") as pool:
        for block, table, counted in in_order(pool, counter.count, blocks, 2 * workers):
            if counted.new_tokens:
                # In the order of the text, so a token gets the number of its first occurrence. Each stands on
                # a line of its own, so every other entry of the stream is a line end.
                token_of_id[table].append(merged.count(counted.new_tokens + PADDING).stream[::2])
            text.add_segment(counted.stream, counted.words, table)
            reporter.add(block.bytes_read, counted.words)
    text.token_of_id = [np.concatenate([np.empty(0, np.int32), *parts]) for parts in token_of_id]
    text.counts = np.zeros(len(merged), np.int64)
    for tokens, table_counts in zip(text.token_of_id, counter.counts(), strict=True):
        text.counts[tokens] += table_counts
    joined = merged.joined_tokens()
    del counter, merged  # so that the tables of bytes are gone before there are strings
    text.tokens, text.unique = _decoded_tokens(joined, text.counts, encoding_errors)


class _CountedBlock(NamedTuple):
    block: Block
    table: int
    counted: CountedText


class _BlockCounter:
    """Counts blocks in tables of tokens, as many as there are threads, so that none waits for another."""

    def __init__(self, workers: int) -> None:
        self._tables = [TokenTable() for _ in range(workers)]
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for table in range(workers):
            self._free.put(table)

    def count(self, block: Block) -> _CountedBlock:
        """Count a block in a table that no other thread uses meanwhile."""
        table = self._free.get()
        try:
            return _CountedBlock(block, table, self._tables[table].count(block.text + PADDING))
        finally:
            self._free.put(table)

    def counts(self) -> list[NDArray[np.int64]]:
        """Of each table, how often each of its tokens was seen."""
        return [table.counts for table in self._tables]


def _checked_blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same blocks; raises :class:`EncodingError` at the first byte that is not UTF-8."""
    for block in blocks:
        decode(block.text, "strict", block.file.name, block.position)
        yield block


def _decoded_tokens(joined: bytes, counts: NDArray[np.int64], encoding_errors: str) -> tuple[list[str], bool]:
    """Tokens as strings, and whether all are still different; warns of invalid UTF-8."""
    try:
        return joined.decode().split("\n")[:-1], True
    except UnicodeDecodeError:
        raw_tokens = joined.split(b"\n")[:-1]
        invalid = sum(int(count) for token, count in zip(raw_tokens, counts, strict=True) if not is_utf8(token))
        warn_of_invalid(invalid, "words", encoding_errors)
        return joined.decode("utf-8", encoding_errors).split("\n")[:-1], False
