"""Spelling suggestions: the words nearest to a mistyped one, found quickly among millions."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

_LONGEST = 64  # bytes compared at either end; longer words are rarely typed by people
_SHORTLIST = 64
_CASE_BIT = 0x20  # distinguishes "a" from "A"; ignoring it also equates a few other bytes, which is harmless here


def nearest_spellings(utf8: NDArray[np.uint8], offsets: NDArray[np.int64], word: str, count: int = 3) -> list[str]:
    """Return up to ``count`` words with a spelling similar to ``word``, nearest first.

    Words are first filtered by their bytes, without decoding. A word passes if its length is similar to that of
    ``word``, and if the prefix and suffix that both share cover more than half of the bytes; other casings of ``word``
    are tried as well. The words that share most are then compared by edit distance (Damerau 1964). A difference in case
    counts as half an edit, and another Unicode normal form of the same letters counts as none. Equally near words are
    sorted by id. The distance of a result is at most a third of the letters of ``word``.

    Parameters
    ----------
    utf8, offsets : ndarray
        Packed words, as in :class:`~wordkin.storage.packed_words.PackedWords`.
    word : str
        The word to find.
    count : int, default 3
        Maximum number of suggestions.
    """
    if not word or len(offsets) < 2:
        return []
    shortlist: set[int] = set()
    for variant in _variants(word):
        shortlist.update(_sieve(utf8, offsets, variant.encode("utf-8", "surrogatepass")))
    near = []
    for word_id in sorted(shortlist):
        candidate = utf8[offsets[word_id] : offsets[word_id + 1]].tobytes().decode(errors="replace")
        composed, other = (unicodedata.normalize("NFC", each) for each in (word, candidate))
        lower, other_lower = composed.lower(), other.lower()
        distance = edit_distance(lower, other_lower) + (lower == other_lower and composed != other) / 2
        if distance <= max(1, len(word) // 3):
            near.append((distance, word_id, candidate))
    return [candidate for _, _, candidate in sorted(near)[:count]]


def _variants(word: str) -> list[str]:
    """Return the spellings of a word to search for: other casings, and other Unicode normal forms.

    The search itself ignores the case of ASCII letters.
    """
    if word.isascii():
        return [word]
    forms = (unicodedata.normalize(form, word) for form in ("NFC", "NFD"))
    return list(dict.fromkeys((word, word.lower(), word.upper(), word.capitalize(), *forms)))


def _sieve(utf8: NDArray[np.uint8], offsets: NDArray[np.int64], wanted: bytes) -> list[int]:
    """Return the ids of the words whose common prefix and suffix with ``wanted`` have the most bytes in total."""
    length = len(wanted)
    lengths = np.diff(offsets)
    slack = max(1, min(length // 3, 4))
    ids = np.flatnonzero((lengths >= max(1, length - slack)) & (lengths <= length + slack))
    from_start = _agreement(utf8, offsets[:-1][ids], 1, lengths[ids], wanted[:_LONGEST])
    from_end = _agreement(utf8, offsets[1:][ids] - 1, -1, lengths[ids], wanted[: -_LONGEST - 1 : -1])
    shared = np.minimum(from_start + from_end, np.minimum(lengths[ids], min(length, 2 * _LONGEST)))
    passed = np.flatnonzero(2 * shared >= min(length, 2 * _LONGEST) - 1)
    off = np.abs(lengths[ids[passed]] - length) - 2 * shared[passed]
    return [int(each) for each in ids[passed[np.argsort(off, kind="stable")[:_SHORTLIST]]]]


def _agreement(
    utf8: NDArray[np.uint8], starts: NDArray[np.int64], step: int, lengths: NDArray[np.int64], wanted: bytes
) -> NDArray[np.int64]:
    """Count the first bytes that each word and ``wanted`` have in common, ignoring the case of ASCII letters.

    Byte j of ``wanted`` is compared with the byte at ``starts + step * j``, so a step of -1 compares suffixes. Only
    words that match so far are compared further, so the work shrinks with every byte.
    """
    agreed = np.zeros(len(starts), dtype=np.int64)
    alive = np.arange(len(starts))
    for position, byte in enumerate(wanted):
        alive = alive[lengths[alive] > position]
        alive = alive[(utf8[starts[alive] + step * position] | _CASE_BIT) == byte | _CASE_BIT]
        if not len(alive):
            break
        agreed[alive] = position + 1
    return agreed


def edit_distance(left: str, right: str) -> int:
    """Least number of insertions, deletions, substitutions and swaps of neighbouring letters (Damerau 1964).

    >>> edit_distance("recieve", "receive"), edit_distance("cat", "cart"), edit_distance("", "cat")
    (1, 1, 3)
    """
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, letter in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != other))
            swapped = row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other
            current.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, above = above, current
    return above[-1]
