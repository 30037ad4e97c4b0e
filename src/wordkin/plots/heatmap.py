"""A heatmap of the cosines of words with each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.plots.canvas import INK, blank_figure, check_picture, chosen_ids, save, text_style

ORDERS = ("clustered", "given")
MOST_WORDS = 300

_NUMBERS_UP_TO = 25  # words for which a cell is large enough to hold its number
_DARK_FROM = 0.6  # cosines whose colour needs white figures on it


def plot_heatmap(
    embeddings: Embeddings, words: Sequence[str], output: str | os.PathLike[str], *, order: str = "clustered"
) -> Path:
    """Draw the cosines of words with each other, red for alike, blue for opposite.

    Parameters
    ----------
    words : 2 to 300 different words.
    output : a .png, .svg or .pdf file; an existing one is replaced.
    order : "clustered" puts similar words side by side (average linkage, leaves ordered optimally, Bar-Joseph
        et al. 2001), "given" keeps the order of ``words``.

    Returns the path written. Raises ConfigError on an illegal option, UnknownWordError, OutputError
    where the file cannot be written and MissingExtraError without matplotlib.
    """
    if order not in ORDERS:
        raise ConfigError("order", 'must be "clustered" or "given"', order)
    path = check_picture(output)
    labels, ids = chosen_ids(embeddings, words, MOST_WORDS)
    units = embeddings.unit_vectors(ids).astype(np.float64)
    if order == "clustered":
        leaves = _similar_side_by_side(units)
        labels, units = [labels[leaf] for leaf in leaves], units[leaves]
    cosines = np.clip(units @ units.T, -1, 1)

    side = 1.6 + 0.3 * len(labels)
    figure = blank_figure(side + 1.2, side)
    axes = figure.add_subplot()
    image = axes.imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=90, **text_style(9))
    axes.set_yticks(places, labels, **text_style(9))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(labels) <= _NUMBERS_UP_TO:
        for row, column in np.ndindex(cosines.shape):
            value = cosines[row, column]
            colour = "white" if abs(value) > _DARK_FROM else INK
            figures = f"{value:.2f}".replace("0.", ".").replace("-.00", ".00")
            axes.text(column, row, figures, ha="center", va="center", fontsize=6, color=colour)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("cosine", color=INK)
    bar.outline.set_visible(False)
    save(figure, path)
    return path


def _similar_side_by_side(units: NDArray[np.float64]) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    distances = pdist(units)  # of unit vectors, as cosines order them; defined for zero vectors too
    return np.asarray(leaves_list(linkage(distances, "average", optimal_ordering=True)), dtype=np.int64)
