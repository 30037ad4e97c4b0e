"""Counting of texts whose words are whole numbers, such as product ids or graph nodes."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.token_text import LINE_END, TokenText
from wordkin.errors import CorpusError, shown
from wordkin.items import is_integer

_ITEMS_AT_ONCE = 1 << 16  # batch size for sentences that are not lists
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def not_an_item(item: object) -> CorpusError:
    """Return the error for an item of a sentence that is neither a string nor a whole number."""
    if isinstance(item, bytes | bytearray):
        remedy = "decode it"
    elif isinstance(item, list | tuple) or (hasattr(item, "dtype") and hasattr(item, "__len__")):
        remedy = "flatten the sentence"
    elif item is None or (isinstance(item, float | np.floating) and np.isnan(item)):
        remedy = "remove it from its sentence"
    elif isinstance(item, bool | float | np.bool | np.floating):
        remedy = "convert it with str() or int()"
    else:
        remedy = "convert it with str()"
    return CorpusError(f"words must be strings, or whole numbers; got {shown(item)} ({type(item).__name__}): {remedy}")


def mixed_items(first: object, other: object) -> CorpusError:
    """Return the error for a corpus that mixes strings and whole numbers."""
    return CorpusError(
        f"items must be all strings or all whole numbers; got both {first!r:.60} and {other!r:.60}: "
        "convert them with str() or int()"
    )


def count_integers(
    sentences: Iterable[Iterable[object]], text: TokenText, reporter: Reporter, segment_entries: int
) -> None:
    """Count sentences whose words are whole numbers, and store them in ``text``.

    A sentence is an iterable of int or a one-dimensional integer array, and is read once. ``segment_entries`` is the
    number of items to collect before they are stored. Raises :class:`CorpusError` for an item that is not a whole
    number or exceeds 64 bits.
    """
    gathered = _Gathered()
    index = _IntegerIndex()
    counts = np.zeros(0, np.int64)
    for sentence in sentences:
        gathered.add(sentence)
        if len(gathered.items) >= segment_entries:
            counts = _add_segment(gathered, index, counts, text, reporter)
    counts = _add_segment(gathered, index, counts, text, reporter)
    text.integers = True
    text.token_of_id = [np.arange(len(index), dtype=np.int32)]
    text.tokens, text.counts, text.unique = index.items(), counts, True


class _Gathered:
    """Collects sentences of whole numbers: all items in one array, and the length of each sentence."""

    def __init__(self) -> None:
        self.items, self.lengths = array("q"), array("q")
        self._first: object = None

    def add(self, sentence: Iterable[object]) -> None:
        """Append the items of a sentence; raise :class:`CorpusError` if one is not a whole number."""
        before = len(self.items)
        if isinstance(sentence, np.ndarray) and sentence.dtype.kind in "iu":
            self._add_array(sentence)
        elif isinstance(sentence, list | tuple):
            self._add_items(sentence)
        else:
            rest = iter(sentence)
            while items := list(itertools.islice(rest, _ITEMS_AT_ONCE)):
                self._add_items(items)
        if len(self.items) > before:
            self.lengths.append(len(self.items) - before)
            self._first = self.items[0] if self._first is None else self._first

    def _add_array(self, sentence: NDArray[Any]) -> None:
        if sentence.ndim != 1:
            raise not_an_item(sentence)
        if sentence.dtype == np.uint64 and len(sentence) and sentence.max() > _HIGHEST:
            raise _too_large(int(sentence.max()))
        self.items.frombytes(np.ascontiguousarray(sentence, np.int64).tobytes())

    def _add_items(self, items: list[Any] | tuple[Any, ...]) -> None:
        if set(map(type, items)) - {int}:  # bool is a subclass of int and would count as 1
            items = [self._checked(item, items) for item in items]
        try:
            self.items.extend(items)
        except OverflowError:
            raise _too_large(next(item for item in items if not _LOWEST <= item <= _HIGHEST)) from None

    def _checked(self, item: object, beside: Sequence[object]) -> int:
        if is_integer(item):
            return int(item)
        before = self.items[0] if len(self.items) else next(filter(is_integer, beside), None)
        first = before if self._first is None else self._first
        if isinstance(item, str) and first is not None:
            raise mixed_items(first, item)
        raise not_an_item(item)

    def clear(self) -> None:
        """Remove all sentences, so that others can be collected."""
        self.items, self.lengths = array("q"), array("q")


class _IntegerIndex:
    """Gives the whole numbers of a text consecutive ids, in order of first occurrence."""

    def __init__(self) -> None:
        self._known = np.empty(0, np.int64)  # sorted
        self._ids = np.empty(0, np.int32)  # ids of the sorted numbers
        self._met: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        return len(self._known)

    def number(self, items: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return an int32 array with the id of each item. Items that occur for the first time get the next ids."""
        different, first, inverse = np.unique(items, return_index=True, return_inverse=True)
        slots = np.searchsorted(self._known, different)
        is_known = np.zeros(len(different), np.bool_)
        inside = slots < len(self._known)
        is_known[inside] = self._known[slots[inside]] == different[inside]
        ids = np.empty(len(different), np.int32)
        ids[is_known] = self._ids[slots[is_known]]
        new = np.flatnonzero(~is_known)
        in_order = new[np.argsort(first[new])]
        ids[in_order] = np.arange(len(self), len(self) + len(new), dtype=np.int32)
        self._met.append(different[in_order])
        self._known = np.insert(self._known, slots[new], different[new])
        self._ids = np.insert(self._ids, slots[new], ids[new])
        return ids[inverse]

    def items(self) -> list[int]:
        """The distinct items in order of their ids."""
        return [item for part in self._met for item in part.tolist()]


def _add_segment(
    gathered: _Gathered, index: _IntegerIndex, counts: NDArray[np.int64], text: TokenText, reporter: Reporter
) -> NDArray[np.int64]:
    """Add the collected sentences to ``text`` as a segment of ids; return the counts with these items added."""
    if not gathered.items:
        return counts
    ids = index.number(np.frombuffer(gathered.items, np.int64))
    lengths = np.frombuffer(gathered.lengths, np.int64)
    stream = np.full(len(ids) + len(lengths), LINE_END, np.int32)
    stream[np.arange(len(ids)) + np.repeat(np.arange(len(lengths)), lengths)] = ids
    total = np.bincount(ids, minlength=len(index))
    total[: len(counts)] += counts
    text.add_segment(stream, len(ids), 0)
    reporter.add(None, len(ids))
    gathered.clear()
    return total


def _too_large(item: int) -> CorpusError:
    return CorpusError(f"whole numbers must fit in 64 bits, from -2**63 to 2**63 - 1; got {item}: renumber the items")
