"""Draw a heatmap of the pairwise cosines of words."""

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

_SIDE_INCHES = 9.0  # side of the cells of 25 to 100 words together
_CELL_INCHES = (0.09, 0.42)  # smallest cell with a readable label, and largest cell
_LARGEST_LABEL, _POINTS_PER_INCH = 10.0, 72
_NUMBERS_FROM = 0.3  # inches; smallest cell in which its number fits
_STEP = 0.1  # limits of the colour scale are multiples of this


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
    """Draw a heatmap of the pairwise cosines of words.

    The colour scale spans the cosines of different words. It has one hue if none of these cosines is negative.
    Otherwise it has two hues, which meet at 0.

    Parameters
    ----------
    embeddings : WordVectors
        The vectors.
    words : sequence of str
        2 to 300 distinct words.
    output : str, path or None, default None
        A .png, .svg or .pdf file to write. An existing file is replaced.
    order : {"clustered", "given"}, default "clustered"
        "clustered" places similar words next to each other (average linkage with optimal leaf ordering, Bar-Joseph et
        al. 2001). "given" keeps the order of ``words``.
    title : str or None, default None
        The title; "" for none. None sets "Cosines of n words".
    ax : matplotlib Axes or None, default None
        Axes to draw on instead of a new figure.
    theme : {"light", "dark"}, default "light"
        Colour theme.
    font : str, path or None, default None
        Font family or font file for the words; None chooses fonts that cover their characters.

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
        matplotlib is not installed.
    """
    if order not in ORDERS:
        raise ConfigError("order", 'must be "clustered" or "given"', order)
    path = None if output is None else check_picture(output)
    chosen, ids = chosen_ids(embeddings, words, MOST_WORDS)
    labels = list(map(str, chosen))
    units = embeddings.unit_vectors(ids).astype(np.float64)
    if order == "clustered":
        leaves = _cluster_order(units)
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


def _cluster_order(units: NDArray[np.float64]) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    distances = pdist(units)  # Euclidean distances rank unit vectors like cosines, and exist for zero vectors as well
    return np.asarray(leaves_list(linkage(distances, "average", optimal_ordering=True)), dtype=np.int64)


def _colour_scale(cosines: NDArray[np.float64]) -> dict[str, Any]:
    """Return keyword arguments of ``imshow`` for a colour scale that spans the cosines of different words."""
    import matplotlib
    from matplotlib.colors import ListedColormap, Normalize

    different = cosines[~np.eye(len(cosines), dtype=bool)]
    low = math.floor(round(float(different.min()) / _STEP, 6)) * _STEP
    high = max(math.ceil(round(float(different.max()) / _STEP, 6)) * _STEP, low + _STEP)
    high = min(high, 1.0)
    if low >= 0:
        return {"cmap": "YlOrRd", "norm": Normalize(low, high)}
    # Cut the diverging colour map to the range of the cosines, so that colour stays proportional to the cosine.
    widest = max(-low, high)
    ends = (0.5 + 0.5 * low / widest, 0.5 + 0.5 * high / widest)
    colours = matplotlib.colormaps["RdBu_r"](np.linspace(*ends, 256))
    return {"cmap": ListedColormap(colours), "norm": Normalize(low, high)}


def _write_numbers(axes: Axes, image: AxesImage, cosines: NDArray[np.float64]) -> None:
    """Write each cosine into its cell, in black on bright cells and white on dark ones."""
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
