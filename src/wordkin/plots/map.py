"""Draw a map of words: their vectors reduced to two dimensions by PCA or UMAP."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from wordkin.config import Number, check
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.plots.canvas import (
    Canvas,
    ThemeName,
    check_picture,
    chosen_ids,
    finish,
    open_canvas,
    plain_axes,
    silent_about_glyphs,
)
from wordkin.plots.labels import place_labels
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from _typeshed import SupportsWrite
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("pca", "umap")
MOST_WORDS = 1_000

_LEADER_FROM = 9.0  # pixels; a label farther from its point gets a leader line
_UMAP_NEIGHBOURS = 15  # the default of UMAP
_UMAP_FEWEST = 5
_MOST_GROUPS = 7


def map_words(
    embeddings: WordVectors, words: Sequence[str], method: Literal["pca", "umap"] = "pca", *, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reduce the unit vectors of words to two dimensions.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors.
    words : sequence of str
        2 to 1,000 distinct words.
    method : {"pca", "umap"}, default "pca"
        "pca" projects to the first two principal components, which explain as much variance as possible (Pearson 1901).
        "umap" keeps neighbours together but distorts distances (McInnes et al. 2018). It needs at least 5 words and the
        extra ``umap``.
    seed : int, default 0
        Random seed of UMAP.

    Returns
    -------
    positions : array of float64, shape (words, 2)
        Coordinates of the words in their order.
    shares : array of float64, shape (2,)
        The fraction of the variance that each axis explains; NaN for UMAP.

    Raises
    ------
    ConfigError
        An option is not valid.
    UnknownWordError
        A word is not in the vocabulary.
    MissingExtraError
        UMAP is not installed.
    """
    if method not in METHODS:
        raise ConfigError("method", 'must be "pca" or "umap"', method)
    _, ids = chosen_ids(embeddings, words, MOST_WORDS)
    units = embeddings.unit_vectors(ids).astype(np.float64)
    return _pca(units) if method == "pca" else (umap_positions(units, seed), np.full(2, np.nan))


def _pca(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centred = vectors - vectors.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    # Make the sign of each axis independent of the linear algebra library: its largest component is positive.
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    positions = np.zeros((len(vectors), 2))
    shares = np.zeros(2)
    axes = min(2, len(sizes))
    positions[:, :axes] = (left * sizes * signs)[:, :axes]
    total = float((sizes**2).sum())
    shares[:axes] = sizes[:axes] ** 2 / total if total else 0.0
    return positions, shares


def umap_positions(
    vectors: NDArray[np.floating], seed: int, *, progress: SupportsWrite[str] | None = None
) -> NDArray[np.float64]:
    """Reduce unit vectors to two dimensions by UMAP; see :func:`map_words`.

    Parameters
    ----------
    vectors : array, shape (words, N)
        The unit vectors.
    seed : int
        Random seed.
    progress : text stream or None, default None
        Receives the progress of UMAP.

    Returns
    -------
    array of float64, shape (words, 2)
        The coordinates.
    """
    if len(vectors) < _UMAP_FEWEST:
        raise ConfigError(
            "words", f'must hold at least {_UMAP_FEWEST} words with method="umap"', len(vectors), 'use "pca"'
        )
    try:
        from umap import UMAP
    except ImportError as error:
        raise MissingExtraError("a map by UMAP", "umap") from error
    model = UMAP(
        n_neighbors=min(_UMAP_NEIGHBOURS, len(vectors) - 1),
        metric="cosine",
        init="pca",
        random_state=seed,
        n_jobs=1,  # required for reproducible results
        verbose=progress is not None,
        tqdm_kwds=None if progress is None else {"file": progress, "mininterval": 0.2},
    )
    return np.asarray(model.fit_transform(vectors.astype(np.float32)), dtype=np.float64)


def plot_words(
    embeddings: WordVectors,
    words: Sequence[str] | Mapping[str, Sequence[str]],
    output: str | os.PathLike[str] | None = None,
    method: Literal["pca", "umap"] = "pca",
    *,
    clusters: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    theme: ThemeName = "light",
    font: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> Figure:
    """Draw a map of words with a label at each point.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors.
    words : sequence of str, or mapping of str to sequence of str
        2 to 1,000 distinct words. A mapping has up to seven names of groups and the words of each; the groups are drawn
        in different colours.
    output : str, path or None, default None
        A .png, .svg or .pdf file to write. An existing file is replaced.
    method : {"pca", "umap"}, default "pca"
        See :func:`map_words`.
    clusters : int or None, default None
        Number of clusters to colour the words by (k-means on unit vectors), 2 to 7; None for no clusters.
    title : str or None, default None
        The title; "" for none. None sets a title with the number of words and the method.
    ax : matplotlib Axes or None, default None
        Axes to draw on instead of a new figure.
    theme : {"light", "dark"}, default "light"
        Colour theme.
    font : str, path or None, default None
        Font family or font file for the text; None chooses fonts that cover its characters.
    seed : int, default 0
        Random seed of UMAP and k-means.

    Returns
    -------
    matplotlib Figure
        The figure.

    Raises
    ------
    ConfigError
        An option is not valid.
    UnknownWordError
        A word is not in the vocabulary.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib or UMAP is not installed.
    """
    path = None if output is None else check_picture(output)
    labels, groups = _labels_and_groups(words)
    positions, shares = map_words(embeddings, labels, method, seed=seed)
    if clusters is not None:
        groups = _clusters(embeddings, labels, clusters, len(groups), seed)
    side = float(np.clip(4.2 + len(labels) ** 0.5 * 0.45, 5.5, 20))
    heading = f"Map of {len(labels):,} words ({method.upper()})" if title is None else title
    canvas = open_canvas(side * 1.25, side, [*map(str, [*labels, *groups]), heading], ax=ax, theme=theme, font=font)
    axes = plain_axes(canvas, ax)
    _draw_points(canvas, axes, positions, labels, groups)
    _name_axes(canvas, axes, method, shares)
    if heading:
        axes.set_title(heading, loc="left", **canvas.text_style(11))
    _label_points(canvas, axes, positions, labels)
    return finish(canvas, path)


def _labels_and_groups(words: Sequence[str] | Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, set[str]]]:
    """Return a list of the distinct words in their order, and a dict from the name of each group to its words.

    The dict is empty if the words were passed without groups.
    """
    if not isinstance(words, Mapping):
        return (words if isinstance(words, str) else list(dict.fromkeys(words))), {}  # type: ignore[return-value]
    if len(words) > _MOST_GROUPS:
        raise ConfigError("words", f"must have at most {_MOST_GROUPS} groups", len(words))
    group_of: dict[str, str] = {}
    for group, members in words.items():
        for word in [members] if isinstance(members, str) else members:
            if group_of.setdefault(word, group) != group:
                found = f"{word!r} in {group_of[word]!r} and {group!r}"
                raise ConfigError("words", "must name each word in only one group", found)
    groups = {group: {word for word, its_group in group_of.items() if its_group == group} for group in words}
    return list(group_of), groups


def _clusters(
    embeddings: WordVectors, labels: Sequence[str], clusters: int, groups: int, seed: int
) -> dict[str, set[str]]:
    """Group words by k-means; return a dict from the name of each cluster to its words.

    The name is the word nearest to the centre of the cluster.
    """
    from scipy.cluster.vq import kmeans2

    most = min(_MOST_GROUPS, len(labels))
    check("clusters", Number(2, most, integer=True), clusters)
    if groups:
        raise ConfigError("clusters", "must be left unset if words are given in groups", clusters)
    units = embeddings.unit_vectors(embeddings.vocabulary.ids_of(labels)).astype(np.float64)
    centres, members = kmeans2(units, clusters, minit="++", seed=seed)
    found: dict[str, set[str]] = {}
    for number in range(clusters):
        inside = np.flatnonzero(members == number)
        if len(inside):
            nearest = int(inside[np.argmin(np.linalg.norm(units[inside] - centres[number], axis=1))])
            found[f"like {labels[nearest]}"] = {labels[each] for each in inside.tolist()}
    return found


def _draw_points(
    canvas: Canvas, axes: Axes, positions: NDArray[np.float64], labels: Sequence[str], groups: Mapping[str, set[str]]
) -> None:
    """Draw a point for each word in the colour of its group, and a legend if there are groups."""
    if not groups:
        axes.scatter(positions[:, 0], positions[:, 1], s=14, color=canvas.theme.colours[0], zorder=3)
    for (group, members), colour in zip(groups.items(), canvas.theme.colours, strict=False):
        inside = [number for number, label in enumerate(labels) if label in members]
        axes.scatter(positions[inside, 0], positions[inside, 1], s=16, color=colour, zorder=3, label=group)
    axes.margins(0.08)
    if groups:
        legend = axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        for text in legend.get_texts():
            text.update(canvas.text_style(9))


def _name_axes(canvas: Canvas, axes: Axes, method: str, shares: NDArray[np.float64]) -> None:
    ink = canvas.theme.ink
    if method == "pca":
        axes.set_aspect("equal", adjustable="datalim")
        axes.grid(color=canvas.theme.faint, linewidth=0.5)
        axes.tick_params(labelsize=7)
        axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)", color=ink)
        axes.set_ylabel(f"second principal component ({shares[1]:.0%})", color=ink)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("near words are alike; the axes have no meaning", color=ink)


def _label_points(canvas: Canvas, axes: Axes, positions: NDArray[np.float64], labels: Sequence[str]) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2, foreground=canvas.theme.background)]  # separates letters from lines behind them
    texts = [
        axes.text(x, y, str(label), zorder=4, path_effects=halo, **canvas.text_style(9))
        for (x, y), label in zip(positions.tolist(), labels, strict=True)
    ]
    for text in texts:
        text.set_in_layout(False)
    with silent_about_glyphs():
        canvas.figure.draw_without_rendering()
    if canvas.own:
        canvas.figure.set_layout_engine("none")  # freezes the layout, on which pixel positions depend
    axes.autoscale(False)
    with silent_about_glyphs():
        extents = [text.get_window_extent() for text in texts]
    sizes = np.array([[extent.width, extent.height] for extent in extents])
    points = axes.transData.transform(positions)
    corners = place_labels(points, sizes, axes.get_window_extent().extents)
    to_data = axes.transData.inverted()
    for text, point, corner, size in zip(texts, points, corners, sizes, strict=True):
        text.set_verticalalignment("bottom")
        x, y = to_data.transform(corner).tolist()
        text.set_position((x, y))
        nearest = np.clip(point, corner, corner + size)
        if np.linalg.norm(nearest - point) > _LEADER_FROM:
            line = to_data.transform([point, nearest])
            axes.plot(*line.T, color=canvas.theme.ink, linewidth=0.4, alpha=0.6, zorder=2)
