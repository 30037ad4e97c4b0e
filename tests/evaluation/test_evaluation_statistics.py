from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wordkin.errors import ConfigError
from wordkin.evaluation import statistics
from wordkin.evaluation.statistics import Proportion

# few distinct values, so that ties are common
values = hnp.arrays(np.float64, st.integers(1, 30), elements=st.integers(-3, 3).map(float))


@given(values)
def test_average_ranks_are_scipys(array):
    assert statistics.average_ranks(array).tolist() == scipy.stats.rankdata(array).tolist()


@given(
    st.integers(3, 40).flatmap(
        lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=st.floats(-9, 9, width=16))] * 2)
    )
)
def test_correlations_and_p_values_are_scipys(pair):
    first, second = pair
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert math.isnan(statistics.pearson(first, second)) and math.isnan(statistics.spearman(first, second))
        return
    for ours, theirs in (
        (statistics.pearson, scipy.stats.pearsonr), (statistics.spearman, scipy.stats.spearmanr)
    ):  # fmt: skip
        value, expected = ours(first, second), theirs(first, second)
        assert value == pytest.approx(expected.statistic, abs=1e-9)
        if abs(value) < 0.999:
            assert statistics.correlation_p_value(value, len(first)) == pytest.approx(
                expected.pvalue, rel=1e-5, abs=1e-9
            )


def test_correlation_p_value_at_the_edges():
    assert statistics.correlation_p_value(1.0, 10) == 0.0
    assert math.isnan(statistics.correlation_p_value(0.5, 2))
    assert math.isnan(statistics.correlation_p_value(math.nan, 10))


@given(values, st.integers(0, 5))
def test_weighted_forms_equal_those_of_the_drawn_items(array, seed):
    rng = np.random.default_rng(seed)
    other = rng.integers(0, 4, len(array)).astype(np.float64)
    counts = statistics.resample_counts(rng, len(array), 4)
    assert counts.sum(axis=1).tolist() == [len(array)] * 4
    pairs = statistics.ResampledPairs.of(array, other)
    for row, pearson, spearman in zip(
        counts,
        pairs.pearson(counts),
        pairs.spearman(counts),
        strict=True,
    ):
        drawn = np.repeat(array, row), np.repeat(other, row)
        assert pearson == pytest.approx(statistics.pearson(*drawn), abs=1e-9, nan_ok=True)
        assert spearman == pytest.approx(statistics.spearman(*drawn), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("decimals", [0, 1, 9])
@pytest.mark.parametrize("scale", [1.0, 1e-160, 1e200])
def test_correlations_of_many_resampled_pairs_are_those_of_the_drawn_items(decimals, scale):
    rng = np.random.default_rng(3)
    second = rng.standard_normal(3000)
    first = np.round(rng.standard_normal(3000) + 0.3 * second, decimals) + 7
    counts = statistics.resample_counts(rng, 3000, 8)
    found = statistics.ResampledPairs.of(first * scale, second).both(counts)
    drawn = [(np.repeat(first, row), np.repeat(second, row)) for row in counts]
    assert found[0] == pytest.approx([statistics.spearman(*pair) for pair in drawn], abs=1e-12)
    assert found[1] == pytest.approx([statistics.pearson(*pair) for pair in drawn], abs=1e-12)
    swapped = statistics.ResampledPairs.of(second, first * scale).both(counts)
    assert swapped == pytest.approx(found, abs=1e-12)


def test_a_resample_without_the_outlier_is_measured_around_its_own_mean():
    first = np.array([1e9, 1.0, 2.0, 3.0, 4.0])
    second = np.array([5.0, 1.0, 2.0, 2.5, 4.0])
    counts = np.array([[0, 1, 1, 1, 2], [1, 1, 1, 1, 1], [5, 0, 0, 0, 0]])
    found = statistics.ResampledPairs.of(first, second).pearson(counts)
    expected = [statistics.pearson(np.repeat(first, row), np.repeat(second, row)) for row in counts]
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_is_scipys(counts):
    expected = scipy.stats.binomtest(*counts).proportion_ci(method="wilson")
    assert Proportion(*counts).interval == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_proportion_of_nothing_is_undefined():
    assert math.isnan(Proportion(0, 0).value)
    assert Proportion(0, 0).interval == (0.0, 1.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(first, second):
    expected = scipy.stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert statistics.mcnemar_p_value(first, second) == pytest.approx(expected, rel=1e-9)


def test_williams_t_by_hand():
    # r12 = 0.5, r13 = 0.3, r23 = 0.6, n = 103: |R| = 0.48, mean 0.4, so
    # t = 0.2 * sqrt(102 * 1.6 / (2 * 102/100 * 0.48 + 0.16 * 0.064)) with 100 degrees of freedom
    t = 0.2 * math.sqrt(102 * 1.6 / (2.04 * 0.48 + 0.16 * 0.064))
    assert statistics.williams_p_value(0.5, 0.3, 0.6, 103) == pytest.approx(2 * scipy.stats.t.sf(t, 100))


def test_williams_false_alarms_come_at_the_stated_rate():
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(400):
        gold, first, second = rng.standard_normal((3, 60))
        first, second = gold + first, gold + second
        pairs = ((first, gold), (second, gold), (first, second))
        alarms += statistics.williams_p_value(*(statistics.pearson(*pair) for pair in pairs), 60) < 0.05
    assert 8 <= alarms <= 36  # 20 expected; both ends are three standard deviations away


def test_williams_at_the_edges():
    assert statistics.williams_p_value(0.4, 0.4, 1.0, 50) == 1.0
    assert math.isnan(statistics.williams_p_value(0.4, 0.3, 0.2, 3))
    assert math.isnan(statistics.williams_p_value(math.nan, 0.3, 0.2, 30))


def test_bootstrap_covers_the_truth_and_repeats_itself():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(100):
        sample = rng.standard_normal(60) + 1

        def mean(counts, sample=sample):
            return counts @ sample / counts.sum(axis=1)

        low, high = statistics.bootstrap(mean, 60, resamples=400, seed=trial)
        assert (low, high) == statistics.bootstrap(mean, 60, resamples=400, seed=trial)
        covered += low < 1 < high
    assert covered >= 88  # 95 expected


def test_many_items_are_resampled_as_few_are(monkeypatch):
    """Many items use another algorithm than few: counts of both sum to n and have the variance of a resample."""
    for most in (0, 1000):
        monkeypatch.setattr(statistics, "_MOST_MULTINOMIAL", most)
        counts = statistics.resample_counts(np.random.default_rng(0), 500, 200)
        assert counts.shape == (200, 500) and counts.dtype == np.int64 and (counts.sum(axis=1) == 500).all()
        assert counts.var() == pytest.approx(1 - 1 / 500, rel=0.02)
        assert np.corrcoef(counts[:, 0], counts[:, 1])[0, 1] == pytest.approx(0, abs=0.2)


def test_bootstrap_of_nothing_is_undefined():
    nothing = (math.nan, math.nan)
    assert statistics.bootstrap(lambda counts: counts[:, 0], 2, resamples=10, seed=0) == pytest.approx(
        nothing, nan_ok=True
    )
    undefined = statistics.bootstrap(lambda counts: np.full(len(counts), np.nan), 5, resamples=10, seed=0)
    assert undefined == pytest.approx(nothing, nan_ok=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resamples": 0, "seed": 0}, "resamples must be a whole number from 1 up; got 0"),
        ({"resamples": 10, "seed": -1}, "seed must be a whole number from 0 up; got -1"),
        ({"resamples": 10, "seed": 1.0}, "seed must be a whole number from 0 up; got 1.0"),
    ],
)
def test_illegal_options(options, message):
    with pytest.raises(ConfigError, match=message):
        statistics.bootstrap(lambda counts: counts[:, 0], 5, **options)


def test_mean_interval_counts_shared_units():
    rng = np.random.default_rng(1)
    first, second = np.nonzero(~np.eye(25, dtype=bool))
    means, halves = [], []
    for _ in range(300):
        effects = rng.standard_normal((2, 25))
        values = effects[0, first] + effects[1, second] + rng.standard_normal(len(first))
        low, high = statistics.mean_interval(values, first, second)
        means.append(values.mean())
        halves.append((high - low) / 2)
    assert np.mean(halves) == pytest.approx(1.96 * np.std(means), rel=0.15)


def test_mean_interval_of_independent_values_is_the_usual_one():
    values = np.random.default_rng(2).standard_normal(50)
    low, high = statistics.mean_interval(values, np.arange(50), np.arange(50))
    error = values.std(ddof=1) / math.sqrt(50)
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), rel=1e-4)
    alone = statistics.mean_interval(values, np.arange(50), np.arange(50, 100))
    assert alone == pytest.approx((low, high), rel=0.01)


def test_mean_interval_by_definition():
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 6, (2, 40))
    values = first + second + rng.standard_normal(40)
    deviations = values - values.mean()
    units = [{a, b} for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    total = sum(deviations[i] * deviations[j] for i in range(40) for j in range(40) if units[i] & units[j])
    low, high = statistics.mean_interval(values, first, second)
    assert ((high - low) / 2 / 1.959964) ** 2 == pytest.approx(total / 40**2 * 6 / 5, rel=1e-5)


def test_mean_interval_of_two_values_is_undefined():
    low, high = statistics.mean_interval(np.zeros(2), np.arange(2), np.arange(2))
    assert math.isnan(low) and math.isnan(high)
