"""Multithreaded tokenization and counting of the bytes of text files.

Importing this module loads Numba.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.readers.encodings import decode
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.scanning.bounds import Bound
from wordkin.corpus.scanning.kernels import count_tokens, refill_slots
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.token_text import LINE_END, TokenText
from wordkin.storage.memory import system_zeros
from wordkin.storage.packed_words import PackedWords, are_utf8
from wordkin.storage.utf8 import is_utf8

PADDING = b"\n" * 16
"""Required padding after the text passed to :meth:`TokenTable.count`, because kernels read eight bytes at a time."""

_BATCH = 256  # tokens per batch of look-ups: enough to overlap cache misses, few enough for the L1 cache
_FIRST_BITS = 16
_FULL_TABLE = 1 << 18  # tokens after which a thread starts a new table, so that tables stay small
_CHECKED_TOKENS = 1 << 16
_SAMPLED_TOKENS = 4096  # invalid tokens used to guess the encoding


def count_text(
    blocks: Iterator[Block],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    workers: int,
    bound: Bound | None = None,
) -> None:
    """Count the white-space tokens of blocks of text, and store the text in ``text``.

    ``workers`` threads split and count, while the calling thread reads, decompresses and merges. The result does not
    depend on ``workers`` or on where blocks end, except for the division of the text into segments. With a ``bound``, a
    single thread counts, because the dropped words depend on the order of the text.
    """
    if encoding_errors == "strict":
        blocks = _checked_blocks(blocks)
    if bound is None:
        table, token_of_id = _count_in_tables(blocks, text, reporter, workers)
    else:
        table, token_of_id = _count_bounded(blocks, text, reporter, bound)
    valid = _take_tokens(table, text, encoding_errors)
    text.token_of_id = token_of_id if valid is None else [_mapped(valid, tokens) for tokens in token_of_id]


def _mapped(new: NDArray[np.int32], tokens: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.append(new, np.int32(-1))[tokens]  # index -1 maps to -1


def _count_in_tables(
    blocks: Iterator[Block], text: TokenText, reporter: Reporter, workers: int
) -> tuple[TokenTable, Sequence[NDArray[np.int32]]]:
    """Count the tokens of blocks in several tables, and merge the tables.

    Returns the merged table, and for each of the tables an array that maps its ids to those of the merged table.
    """
    merged = TokenTable(most_filled=0.75)
    parts: dict[int, list[NDArray[np.int32]]] = {}
    token_of_id: dict[int, NDArray[np.int32]] = {}
    counter = _BlockCounter(workers)

    def take_counts(table: int, counts: NDArray[np.int64]) -> None:
        token_of_id[table] = np.concatenate(parts.pop(table))
        merged.counts[token_of_id[table]] += counts - 1  # merging has already counted each token once

    with ThreadPoolExecutor(workers, "wordkin-scan") as pool:
        for block, table, counted, counts in in_order(pool, counter.count, counter.assigned(blocks), 2 * workers):
            # Blocks arrive in text order, so tokens are numbered by first occurrence. Each new token is on its own
            # line, so every second entry of the stream is a line end.
            tokens = merged.count(counted.new_tokens + PADDING).stream[::2]
            parts.setdefault(table, []).append(tokens)
            if counts is not None:
                take_counts(table, counts)
            text.add_segment(counted.stream, counted.words, table)
            reporter.add(block.bytes_read, counted.words)
    for table, counts in counter.open_counts():
        take_counts(table, counts)
    return merged, [token_of_id[table] for table in sorted(token_of_id)]


class _CountedBlock(NamedTuple):
    block: Block
    table: int
    counted: CountedText
    counts: NDArray[np.int64] | None  # counts of the table, if this was its last block


class _Numbered:
    """A token table in use, and its index among all tables."""

    def __init__(self) -> None:
        self.table, self.number = TokenTable(), -1


class _BlockCounter:
    """Counts blocks in several small tables, so that threads do not wait for each other. A full table is replaced.

    The calling thread assigns tables to blocks in text order. So if two blocks share a table, the earlier one is
    counted first.
    """

    def __init__(self, workers: int) -> None:
        self._all = [_Numbered() for _ in range(workers + 1)]  # one extra for the block that waits for a worker
        self._free: queue.SimpleQueue[_Numbered] = queue.SimpleQueue()
        for each in self._all:
            self._free.put(each)

    def assigned(self, blocks: Iterator[Block]) -> Iterator[tuple[Block, _Numbered]]:
        """Yield each block with a table that no other thread uses until the block is counted."""
        tables = 0
        for block in blocks:
            numbered = self._free.get()
            if numbered.number < 0:
                numbered.number, tables = tables, tables + 1
            yield block, numbered

    def count(self, assigned: tuple[Block, _Numbered]) -> _CountedBlock:
        """Count the tokens of a block in the table assigned to it."""
        block, numbered = assigned
        try:
            number, table = numbered.number, numbered.table
            counted, counts = table.count(block.text + PADDING), None
            if len(table) >= _FULL_TABLE:
                counts = table.counts.copy()
                numbered.table, numbered.number = TokenTable(), -1
            return _CountedBlock(block, number, counted, counts)
        finally:
            self._free.put(numbered)

    def open_counts(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield the index and the token counts of each table that is not full."""
        return ((each.number, each.table.counts) for each in self._all if each.number >= 0)


def _count_bounded(
    blocks: Iterator[Block], text: TokenText, reporter: Reporter, bound: Bound
) -> tuple[TokenTable, Sequence[NDArray[np.int32]]]:
    """Count the tokens of blocks in one table, from which rare tokens are dropped.

    Returns the table, and for each generation of ``bound`` an array that maps stored numbers to tokens of the table.
    """
    table = TokenTable()
    left = bound.piece_words

    def prune(*, at_end: bool = False) -> None:
        kept = bound.kept(table.counts, lambda tokens: _readable(table.packed().take(tokens)), at_end=at_end)
        if kept is not None:
            table.keep(kept)

    def count(block: Block) -> tuple[Block, list[tuple[NDArray[np.int32], int, int]]]:
        nonlocal left
        segments = []
        padded, position = block.text + PADDING, 0
        while position < len(block.text):
            counted, position = table.count_some(padded, position, left)
            segments.append((bound.numbered(counted.stream, len(table)), counted.words, bound.generation))
            left -= counted.words
            if left == 0:
                prune()
                left = bound.piece_words
        return block, segments

    with ThreadPoolExecutor(1, "wordkin-scan") as pool:
        for block, segments in in_order(pool, count, blocks, 2):
            for stream, words, generation in segments:
                text.add_segment(stream, words, generation)
            reporter.add(block.bytes_read, sum(words for _, words, _ in segments))
    prune(at_end=True)
    return table, bound.tokens_of_numbers()


def _readable(tokens: PackedWords) -> Iterator[str]:
    """Decode tokens as UTF-8; invalid bytes become U+FFFD."""
    return (tokens.encoded(index).decode("utf-8", "replace") for index in range(len(tokens)))


def _checked_blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks unchanged; raise :class:`EncodingError` at the first byte that is invalid UTF-8."""
    for block in blocks:
        decode(block.text, "strict", block.name, block.position)
        yield block


def _take_tokens(table: TokenTable, text: TokenText, encoding_errors: str) -> NDArray[np.int32] | None:
    """Store the tokens of a table in ``text``, in order of first occurrence, with their counts.

    ``encoding_errors`` selects whether bytes that are invalid UTF-8 are replaced or ignored. The changed token may
    equal another one or be empty. Returns an array that maps each token of the table to the resulting token (-1 if it
    is empty), or None if all tokens are valid.
    """
    tokens = table.packed()
    invalid = _invalid_tokens(tokens)
    if not len(invalid):
        text.tokens, text.counts = tokens, table.counts.copy()
        return None
    raw = [tokens.encoded(index) for index in invalid.tolist()]
    text.invalid = int(table.counts[invalid].sum())
    text.invalid_sample = b" ".join(raw[:_SAMPLED_TOKENS])
    lines = b"".join(token.decode("utf-8", encoding_errors).encode() + b"\n" for token in raw)
    remains = np.array([line != b"" for line in lines.split(b"\n")[:-1]])
    replaced = table.count(lines + PADDING).stream
    targets = np.full(len(invalid), -1, np.int64)
    targets[remains] = replaced[replaced != LINE_END]
    counts = table.counts.copy()
    np.add.at(counts, targets[remains], table.counts[invalid[remains]] - 1)
    first_met = np.arange(len(table))  # first occurrence of a token, or of an invalid token that turned into it
    np.minimum.at(first_met, targets[remains], invalid[remains])
    valid = np.ones(len(table), np.bool_)
    valid[invalid] = False
    kept = np.flatnonzero(valid)
    kept = kept[np.argsort(first_met[kept], kind="stable")]
    text.tokens, text.counts = table.packed().take(kept), counts[kept]
    new = np.full(len(table) + 1, -1, np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    new[invalid] = new[targets]  # index -1 (tokens that became empty) maps to the last entry, -1
    return new[:-1]


def _invalid_tokens(tokens: PackedWords) -> NDArray[np.int64]:
    """The indices of the tokens that are not valid UTF-8."""
    found: list[int] = []
    for start in range(0, len(tokens), _CHECKED_TOKENS):
        stop = min(start + _CHECKED_TOKENS, len(tokens))
        begin, end = tokens.offsets[start], tokens.offsets[stop]
        if not are_utf8(tokens.utf8[begin:end], tokens.offsets[start : stop + 1] - begin):
            found += [index for index in range(start, stop) if not is_utf8(tokens.encoded(index))]
    return np.array(found, np.int64)


class CountedText(NamedTuple):
    """The result of counting the tokens of some text in a table.

    Attributes
    ----------
    stream : ndarray of int32
        Id of each token, and -1 at the end of a line.
    words : int
        Number of tokens.
    new_tokens : bytes
        Tokens that were not in the table before, each followed by a line feed.
    """

    stream: NDArray[np.int32]
    words: int
    new_tokens: bytes


class TokenTable:
    """A hash table that numbers distinct tokens in order of first occurrence. Not thread-safe."""

    def __init__(self, most_filled: float = 0.5) -> None:
        self._bits, self._most_filled = _FIRST_BITS, most_filled
        self._slots = system_zeros(2 << self._bits, np.uint64)
        self._entries = self._no_entries()
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
        """Count of each token, as an int64 array in the order of the token ids."""
        return self._entries[: self._used, 1]

    def joined_tokens(self, first: int = 0) -> bytes:
        """The bytes of the tokens with ids from ``first`` on, each followed by a line feed."""
        return self._arena[self._entries[first, 0] : self._entries[self._used, 0]].tobytes()

    def packed(self) -> PackedWords:
        """The tokens as packed words; their bytes may be invalid UTF-8."""
        joined = self._arena[: self._entries[self._used, 0]]
        offsets = self._entries[: self._used + 1, 0] - np.arange(self._used + 1)
        return PackedWords(joined[joined != ord("\n")], offsets)

    def count(self, padded_text: bytes) -> CountedText:
        """Number and count the tokens of a text; ``padded_text`` is the text followed by ``PADDING``."""
        return self.count_some(padded_text, 0, len(padded_text))[0]

    def count_some(self, padded_text: bytes, position: int, most_words: int) -> tuple[CountedText, int]:
        """Count as :meth:`count` does, but only about ``most_words`` tokens, beginning at ``position``.

        Also returns the position reached.
        """
        stop = len(padded_text) - len(PADDING)
        text = np.frombuffer(padded_text, np.uint8)
        self._make_room(stop - position)
        known, written = self._used, 0
        while position < stop and written < most_words:
            if self._used + _BATCH >= len(self._entries):
                self._grow()
            position, self._used, written = count_tokens(
                text, _eight_bytes(text), stop, position, self._keys, self._begins, self._lengths,
                self._slots, self._bits, self._arena, _eight_bytes(self._arena), self._entries.reshape(-1),
                self._used, self._stream, written, most_words,
            )  # fmt: skip
        stream = self._stream[:written].copy()
        words = written - int(np.count_nonzero(stream == LINE_END))
        return CountedText(stream, words, self.joined_tokens(known)), position

    def keep(self, tokens: NDArray[np.int64]) -> None:
        """Drop all tokens but those with the given ids. These get new ids, from 0 in the given order."""
        counts, words = self.counts[tokens], self.packed().take(tokens)
        new = np.full(self._used, -1)
        new[tokens] = np.arange(len(tokens))
        pairs = self._slots.reshape(-1, 2)
        pairs = pairs[pairs[:, 0] != 0]
        numbers = new[pairs[:, 1].astype(np.int64)]
        pairs[:, 1] = numbers.astype(np.uint64)
        self._slots = system_zeros(2 << self._bits, np.uint64)
        refill_slots(np.ascontiguousarray(pairs[numbers >= 0]).reshape(-1), self._slots, self._bits)
        self._used = len(tokens)
        self._entries = self._no_entries()
        self._entries[: self._used, 1] = counts
        self._entries[: self._used + 1, 0] = words.offsets + np.arange(self._used + 1)
        arena = np.frombuffer(b"".join(words.lines()), np.uint8)
        self._arena = system_zeros(len(self._arena), np.uint8)
        self._arena[: len(arena)] = arena

    def _make_room(self, text_bytes: int) -> None:
        """Make the arena large enough for all bytes of a text, and the stream for all its tokens and line feeds."""
        filled = int(self._entries[self._used, 0])
        needed = filled + text_bytes + len(PADDING)
        if needed > len(self._arena):
            arena = system_zeros(max(needed, 2 * len(self._arena)), np.uint8)
            arena[:filled] = self._arena[:filled]
            self._arena = arena
        if text_bytes + 2 > len(self._stream):
            self._stream = system_zeros(text_bytes + 2, np.int32)

    def _grow(self) -> None:
        """Double the size of the hash table, so that at most the fraction ``most_filled`` is in use."""
        self._bits += 1
        slots = system_zeros(2 << self._bits, np.uint64)
        refill_slots(self._slots, slots, self._bits)
        self._slots = slots
        del slots
        entries = self._no_entries()
        entries[: self._used + 1] = self._entries[: self._used + 1]
        self._entries = entries

    def _no_entries(self) -> NDArray[np.int64]:
        """Allocate ``entries`` for as many tokens as the hash table can hold, plus one for the end of the arena."""
        return system_zeros(2 * (int(self._most_filled * (1 << self._bits)) + 1), np.int64).reshape(-1, 2)


def _eight_bytes(memory: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return a view whose element i is the eight bytes from byte i on, as a little-endian integer."""
    view: NDArray[np.uint64] = np.ndarray((len(memory) - 7,), "<u8", memory, strides=(1,))
    return view
