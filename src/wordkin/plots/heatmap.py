"""A heatmap of the cosines of words with each other."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.plots.canvas import Canvas, ThemeName, check_picture, chosen_ids, finish, open_canvas, plain_axes
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

ORDERS = ("clustered", "given")
MOST_WORDS = 300

_SIDE_INCHES = 9.0  # of the cells of a heatmap of ordinary size, 25 to 100 words
_CELL_INCHES = (0.09, 0.42)  # the smallest whose label can be read, and the largest that looks like a cell
_LARGEST_LABEL, _POINTS_PER_INCH = 10.0, 72
_NUMBERS_FROM = 0.3  # inches a cell needs to hold its number
_STEP = 0.1  # ends of the colour scale are multiples of this


def plot_heatmap(
    embeddings: WordVectors,
    words: Sequence[str],
    output: str | os.PathLike[str] | None = None,
    *,
    order: Literal["clustered", "given"] = "clustered",
    title: str | None = None,
    ax: Axes | None = None,
    theme: ThemeName = "light",
    font: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw the cosines of words with each other.

    The colour scale spans the cosines that occur off the diagonal: one hue where none is negative, two
    that meet at 0 where some are.

    Parameters
    ----------
    embeddings : WordVectors
        Where the vectors come from.
    words : sequence of str
        2 to 300 different words.
    output : str or path, optional
        A .png, .svg or .pdf file to write; an existing one is replaced.
    order : {"clustered", "given"}, default "clustered"
        "clustered" puts similar words side by side (average linkage, leaves ordered optimally, Bar-Joseph
        et al. 2001), "given" keeps the order of ``words``.
    title : str, optional
        Replaces the title "Cosines of n words"; an empty one leaves it out.
    ax : matplotlib Axes, optional
        Draw on these axes instead of a new figure.
    theme : {"light", "dark"}, default "light"
        Colours of the picture.
    font : str or path, optional
        A font family or font file for the words; found by the scripts that occur unless set.

    Returns
    -------
    matplotlib Figure
        The figure drawn on.

    Raises
    ------
    ConfigError
        An option is not legal.
    UnknownWordError
        A word is not in the vocabulary.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib is not installed.
    """
    if order not in ORDERS:
        raise ConfigError("order", 'must be "clustered" or "given"', order)
    path = None if output is None else check_picture(output)
    chosen, ids = chosen_ids(embeddings, words, MOST_WORDS)
    labels = list(map(str, chosen))
    units = embeddings.unit_vectors(ids).astype(np.float64)
    if order == "clustered":
        leaves = _similar_side_by_side(units)
        labels, units = [labels[leaf] for leaf in leaves], units[leaves]
    cosines = np.clip(units @ units.T, -1, 1)

    cell = float(np.clip(_SIDE_INCHES / len(labels), *_CELL_INCHES))
    side = cell * len(labels) + 1.2
    heading = f"Cosines of {len(labels)} words" if title is None else title
    canvas = open_canvas(side + 1.0, side + 0.3, [*labels, heading], ax=ax, theme=theme, font=font)
    axes = plain_axes(canvas, ax)
    image = axes.imshow(cosines, **_colour_scale(cosines))
    points = min(_LARGEST_LABEL, cell * _POINTS_PER_INCH * 0.82)
    axes.set_xticks(range(len(labels)), labels, rotation=90, **canvas.text_style(points))
    axes.set_yticks(range(len(labels)), labels, **canvas.text_style(points))
    axes.spines[:].set_visible(False)
    if heading:
        axes.set_title(heading, loc="left", **canvas.text_style(11))
    if cell >= _NUMBERS_FROM:
        _write_numbers(axes, image, cosines)
    _add_colour_bar(canvas, axes, image)
    return finish(canvas, path)


def _similar_side_by_side(units: NDArray[np.float64]) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    distances = pdist(units)  # of unit vectors, as cosines order them; defined for zero vectors too
    return np.asarray(leaves_list(linkage(distances, "average", optimal_ordering=True)), dtype=np.int64)


def _colour_scale(cosines: NDArray[np.float64]) -> dict[str, Any]:
    """Keywords of ``imshow`` for a scale that spans the cosines of different words."""
    import matplotlib
    from matplotlib.colors import ListedColormap, Normalize

    different = cosines[~np.eye(len(cosines), dtype=bool)]
    low = math.floor(round(float(different.min()) / _STEP, 6)) * _STEP
    high = max(math.ceil(round(float(different.max()) / _STEP, 6)) * _STEP, low + _STEP)
    high = min(high, 1.0)
    if low >= 0:
        return {"cmap": "YlOrRd", "norm": Normalize(low, high)}
    # the part of a two-sided scale that the cosines span: equal steps of the cosine are equal steps of colour
    widest = max(-low, high)
    ends = (0.5 + 0.5 * low / widest, 0.5 + 0.5 * high / widest)
    colours = matplotlib.colormaps["RdBu_r"](np.linspace(*ends, 256))
    return {"cmap": ListedColormap(colours), "norm": Normalize(low, high)}


def _write_numbers(axes: Axes, image: AxesImage, cosines: NDArray[np.float64]) -> None:
    """Write each cosine into its cell, in black or white, whichever stands out more."""
    red, green, blue = np.moveaxis(image.to_rgba(cosines)[..., :3], -1, 0)
    bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    for row, column in np.ndindex(cosines.shape):
        number = f"{cosines[row, column]:.2f}".replace("0.", ".").replace("-.00", ".00")
        colour = "black" if bright[row, column] else "white"
        axes.text(column, row, number, ha="center", va="center", fontsize=7, color=colour)


def _add_colour_bar(canvas: Canvas, axes: Axes, image: AxesImage) -> None:
    beyond = "max" if image.get_clim()[1] < 1 else "neither"  # the diagonal is 1
    bar = canvas.figure.colorbar(image, ax=axes, shrink=0.6, aspect=30, extend=beyond, spacing="proportional")
    bar.set_label("cosine", color=canvas.theme.ink)
    bar.ax.tick_params(colors=canvas.theme.ink)
    bar.outline.set_visible(False)
