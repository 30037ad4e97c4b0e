"""A map of a whole vocabulary: where each word lies, and in which group it is."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import Number, check
from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.plots.map import umap_positions

MOST_WORDS = 100_000
COLOURS = ("#0b62b3", "#c2410c", "#0f766e", "#9333a8", "#8a6100", "#4d7c0f", "#be185d", "#4b5a6b")
RANKS = (100, 1_000, 10_000)  # bounds of the groups by frequency
_ROWS = 8_192  # rows worked on at a time
_CLUSTERED_ROWS = 10_000
_CLUSTERING_STEPS = 20


@dataclass(frozen=True)
class WordMap:
    """Words in a plane.

    Attributes
    ----------
    vectors : what the words are taken from.
    count : how many of their first words are shown.
    positions : float32[count, 2], where each word lies.
    shares : float64[2], the share of the variance that each axis shows; NaN for UMAP.
    """

    vectors: Embeddings
    count: int
    positions: NDArray[np.float32]
    shares: NDArray[np.float64]

    @functools.cached_property
    def packed_positions(self) -> str:
        """The positions as the viewer reads them: uint16 pairs, little-endian, in base64; one scale for both axes."""
        low, high = self.positions.min(axis=0), self.positions.max(axis=0)
        span = float((high - low).max())
        middle = (low + high) / 2
        scaled = (self.positions - middle) / (span if span > 0 else 1.0) + 0.5
        return _base64(np.clip(np.rint(scaled * 65_535), 0, 65_535).astype("<u2"))

    def words(self) -> list[str]:
        """The words shown, the most frequent first."""
        return list(self.vectors.words[: self.count])

    def data(self, clusters: int | None = None) -> dict[str, Any]:
        """What the viewer's ``setData`` takes, ready for JSON."""
        return {"positions": self.packed_positions, "words": self.words(), **self.groups(clusters)}

    def groups(self, clusters: int | None = None) -> dict[str, Any]:
        """What the viewer's ``setGroups`` takes: the group of each word, and the colours of groups.

        Words are grouped by :func:`cluster_words`, or by their frequency where ``clusters`` is None.
        """
        if clusters is None:
            ids = np.searchsorted(np.array(RANKS), np.arange(self.count), side="right").astype(np.uint8)
            return {"groups": _base64(ids), "colours": list(FREQUENCY_COLOURS)}
        return {"groups": _base64(cluster_words(self.vectors, self.count, clusters)), "colours": list(COLOURS)}


FREQUENCY_COLOURS = ("#b3261e", "#c2620c", "#0b62b3", "#7d8a97")


def map_vocabulary(vectors: Embeddings, method: str = "pca", *, most: int = MOST_WORDS, seed: int = 0) -> WordMap:
    """A map of the first words of a vocabulary, in trained vectors the most frequent ones.

    Parameters
    ----------
    method : "pca" or "umap", as of :func:`wordkin.plots.map_words`.
    most : how many words at most.
    seed : of UMAP.

    Raises
    ------
    ConfigError : an unknown method, or fewer than 2 words.
    MissingExtraError : UMAP is not installed.
    """
    count = min(len(vectors), most)
    if count < 2:
        raise ConfigError("words", "must be at least 2 to be mapped", count)
    if method == "pca":
        positions, shares = _principal_positions(vectors, count)
    elif method == "umap":
        positions, shares = umap_positions(vectors.unit_vectors(np.arange(count)), seed), np.full(2, np.nan)
    else:
        raise ConfigError("method", 'must be "pca" or "umap"', method)
    return WordMap(vectors, count, positions.astype(np.float32), shares)


def _principal_positions(vectors: Embeddings, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """PCA by the N x N covariance of the unit vectors, so that 100,000 words take a second."""
    size = vectors.vector_size
    total, products = np.zeros(size), np.zeros((size, size))
    units = np.empty((count, size), dtype=np.float32)  # kept for the second pass: making them takes most of the time
    for start in range(0, count, _ROWS):
        rows = units[start : start + _ROWS]
        rows[:] = vectors.unit_vectors(np.arange(start, start + len(rows)))
        total += rows.sum(axis=0, dtype=np.float64)
        products += rows.T @ rows
    mean = total / count
    variances, axes = np.linalg.eigh(products / count - np.outer(mean, mean))
    chosen = axes[:, ::-1][:, :2]
    # an axis may point either way: let its largest component be positive, whatever the linear algebra library
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    positions = np.zeros((count, 2))
    for start in range(0, count, _ROWS):
        stop = min(start + _ROWS, count)
        positions[start:stop, : chosen.shape[1]] = units[start:stop] @ chosen.astype(np.float32) - mean @ chosen
    shares, whole = np.zeros(2), float(variances.sum())
    if whole > 0:
        shares[: chosen.shape[1]] = np.maximum(variances[::-1][:2], 0) / whole
    return positions, shares


def cluster_words(vectors: Embeddings, count: int, wanted: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Groups of like words by k-means of the unit vectors, uint8[count], the largest group first.

    The means are found among the 10,000 most frequent words; the others join the nearest one. There are
    ``wanted`` groups, 2 to 8, or as many as words where these are fewer; ConfigError for another number.
    """
    check("clusters", Number(2, len(COLOURS), integer=True), wanted)
    rows = vectors.unit_vectors(np.arange(min(count, _CLUSTERED_ROWS)))
    wanted = min(wanted, len(rows))
    from scipy.cluster.vq import kmeans2

    means, _ = kmeans2(rows, wanted, minit="++", seed=seed, iter=_CLUSTERING_STEPS)
    found = np.empty(count, dtype=np.intp)
    for start in range(0, count, _ROWS):
        ids = np.arange(start, min(start + _ROWS, count))
        found[ids] = _nearest(vectors.unit_vectors(ids), means)
    order = np.argsort(-np.bincount(found, minlength=wanted), kind="stable")
    rank = np.empty(wanted, dtype=np.uint8)
    rank[order] = np.arange(wanted, dtype=np.uint8)
    return rank[found]


def _nearest(rows: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.asarray((rows @ means.T - (means**2).sum(axis=1) / 2).argmax(axis=1))


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
