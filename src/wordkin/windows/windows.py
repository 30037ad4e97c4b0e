"""The one definition of centre and context.

A *span* is a range of positions of the encoded corpus. :func:`select_windows` turns a span into
the word ids that survive subsampling and, for each centre, the half-open range of its window.
Whether a position survives, and how wide its window is, depend only on (key, position); so
neighbours across the border of a span come out the same from either side, no sentence is ever cut,
and every objective, backend and lesson sees the same windows.

Where the context is the whole sentence, without order, a centre has all other surviving words of it as context, but at
most ``window`` of them. The words of a sentence longer than that are shuffled, by a permutation keyed by (key, first
position of the sentence), and a centre takes the words nearest to it in that order: half before and half after it, and
more of one side where the other ends. So each of its contexts is drawn uniformly and without replacement from the
sentence, and windows are ranges all the same. Positions of a shuffled sentence count in the new order: a span holds
words from anywhere in the sentence, and all spans together hold each word once. The permutation is computed word by
word, so a span costs the same however long the sentence is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import inner, kernel, uint32, uint64
from wordkin.windows.rng import random_bits, scaled

SHUFFLE_TURNS = 4  # of a Feistel network, each of two rounds
LEAST_SHUFFLED_BITS = 5  # with fewer, some permutations would come much more often than others


class Windows(NamedTuple):
    """Centres of one span and their windows.

    word_ids : int32 [kept], the surviving words of the span with up to ``window`` neighbours either side. The words of
        a shuffled sentence are in the new order.
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
    corpus_ids, sentence_offsets, first_position, stop_position, thresholds, key, window, dynamic, whole,
    word_ids, starts, stops,
):  # fmt: skip
    """Windows of the span ``first_position`` … ``stop_position - 1``.

    Reads ``corpus_ids`` int32 [words], ``sentence_offsets`` int64 [sentences + 1] and ``thresholds``
    uint32 [V]; writes ``word_ids``, ``starts`` and ``stops`` int32 [at least span + 2 * window + 1].
    Of a corpus, the sentences that hold the span are enough: offsets are positions of the corpus, and the first id is
    that of position ``sentence_offsets[0]``.
    ``window`` is the largest distance of a context word or, where the ``whole`` sentence is the context, the largest
    number of them; ``dynamic`` then does not apply. Returns (first, stop, kept): see :class:`Windows`.
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
        for place in range(position, min(sentence_stop, stop_position)):
            source = _position_at(order, place)
            word = corpus_ids[source - base]
            bits = random_bits(key, source)
            word_ids[count] = word  # written in any case and overwritten if not kept: no branch to mispredict
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
def _order_of(sentence_offsets, sentence, window, whole, key):
    """The order in which a sentence is read: (first position, words, bits of the lower half of an index, key).

    The number of words is 0 where the order is that of the text.
    """
    start = np.int64(sentence_offsets[sentence])
    size = np.int64(sentence_offsets[sentence + 1]) - start
    if not whole or size <= window + 1:
        return start, np.int64(0), np.int64(0), uint64(0)
    bits = np.int64(LEAST_SHUFFLED_BITS)
    while size > (np.int64(1) << bits):
        bits += 1
    return start, size, bits, random_bits(key, (uint64(1) << uint64(63)) | uint64(start))  # no position is so high


@inner
def _position_at(order, place):
    """The corpus position that stands at ``place`` in the order of its sentence."""
    start, size, bits, key = order
    return place if size == 0 else start + shuffled(place - start, size, bits, key)


@inner
def shuffled(index, size, bits, key):
    """Number ``index`` of a random permutation of 0 … size - 1, which the ``key`` chooses.

    A Feistel network permutes the numbers of so many ``bits``, enough for ``size``. A result that is too
    large goes through it again until one is not, which is a permutation of the smaller ones.
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
    """Write the last ``limit`` kept words of the sentence before ``stop``, in order; return how many."""
    count = 0
    place = stop - 1
    while place >= order[0] and count < limit:
        source = _position_at(order, place)
        if is_kept(random_bits(key, source), thresholds[corpus_ids[source - base]]):
            word_ids[count] = corpus_ids[source - base]
            count += 1
        place -= 1
    for left in range(count // 2):
        right = count - 1 - left
        word_ids[left], word_ids[right] = word_ids[right], word_ids[left]
    return count


@inner
def _keep_after(corpus_ids, base, order, start, stop, thresholds, key, limit, word_ids, count):
    """Write the first ``limit`` kept words of start … stop - 1 from ``word_ids[count]`` on."""
    end = count + limit
    place = start
    while place < stop and count < end:
        source = _position_at(order, place)
        if is_kept(random_bits(key, source), thresholds[corpus_ids[source - base]]):
            word_ids[count] = corpus_ids[source - base]
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
