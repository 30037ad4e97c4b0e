"""Compute a map of a whole vocabulary: the position and group of each word."""

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
RANKS = (100, 1_000, 10_000)  # frequency ranks that separate the groups by frequency
_ROWS = 8_192  # rows processed at a time
_CLUSTERED_ROWS = 10_000
_CLUSTERING_STEPS = 20


@dataclass(frozen=True)
class WordMap:
    """Two-dimensional positions of the first words of a vocabulary.

    Attributes
    ----------
    vectors : Embeddings
        The vectors.
    count : int
        Number of words on the map: the first ones of the vocabulary.
    positions : array of float32, shape (count, 2)
        Coordinates of each word.
    shares : array of float64, shape (2,)
        The fraction of the variance that each axis explains; NaN for UMAP.
    """

    vectors: Embeddings
    count: int
    positions: NDArray[np.float32]
    shares: NDArray[np.float64]

    @functools.cached_property
    def packed_positions(self) -> str:
        """The positions in the form that the viewer reads: pairs of little-endian uint16, encoded in base64.

        Both axes have the same scale.
        """
        low, high = self.positions.min(axis=0), self.positions.max(axis=0)
        span = float((high - low).max())
        middle = (low + high) / 2
        scaled = (self.positions - middle) / (span if span > 0 else 1.0) + 0.5
        return _base64(np.clip(np.rint(scaled * 65_535), 0, 65_535).astype("<u2"))

    def words(self) -> list[str]:
        """Return the words on the map, most frequent first."""
        return list(self.vectors.words[: self.count])

    def data(self, clusters: int | None = None) -> dict[str, Any]:
        """Return the data of the map for the viewer's ``setData``, as a JSON-compatible dict."""
        return {"positions": self.packed_positions, "words": self.words(), **self.groups(clusters)}

    def groups(self, clusters: int | None = None) -> dict[str, Any]:
        """Return the data for the viewer's ``setGroups``: the group of each word, and the colour of each group.

        If ``clusters`` is a number, :func:`cluster_words` groups the words. If it is None, they are grouped by
        frequency.
        """
        if clusters is None:
            ids = np.searchsorted(np.array(RANKS), np.arange(self.count), side="right").astype(np.uint8)
            return {"groups": _base64(ids), "colours": list(FREQUENCY_COLOURS)}
        return {"groups": _base64(cluster_words(self.vectors, self.count, clusters)), "colours": list(COLOURS)}


FREQUENCY_COLOURS = ("#b3261e", "#c2620c", "#0b62b3", "#7d8a97")


def map_vocabulary(vectors: Embeddings, method: str = "pca", *, most: int = MOST_WORDS, seed: int = 0) -> WordMap:
    """Map the first words of a vocabulary, which in trained vectors are the most frequent ones.

    Parameters
    ----------
    vectors : Embeddings
        The vectors.
    method : {"pca", "umap"}, default "pca"
        See :func:`wordkin.plots.map_words`.
    most : int, default 100,000
        Maximum number of words.
    seed : int, default 0
        Random seed of UMAP.

    Returns
    -------
    WordMap
        The map.

    Raises
    ------
    ConfigError
        The method is unknown, or there are fewer than 2 words.
    MissingExtraError
        UMAP is not installed.
    """
    count = min(len(vectors), most)
    if count < 2:
        raise ConfigError("words", "must hold at least two words for a map", count)
    if method == "pca":
        positions, shares = _principal_positions(vectors, count)
    elif method == "umap":
        positions, shares = umap_positions(vectors.unit_vectors(np.arange(count)), seed), np.full(2, np.nan)
    else:
        raise ConfigError("method", 'must be "pca" or "umap"', method)
    return WordMap(vectors, count, positions.astype(np.float32), shares)


def _principal_positions(vectors: Embeddings, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return positions of words by PCA, shape (count, 2), and the share of the variance of each axis, shape (2,).

    They are computed from the N x N covariance matrix of the unit vectors, which takes a second for 100,000 words.
    """
    size = vectors.vector_size
    total, products = np.zeros(size), np.zeros((size, size))
    units = np.empty(
        (count, size), dtype=np.float32
    )  # kept for the second pass, since computing them takes most of the time
    for start in range(0, count, _ROWS):
        rows = units[start : start + _ROWS]
        rows[:] = vectors.unit_vectors(np.arange(start, start + len(rows)))
        total += rows.sum(axis=0, dtype=np.float64)
        products += rows.T @ rows
    mean = total / count
    variances, axes = np.linalg.eigh(products / count - np.outer(mean, mean))
    chosen = axes[:, ::-1][:, :2]
    # Make the sign of each axis independent of the linear algebra library: its largest component is positive.
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
    """Group similar words by k-means on unit vectors.

    The means are computed from the 10,000 most frequent words. Other words join the group of the nearest mean.

    Parameters
    ----------
    vectors : Embeddings
        The vectors.
    count : int
        Number of words to group: the first ones of the vocabulary.
    wanted : int
        Number of groups, 2 to 8. If there are fewer words than that, the number of words is used.
    seed : int, default 0
        Random seed of k-means.

    Returns
    -------
    array of uint8, shape (count,)
        The group of each word; group 0 is the largest.

    Raises
    ------
    ConfigError
        ``wanted`` is out of range.
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
