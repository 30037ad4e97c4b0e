"""Proportions, correlations, their confidence intervals, and paired tests.

All computations use NumPy in float64. SciPy is imported only for p-values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, Number, check
from wordkin.cores import usable_cores

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_NORMAL_975 = 1.959963984540054  # 97.5% quantile of the standard normal distribution
_CELLS_AT_ONCE = 1 << 20  # resamples x items, to bound the memory of a bootstrap
_MOST_MULTINOMIAL = 1 << 14  # items
# Below these ratios, the one-pass formula for a sum of squared deviations loses too many digits by cancellation.
_MOST_CANCELLED = 1e-2  # squared deviations to sum of squares
_LEAST_SPREAD = 1e-6  # mean squared deviation to largest square


@dataclass(frozen=True)
class Proportion:
    """A proportion: ``successes`` out of ``total``, as numbers of items."""

    successes: int
    total: int

    @property
    def value(self) -> float:
        """The fraction; NaN if the total is 0."""
        return self.successes / self.total if self.total else math.nan

    @property
    def interval(self) -> Interval:
        """The 95% confidence interval (Wilson's score interval, 1927); (0, 1) if the total is 0.

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
    """Return the rank of each value, from 1 for the lowest. Equal values all get the mean of their ranks.

    >>> average_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def pearson(first: Floats, second: Floats) -> float:
    """Return Pearson's correlation; NaN for fewer than two values or if all values of one array are equal."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    x, y = first - first.mean(), second - second.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()  # avoids underflow of squares
    # NumPy sums, unlike BLAS, do not depend on memory alignment: two equal sides give exactly 1.
    x_squares, y_squares, covariance = (float(products.sum()) for products in (x * x, y * y, x * y))
    return min(1.0, max(-1.0, covariance / math.sqrt(x_squares * y_squares)))


def spearman(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation: Pearson's correlation of the average ranks."""
    return pearson(average_ranks(first), average_ranks(second))


def correlation_p_value(correlation: float, n: int) -> float:
    """Return the two-sided p-value of a correlation for the hypothesis that the true correlation is 0.

    It is computed from Student's t distribution with n - 2 degrees of freedom.
    """
    if math.isnan(correlation) or n < 3:
        return math.nan
    if abs(correlation) == 1.0:
        return 0.0
    from scipy.special import stdtr

    t = correlation * math.sqrt((n - 2) / ((1 - correlation) * (1 + correlation)))
    return float(2 * stdtr(n - 2, -abs(t)))


def resample_counts(rng: np.random.Generator, n: int, resamples: int) -> NDArray[np.int64]:
    """Draw bootstrap resamples of ``n`` items; return how often each resample has each item, shape (resamples, n)."""
    if n <= _MOST_MULTINOMIAL:
        return rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    # The same distribution, faster for many items: multinomial() draws a binomial number for each item, which takes six
    # times as long. rng.integers() takes twice as long; rounding floats biases an item by at most a factor 2^-53 n.
    counts = np.empty((resamples, n), np.int64)
    for row in counts:
        row[:] = np.bincount((rng.random(n) * n).astype(np.intp), minlength=n)
    return counts


@dataclass(frozen=True, slots=True)
class ResampledPairs:
    """Computes the correlations of two arrays of n values in many bootstrap resamples.

    Numbers that are the same for all resamples, such as products of the values, are computed once. Both arrays are
    stored in ascending order of the second, so that most accesses to memory are sequential. Work arrays are reused for
    all resamples.
    """

    first: Floats
    second: Floats
    _order: NDArray[np.int64]
    _moments: Floats
    _ranks: tuple[_ResampledRanks, _ResampledRanks]

    @classmethod
    def of(cls, first: Floats, second: Floats) -> ResampledPairs:
        """Sort both arrays by the second, and compute the numbers that all resamples need."""
        order = np.argsort(second, kind="stable")
        first, second = first[order], second[order]
        x, y = _centred(first), _centred(second)
        moments = np.array([x, y, x * x, y * y, x * y])
        return cls(first, second, order, moments, (_ResampledRanks.of(first), _ResampledRanks.of(second)))

    def both(self, counts: NDArray[np.int64]) -> Floats:
        """Return both correlations in each resample, shape (2, resamples): row 0 holds Spearman's, row 1 Pearson's."""
        return self._in_each(counts, (self._spearman, self._pearson))

    def pearson(self, counts: NDArray[np.int64]) -> Floats:
        """Return Pearson's correlation in each resample, shape (resamples,); NaN if an array is constant."""
        return self._in_each(counts, (self._pearson,)).reshape(-1)

    def spearman(self, counts: NDArray[np.int64]) -> Floats:
        """Return Spearman's correlation in each resample, shape (resamples,); NaN if an array is constant."""
        return self._in_each(counts, (self._spearman,)).reshape(-1)

    def _in_each(self, counts: NDArray[np.int64], statistics: Sequence[Callable[[_Resample], float]]) -> Floats:
        found = np.empty((len(statistics), len(counts)))
        resample = _Resample.of(counts.shape[1])
        for number, row in enumerate(counts):
            resample.take(row, self._order)
            found[:, number] = [statistic(resample) for statistic in statistics]
        return found

    def _pearson(self, resample: _Resample) -> float:
        n = float(resample.total)
        x_sum, y_sum, x_squares, y_squares, products = (self._moments @ resample.weights).tolist()
        x_around, y_around = x_squares - x_sum * x_sum / n, y_squares - y_sum * y_sum / n
        least = _LEAST_SPREAD * n
        if x_around <= max(least, _MOST_CANCELLED * x_squares) or y_around <= max(least, _MOST_CANCELLED * y_squares):
            return self._pearson_around_mean(resample.weights, n)
        return float((products - x_sum * y_sum / n) / math.sqrt(x_around * y_around))

    def _pearson_around_mean(self, weights: Floats, n: float) -> float:
        """Return Pearson's correlation in one resample, computed from deviations from the means.

        This method is used if the faster formula, from sums of products, would lose too many digits by cancellation.
        ``weights`` holds the number of draws of each item, and ``n`` their sum.
        """
        x = self.first - self.first @ weights / n
        y = self.second - self.second @ weights / n
        weighted = x * weights
        x_squares, covariance = weighted @ x, weighted @ y
        y_squares = np.multiply(y, weights, out=weighted) @ y
        if x_squares <= _rounding(self.first, n) or y_squares <= _rounding(self.second, n):
            return math.nan
        return float(covariance / math.sqrt(x_squares * y_squares))

    def _spearman(self, resample: _Resample) -> float:
        first, second = self._ranks
        x_squares, y_squares = first.deviations(resample, resample.x), second.deviations(resample, resample.y)
        if not x_squares or not y_squares:
            return math.nan
        weighted = np.multiply(resample.x, resample.weights, out=resample.x)
        return float(weighted @ resample.y / math.sqrt(x_squares * y_squares))


@dataclass(slots=True)
class _Resample:
    """How often each of n items was drawn, and work arrays that are reused for every resample.

    Attributes
    ----------
    counts, weights : array of int32 and of float64, shape (n,)
        How often each item was drawn, as whole numbers and as floats.
    whole, x, y : arrays of int32, float64 and float64, shape (n,)
        Work arrays.
    total : int
        The sum of the counts, below 2^30.
    """

    counts: NDArray[np.int32]
    weights: Floats
    whole: NDArray[np.int32]
    x: Floats
    y: Floats
    total: int = 0

    @classmethod
    def of(cls, n: int) -> _Resample:
        counts, whole = np.empty((2, n), np.int32)
        weights, x, y = np.empty((3, n))
        return cls(counts, weights, whole, x, y)

    def take(self, row: NDArray[np.int64], order: NDArray[np.int64]) -> None:
        """Set the counts to those in ``row``, in the order of the items that ``order`` holds."""
        self.whole[:] = row  # int32 halves the size of the array that is read in random order
        np.take(self.whole, order, out=self.counts, mode="clip")  # the other modes make a copy
        self.weights[:] = self.counts
        self.total = int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class _ResampledRanks:
    """Computes average ranks in resamples of values that were sorted once.

    Attributes
    ----------
    order : array of int64, shape (n,), or None
        The items in ascending order of their values; None if they are sorted already.
    group : array of int64, shape (n,)
        For each item, the index of the group of items that have the same value.
    groups : int
        The number of groups.
    """

    order: NDArray[np.int64] | None
    group: NDArray[np.int64]
    groups: int

    @classmethod
    def of(cls, values: Floats) -> _ResampledRanks:
        different, group = np.unique(values, return_inverse=True)
        in_order = (np.diff(group) >= 0).all()
        return cls(None if in_order else np.argsort(group, kind="stable"), group, len(different))

    def deviations(self, resample: _Resample, out: Floats) -> float:
        """Compute the deviation of the rank of each item from the mean rank in a resample; return their sum of squares.

        Twice the deviation of each item is written to ``out``. Equal values form a group and share the mean of their
        ranks. If ``before`` draws precede a group and ``last`` draws precede or belong to it, twice its rank is ``last
        + before + 1``. Twice the mean rank is ``total + 1``. In the sum of squares, each item counts as often as it was
        drawn.
        """
        n, weights = len(out), resample.weights
        last: NDArray[Any]
        if self.groups < n:
            counts = np.bincount(self.group, weights, self.groups)
            last, ranks = np.cumsum(counts), np.empty(self.groups)
        else:  # there are no ties
            whole = resample.counts
            if self.order is not None:
                whole = np.take(whole, self.order, out=resample.whole, mode="clip")
            last = np.cumsum(whole, dtype=np.int32, out=resample.whole)
            ranks = out if self.order is None else np.empty(n)
            # Distinct draws have a sum of squares of (total^3 - total) / 3. A group of t draws reduces it by
            # (t^3 - t) / 3.
            squares = float(resample.total**3 - np.multiply(weights, weights, out=out) @ weights) / 3
        ranks[0] = last[0]
        np.add(last[1:], last[:-1], out=ranks[1:])
        ranks -= resample.total
        if self.groups < n:
            squares = float((ranks * counts) @ ranks)
        if ranks is not out:
            np.take(ranks, self.group, out=out, mode="clip")
        return squares


def _centred(values: Floats) -> Floats:
    """Subtract the mean and scale the values so that the largest absolute value is 1.

    The squares of the result then neither overflow nor underflow.
    """
    centred = values / max(1.0, float(np.abs(values).max(initial=0.0)))
    centred -= centred.mean() if len(centred) else 0.0
    largest = float(np.abs(centred).max(initial=0.0))
    return centred / largest if largest else centred


def _rounding(values: Floats, n: float) -> float:
    """Return an upper bound on a sum of ``n`` squared deviations that come from rounding errors only."""
    scale = 4 * np.finfo(np.float64).eps * np.abs(values).max()
    return float(n * scale**2)


def bootstrap(statistic: Callable[[NDArray[np.int64]], Floats], n: int, *, resamples: int, seed: int) -> Interval:
    """Compute a 95% percentile bootstrap interval (Efron 1979).

    Parameters
    ----------
    statistic : callable
        A function that maps the counts of :func:`resample_counts` to one value for each resample. NaN is ignored.
    n : int
        Number of items.
    resamples : int
        Number of resamples.
    seed : int
        Random seed.

    Returns
    -------
    (float, float)
        The interval; NaN if the statistic is NaN in all resamples.

    Raises
    ------
    ConfigError
        ``resamples`` or ``seed`` is not valid.
    """
    return bootstraps(lambda counts: statistic(counts)[None], n, resamples=resamples, seed=seed)[0]


def bootstraps(
    statistics: Callable[[NDArray[np.int64]], Floats], n: int, *, resamples: int, seed: int
) -> list[Interval]:
    """Compute the 95% intervals of k statistics from the same resamples, as a list; see :func:`bootstrap`.

    ``statistics`` maps the counts of the resamples to an array of shape (k, resamples).
    """
    resamples, seed = check("resamples", FROM_1, resamples), check("seed", Number(0, integer=True), seed)
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // max(n, 1))
    sizes = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
    if n < 3:
        return [_percentiles(row) for row in statistics(np.empty((0, n), dtype=np.int64))]
    workers = usable_cores() if n > _MOST_MULTINOMIAL else 1
    parts: list[Future[Floats]] = []
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        # This thread draws all resamples, in a fixed order, while the pool computes statistics.
        for number, size in enumerate(sizes):
            parts.append(pool.submit(statistics, resample_counts(rng, n, size)))
            if number >= workers:
                wait([parts[number - workers]])
    values = np.concatenate([part.result() for part in parts], axis=1)
    return [_percentiles(row[~np.isnan(row)]) for row in values]


def one_blas_thread() -> AbstractContextManager[object]:
    """Return a context manager that limits BLAS to one thread. For small products, this is faster than several."""
    from threadpoolctl import threadpool_limits

    limit: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limit


def _percentiles(values: Floats) -> Interval:
    if not len(values):
        return math.nan, math.nan
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def mean_interval(values: Floats, first_units: NDArray[np.int64], second_units: NDArray[np.int64]) -> Interval:
    """Compute a normal 95% interval for the mean of values, of which those that share a unit are correlated.

    Each value belongs to two units (for analogies, its two word pairs). The variance of the mean includes the products
    of the deviations of all values that share a unit (Fafchamps and Gubert 2007). For independent values, pass a
    distinct unit for each value, in both arrays.

    Parameters
    ----------
    values : array of float64, shape (n,)
        The values.
    first_units, second_units : array of int64, shape (n,)
        For each value, the index of its first and of its second unit.

    Returns
    -------
    (float, float)
        The interval; NaN for fewer than 3 values.
    """
    n = len(values)
    if n < 3:
        return math.nan, math.nan
    mean = float(values.mean())
    deviations = values - mean
    units = int(max(first_units.max(), second_units.max())) + 1
    two = first_units != second_units
    of_unit = np.bincount(first_units, deviations, units) + np.bincount(second_units[two], deviations[two], units)
    # Two values that share both units are counted in two of these sums. Subtract their products once.
    low, high = np.minimum(first_units, second_units)[two], np.maximum(first_units, second_units)[two]
    _, pair = np.unique(low * units + high, return_inverse=True)
    of_pair = np.bincount(pair, deviations[two])
    squares = float(of_unit @ of_unit) - float(of_pair @ of_pair)
    used = len(np.union1d(first_units, second_units))
    variance = max(squares, float(deviations @ deviations)) / n**2 * used / max(used - 1, 1)
    half = _NORMAL_975 * math.sqrt(variance)
    return mean - half, mean + half


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact two-sided test (1947).

    Parameters
    ----------
    only_first, only_second : int
        The number of items that only the first, or only the second, of two competitors answered correctly.

    >>> mcnemar_p_value(10, 2)
    0.03857421875
    """
    n = only_first + only_second
    if not n:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5)))


def williams_p_value(first: float, second: float, between: float, n: int) -> float:
    """Return the two-sided p-value for the hypothesis that two variables correlate equally with a third.

    The test is Williams' t-test with n - 3 degrees of freedom (Steiger 1980, equation 7).

    Parameters
    ----------
    first, second : float
        The correlations of two variables with a third.
    between : float
        The correlation of the two variables with each other.
    n : int
        The number of observations.
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
    """Return ``value``, or None for NaN, which JSON does not have."""
    return None if math.isnan(value) else value
