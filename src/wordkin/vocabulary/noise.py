"""The noise distribution of negative sampling, and an alias table that samples it in constant time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.errors import ConfigError

_FULL = 1 << 32  # probability of one slot, in units of 1 / (V · 2³²)


def noise_probabilities(counts: ArrayLike, exponent: float = 0.75) -> NDArray[np.float64]:
    """Noise distribution: the counts raised to the power ``exponent``, normalised to sum to 1.

    Parameters
    ----------
    counts : array_like of shape (V,)
        Count of each word, positive.
    exponent : float, default 0.75
        0 gives the uniform distribution, 1 the relative frequencies of the words. Below 0, rare words are drawn more
        often than frequent ones. The default is that of Mikolov et al. 2013b.

    Returns
    -------
    ndarray of shape (V,), float64
        Probability of each word.

    >>> noise_probabilities([16, 1], exponent=0.5)
    array([0.8, 0.2])
    """
    occurrences = np.asarray(counts, dtype=np.float64)
    if not occurrences.size:
        raise ConfigError("counts", "must hold at least one word", [])
    if not occurrences.min() > 0:
        raise ConfigError("counts", "must all be positive", float(occurrences.min()))
    # Dividing by the likeliest word first keeps the power from overflowing, however large the exponent.
    likeliest = occurrences.max() if exponent >= 0 else occurrences.min()
    weights: NDArray[np.float64] = (occurrences / likeliest) ** exponent
    weights /= weights.sum()
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class AliasTable:
    """Samples word ids, each with one 64-bit random number and one table look-up (Walker 1977, Vose 1991).

    The upper 32 bits select a slot, ``slot = (upper · V) >> 32``. The lower 32 bits select the word ``slot`` if ``lower
    <= thresholds[slot]``, otherwise the word ``aliases[slot]``.

    Attributes
    ----------
    thresholds : ndarray of shape (V,), uint32
        Threshold of each slot.
    aliases : ndarray of shape (V,), int32
        Alternative word of each slot. It is the slot itself if there is no alternative.
    """

    thresholds: NDArray[np.uint32]
    aliases: NDArray[np.int32]

    def draw(self, random_bits: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Sample word ids from an array of uniform 64-bit random numbers; the result has the same shape."""
        bits = np.asarray(random_bits, dtype=np.uint64)
        shift = np.uint64(32)
        slots = (((bits >> shift) * np.uint64(len(self.aliases))) >> shift).astype(np.int64)
        lower = (bits & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        return np.where(lower <= self.thresholds[slots], slots, self.aliases[slots])


def alias_table(probabilities: ArrayLike) -> AliasTable:
    """Build the alias table of a distribution over V words, V below 2³¹.

    Probabilities are rounded to multiples of 1 / (V · 2³²), and to at least one such unit. The table represents the
    rounded distribution exactly. It is built in integers, from sorted prefix sums instead of the usual two stacks. If a
    word does not fill its slot, the rest of the slot goes to the first word with an excess: more probability than its
    own slot holds. If this excess ends inside the slot, the word gives up the missing part from its own slot, which
    then goes to the next word with an excess.

    Parameters
    ----------
    probabilities : array_like of shape (V,)
        Nonnegative weights with a positive sum; they are normalised.

    Returns
    -------
    AliasTable
        The table.
    """
    shares = _shares(np.asarray(probabilities, dtype=np.float64))
    size = len(shares)
    kept = np.minimum(shares, _FULL)
    aliases = np.arange(size, dtype=np.int32)
    poor = np.flatnonzero(shares < _FULL)
    rich = np.flatnonzero(shares >= _FULL)
    needs = np.cumsum(_FULL - shares[poor])
    surpluses = np.cumsum(shares[rich] - _FULL)
    if len(poor):
        needs_before = np.concatenate(([0], needs[:-1]))
        aliases[poor] = rich[np.searchsorted(surpluses, needs_before, side="right")]
        last = np.searchsorted(needs, surpluses, side="right")  # first slot that each surplus cannot fill completely
        started = surpluses > np.append(needs_before, surpluses[-1])[last]  # whether it fills a part of that slot
        overdrawn = np.flatnonzero(started)
        kept[rich[overdrawn]] = _FULL - (needs[last[overdrawn]] - surpluses[overdrawn])
        aliases[rich[overdrawn]] = rich[overdrawn + 1]
    return AliasTable((kept - 1).astype(np.uint32), aliases)


def _shares(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round probabilities to units of 1 / (V · 2³²): positive integers that sum to V · 2³²."""
    size = len(probabilities)
    if not size or size >= 1 << 31:
        raise ConfigError("probabilities", "must hold from 1 to 2147483647 words", size)
    if not (probabilities.min() >= 0 and 0 < probabilities.sum() < np.inf):
        raise ConfigError("probabilities", "must be finite, nonnegative and not all zero", probabilities.min())
    shares: NDArray[np.int64] = np.rint(probabilities / probabilities.sum() * (size * _FULL)).astype(np.int64)
    np.maximum(shares, 1, out=shares)
    # Rounding changed the sum by less than V. The largest share is at least 2³², so it can absorb the difference.
    shares[np.argmax(shares)] += size * _FULL - int(shares.sum())
    return shares
