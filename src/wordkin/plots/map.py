"""A map of words: their vectors in two dimensions, near words near each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.plots.canvas import COLOURS, FAINT, INK, blank_figure, check_picture, chosen_ids, save, text_style
from wordkin.plots.labels import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("pca", "umap")
MOST_WORDS = 1_000

_LEADER_FROM = 12.0  # pixels between a point and its label from which a line joins them
_UMAP_NEIGHBOURS = 15  # its own default
_UMAP_FEWEST = 5


def map_words(
    embeddings: Embeddings, words: Sequence[str], method: str = "pca", *, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places of words in a plane.

    Parameters
    ----------
    words : 2 to 1,000 different words.
    method : "pca" turns the unit vectors so that two axes show as much of their variance as possible
        (Pearson 1901); "umap" keeps neighbours together and distorts distances (McInnes et al. 2018;
        at least 5 words; extra ``umap``).
    seed : of UMAP.

    Returns
    -------
    Coordinates, float64[words, 2], and the share of the variance that each axis shows, float64[2]
    (NaN for UMAP).

    Raises
    ------
    ConfigError : an illegal option.
    UnknownWordError : a word is not in the vocabulary.
    MissingExtraError : UMAP is not installed.
    """
    if method not in METHODS:
        raise ConfigError("method", 'must be "pca" or "umap"', method)
    _, ids = chosen_ids(embeddings, words, MOST_WORDS)
    units = embeddings.unit_vectors(ids).astype(np.float64)
    return _pca(units) if method == "pca" else (_umap(units, seed), np.full(2, np.nan))


def _pca(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centred = vectors - vectors.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    # an axis may point either way: let its largest component be positive, whatever the linear algebra library
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    places = np.zeros((len(vectors), 2))
    shares = np.zeros(2)
    axes = min(2, len(sizes))
    places[:, :axes] = (left * sizes * signs)[:, :axes]
    total = float((sizes**2).sum())
    shares[:axes] = sizes[:axes] ** 2 / total if total else 0.0
    return places, shares


def _umap(vectors: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    if len(vectors) < _UMAP_FEWEST:
        raise ConfigError("words", f'must be at least {_UMAP_FEWEST} with method="umap"', len(vectors), 'use "pca"')
    try:
        from umap import UMAP
    except ImportError as error:
        raise MissingExtraError("a map by UMAP", "umap") from error
    model = UMAP(
        n_neighbors=min(_UMAP_NEIGHBOURS, len(vectors) - 1),
        metric="cosine",
        init="pca",
        random_state=seed,
        n_jobs=1,  # what a fixed seed needs
    )
    return np.asarray(model.fit_transform(vectors.astype(np.float32)), dtype=np.float64)


def plot_words(
    embeddings: Embeddings,
    words: Sequence[str],
    output: str | os.PathLike[str],
    method: str = "pca",
    *,
    seed: int = 0,
) -> Path:
    """Draw a map of words with a label at each point.

    Parameters
    ----------
    words, method, seed : as of :func:`map_words`.
    output : a .png, .svg or .pdf file; an existing one is replaced.

    Returns the path written. Raises what :func:`map_words` raises, ConfigError on another suffix,
    OutputError where the file cannot be written and MissingExtraError without matplotlib.
    """
    path = check_picture(output)
    places, shares = map_words(embeddings, words, method, seed=seed)
    labels, _ = chosen_ids(embeddings, words, MOST_WORDS)
    side = float(np.clip(5 + len(labels) ** 0.5 * 0.45, 6, 24))
    figure = blank_figure(side * 1.25, side)
    axes = figure.add_subplot()
    axes.scatter(places[:, 0], places[:, 1], s=14, color=COLOURS[0], zorder=2)
    axes.margins(0.08)
    axes.spines[:].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=7, length=0)
    if method == "pca":
        axes.set_aspect("equal", adjustable="datalim")
        axes.grid(color=FAINT, linewidth=0.5)
        axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)", color=INK)
        axes.set_ylabel(f"second principal component ({shares[1]:.0%})", color=INK)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("UMAP: near words are alike, axes have no meaning", color=INK)
    _label_points(figure, axes, places, labels)
    save(figure, path)
    return path


def _label_points(figure: Figure, axes: Axes, places: NDArray[np.float64], labels: Sequence[str]) -> None:
    style: dict[str, Any] = text_style(9)
    texts = [axes.text(x, y, label, **style) for (x, y), label in zip(places.tolist(), labels, strict=True)]
    for text in texts:
        text.set_in_layout(False)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # from here on the pixel positions hold
    axes.autoscale(False)
    extents = [text.get_window_extent() for text in texts]
    sizes = np.array([[extent.width, extent.height] for extent in extents])
    points = axes.transData.transform(places)
    corners = place_labels(points, sizes, axes.get_window_extent().extents)
    to_data = axes.transData.inverted()
    for text, point, corner, size in zip(texts, points, corners, sizes, strict=True):
        text.set_verticalalignment("bottom")
        x, y = to_data.transform(corner).tolist()
        text.set_position((x, y))
        nearest = np.clip(point, corner, corner + size)
        if np.linalg.norm(nearest - point) > _LEADER_FROM:
            axes.plot(*to_data.transform([point, nearest]).T, color=INK, linewidth=0.4, alpha=0.6, zorder=1)
