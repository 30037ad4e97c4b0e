"""Counter-based random numbers: each number is a pure function of a key and a counter.

A key identifies a stream (seed, purpose, epoch, shard). Number ``n`` of the stream is a hash of the key and ``n``. Any
worker can compute any number without shared state, so results do not depend on scheduling. The hash is the output
function of SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wordkin.jit import kernel, uint64

# Purposes of streams: different uses of a seed must not share a stream.
INITIALISATION, WINDOWS, NOISE, VALIDATION, REPLAY = range(5)

_GOLDEN_GAMMA = 0x9E3779B97F4A7C15


@kernel
def random_bits(key, counter):
    """Return 64 random bits: number ``counter`` of the stream ``key``. Both are converted to uint64."""
    z = uint64(key) + (uint64(counter) + uint64(1)) * uint64(_GOLDEN_GAMMA)
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    return z ^ (z >> uint64(31))


@kernel
def fill_with_random_bits(keys, bits):
    """Fill ``bits``, uint64 [streams, count], with the first numbers of the streams ``keys``."""
    for stream in range(len(keys)):
        for counter in range(bits.shape[1]):
            bits[stream, counter] = random_bits(keys[stream], counter)


def random_bits_of(keys: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    """The first ``count`` numbers of several streams, as returned by :func:`random_bits`: uint64 [streams, count]."""
    bits = np.empty((len(keys), count), np.uint64)
    fill_with_random_bits(keys, bits)
    return bits


@kernel
def scaled(bits, size):
    """Map random bits to 0 … size - 1 by multiplication, which uses their high bits.

    ``bits`` has 32 random bits; ``size`` is below 2**31.
    """
    return (uint64(bits) * uint64(size)) >> uint64(32)


@kernel
def choose_at_random(key, threshold, chosen):
    """Set each element of ``chosen``, bool [n], to True with probability threshold / 2**32, else to False."""
    for index in range(len(chosen)):
        chosen[index] = (random_bits(key, index) >> uint64(32)) < threshold


_MASK = 2**64 - 1


def stream_key(seed: int, *path: int) -> int:
    """Return the key of the random stream for a seed and a path of whole numbers such as (purpose, epoch, shard)."""
    key = seed & _MASK
    for step in path:
        key = _mix((key ^ _mix((step + 1) * _GOLDEN_GAMMA & _MASK)) + _GOLDEN_GAMMA & _MASK)
    return key


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)
