"""Reference implementation of windows in plain Python, the specification of :mod:`wordkin.windows.windows`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wordkin.windows.windows import LEAST_SHUFFLED_BITS, SHUFFLE_TURNS

_MASK = 2**64 - 1
_ALWAYS = 2**32 - 1  # the threshold of words that are always kept


class Window(NamedTuple):
    """A word that survives subsampling, its position in the order of its sentence, and its context words."""

    place: int
    centre: int
    context: list[int]


def random_number(key: int, counter: int) -> int:
    """Return number ``counter`` of the random stream ``key``; see :func:`wordkin.windows.rng.random_bits`."""
    z = key + (counter + 1) * 0x9E3779B97F4A7C15 & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def windows(
    corpus_ids: Sequence[int],
    sentence_offsets: Sequence[int],
    thresholds: Sequence[int],
    key: int,
    window: int,
    *,
    dynamic: bool = False,
    whole: bool = False,
) -> Iterator[Window]:
    """Yield all windows of a text in order.

    The arguments are those of :func:`wordkin.windows.windows.select_windows`, which does the same for a part of the
    text.
    """
    for begin, end in itertools.pairwise(map(int, sentence_offsets)):
        size = end - begin
        is_shuffled = whole and size > window + 1
        order = permutation(size, random_number(key, 2**63 | begin)) if is_shuffled else range(size)
        kept = []
        for place, index in enumerate(order):
            bits = random_number(key, begin + index)
            word = int(corpus_ids[begin + index])
            if thresholds[word] == _ALWAYS or bits >> 32 < thresholds[word]:
                kept.append((begin + place, word, 1 + ((bits & 0xFFFFFFFF) * window >> 32) if dynamic else window))
        words = [word for _, word, _ in kept]
        for centre, (place, word, reach) in enumerate(kept):
            if whole:
                start = min(max(0, centre - window // 2), max(0, len(words) - window - 1))
                stop = start + window + 1
            else:
                start, stop = max(0, centre - reach), centre + reach + 1
            yield Window(place, word, words[start:centre] + words[centre + 1 : stop])


def permutation(size: int, key: int) -> list[int]:
    """The random permutation of 0 … size - 1 that belongs to a key: a Feistel network with cycle walking."""
    bits = max(LEAST_SHUFFLED_BITS, (size - 1).bit_length())
    low_bits, high_bits = bits // 2, bits - bits // 2

    def passed(number: int) -> int:
        high, low = divmod(number, 2**low_bits)
        for turn in range(SHUFFLE_TURNS):
            high ^= random_number(key, low | 2 * turn << 56) % 2**high_bits
            low ^= random_number(key, high | 2 * turn + 1 << 56) % 2**low_bits
        return int(high << low_bits | low)

    numbers: list[int] = []
    for index in range(size):
        number = passed(index)
        while number >= size:
            number = passed(number)
        numbers.append(number)
    return numbers
