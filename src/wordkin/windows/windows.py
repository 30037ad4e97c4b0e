"""The one definition of centre and context.

A *span* is a range of positions of the encoded corpus. :func:`select_windows` turns a span into
the word ids that survive subsampling and, for each centre, the half-open range of its window.
Whether a position survives, and how wide its window is, depend only on (key, position); so
neighbours across the border of a span come out the same from either side, no sentence is ever cut,
and every objective, backend and lesson sees the same windows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inner, kernel, uint32, uint64
from wordkin.windows.rng import random_bits, scaled


class Windows(NamedTuple):
    """Centres of one span and their windows.

    word_ids : int32 [kept], the surviving words of the span with up to ``window`` neighbours either side.
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
    """Probabilities [V] as uint32 thresholds for 32 random bits; the highest threshold keeps all."""
    scaled_up = np.floor(np.asarray(keep_probabilities, np.float64) * 2.0**32)
    return np.minimum(scaled_up, 2.0**32 - 1).astype(np.uint32)


@kernel
def is_kept(bits, threshold):
    """Whether a word survives subsampling, from the upper half of the random bits of its position."""
    return (threshold == uint32(0xFFFFFFFF)) | (uint32(uint64(bits) >> uint64(32)) < threshold)


@kernel
def reach_of(bits, window, dynamic):
    """Reach of the window of a centre, from the lower half of its random bits: 1 … window, or always ``window``."""
    return np.int32(1 + scaled(uint32(uint64(bits)), window)) if dynamic else np.int32(window)


@kernel
def select_windows(
    corpus_ids, sentence_offsets, first_position, stop_position, thresholds, key, window, dynamic,
    word_ids, starts, stops,
):  # fmt: skip
    """Windows of the span ``first_position`` … ``stop_position - 1``.

    Reads ``corpus_ids`` int32 [words], ``sentence_offsets`` int64 [sentences + 1] and ``thresholds``
    uint32 [V]; writes ``word_ids``, ``starts`` and ``stops`` int32 [at least span + 2 * window + 1].
    Returns (first, stop, kept): see :class:`Windows`.
    """
    sentence = sentence_at(sentence_offsets, first_position)
    count = _keep_before(
        corpus_ids, sentence_offsets[sentence], first_position, thresholds, key, window, word_ids
    )  # fmt: skip
    first = count
    sentence_start = 0
    position = first_position
    while position < stop_position:
        sentence_stop = sentence_offsets[sentence + 1]
        first_centre = count
        for place in range(position, min(sentence_stop, stop_position)):
            word = corpus_ids[place]
            bits = random_bits(key, place)
            word_ids[count] = word  # written in any case and overwritten if not kept: no branch to mispredict
            starts[count] = reach_of(bits, window, dynamic)
            count += is_kept(bits, thresholds[word])
        stop_centre = count
        sentence_end = count
        if sentence_stop > stop_position:
            sentence_end = _keep_after(
                corpus_ids, stop_position, sentence_stop, thresholds, key, window, word_ids, count
            )  # fmt: skip
        for centre in range(first_centre, stop_centre):
            reach = starts[centre]
            starts[centre] = max(sentence_start, centre - reach)
            stops[centre] = min(sentence_end, centre + reach + 1)
        sentence_start = count
        position = sentence_stop
        sentence += 1
    return first, count, max(count, sentence_end)


@inner
def sentence_at(sentence_offsets, position):
    """Number of the sentence that holds a corpus position, by bisection."""
    low, high = 0, sentence_offsets.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if sentence_offsets[middle] <= position:
            low = middle
        else:
            high = middle
    return low


@inner
def _keep_before(corpus_ids, start, stop, thresholds, key, limit, word_ids):
    """Write the last ``limit`` kept words of positions start … stop - 1, in order; return how many."""
    count = 0
    place = stop - 1
    while place >= start and count < limit:
        if is_kept(random_bits(key, place), thresholds[corpus_ids[place]]):
            word_ids[count] = corpus_ids[place]
            count += 1
        place -= 1
    for left in range(count // 2):
        right = count - 1 - left
        word_ids[left], word_ids[right] = word_ids[right], word_ids[left]
    return count


@inner
def _keep_after(corpus_ids, start, stop, thresholds, key, limit, word_ids, count):
    """Write the first ``limit`` kept words of positions start … stop - 1 from ``word_ids[count]`` on."""
    end = count + limit
    place = start
    while place < stop and count < end:
        if is_kept(random_bits(key, place), thresholds[corpus_ids[place]]):
            word_ids[count] = corpus_ids[place]
            count += 1
        place += 1
    return count


@kernel
def count_pairs(starts, stops, first, stop):
    """Number of (centre, context) pairs of the centres first … stop - 1."""
    pairs = 0
    for centre in range(first, stop):
        pairs += stops[centre] - starts[centre] - 1
    return pairs


@kernel
def split_into_pairs(starts, stops, first, stop, pair_centres, pair_starts, pair_stops):
    """Write every (centre, context) pair as a window of its own, in order."""
    pair = 0
    for centre in range(first, stop):
        for position in range(starts[centre], stops[centre]):
            if position != centre:
                pair_centres[pair] = centre
                pair_starts[pair] = position
                pair_stops[pair] = position + 1
                pair += 1
