"""Packed words: UTF-8 bytes and offsets in two arrays, without a Python object per word."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from wordkin.storage.utf8 import is_utf8

Each = TypeVar("Each", bound=str | int)

_BLOCK = 65536  # words decoded or copied at a time


class PackedWords(Sequence[str]):
    """A read-only sequence of words over packed UTF-8: word i is ``utf8[offsets[i]:offsets[i + 1]]``.

    A slice is a list. The sequence equals any list or tuple of the same words. If ``integers`` is True, the items are
    whole numbers: they are stored as decimal text and returned as int, although their static type is str.
    """

    __slots__ = ("integers", "offsets", "utf8")

    def __init__(self, utf8: NDArray[np.uint8], offsets: NDArray[np.int64], *, integers: bool = False) -> None:
        self.utf8, self.offsets, self.integers = utf8, offsets, integers

    def encoded(self, word_id: int) -> bytes:
        """The UTF-8 bytes of one word.

        Parameters
        ----------
        word_id : int
            Id from 0 to V - 1.

        Returns
        -------
        bytes
            The bytes, without a terminator.
        """
        return self.utf8[self.offsets[word_id] : self.offsets[word_id + 1]].tobytes()

    def take(self, indices: NDArray[np.integer]) -> PackedWords:
        """Return new packed words: copies of the words at the given indices."""
        starts, lengths = self.offsets[indices], self.offsets[indices + 1] - self.offsets[indices]
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        utf8 = np.empty(int(offsets[-1]), np.uint8)
        for first in range(0, len(lengths), _BLOCK):
            stop = min(first + _BLOCK, len(lengths))
            begin, end = int(offsets[first]), int(offsets[stop])
            moved = np.repeat(starts[first:stop] - offsets[first:stop], lengths[first:stop])
            utf8[begin:end] = self.utf8[moved + np.arange(begin, end)]
        return PackedWords(utf8, offsets, integers=self.integers)

    def lines(self) -> Iterator[bytes]:
        """Yield the UTF-8 bytes of the words in blocks, with a line feed after each word."""
        for start in range(0, len(self), _BLOCK):
            bounds = self.offsets[start : start + _BLOCK + 1]
            ends = bounds[1:] - bounds[0]
            yield np.insert(self.utf8[bounds[0] : bounds[-1]], ends, ord("\n")).tobytes()

    def _decoded(self, start: int, stop: int) -> list[str]:
        bounds = self.offsets[start : stop + 1].tolist()
        data = self.utf8[bounds[0] : bounds[-1]].tobytes()
        first = bounds[0]
        words = [data[a - first : b - first].decode() for a, b in itertools.pairwise(bounds)]
        return cast("list[str]", list(map(int, words))) if self.integers else words

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._decoded(start, stop) if start < stop else []
            return list(self.take(np.arange(start, stop, step)))
        position = int(index)
        if position < 0:
            position += len(self)
        if not 0 <= position < len(self):
            raise IndexError(f"word id {index} is outside 0 to {len(self) - 1}")
        return self._decoded(position, position + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self._decoded(start, min(start + _BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedWords):
            same_bytes = np.array_equal(self.offsets, other.offsets) and np.array_equal(self.utf8, other.utf8)
            return same_bytes and self.integers == other.integers
        if isinstance(other, list | tuple):
            return len(self) == len(other) and all(ours == theirs for ours, theirs in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3]))
        return f"[{shown}{', ...' if len(self) > 3 else ''}] ({len(self):,} words)"


def are_utf8(utf8: NDArray[np.uint8], offsets: NDArray[np.int64]) -> bool:
    """Whether each word is valid UTF-8. Word i is ``utf8[offsets[i]:offsets[i + 1]]``.

    All bytes together must be valid, and no character may cross the boundary of two words.
    """
    starts = offsets[:-1][offsets[:-1] < len(utf8)]
    return not ((utf8[starts] & 0xC0) == 0x80).any() and is_utf8(bytes(utf8))


def taken(words: Sequence[Each], indices: NDArray[np.integer]) -> Sequence[Each]:
    """Return the words at the given indices, as packed words if ``words`` are packed, otherwise as a list."""
    if isinstance(words, PackedWords):
        return cast("Sequence[Each]", words.take(indices))
    return [words[index] for index in indices.tolist()]


def packed(words: Sequence[str | int]) -> PackedWords:
    """Pack words. Whole numbers are stored as decimal text; packed words are returned unchanged.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if isinstance(words, PackedWords):
        return words
    encoded = [str(word).encode() for word in words]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=offsets[1:])
    integers = bool(words) and not isinstance(words[0], str)
    return PackedWords(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets, integers=integers)


def concatenated(first: Sequence[str | int], second: Sequence[str | int]) -> Sequence[str | int]:
    """Return the words of both sequences; as packed words if ``second`` is packed, otherwise as a list."""
    if not isinstance(second, PackedWords):
        return [*first, *second]
    before = packed(first)
    offsets = np.concatenate((before.offsets, before.offsets[-1] + second.offsets[1:]))
    return PackedWords(np.concatenate((before.utf8, second.utf8)), offsets, integers=second.integers)
