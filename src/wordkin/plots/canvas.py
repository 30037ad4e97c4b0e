"""Create matplotlib figures in a theme, and write them to files. Matplotlib is imported here.

Figures are created without pyplot, which would keep them in memory and initialise a window system.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wordkin.errors import ConfigError, MissingExtraError
from wordkin.plots.fonts import families_for
from wordkin.storage.files import check_writable, replacing_path
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
ThemeName = Literal["light", "dark"]
_DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Theme:
    """Colours of a picture.

    Attributes
    ----------
    ink : str
        Colour of text.
    faint : str
        Colour of grid lines.
    pale : str
        Colour of bands behind rows.
    background : str
        Colour of the background.
    colours : tuple of str
        Colours of series and groups, distinguishable with colour blindness (after Okabe and Ito).
    """

    ink: str
    faint: str
    pale: str
    background: str
    colours: tuple[str, ...]


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        "#333333", "#d9d9d9", "#f5f5f5", "#ffffff",
        ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#000000"),
    ),
    "dark": Theme(
        "#e6e6e6", "#484848", "#242424", "#181818",
        ("#56b4e9", "#ff9d4d", "#2bd4a5", "#e69fc9", "#f0d54a", "#9ad0f5", "#ffffff"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Canvas:
    """A figure to draw on, and its style.

    Attributes
    ----------
    figure : matplotlib Figure
        The figure.
    own : bool
        Whether wordkin created the figure. If it did, it may set the size and the layout of the figure.
    theme : Theme
        The colours.
    families : sequence of str
        The font families for text.
    """

    figure: Figure
    own: bool
    theme: Theme
    families: Sequence[str]

    def text_style(self, size_points: float, **others: Any) -> dict[str, Any]:
        """Return keyword arguments for text that may contain users' words.

        With them, text in any script is drawn, and a $ does not start a formula (mathtext).
        """
        return {
            "fontsize": size_points, "fontfamily": list(self.families), "parse_math": False, "color": self.theme.ink
        } | others  # fmt: skip


def open_canvas(
    width_inches: float,
    height_inches: float,
    texts: Iterable[str],
    *,
    ax: Axes | None = None,
    theme: str = "light",
    font: str | os.PathLike[str] | None = None,
) -> Canvas:
    """Create a figure of this size, or use the figure of the given axes.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    ConfigError
        The theme or font is unknown.
    """
    if theme not in THEMES:
        raise ConfigError("theme", 'must be "light" or "dark"', theme)
    try:
        importlib.import_module("matplotlib.figure")  # raises even if plots.figure was imported before
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        from wordkin.plots.figure import NotebookFigure
    except ImportError as error:
        raise MissingExtraError("drawing pictures", "plot") from error
    families = families_for(texts, font)
    colours = THEMES[theme]
    if ax is not None:
        figure = ax.get_figure(root=True)
        assert figure is not None, "axes belong to a figure"
        return Canvas(figure, False, colours, families)
    figure = NotebookFigure(
        figsize=(width_inches, height_inches), dpi=_DOTS_PER_INCH, layout="constrained", facecolor=colours.background
    )
    FigureCanvasAgg(figure)
    return Canvas(figure, True, colours, families)


def plain_axes(canvas: Canvas, ax: Axes | None = None) -> Axes:
    """Return the given axes, or new axes that fill the figure, in the colours of the theme."""
    axes = canvas.figure.add_subplot() if ax is None else ax
    style_axes(axes, canvas.theme)
    return axes


def style_axes(axes: Axes, theme: Theme) -> None:
    """Set the colours of background, ticks and frame of some axes to those of a theme."""
    axes.set_facecolor(theme.background)
    axes.tick_params(colors=theme.ink, length=0)
    axes.spines[:].set_color(theme.faint)


def check_picture(output: str | os.PathLike[str]) -> Path:
    """Return the path of a picture to write.

    Raises
    ------
    ConfigError
        The suffix is unknown.
    OutputError
        The file cannot be written.
    """
    path = Path(output)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("output", "must end in .png, .svg or .pdf", str(output))
    check_writable(path)
    return path


def finish(canvas: Canvas, output: Path | None) -> Figure:
    """Return the figure, after writing it atomically to ``output``, if that is given."""
    if output is None:
        return canvas.figure
    from matplotlib import rc_context

    suffix = output.suffix.lower().removeprefix(".")
    # Without dates and random names, equal pictures are equal byte for byte.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    with rc_context({"svg.hashsalt": "wordkin"}), replacing_path(output) as temporary, silent_about_glyphs():
        canvas.figure.savefig(
            temporary, format=suffix, metadata=metadata, bbox_inches="tight" if canvas.own else None, pad_inches=0.12
        )
    return canvas.figure


@contextlib.contextmanager
def silent_about_glyphs() -> Iterator[None]:
    """Suppress matplotlib's warning for each missing glyph inside the block.

    :func:`families_for` has already issued one warning for all of them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def chosen_ids(embeddings: WordVectors, words: Sequence[str], most: int) -> tuple[list[str], list[int]]:
    """Return the distinct words in order, and their ids; raise ConfigError unless there are 2 to ``most`` words."""
    if isinstance(words, str):
        raise ConfigError("words", "must be a list of words, not one string", words)
    different = list(dict.fromkeys(words))
    if not 2 <= len(different) <= most:
        raise ConfigError("words", f"must hold from 2 to {most:,} different words", f"{len(different):,}")
    return different, embeddings.vocabulary.ids_of(different).tolist()
