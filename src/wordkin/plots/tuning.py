"""Draw the result of a search for options: score against training time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wordkin.errors import ConfigError
from wordkin.plots.canvas import Canvas, ThemeName, check_picture, finish, open_canvas, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TriedSettings:
    """One set of training options that was tried on the whole text.

    Attributes
    ----------
    name : str
        Label in the chart. It is drawn only for recipes; use any text for other settings.
    seconds : float
        Training time.
    score : float
        If ``confirmed``, the mean score over new seeds; otherwise the score with the first seed.
    reference : bool, default False
        Whether the settings are a recipe, that is, a named set of options.
    chosen : bool, default False
        Whether the settings are the result of the search.
    confirmed : bool, default False
        Whether the settings were also trained with new seeds.
    """

    name: str
    seconds: float
    score: float
    reference: bool = False
    chosen: bool = False
    confirmed: bool = False


def plot_tuning(
    tried: Sequence[TriedSettings],
    output: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    theme: ThemeName = "light",
    font: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw score against training time, with labels for recipes and for the chosen settings.

    A line joins the Pareto front: settings for which no others are better in both time and score. Hollow
    marks are scores with the first seed; these scores selected the best settings. Filled marks are means over further
    seeds.

    Parameters
    ----------
    tried : sequence of TriedSettings
        One or more settings.
    output : str, path or None, default None
        A .png, .svg or .pdf file to write. An existing file is replaced.
    title : str or None, default None
        The title; "" for none. None sets "Score against training time".
    ax : matplotlib Axes or None, default None
        Axes to draw on instead of a new figure.
    theme : {"light", "dark"}, default "light"
        Colour theme.
    font : str, path or None, default None
        Font family or font file for the text; None chooses fonts that cover its characters.

    Returns
    -------
    matplotlib Figure
        The figure.

    Raises
    ------
    ConfigError
        There are no settings, or an option is not valid.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib is not installed.
    """
    path = None if output is None else check_picture(output)
    if not tried:
        raise ConfigError("tried", "must hold at least one setting", len(tried))
    heading = "Score against training time" if title is None else title
    canvas = open_canvas(8, 4.8, [heading, *(each.name for each in tried)], ax=ax, theme=theme, font=font)
    axes = plain_axes(canvas, ax)
    front = _front(tried)
    axes.plot(
        [each.seconds for each in front], [each.score for each in front], color=canvas.theme.faint, linewidth=1.2,
        label="best for its time", zorder=1,
    )  # fmt: skip
    _draw_marks(canvas, axes, tried)
    if heading:
        axes.set_title(heading, loc="left", **canvas.text_style(11))
    axes.set_xlabel("seconds of training", color=canvas.theme.ink)
    axes.set_ylabel("score", color=canvas.theme.ink)
    axes.grid(color=canvas.theme.faint, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    for text in axes.legend(frameon=False).get_texts():
        text.update(canvas.text_style(9))
    return finish(canvas, path)


def _draw_marks(canvas: Canvas, axes: Axes, tried: Sequence[TriedSettings]) -> None:
    """Draw a mark for each of the settings; it is hollow if the score was not confirmed by new seeds.

    The tried settings, the recipes and the chosen settings have different marks.
    """
    blue, red, green, *_ = canvas.theme.colours
    groups = (
        ("tried", "o", blue, 28, [each for each in tried if not each.reference and not each.chosen]),
        ("recipes", "D", green, 46, [each for each in tried if each.reference and not each.chosen]),
        ("chosen", "*", red, 150, [each for each in tried if each.chosen]),
    )
    for label, mark, colour, size, members in groups:
        for confirmed in (True, False):
            some = [each for each in members if each.confirmed == confirmed]
            if not some:
                continue
            suffix = "" if confirmed or label == "recipes" else ", first seed only"
            axes.scatter(
                [each.seconds for each in some], [each.score for each in some], s=size, marker=mark, zorder=3,
                facecolors=colour if confirmed else "none", edgecolors=colour, label=f"{label}{suffix}",
            )  # fmt: skip
        for each in members if label != "tried" else []:
            name = each.name if each.reference else "chosen"
            axes.annotate(
                name, (each.seconds, each.score), xytext=(7, 6), textcoords="offset points", **canvas.text_style(9)
            )


def _front(tried: Sequence[TriedSettings]) -> list[TriedSettings]:
    """Return the settings on the Pareto front of time and score, ordered by time."""
    front: list[TriedSettings] = []
    for each in sorted(tried, key=lambda each: (each.seconds, -each.score)):
        if not front or each.score > front[-1].score:
            front.append(each)
    return front
