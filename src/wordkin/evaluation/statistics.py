"""Statistics of an evaluation: proportions, correlations, their intervals, and paired tests.

Everything is plain NumPy in float64; SciPy's special functions are loaded only for p-values.
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
_CELLS_AT_ONCE = 1 << 20  # bounds the memory of a bootstrap: resamples x items
_MOST_MULTINOMIAL = 1 << 14  # items
_MOST_CANCELLED = 1e-2  # where less than this share of a sum of squares is left, subtract the mean first
_LEAST_SPREAD = 1e-6  # the same of a mean square beside the largest square


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
    # The same distribution; a binomial number for each item takes six times as long as a draw for each, and drawing
    # integers twice as long as drawing floats below n (53 bits: no item is likelier than another by 2^-53 n).
    counts = np.empty((resamples, n), np.int64)
    for row in counts:
        row[:] = np.bincount((rng.random(n) * n).astype(np.intp), minlength=n)
    return counts


@dataclass(frozen=True, slots=True)
class ResampledPairs:
    """Correlations of ``first`` with ``second`` (float64[n] each) in bootstrap resamples.

    What does not depend on the resample, the order of the values and their products, is found once; both sides are
    kept in the order of the second. Memory bounds a resample of 100,000 pairs: 0.6 ms to draw it, three passes in
    random order, and ten from first to last, in memory that is taken once for many resamples.
    """

    first: Floats
    second: Floats
    _order: NDArray[np.int64]
    _moments: Floats
    _ranks: tuple[_ResampledRanks, _ResampledRanks]

    @classmethod
    def of(cls, first: Floats, second: Floats) -> ResampledPairs:
        """Prepare the two sides."""
        order = np.argsort(second, kind="stable")
        first, second = first[order], second[order]
        x, y = _centred(first), _centred(second)
        moments = np.array([x, y, x * x, y * y, x * y])
        return cls(first, second, order, moments, (_ResampledRanks.of(first), _ResampledRanks.of(second)))

    def both(self, counts: NDArray[np.int64]) -> Floats:
        """Spearman's and Pearson's correlation in each resample: float64[2, resamples]."""
        return self._in_each(counts, (self._spearman, self._pearson))

    def pearson(self, counts: NDArray[np.int64]) -> Floats:
        """Pearson's correlation in each resample (float64[resamples]); NaN where one side is constant."""
        return self._in_each(counts, (self._pearson,)).reshape(-1)

    def spearman(self, counts: NDArray[np.int64]) -> Floats:
        """Spearman's correlation in each resample (float64[resamples]); NaN where one side is constant."""
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
        """The same for a resample whose values lie close together, beside all values or far from their mean."""
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
    """How often each of n items was drawn, and memory to work in, which every resample uses again.

    counts, weights : int32[n], float64[n], the draws of each item. total : their sum, below 2^30.
    whole, x, y : int32[n] and two float64[n] to work in.
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
        """Hold the draws of ``row``, in that order of the items."""
        self.whole[:] = row  # half the size: more of it stays in the cache, where it is read in any order
        np.take(self.whole, order, out=self.counts, mode="clip")  # the other modes copy
        self.weights[:] = self.counts
        self.total = int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class _ResampledRanks:
    """Average ranks in resamples of values that were sorted once.

    order : int64[n], the items by rising value; None where they stand so already.
    group : int64[n], the group of equal values that each item is of. groups : how many there are.
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
        """Twice the distance of the rank of each item from the mean rank, into ``out``; the squares, summed over draws.

        The rank of a group is the mean of those of its draws: with ``last`` and ``before``, the draws up to and before
        the group, twice the rank is ``last + before + 1``, and twice the mean rank is ``total + 1``, whatever the ties.
        """
        n, weights = len(out), resample.weights
        last: NDArray[Any]
        if self.groups < n:
            counts = np.bincount(self.group, weights, self.groups)
            last, ranks = np.cumsum(counts), np.empty(self.groups)
        else:  # each item is a group
            whole = resample.counts
            if self.order is not None:
                whole = np.take(whole, self.order, out=resample.whole, mode="clip")
            last = np.cumsum(whole, dtype=np.int32, out=resample.whole)
            ranks = out if self.order is None else np.empty(n)
            # without ties the squares sum to (total^3 - total) / 3, and a group of t draws takes (t^3 - t) / 3 off
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
    """Values less their mean, the largest of them 1 in size, so that no square of it overflows or underflows."""
    centred = values / max(1.0, float(np.abs(values).max(initial=0.0)))
    centred -= centred.mean() if len(centred) else 0.0
    largest = float(np.abs(centred).max(initial=0.0))
    return centred / largest if largest else centred


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
    parts: list[Future[Floats]] = []
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        for number, size in enumerate(sizes):  # resamples are drawn here, in one order, while others are worked on
            parts.append(pool.submit(statistics, resample_counts(rng, n, size)))
            if number >= workers:
                wait([parts[number - workers]])
    values = np.concatenate([part.result() for part in parts], axis=1)
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
