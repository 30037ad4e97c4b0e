"""The distribution noise words are drawn from, and a table that draws from it in constant time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.errors import ConfigError

_FULL = 1 << 32  # what one slot holds, in units of 1 / (V · 2³²)


def noise_probabilities(counts: ArrayLike, exponent: float = 0.75) -> NDArray[np.float64]:
    """Probability of each word as noise: count to the power ``exponent``, normalised to sum to 1.

    Parameters
    ----------
    counts : occurrences of each word, shape (V,), all positive.
    exponent : 0.75 in Mikolov et al. 2013b; 0 draws uniformly, 1 by frequency, below 0 prefers rare words.

    >>> noise_probabilities([16, 1], exponent=0.5)
    array([0.8, 0.2])
    """
    occurrences = np.asarray(counts, dtype=np.float64)
    if not occurrences.size:
        raise ConfigError("counts", "must hold at least one word", [])
    if not occurrences.min() > 0:
        raise ConfigError("counts", "must all be positive", float(occurrences.min()))
    # Relative to the likeliest word no power overflows, however large the exponent.
    likeliest = occurrences.max() if exponent >= 0 else occurrences.min()
    weights: NDArray[np.float64] = (occurrences / likeliest) ** exponent
    weights /= weights.sum()
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class AliasTable:
    """Draws a word id from one 64-bit random number with one table look-up (Walker 1977, Vose 1991).

    The upper 32 bits choose a slot, ``slot = (upper · V) >> 32``; the lower 32 bits choose between the
    slot's own word (``lower <= thresholds[slot]``) and ``aliases[slot]``.

    Attributes
    ----------
    thresholds : uint32, shape (V,).
    aliases : int32, shape (V,); a slot that its own word fills aliases itself.
    """

    thresholds: NDArray[np.uint32]
    aliases: NDArray[np.int32]

    def draw(self, random_bits: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Word ids for an array of uniform 64-bit random numbers, of the same shape."""
        bits = np.asarray(random_bits, dtype=np.uint64)
        shift = np.uint64(32)
        slots = (((bits >> shift) * np.uint64(len(self.aliases))) >> shift).astype(np.int64)
        lower = (bits & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        return np.where(lower <= self.thresholds[slots], slots, self.aliases[slots])


def alias_table(probabilities: ArrayLike) -> AliasTable:
    """Build the alias table of a distribution over V words, V below 2³¹; a fraction of a second for V = 10⁶.

    Probabilities are first rounded to whole multiples of 1 / (V · 2³²), none below one, and the table
    then reproduces those exactly: it is built in integers, with sorted prefix sums instead of the usual
    two stacks. A word that lacks ``need`` of its slot takes it from the first word whose surplus is not
    yet used up; a word whose surplus ran out in the middle takes the rest from the next.

    Parameters
    ----------
    probabilities : shape (V,), none negative, positive sum (normalised here).
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
        last = np.searchsorted(needs, surpluses, side="right")  # whom each rich word could not serve in full
        started = surpluses > np.append(needs_before, surpluses[-1])[last]  # or not at all, if used up just before
        overdrawn = np.flatnonzero(started)
        kept[rich[overdrawn]] = _FULL - (needs[last[overdrawn]] - surpluses[overdrawn])
        aliases[rich[overdrawn]] = rich[overdrawn + 1]
    return AliasTable((kept - 1).astype(np.uint32), aliases)


def _shares(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Probabilities in units of 1 / (V · 2³²): positive integers with the sum V · 2³²."""
    size = len(probabilities)
    if not size or size >= 1 << 31:
        raise ConfigError("probabilities", "must hold from 1 to 2147483647 words", size)
    if not (probabilities.min() >= 0 and 0 < probabilities.sum() < np.inf):
        raise ConfigError("probabilities", "must be finite, not negative and not all zero", probabilities.min())
    shares: NDArray[np.int64] = np.rint(probabilities / probabilities.sum() * (size * _FULL)).astype(np.int64)
    np.maximum(shares, 1, out=shares)
    shares[np.argmax(shares)] += size * _FULL - int(shares.sum())  # its own share is at least 2³², the gap below V
    return shares
