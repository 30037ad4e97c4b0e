"""Statistics of an evaluation: proportions, correlations, their intervals, and paired tests.

Everything is plain NumPy in float64; SciPy's special functions are loaded only for p-values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, Number, check
from wordkin.cores import usable_cores

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_NORMAL_975 = 1.959963984540054  # 97.5% quantile of the standard normal distribution
_CELLS_AT_ONCE = 1 << 20  # bounds the memory of a bootstrap: resamples x items
_MOST_MULTINOMIAL = 1 << 14  # items


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
    x, y = x / np.abs(x).max(), y / np.abs(y).max()  # so that no square underflows
    # Sums of NumPy, unlike those of BLAS, do not depend on where in memory the values lie: equal sides give exactly 1.
    x_squares, y_squares, covariance = (float(products.sum()) for products in (x * x, y * y, x * y))
    return min(1.0, max(-1.0, covariance / math.sqrt(x_squares * y_squares)))


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
    if n <= _MOST_MULTINOMIAL:
        return rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    # The same distribution; a binomial number for each item takes six times as long as a draw for each.
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(resamples)])


@dataclass(frozen=True, slots=True)
class ResampledPairs:
    """Correlations of ``first`` with ``second`` (float64[n] each) in bootstrap resamples.

    What does not depend on the resample, the order of the values, is found once; both sides are kept in
    the order of the second.
    """

    first: Floats
    second: Floats
    _order: NDArray[np.int64]
    _ranks: tuple[_ResampledRanks, _ResampledRanks]

    @classmethod
    def of(cls, first: Floats, second: Floats) -> ResampledPairs:
        """Prepare the two sides."""
        order = np.argsort(second, kind="stable")
        first, second = first[order], second[order]
        return cls(first, second, order, (_ResampledRanks.of(first), _ResampledRanks.of(second)))

    def both(self, counts: NDArray[np.int64]) -> Floats:
        """Spearman's and Pearson's correlation in each resample: float64[2, resamples]."""
        rows = [row[self._order] for row in counts]
        return np.array([[self._spearman(row) for row in rows], [self._pearson(row) for row in rows]])

    def pearson(self, counts: NDArray[np.int64]) -> Floats:
        """Pearson's correlation in each resample (float64[resamples]); NaN where one side is constant."""
        return np.array([self._pearson(row[self._order]) for row in counts])

    def spearman(self, counts: NDArray[np.int64]) -> Floats:
        """Spearman's correlation in each resample (float64[resamples]); NaN where one side is constant."""
        return np.array([self._spearman(row[self._order]) for row in counts])

    def _pearson(self, drawn: NDArray[np.int64]) -> float:
        counts = drawn.astype(np.float64)
        n = counts.sum()
        x = self.first - self.first @ counts / n
        y = self.second - self.second @ counts / n
        weighted = x * counts
        x_squares, covariance = weighted @ x, weighted @ y
        y_squares = np.multiply(y, counts, out=weighted) @ y
        if x_squares <= _rounding(self.first, n) or y_squares <= _rounding(self.second, n):
            return math.nan
        return float(covariance / math.sqrt(x_squares * y_squares))

    def _spearman(self, counts: NDArray[np.int64]) -> float:
        (x, x_squares), (y, y_squares) = (each.deviations(counts) for each in self._ranks)
        if not x_squares or not y_squares:
            return math.nan
        x *= y
        return float(x @ counts.astype(np.float64) / math.sqrt(x_squares * y_squares))


@dataclass(frozen=True, slots=True)
class _ResampledRanks:
    """Average ranks in resamples of values that were sorted once.

    order : int64[n], the items by rising value; None where they stand so already.
    starts : int64[groups], where in ``order`` each group of equal values begins.
    group : int64[n], the group of each item.
    """

    order: NDArray[np.int64] | None
    starts: NDArray[np.int64]
    group: NDArray[np.int64]

    @classmethod
    def of(cls, values: Floats) -> _ResampledRanks:
        _, group = np.unique(values, return_inverse=True)
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        return cls(None if (np.diff(group) >= 0).all() else order, starts, group)

    def deviations(self, counts: NDArray[np.int64]) -> tuple[Floats, float]:
        """How far the rank of each item (float64[n]) is from the mean rank, and the sum of the squares over draws."""
        drawn = counts if self.order is None else counts[self.order]
        if len(self.starts) < len(drawn):
            drawn = np.add.reduceat(drawn, self.starts)
        last = np.cumsum(drawn)
        ranks = last - (drawn - 1) / 2
        ranks -= (last[-1] + 1) / 2  # their mean, exactly, whatever the ties
        squares = float((ranks * drawn) @ ranks)
        return ranks[self.group] if self.order is not None or len(ranks) < len(counts) else ranks, squares


def _rounding(values: Floats, n: float) -> float:
    """What a sum of ``n`` squared deviations may come to by rounding alone."""
    scale = 4 * np.finfo(np.float64).eps * np.abs(values).max()
    return float(n * scale**2)


def bootstrap(statistic: Callable[[NDArray[np.int64]], Floats], n: int, *, resamples: int, seed: int) -> Interval:
    """Percentile bootstrap interval at 95% (Efron 1979); NaN when it cannot be told.

    ``statistic`` maps the counts of :func:`resample_counts` to one value per resample; resamples in
    which it is NaN are left out. Raises :class:`ConfigError` on an illegal ``resamples`` or ``seed``.
    """
    return bootstraps(lambda counts: statistic(counts)[None], n, resamples=resamples, seed=seed)[0]


def bootstraps(
    statistics: Callable[[NDArray[np.int64]], Floats], n: int, *, resamples: int, seed: int
) -> list[Interval]:
    """The intervals of several statistics over the same resamples; ``statistics`` gives float64[k, resamples]."""
    resamples, seed = check("resamples", FROM_1, resamples), check("seed", Number(0, integer=True), seed)
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // max(n, 1))
    sizes = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
    if n < 3:
        return [_percentiles(row) for row in statistics(np.empty((0, n), dtype=np.int64))]
    workers = usable_cores() if n > _MOST_MULTINOMIAL else 1
    parts: list[Floats] = []
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        for first in range(0, len(sizes), workers):  # no more drawn than is worked on
            parts += pool.map(statistics, [resample_counts(rng, n, size) for size in sizes[first : first + workers]])
    values = np.concatenate(parts, axis=1)
    return [_percentiles(row[~np.isnan(row)]) for row in values]


def one_blas_thread() -> AbstractContextManager[object]:
    """Inside, products use one BLAS thread: of short ones, several threads take longer, also from each other."""
    from threadpoolctl import threadpool_limits

    limit: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limit


def _percentiles(values: Floats) -> Interval:
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
