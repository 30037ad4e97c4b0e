from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError
from wordkin.vocabulary.noise import AliasTable, alias_table, noise_probabilities

FLOATS = st.lists(st.one_of(st.floats(0, 1e12), st.just(0.0)), min_size=1, max_size=60)
SMALL_NUMBERS = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=12)  # whole slots, and equal sums of slots
WEIGHTS = st.one_of(FLOATS, SMALL_NUMBERS).filter(lambda weights: sum(weights) > 0)


def exact_probabilities(table: AliasTable) -> list[Fraction]:
    """What the table draws, given that every slot is equally likely."""
    size = len(table.thresholds)
    probabilities = [Fraction(0)] * size
    for slot in range(size):
        own = Fraction(int(table.thresholds[slot]) + 1, 2**32)
        probabilities[slot] += own / size
        probabilities[int(table.aliases[slot])] += (1 - own) / size
    return probabilities


@pytest.mark.parametrize("exponent", [-8, -0.5, 0, 0.75, 1, 8])
def test_noise_probabilities_are_powers_of_counts(exponent: float) -> None:
    counts = [400, 20, 20, 1]
    probabilities = noise_probabilities(counts, exponent)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    ratio = probabilities[0] / probabilities[1]
    assert ratio == pytest.approx(20.0**exponent, rel=1e-12)
    assert probabilities[1] == probabilities[2]


def test_extreme_exponents_neither_overflow_nor_underflow_to_nothing() -> None:
    counts = [10**18, 10**9, 1]
    for exponent in (-8, 8):
        probabilities = noise_probabilities(counts, exponent)
        assert np.isfinite(probabilities).all()
        assert probabilities.sum() == pytest.approx(1)


@given(WEIGHTS)
def test_the_table_draws_the_distribution_to_one_part_in_2_to_32_per_slot(weights: list[float]) -> None:
    table = alias_table(weights)
    drawn = exact_probabilities(table)
    assert sum(drawn) == 1
    wanted = np.asarray(weights) / np.sum(weights)
    assert max(abs(float(a) - b) for a, b in zip(drawn, wanted, strict=True)) <= 2.0**-32
    assert table.thresholds.dtype == np.uint32
    assert table.aliases.dtype == np.int32


@given(WEIGHTS)
def test_full_slots_alias_themselves(weights: list[float]) -> None:
    table = alias_table(weights)
    full = table.thresholds == 0xFFFFFFFF
    assert (table.aliases[full] == np.flatnonzero(full)).all()
    assert full.any()


@pytest.mark.parametrize("weights", [[0, 1, 2], [1, 4, 4, 7], [2, 4, 6, 4, 4], [1, 3, 3, 5, 3], [3, 5, 3, 5, 4, 4]])
def test_words_that_just_fill_their_slot_keep_it(weights: list[int]) -> None:
    drawn = exact_probabilities(alias_table(weights))
    for chance, weight in zip(drawn, weights, strict=True):
        assert abs(chance - Fraction(weight, sum(weights))) <= Fraction(1, 2**32)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_uniform_distribution_needs_no_alias(size: int) -> None:
    table = alias_table([1.0] * size)
    drawn = exact_probabilities(table)
    assert all(abs(each - Fraction(1, size)) <= Fraction(1, 2**32) for each in drawn)


def test_a_million_words_are_exact_too() -> None:
    wanted = noise_probabilities(1e7 / np.arange(1, 1_000_001))
    table = alias_table(wanted)
    own = (table.thresholds.astype(np.int64) + 1).astype(np.float64)
    drawn = own + np.bincount(table.aliases, weights=2.0**32 - own, minlength=len(own))
    np.testing.assert_allclose(drawn / 2**32 / len(own), wanted, rtol=1e-4, atol=2.0**-32 / len(own))


def test_draw_follows_the_documented_rule_bit_by_bit() -> None:
    table = AliasTable(np.array([9, 0xFFFFFFFF], dtype=np.uint32), np.array([1, 1], dtype=np.int32))
    bits = np.array([9, 10, (1 << 63) - 1, 1 << 63, (1 << 64) - 1], dtype=np.uint64)
    # the upper half below 2^31 is slot 0, which keeps its word up to lower half 9
    assert table.draw(bits).tolist() == [0, 1, 1, 1, 1]
    assert table.draw(bits.reshape(5, 1)).shape == (5, 1)


def test_draws_have_the_right_frequencies() -> None:
    wanted = noise_probabilities([100, 50, 10, 3, 1])
    bits = np.random.default_rng(5).integers(0, 2**64, 200_000, dtype=np.uint64)
    found = np.bincount(alias_table(wanted).draw(bits), minlength=5) / len(bits)
    np.testing.assert_allclose(found, wanted, atol=5 * np.sqrt(0.25 / len(bits)))


def test_illegal_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"counts must all be positive; got 0\.0"):
        noise_probabilities([1, 0])
    with pytest.raises(ConfigError, match=r"counts must hold at least one word"):
        noise_probabilities([])
    with pytest.raises(ConfigError, match=r"probabilities must hold from 1 to 2147483647 words; got 0"):
        alias_table([])
    for bad in ([0.0, 0.0], [-1.0, 2.0], [float("nan"), 1.0], [float("inf"), 1.0]):
        with pytest.raises(ConfigError, match=r"probabilities must be finite, nonnegative and not all zero"):
            alias_table(bad)
