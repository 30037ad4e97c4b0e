"""Vectorised checks and look-ups of packed words (UTF-8 bytes and offsets), without decoding them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 16  # words per block, so that the temporaries fit in the CPU cache
_LONGEST_DECIMAL = 20  # characters of the smallest 64-bit integer
_CHUNK = 8  # bytes of a word that are compared at a time, as one integer
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, with well distributed bits: 2**64 divided by the golden ratio


def offsets_fit(offsets: NDArray[np.int64], size: int) -> bool:
    """Whether offsets start at 0, end at ``size`` and never decrease."""
    return bool(len(offsets) and offsets[0] == 0 and offsets[-1] == size and (offsets[1:] >= offsets[:-1]).all())


def is_permutation(order: NDArray[np.int32], size: int) -> bool:
    """Whether ``order`` holds each number from 0 to ``size`` - 1 exactly once."""
    if len(order) != size or (size and not 0 <= order.min() <= order.max() < size):
        return False
    return bool((np.bincount(order, minlength=size) == 1).all())


def are_decimal(utf8: NDArray[np.uint8], offsets: NDArray[np.int64]) -> bool:
    """Whether each word is a 64-bit integer as Python writes it, so that equal numbers have equal bytes."""
    lengths = np.diff(offsets)
    if not len(lengths):
        return True
    if lengths.min() < 1 or lengths.max() > _LONGEST_DECIMAL:
        return False
    first = utf8[offsets[:-1]]
    is_negative = first == ord("-")
    digits = lengths - is_negative
    if digits.min() < 1 or np.count_nonzero(utf8 == ord("-")) != np.count_nonzero(is_negative):
        return False
    if not (((utf8 >= ord("0")) & (utf8 <= ord("9"))) | (utf8 == ord("-"))).all():
        return False
    leading = utf8[offsets[:-1] + is_negative]
    if ((leading == ord("0")) & (lengths > 1)).any():
        return False
    return all(
        -(2**63) <= int(bytes(utf8[offsets[word] : offsets[word + 1]])) < 2**63
        for word in np.flatnonzero(digits >= _LONGEST_DECIMAL - 1).tolist()
    )


def sorted_ids(utf8: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sort words by their bytes; return the word ids in this order. Equal words are sorted by id.

    Words are compared eight bytes at a time: those with equal bytes so far are sorted by their next eight bytes.
    """
    chunks = _chunks(utf8)
    order = np.arange(len(offsets) - 1)
    slots, group = order.copy(), np.zeros(len(order), dtype=np.int64)  # slots of tied words; equal group = tied
    depth = 0
    while len(slots):
        ids = order[slots]
        left = offsets[ids + 1] - offsets[ids] - depth
        keys = _keys(chunks, offsets[ids] + depth, left)
        left = np.minimum(left, _CHUNK + 1)  # a word sorts before the words that it is a prefix of
        by_key = np.lexsort((left, keys, group))
        order[slots], left, keys = ids[by_key], left[by_key], keys[by_key]
        tied = (group[1:] == group[:-1]) & (keys[1:] == keys[:-1]) & (left[1:] == left[:-1]) & (left[1:] > _CHUNK)
        group = np.cumsum(np.concatenate(([False], ~tied)))
        open_ = np.concatenate((tied, [False])) | np.concatenate(([False], tied))
        slots, group, depth = slots[open_], group[open_], depth + _CHUNK
    return order.astype(np.int32)


def is_strictly_sorted(utf8: NDArray[np.uint8], offsets: NDArray[np.int64], order: NDArray[np.int32]) -> bool:
    """Whether the words, taken in the order of the ids in ``order``, are strictly increasing.

    If they are, no two words are equal.
    """
    chunks = _chunks(utf8)
    for first in range(0, len(order) - 1, _BLOCK):
        ids = order[first : first + _BLOCK + 1]
        starts = offsets[ids]
        if not _block_rises(chunks, starts, offsets[ids.astype(np.int64) + 1] - starts):
            return False
    return True


def matching_ids(
    utf8: NDArray[np.uint8], offsets: NDArray[np.int64], wanted: NDArray[np.uint8], wanted_offsets: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """For each wanted word, find the id of the equal word; -1 if there is none.

    Words are found by a 64-bit hash and then compared byte by byte, so the result is exact. Returns None if two of the
    words have the same hash: they are either equal, or different words with the same hash, which is very unlikely.
    """
    size = len(offsets) - 1
    hashes = np.concatenate([_hashes(utf8, offsets[first : first + _BLOCK + 1]) for first in range(0, size, _BLOCK)])
    order = np.argsort(hashes)
    ranked = hashes[order]
    if (ranked[1:] == ranked[:-1]).any():
        return None
    ids = np.full(len(wanted_offsets) - 1, -1, np.int64)
    for first in range(0, len(ids), _BLOCK):
        some = wanted_offsets[first : first + _BLOCK + 1]
        wanted_hashes = _hashes(wanted, some)
        candidates = order[np.minimum(np.searchsorted(ranked, wanted_hashes), size - 1)]
        hits = np.flatnonzero(hashes[candidates] == wanted_hashes)
        theirs = candidates[hits]
        equal = _are_equal(wanted, some[hits], some[hits + 1], utf8, offsets[theirs], offsets[theirs + 1])
        ids[first + hits[equal]] = theirs[equal]
    return ids


def _hashes(utf8: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A 64-bit hash of each word, made of its length and of its bytes, eight at a time."""
    chunks = _chunks(utf8[offsets[0] : offsets[-1]])
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    hashes = lengths.astype(np.uint64)
    left, depth = np.arange(len(starts)), 0
    while len(left):
        mixed = (hashes[left] ^ _keys(chunks, starts[left] + depth, lengths[left] - depth)) * _MIX
        hashes[left] = mixed ^ (mixed >> np.uint64(32))
        depth += _CHUNK
        left = left[lengths[left] > depth]
    return hashes


def _are_equal(
    utf8: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64],
    others: NDArray[np.uint8], other_starts: NDArray[np.int64], other_ends: NDArray[np.int64],
) -> NDArray[np.bool_]:  # fmt: skip
    """For each i, whether the word ``utf8[starts[i]:ends[i]]`` equals ``others[other_starts[i]:other_ends[i]]``."""
    lengths = ends - starts
    equal: NDArray[np.bool_] = lengths == other_ends - other_starts
    left, depth = np.flatnonzero(equal), 0
    while len(left):
        left = left[lengths[left] > depth]
        same = utf8[starts[left] + depth] == others[other_starts[left] + depth]
        equal[left[~same]] = False
        left, depth = left[same], depth + 1
    return equal


def _chunks(utf8: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """For each byte position, and for the end, return the next eight bytes as one integer, padded with zeros."""
    padded = np.concatenate((utf8, np.zeros(_CHUNK, dtype=np.uint8)))
    return np.ndarray((len(utf8) + 1,), dtype=">u8", buffer=padded, strides=(1,))


def _block_rises(chunks: NDArray[np.uint64], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> bool:
    """Whether each word is less than the next one.

    Words are compared eight bytes at a time, as long as their bytes are equal. ``chunks`` is the result of
    :func:`_chunks`.
    """
    left = np.arange(len(starts) - 1)
    depth = 0
    while len(left):
        right = left + 1
        left_key, right_key = (_keys(chunks, starts[side] + depth, lengths[side] - depth) for side in (left, right))
        if (left_key > right_key).any():
            return False
        tied = left_key == right_key
        left, right = left[tied], right[tied]
        ends = np.minimum(lengths[left], lengths[right]) <= depth + _CHUNK
        if (lengths[left[ends]] >= lengths[right[ends]]).any():
            return False
        left, depth = left[~ends], depth + _CHUNK
    return True


def _keys(chunks: NDArray[np.uint64], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the first eight bytes of each word as one big-endian integer, padded with zeros."""
    keys = chunks[starts].astype(np.uint64)
    unused = (8 * np.maximum(_CHUNK - lengths, 0)).astype(np.uint64)
    return (keys >> unused) << unused
