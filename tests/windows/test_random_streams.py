"""Random streams: the numbers are those of SplitMix64, and no two streams are one."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wordkin.windows import rng
from wordkin.windows.rng import random_bits, scaled, stream_key

MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
PURPOSES = (rng.INITIALISATION, rng.WINDOWS, rng.NOISE, rng.VALIDATION)
words64 = st.integers(0, MASK)


def split_mix(state: int) -> int:
    """The output function of SplitMix64, in whole numbers."""
    z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def test_the_numbers_are_those_of_the_published_generator() -> None:
    # The first outputs of SplitMix64 seeded with 1234567, as its authors' program prints them.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [int(random_bits(np.uint64(1234567), np.uint64(n))) for n in range(3)] == published


@given(key=words64, counter=st.integers(0, 2**63 - 1))
def test_a_number_is_a_pure_function_of_key_and_counter(key: int, counter: int) -> None:
    assert int(random_bits(np.uint64(key), np.uint64(counter))) == split_mix(key + (counter + 1) * GAMMA & MASK)


@given(bits=st.integers(0, 2**32 - 1), size=st.integers(1, 2**31 - 1))
def test_scaling_stays_in_range_and_rises_with_the_bits(bits: int, size: int) -> None:
    assert int(scaled(np.uint64(bits), np.uint64(size))) == bits * size >> 32 < size


def test_scaled_numbers_are_uniform() -> None:
    key = np.uint64(stream_key(3, 1))
    draws = [int(scaled(random_bits(key, np.uint64(n)) >> np.uint64(32), 10)) for n in range(20_000)]
    counts = np.bincount(draws, minlength=10)
    assert (np.abs(counts - 2000) < 5 * np.sqrt(2000)).all()


def test_streams_of_different_seed_purpose_epoch_or_shard_never_share_a_key() -> None:
    """Nor does one run into another: the places where they begin lie far apart on the generator's cycle."""
    paths = [(purpose, epoch) for purpose in PURPOSES for epoch in range(6)]
    paths += [(*path, shard) for path in paths for shard in range(0, 40 * 16_384, 16_384)]
    seeds = (0, 1, 2, 3, 2**32, 2**63 - 1)
    keys = [stream_key(seed, *path) for seed, path in itertools.product(seeds, paths)]
    assert len(set(keys)) == len(keys)
    steps = pow(GAMMA, -1, 2**64)  # key = places[...] * GAMMA: how many numbers into the one long cycle it begins
    places = sorted(key * steps & MASK for key in keys)
    gaps = [after - before for before, after in itertools.pairwise([*places, places[0] + 2**64])]
    assert min(gaps) > 2**28  # more numbers than a shard can draw


@given(
    seed=words64,
    path=st.lists(st.integers(0, 2**40), max_size=3),
    one=st.integers(0, 2**40),
    other=st.integers(0, 2**40),
)
def test_the_last_step_of_a_path_always_tells_streams_apart(seed: int, path: list[int], one: int, other: int) -> None:
    same = stream_key(seed, *path, one) == stream_key(seed, *path, other)
    assert same == (one == other)


@given(one=words64, other=words64, path=st.lists(st.integers(0, 2**40), max_size=3))
def test_the_seed_always_tells_streams_apart(one: int, other: int, path: list[int]) -> None:
    assert (stream_key(one, *path) == stream_key(other, *path)) == (one == other)


def test_a_longer_path_is_another_stream() -> None:
    keys = {stream_key(5), stream_key(5, 0), stream_key(5, 0, 0), stream_key(5, 0, 0, 0)}
    assert len(keys) == 4
