"""Numba kernels of phrases: count n-grams of word ids, and replace each phrase by its own id.

The kernels take arrays and scalars only and release the GIL. Each array that is written to belongs to one thread.

An *n-gram* is two words of one sentence that are not connectors, with any number of connectors between them. Its key is
a nonzero uint64. For two adjacent words the key is ``(left + 1) << 32 | (right + 1)``, which is unique. With connectors
between the words, the top bit of the key is 1 and the other 63 bits are a hash of all words; two different n-grams of
this kind have the same key with probability 2**-63.

A hash table of n-grams has ``REGIONS`` regions of ``2**bits`` pairs (key, value) of uint64. The key is hashed, and the
top bits of the hash select the region. Each thread owns some of the regions.
"""

from __future__ import annotations

import numpy as np

from wordkin.corpus.scanning.kernels import mixed, prefetch
from wordkin.jit import inner, kernel, uint64

REGION_BITS = 3
REGIONS = 1 << REGION_BITS

_MIX = np.uint64(0x9E3779B97F4A7C15)
_WITH_CONNECTORS = np.uint64(1 << 63)


@inner
def bigram_key(left, right):
    """Return the key of two adjacent words from their word ids."""
    return (uint64(left + 1) << uint64(32)) | uint64(right + 1)


@inner
def region_and_slot(key, bits):
    """Return the region of a key in a hash table, and the first slot of the region to look at."""
    hashed = key * _MIX
    hashed ^= hashed >> uint64(32)
    hashed *= _MIX
    region = np.int64(hashed >> uint64(64 - REGION_BITS))
    return region, np.int64((hashed << uint64(REGION_BITS)) >> uint64(64 - bits))


@inner
def find_slot(slots, bits, region, slot, key):
    """Return the index of the pair with this key or, if there is none, of the empty pair where it belongs."""
    mask = (1 << bits) - 1
    first = region << bits
    while slots[2 * (first + slot)] != 0 and slots[2 * (first + slot)] != key:
        slot = (slot + 1) & mask
    return first + slot


@kernel
def next_keys(ids, offsets, connector, state, keys):
    """Write the keys of the next n-grams of a text to ``keys``; return how many were written.

    It stops when ``keys`` is full or the text ends, and can be called again to continue. ``ids`` and ``offsets`` are
    those of an encoded corpus. ``state`` int64 [4] holds the position in the text, the index of the sentence, the last
    word that is not a connector (-1: none), and the hash of that word and the connectors after it (0: no connectors).
    ``connector`` bool [words] says which words are connectors.
    """
    position, sentence, left = state[0], state[1], state[2]
    hashed = uint64(state[3])
    found = 0
    while position < len(ids) and found < len(keys):
        if position == offsets[sentence + 1]:
            sentence += 1
            left = -1
            hashed = uint64(0)
        word = ids[position]
        position += 1
        if connector[word]:
            if left >= 0:
                hashed = mixed(hashed if hashed else mixed(uint64(0), uint64(left + 1)), uint64(word + 1))
            continue
        if left >= 0:
            keys[found] = mixed(hashed, uint64(word + 1)) | _WITH_CONNECTORS if hashed else bigram_key(left, word)
            found += 1
        left = np.int64(word)
        hashed = uint64(0)
    state[0], state[1], state[2], state[3] = position, sentence, left, np.int64(hashed)
    return found


@kernel
def count_ngrams(ids, offsets, connector, state, keys, slots, bits, first_region, used, most_used):
    """Count the n-grams of the text that belong to the regions of one thread; stop if a region is full.

    Counting begins at ``state``, as in :func:`next_keys`, and goes on to the end of the text unless a region is full.
    The thread owns ``len(used)`` regions from ``first_region`` on; n-grams of other regions are ignored. ``slots`` is
    uint64 [2 * regions * 2**bits]; ``used`` int64 [regions] is the number of pairs in use. A region is full when
    ``len(keys)`` more n-grams could exceed ``most_used``. Returns the number of n-grams read, of all regions.
    """
    met = 0
    regions = len(used)
    while state[0] < len(ids):
        for region in range(regions):
            if used[region] + len(keys) > most_used:
                return met
        found = next_keys(ids, offsets, connector, state, keys)
        met += found
        for i in range(found):
            region, slot = region_and_slot(keys[i], bits)
            if first_region <= region < first_region + regions:
                prefetch(slots, 2 * (((region - first_region) << bits) + slot))
        for i in range(found):
            region, slot = region_and_slot(keys[i], bits)
            region -= first_region
            if 0 <= region < regions:
                index = find_slot(slots, bits, region, slot, keys[i])
                if slots[2 * index] == 0:
                    slots[2 * index] = keys[i]
                    used[region] += 1
                slots[2 * index + 1] += uint64(1)
    return met


@kernel
def move_pairs(old_slots, old_bits, slots, bits, first_region, used, least):
    """Copy the pairs of a table whose value is at least ``least[region]`` to an empty table ``slots``.

    ``used`` receives the number of pairs copied to each region. Returns the sum of the values of the pairs that were
    not copied: the number of occurrences lost.
    """
    dropped = np.int64(0)
    for region in range(len(used)):
        used[region] = 0
        for old in range(region << old_bits, (region + 1) << old_bits):
            key = old_slots[2 * old]
            if key != 0:
                if np.int64(old_slots[2 * old + 1]) < least[region]:
                    dropped += np.int64(old_slots[2 * old + 1])
                    continue
                _, slot = region_and_slot(key, bits)
                index = find_slot(slots, bits, region, slot, key)
                slots[2 * index] = key
                slots[2 * index + 1] = old_slots[2 * old + 1]
                used[region] += 1
    return dropped


@kernel
def locate_ngrams(ids, offsets, connector, wanted, wanted_bits, positions, lengths):
    """Find the first occurrence of each wanted n-gram: its position in the text and its number of words.

    ``wanted`` is a table of all regions. Its values are indices of ``positions`` int64 (-1: not found) and
    ``lengths`` int64.
    """
    for sentence in range(len(offsets) - 1):
        start = -1
        for position in range(offsets[sentence], offsets[sentence + 1]):
            if connector[ids[position]]:
                continue
            if start >= 0:
                index = _phrase_at(ids, start, position, wanted, wanted_bits)
                if index >= 0 and positions[index] < 0:
                    positions[index] = start
                    lengths[index] = position + 1 - start
            start = position


@inner
def _phrase_at(ids, start, last, table, bits):
    """Return the value in ``table`` of the n-gram from position ``start`` to ``last`` inclusive; -1 if absent."""
    if last == start + 1:
        key = bigram_key(ids[start], ids[last])
    else:
        hashed = mixed(uint64(0), uint64(ids[start] + 1))
        for position in range(start + 1, last + 1):
            hashed = mixed(hashed, uint64(ids[position] + 1))
        key = hashed | _WITH_CONNECTORS
    region, slot = region_and_slot(key, bits)
    index = find_slot(table, bits, region, slot, key)
    return np.int64(table[2 * index + 1]) if table[2 * index] == key else -1


@kernel
def join_phrases(ids, offsets, first, stop, connector, table, bits, phrase_ids, joined, ends):
    """Copy sentences ``first`` to ``stop - 1`` to ``joined``, each phrase as one id; return the number of ids written.

    Phrases are replaced from left to right and do not overlap. Sentences keep their order. ``joined`` is int32.
    ``ends`` int64 [stop - first] receives the end of each sentence in ``joined``. ``table`` maps the key of a phrase to
    its index, and ``phrase_ids`` int32 maps this index to the id of the phrase.
    """
    written = 0
    for sentence in range(first, stop):
        start = -1
        for position in range(offsets[sentence], offsets[sentence + 1]):
            word = ids[position]
            if connector[word]:
                if start < 0:
                    joined[written] = word
                    written += 1
                continue
            if start >= 0:
                phrase = _phrase_at(ids, start, position, table, bits)
                if phrase >= 0:
                    joined[written] = phrase_ids[phrase]
                    written += 1
                    start = -1
                    continue
                for before in range(start, position):
                    joined[written] = ids[before]
                    written += 1
            start = position
        if start >= 0:
            for before in range(start, offsets[sentence + 1]):
                joined[written] = ids[before]
                written += 1
        ends[sentence - first] = written
    return written


@kernel
def fill_table(keys, values, slots, bits):
    """Insert distinct keys and their values into an empty table that has all regions."""
    for i in range(len(keys)):
        region, slot = region_and_slot(keys[i], bits)
        index = find_slot(slots, bits, region, slot, keys[i])
        slots[2 * index] = keys[i]
        slots[2 * index + 1] = values[i]


@kernel
def ngram_keys(ids, offsets, keys):
    """Compute the key of each of several phrases and write it to ``keys``.

    Phrase i is ``ids[offsets[i]:offsets[i + 1]]``: a word, any number of connectors, and a word.
    """
    for i in range(len(keys)):
        start, last = offsets[i], offsets[i + 1] - 1
        if last == start + 1:
            keys[i] = bigram_key(ids[start], ids[last])
        else:
            hashed = mixed(uint64(0), uint64(ids[start] + 1))
            for position in range(start + 1, last + 1):
                hashed = mixed(hashed, uint64(ids[position] + 1))
            keys[i] = hashed | _WITH_CONNECTORS
