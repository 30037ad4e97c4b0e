"""A chart of a search for options: score against training time."""

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
    """Settings that were tried on the whole text.

    Attributes
    ----------
    name : str
        What the chart calls them where it names them.
    seconds : float
        Training time.
    score : float
        Mean with fresh seeds where there is one, else with the first seed.
    reference : bool
        Whether they are a recipe.
    chosen : bool
        Whether they are those to use.
    confirmed : bool
        Whether the score is that of fresh seeds.
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
    """Draw score against training time; recipes and the settings chosen are named.

    A line joins the settings that no others beat in both time and score. Filled marks are means with fresh seeds,
    hollow ones are of the first seed, by which the best were chosen.

    Parameters
    ----------
    tried : sequence of TriedSettings
        One or more.
    output : str or path, optional
        A .png, .svg or .pdf file to write; an existing one is replaced.
    title : str, optional
        Replaces the title "Score against training time"; an empty one leaves it out.
    ax, theme, font
        As of :func:`wordkin.plots.plot_heatmap`.

    Returns
    -------
    matplotlib Figure
        The figure drawn on.

    Raises
    ------
    ConfigError
        There is nothing to draw, or an option is not legal.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib is not installed.
    """
    path = None if output is None else check_picture(output)
    if not tried:
        raise ConfigError("tried", "must be one or more settings", len(tried))
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
    """The settings in three groups, each with its mark; hollow where no fresh seed confirmed the score."""
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
    """The settings that no others beat in both time and score, by time."""
    front: list[TriedSettings] = []
    for each in sorted(tried, key=lambda each: (each.seconds, -each.score)):
        if not front or each.score > front[-1].score:
            front.append(each)
    return front
