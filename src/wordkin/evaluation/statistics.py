"""Statistics of an evaluation: proportions, correlations, their intervals, and paired tests.

Everything is plain NumPy in float64; SciPy's special functions are loaded only for p-values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_NORMAL_975 = 1.959963984540054  # 97.5% quantile of the standard normal distribution
_CELLS_AT_ONCE = 1 << 20  # bounds the memory of a bootstrap: resamples x items


@dataclass(frozen=True)
class Proportion:
    """``successes`` out of ``total``."""

    successes: int
    total: int

    @property
    def value(self) -> float:
        """The fraction; NaN when there were no trials."""
        return self.successes / self.total if self.total else math.nan

    @property
    def interval(self) -> Interval:
        """Wilson's 95% score interval (Wilson 1927); (0, 1) when there were no trials.

        >>> low, high = Proportion(8, 10).interval
        >>> round(low, 4), round(high, 4)
        (0.4902, 0.9433)
        """
        if not self.total:
            return 0.0, 1.0
        z2 = _NORMAL_975**2
        n = self.total
        centre = (self.successes + z2 / 2) / (n + z2)
        half = _NORMAL_975 / (n + z2) * math.sqrt(self.successes * (n - self.successes) / n + z2 / 4)
        return max(0.0, centre - half), min(1.0, centre + half)


def average_ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing the mean of their ranks.

    >>> average_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def pearson(first: Floats, second: Floats) -> float:
    """Pearson's correlation; NaN for fewer than two values or when one side is constant."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    x, y = first - first.mean(), second - second.mean()
    correlation = np.dot(x / np.linalg.norm(x), y / np.linalg.norm(y))
    return float(np.clip(correlation, -1.0, 1.0))


def spearman(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation: Pearson's of the average ranks."""
    return pearson(average_ranks(first), average_ranks(second))


def correlation_p_value(correlation: float, n: int) -> float:
    """Two-sided p-value of no correlation, by Student's t with n - 2 degrees of freedom."""
    if math.isnan(correlation) or n < 3:
        return math.nan
    if abs(correlation) == 1.0:
        return 0.0
    from scipy.special import stdtr

    t = correlation * math.sqrt((n - 2) / ((1 - correlation) * (1 + correlation)))
    return float(2 * stdtr(n - 2, -abs(t)))


def resample_counts(rng: np.random.Generator, n: int, resamples: int) -> NDArray[np.int64]:
    """How often each of ``n`` items is drawn in each bootstrap resample: int64[resamples, n]."""
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples)


def weighted_ranks(values: Floats, counts: NDArray[np.int64]) -> Floats:
    """Average ranks when item j of ``values`` occurs ``counts[i, j]`` times: float64[resamples, n]."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    group_counts = np.add.reduceat(counts[:, order], starts, axis=1)
    last = np.cumsum(group_counts, axis=1)
    return np.asarray((last - (group_counts - 1) / 2)[:, group], dtype=np.float64)


def weighted_pearson(first: Floats, second: Floats, counts: NDArray[np.int64]) -> Floats:
    """Pearson's correlation in each resample (float64[resamples]); NaN where one side is constant."""
    n = counts.sum(axis=1, keepdims=True)
    x = first - (first * counts).sum(axis=1, keepdims=True) / n
    y = second - (second * counts).sum(axis=1, keepdims=True) / n
    covariance = (x * y * counts).sum(axis=1)
    x_squares, y_squares = (x * x * counts).sum(axis=1), (y * y * counts).sum(axis=1)
    defined = (x_squares > _rounding(first, n)) & (y_squares > _rounding(second, n))
    return np.where(defined, covariance / np.sqrt(np.where(defined, x_squares * y_squares, 1.0)), np.nan)


def _rounding(values: Floats, n: NDArray[np.int64]) -> Floats:
    """What a sum of ``n`` squared deviations may come to by rounding alone (float64[resamples])."""
    scale = 4 * np.finfo(np.float64).eps * np.abs(values).max()
    return np.asarray(n[:, 0] * scale**2, dtype=np.float64)


def weighted_spearman(first: Floats, second: Floats, counts: NDArray[np.int64]) -> Floats:
    """Spearman's correlation in each resample (float64[resamples])."""
    return weighted_pearson(weighted_ranks(first, counts), weighted_ranks(second, counts), counts)


def bootstrap(statistic: Callable[[NDArray[np.int64]], Floats], n: int, *, resamples: int, seed: int) -> Interval:
    """Percentile bootstrap interval at 95% (Efron 1979); NaN when it cannot be told.

    ``statistic`` maps the counts of :func:`resample_counts` to one value per resample; resamples in
    which it is NaN are left out. Raises :class:`ConfigError` on an illegal ``resamples`` or ``seed``.
    """
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 1:
        raise ConfigError("resamples", "must be a whole number from 1 up", resamples)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError("seed", "must be a whole number from 0 up", seed)
    if n < 3:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // n)
    values = np.concatenate(
        [statistic(resample_counts(rng, n, min(at_once, resamples - done))) for done in range(0, resamples, at_once)]
    )
    values = values[~np.isnan(values)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def mean_interval(values: Floats, first_units: NDArray[np.int64], second_units: NDArray[np.int64]) -> Interval:
    """Normal 95% interval of the mean of ``values``, each of which depends on two of several units.

    Values that share a unit may be correlated: the products of their deviations count in full towards
    the variance of the mean (Fafchamps and Gubert 2007). With one and the same unit for both, and
    another for each value, this is the interval for independent values. NaN for fewer than 3 values.

    Parameters
    ----------
    values : float64[n].
    first_units, second_units : int64[n], numbers from 0 of the two units of each value.
    """
    n = len(values)
    if n < 3:
        return math.nan, math.nan
    mean = float(values.mean())
    deviations = values - mean
    units = int(max(first_units.max(), second_units.max())) + 1
    two = first_units != second_units
    of_unit = np.bincount(first_units, deviations, units) + np.bincount(second_units[two], deviations[two], units)
    # values with both units in common are in two of these sums: take their products away once
    low, high = np.minimum(first_units, second_units)[two], np.maximum(first_units, second_units)[two]
    _, pair = np.unique(low * units + high, return_inverse=True)
    of_pair = np.bincount(pair, deviations[two])
    squares = float(of_unit @ of_unit) - float(of_pair @ of_pair)
    used = len(np.union1d(first_units, second_units))
    variance = max(squares, float(deviations @ deviations)) / n**2 * used / max(used - 1, 1)
    half = _NORMAL_975 * math.sqrt(variance)
    return mean - half, mean + half


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar test (1947) on the items that only one side got right.

    >>> mcnemar_p_value(10, 2)
    0.03857421875
    """
    n = only_first + only_second
    if not n:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5)))


def williams_p_value(first: float, second: float, between: float, n: int) -> float:
    """Two-sided test that two correlations with the same third variable are equal.

    Williams' t with n - 3 degrees of freedom (Steiger 1980, equation 7). ``first`` and ``second`` are
    the correlations with the shared variable, ``between`` the one of the two with each other.
    """
    if n < 4 or any(map(math.isnan, (first, second, between))):
        return math.nan
    if first == second:
        return 1.0
    determinant = max(0.0, 1 - first**2 - second**2 - between**2 + 2 * first * second * between)
    mean = (first + second) / 2
    spread = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - between) ** 3
    if spread <= 0:
        return 0.0
    from scipy.special import stdtr

    t = (first - second) * math.sqrt((n - 1) * (1 + between) / spread)
    return float(2 * stdtr(n - 3, -abs(t)))


def json_number(value: float) -> float | None:
    """``value``, or None where it is undefined: JSON has no NaN."""
    return None if math.isnan(value) else value
