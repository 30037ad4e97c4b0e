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

from wordkin.corpus.kernels import count_tokens, refill_slots
from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.progress import Reporter
from wordkin.corpus.readers.encodings import decode
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.token_text import LINE_END, TokenText
from wordkin.storage.memory import system_zeros
from wordkin.storage.utf8 import is_utf8

PADDING = b"\n" * 16
"""What must follow the bytes given to :meth:`TokenTable.count`: the kernels read eight bytes at a time."""

_BATCH = 256  # tokens split before they are looked up: enough to overlap cache misses, few enough for the L1 cache
_FIRST_BITS = 16
_SAMPLED_TOKENS = 4096  # of those that are not valid UTF-8, to guess their encoding from


def count_text(
    blocks: Iterator[Block],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    workers: int,
) -> None:
    """Fill ``text`` with the tokens of blocks, split at white space.

    The workers split and count, while the calling thread reads, decompresses and merges. The outcome
    depends on neither ``workers`` nor how the text is cut into blocks, except for the segments of the spool.
    """
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
    _decode_tokens(joined, text, encoding_errors)


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
        decode(block.text, "strict", block.name, block.position)
        yield block


def _decode_tokens(joined: bytes, text: TokenText, encoding_errors: str) -> None:
    """Set the tokens of ``text`` as strings, whether all are still different, and how many were not valid UTF-8."""
    try:
        text.tokens, text.unique = joined.decode().split("\n")[:-1], True
    except UnicodeDecodeError:
        raw_tokens = joined.split(b"\n")[:-1]
        invalid = [number for number, token in enumerate(raw_tokens) if not is_utf8(token)]
        text.invalid = int(text.counts[invalid].sum())
        text.invalid_sample = b" ".join(raw_tokens[number] for number in invalid[:_SAMPLED_TOKENS])
        text.tokens, text.unique = joined.decode("utf-8", encoding_errors).split("\n")[:-1], False


class CountedText(NamedTuple):
    """What one piece of text came to.

    stream : int32, the id of each token, and -1 at the end of a line.
    words : number of tokens.
    new_tokens : bytes of the tokens met for the first time in this table, a line feed after each.
    """

    stream: NDArray[np.int32]
    words: int
    new_tokens: bytes


class TokenTable:
    """Numbers distinct tokens in the order they are met. One thread at a time may use it."""

    def __init__(self) -> None:
        self._bits = _FIRST_BITS
        self._slots = system_zeros(2 << self._bits, np.uint64)
        self._entries = _no_entries(self._bits)
        self._arena = system_zeros(1 << 20, np.uint8)
        self._used = 0
        self._keys = np.empty(_BATCH, np.uint64)
        self._begins = np.empty(_BATCH, np.int32)
        self._lengths = np.empty(_BATCH, np.int32)
        self._stream = system_zeros(0, np.int32)

    def __len__(self) -> int:
        return self._used

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 [tokens], how often each token was seen."""
        return self._entries[: self._used, 1]

    def joined_tokens(self, first: int = 0) -> bytes:
        """The bytes of the tokens from id ``first`` on, a line feed after each."""
        return self._arena[self._entries[first, 0] : self._entries[self._used, 0]].tobytes()

    def count(self, padded_text: bytes) -> CountedText:
        """Number and count the tokens of a text; the last one ends where ``PADDING`` begins."""
        stop = len(padded_text) - len(PADDING)
        text = np.frombuffer(padded_text, np.uint8)
        self._make_room(stop)
        known, position, written = self._used, 0, 0
        while position < stop:
            if self._used + _BATCH >= len(self._entries):
                self._grow()
            position, self._used, written = count_tokens(
                text, _eight_bytes(text), stop, position, self._keys, self._begins, self._lengths,
                self._slots, self._bits, self._arena, _eight_bytes(self._arena), self._entries.reshape(-1),
                self._used, self._stream, written,
            )  # fmt: skip
        stream = self._stream[:written].copy()
        return CountedText(stream, written - int(np.count_nonzero(stream == LINE_END)), self.joined_tokens(known))

    def _make_room(self, text_bytes: int) -> None:
        """Let the arena take every byte of the text, and the stream an entry per token and line feed."""
        filled = int(self._entries[self._used, 0])
        needed = filled + text_bytes + len(PADDING)
        if needed > len(self._arena):
            arena = system_zeros(max(needed, 2 * len(self._arena)), np.uint8)
            arena[:filled] = self._arena[:filled]
            self._arena = arena
        if text_bytes + 2 > len(self._stream):
            self._stream = system_zeros(text_bytes + 2, np.int32)

    def _grow(self) -> None:
        """Double the hash table, keeping it at most half full."""
        self._bits += 1
        slots = system_zeros(2 << self._bits, np.uint64)
        refill_slots(self._slots, slots, self._bits)
        entries = _no_entries(self._bits)
        entries[: self._used + 1] = self._entries[: self._used + 1]
        self._slots, self._entries = slots, entries


def _no_entries(bits: int) -> NDArray[np.int64]:
    """Empty entries for a hash table of ``2**bits`` slots, one for every two, and one more to say where they end."""
    return system_zeros(2 * ((1 << (bits - 1)) + 1), np.int64).reshape(-1, 2)


def _eight_bytes(memory: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """View whose element i is the eight bytes from byte i on, as a little-endian number."""
    view: NDArray[np.uint64] = np.ndarray((len(memory) - 7,), "<u8", memory, strides=(1,))
    return view
