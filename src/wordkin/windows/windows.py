"""Subsampling and context windows.

A *span* is a range of positions of the encoded corpus. :func:`select_windows` turns a span into the word ids that
survive subsampling and, for each centre, the half-open range of its window. The random numbers that decide whether a
position survives, and how wide its window is, depend only on (key, position). Windows therefore do not depend on the
boundaries of spans, and all objectives, backends and lessons use the same windows.

If the context is the whole sentence in any order, the context of a centre is all other surviving words of the sentence,
but at most ``window`` of them. If a sentence has more, it is shuffled by a permutation that depends on (key, first
position of the sentence). A centre then takes the nearest words in the shuffled order: half before it and half after
it, or more from one side near the ends. Each context is thus a uniform sample without replacement, and windows are
still ranges. In a shuffled sentence, positions refer to the new order: a span then holds words from anywhere in the
sentence, and all spans together hold each word once. The permutation is computed word by word, so the cost of a span
does not depend on the length of the sentence.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inner, kernel, uint32, uint64
from wordkin.windows.rng import random_bits, scaled

SHUFFLE_TURNS = 4  # of a Feistel network, each of two rounds
LEAST_SHUFFLED_BITS = 5  # with fewer bits, the distribution of permutations would be far from uniform


class Windows(NamedTuple):
    """Centres of one span and their windows.

    word_ids : int32 [kept], the surviving words of the span with up to ``window`` neighbours on either side. The words
        of a shuffled sentence are in the shuffled order.
    first, stop : the centres are positions ``first`` … ``stop - 1`` of ``word_ids``.
    starts, stops : int32 [kept]; the context of centre c is every position from ``starts[c]`` to
        ``stops[c] - 1`` except c itself. Undefined outside the centres.
    """

    word_ids: np.ndarray[Any, Any]
    first: int
    stop: int
    starts: np.ndarray[Any, Any]
    stops: np.ndarray[Any, Any]


def keep_thresholds(keep_probabilities: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Convert probabilities to keep a word, [V], to uint32 thresholds for 32 random bits; the highest means always."""
    scaled_up = np.floor(np.asarray(keep_probabilities, np.float64) * 2.0**32)
    return np.minimum(scaled_up, 2.0**32 - 1).astype(np.uint32)


@kernel
def is_kept(bits, threshold):
    """Whether the word at a position survives subsampling, given the random bits of the position.

    The upper half of the bits is used.
    """
    return (threshold == uint32(0xFFFFFFFF)) | (uint32(uint64(bits) >> uint64(32)) < threshold)


@kernel
def reach_of(bits, window, dynamic):
    """Return the window width of a centre.

    If ``dynamic``, it is a random number from 1 to ``window``, given by the lower half of the random bits of its
    position; otherwise it is ``window``.
    """
    return np.int32(1 + scaled(uint32(uint64(bits)), window)) if dynamic else np.int32(window)


@kernel
def select_windows(
    corpus_ids, sentence_offsets, first_position, stop_position, thresholds, key, window, dynamic, whole,
    word_ids, starts, stops,
):  # fmt: skip
    """Find the windows of the centres in the span ``first_position`` … ``stop_position - 1``.

    Reads ``corpus_ids`` int32 [words], ``sentence_offsets`` int64 [sentences + 1] and ``thresholds`` uint32 [V]; writes
    ``word_ids``, ``starts`` and ``stops`` int32 [at least span + 2 * window + 1]. The arrays may hold only the
    sentences that contain the span: offsets are corpus positions, and the first id is at position
    ``sentence_offsets[0]``.

    ``window`` is the largest distance of a context word. If ``whole`` is true, it is the maximum number of context
    words, and ``dynamic`` is ignored. Returns (first, stop, kept): the centres are at ``first`` to ``stop - 1`` of
    ``word_ids``, which has ``kept`` elements. See :class:`Windows`.
    """
    base = sentence_offsets[0]
    sentence = sentence_at(sentence_offsets, first_position)
    order = _order_of(sentence_offsets, sentence, window, whole, key)
    count = _keep_before(corpus_ids, base, order, first_position, thresholds, key, window, word_ids)
    first = count
    sentence_start = 0
    position = first_position
    while position < stop_position:
        sentence_stop = sentence_offsets[sentence + 1]
        first_centre = count
        for index in range(position, min(sentence_stop, stop_position)):
            source = _position_at(order, index)
            word = corpus_ids[source - base]
            bits = random_bits(key, source)
            word_ids[count] = word  # written always and overwritten if not kept, which avoids branch mispredictions
            starts[count] = reach_of(bits, window, dynamic)
            count += is_kept(bits, thresholds[word])
        stop_centre = count
        sentence_end = count
        if sentence_stop > stop_position:
            sentence_end = _keep_after(
                corpus_ids, base, order, stop_position, sentence_stop, thresholds, key, window, word_ids, count
            )  # fmt: skip
        if whole:
            for centre in range(first_centre, stop_centre):
                stop = min(max(sentence_start, centre - window // 2) + window + 1, sentence_end)
                starts[centre] = max(sentence_start, stop - window - 1)
                stops[centre] = stop
        else:
            for centre in range(first_centre, stop_centre):
                reach = starts[centre]
                starts[centre] = max(sentence_start, centre - reach)
                stops[centre] = min(sentence_end, centre + reach + 1)
        sentence_start = count
        position = sentence_stop
        sentence += 1
        if position < stop_position:
            order = _order_of(sentence_offsets, sentence, window, whole, key)
    return first, count, max(count, sentence_end)


@inner
def sentence_at(sentence_offsets, position):
    """Return the index of the sentence that contains a corpus position, found by bisection."""
    low, high = 0, sentence_offsets.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if sentence_offsets[middle] <= position:
            low = middle
        else:
            high = middle
    return low


@inner
def _order_of(sentence_offsets, sentence, window, whole, key):
    """Return the order in which the words of a sentence are read, as (first position, words, bits of an index, key).

    The number of words is 0 if the sentence is not shuffled.
    """
    start = np.int64(sentence_offsets[sentence])
    size = np.int64(sentence_offsets[sentence + 1]) - start
    if not whole or size <= window + 1:
        return start, np.int64(0), np.int64(0), uint64(0)
    bits = np.int64(LEAST_SHUFFLED_BITS)
    while size > (np.int64(1) << bits):
        bits += 1
    return start, size, bits, random_bits(key, (uint64(1) << uint64(63)) | uint64(start))  # no position has this bit


@inner
def _position_at(order, index):
    """The corpus position of the word with the given index in the (possibly shuffled) order of its sentence."""
    start, size, bits, key = order
    return index if size == 0 else start + shuffled(index - start, size, bits, key)


@inner
def shuffled(index, size, bits, key):
    """Element ``index`` of a random permutation of 0 … size - 1 that depends on ``key``.

    A Feistel network permutes all numbers of ``bits`` bits. A result that is not below ``size`` is permuted again,
    until it is (cycle walking), which gives a permutation of 0 … size - 1.
    """
    low_bits = uint64(bits // 2)
    low_mask = (uint64(1) << low_bits) - uint64(1)
    high_mask = (uint64(1) << (uint64(bits) - low_bits)) - uint64(1)
    number = uint64(index)
    while True:
        high, low = number >> low_bits, number & low_mask
        for turn in range(SHUFFLE_TURNS):
            high ^= random_bits(key, low | (uint64(2 * turn) << uint64(56))) & high_mask
            low ^= random_bits(key, high | (uint64(2 * turn + 1) << uint64(56))) & low_mask
        number = (high << low_bits) | low
        if number < uint64(size):
            return np.int64(number)


@inner
def _keep_before(corpus_ids, base, order, stop, thresholds, key, limit, word_ids):
    """Write the last ``limit`` words before ``stop`` that survive subsampling, in order; return their number.

    ``stop`` refers to the order of the sentence, ``order``.
    """
    count = 0
    index = stop - 1
    while index >= order[0] and count < limit:
        source = _position_at(order, index)
        if is_kept(random_bits(key, source), thresholds[corpus_ids[source - base]]):
            word_ids[count] = corpus_ids[source - base]
            count += 1
        index -= 1
    for left in range(count // 2):
        right = count - 1 - left
        word_ids[left], word_ids[right] = word_ids[right], word_ids[left]
    return count


@inner
def _keep_after(corpus_ids, base, order, start, stop, thresholds, key, limit, word_ids, count):
    """Append the first ``limit`` words from ``start`` to ``stop - 1`` that survive subsampling; return the new count.

    They are written to ``word_ids`` from index ``count`` on. ``start`` and ``stop`` refer to the order of the sentence.
    """
    end = count + limit
    index = start
    while index < stop and count < end:
        source = _position_at(order, index)
        if is_kept(random_bits(key, source), thresholds[corpus_ids[source - base]]):
            word_ids[count] = corpus_ids[source - base]
            count += 1
        index += 1
    return count


@kernel
def count_pairs(starts, stops, first, stop):
    """Number of (centre, context) pairs of the centres at positions ``first`` to ``stop - 1``."""
    pairs = 0
    for centre in range(first, stop):
        pairs += stops[centre] - starts[centre] - 1
    return pairs


@kernel
def split_into_pairs(starts, stops, first, stop, pair_centres, pair_starts, pair_stops):
    """Write each (centre, context) pair as a centre with a window of one word, in order.

    ``starts`` and ``stops`` are the windows of the centres at positions ``first`` to ``stop - 1``. The pairs are
    written to ``pair_centres``, ``pair_starts`` and ``pair_stops``.
    """
    pair = 0
    for centre in range(first, stop):
        for position in range(starts[centre], stops[centre]):
            if position != centre:
                pair_centres[pair] = centre
                pair_starts[pair] = position
                pair_stops[pair] = position + 1
                pair += 1
