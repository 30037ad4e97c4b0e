"""Draw evaluation scores of one or several sets of vectors with confidence intervals."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import ConfigError
from wordkin.evaluation import AnalogyResult, CategoryResult, OddOneOutResult, Result, SimilarityResult
from wordkin.evaluation.statistics import Interval
from wordkin.plots.canvas import THEMES, Canvas, ThemeName, check_picture, finish, open_canvas, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MOST_VECTORS = len(THEMES["light"].colours)
_LABEL_CHARACTERS = 44  # longer names are cut, to leave space for the scores


@dataclass(frozen=True)
class _Row:
    """One score of one set of vectors.

    ``total`` tells whether it is the total of several sections. Totals are drawn below a line.
    """

    panel: str
    label: str
    value: float
    interval: Interval
    total: bool = False


@dataclass(frozen=True)
class _Panel:
    """One panel of the chart, for one measure.

    ``left_out`` is the number of rows that are not drawn because no set of vectors has a score in them.
    """

    title: str
    rows: Sequence[tuple[str, bool]]  # label, whether it is a total
    left_out: int


def plot_scores(
    results: Mapping[str, Sequence[Result]],
    output: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    theme: ThemeName = "light",
    font: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw scores as points with 95% confidence intervals, in one panel for each measure.

    The axis of each panel spans its scores. A row is left out if no set of vectors has a score in it, because no word
    is known. The number of these rows is shown.

    Parameters
    ----------
    results : mapping of str to sequence of results
        Names of up to seven sets of vectors, and for each the results of :func:`wordkin.evaluation.evaluate_file`. A
        result for analogies is drawn as one row for each section and, below a line, the totals; the scores are those of
        3CosAdd on known questions. Any other result is drawn as one row.
    output : str, path or None, default None
        A .png, .svg or .pdf file to write. An existing file is replaced.
    title : str or None, default None
        Title of the whole chart.
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
        An argument is not valid.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib is not installed.
    """
    path = None if output is None else check_picture(output)
    if not 1 <= len(results) <= _MOST_VECTORS:
        raise ConfigError("results", f"must have 1 to {_MOST_VECTORS} sets of vectors", len(results))
    rows = {name: [row for result in each for row in _rows(result)] for name, each in results.items()}
    panels = _panels(rows)
    if not panels:
        raise ConfigError("results", "must hold at least one result", "none")

    line_inches = 0.17 + 0.09 * len(rows)
    heights = [line_inches * len(panel.rows) + 0.85 for panel in panels]
    texts = [*results, *(text for panel in panels for text in (panel.title, *(label for label, _ in panel.rows)))]
    canvas = open_canvas(8, sum(heights) + 0.6, texts, theme=theme, font=font)
    parts = canvas.figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
    for axes, panel in zip(parts, panels, strict=True):
        style_axes(axes, canvas.theme)
        _draw_panel(canvas, axes, panel, rows)
    if len(rows) > 1:
        handles, names = parts[0].get_legend_handles_labels()
        legend = canvas.figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False)
        for text in legend.get_texts():
            text.update(canvas.text_style(9))
    if title:
        canvas.figure.suptitle(title, **canvas.text_style(12))
    return finish(canvas, path)


def _rows(result: Result) -> list[_Row]:
    match result:
        case AnalogyResult():
            title = f"{result.dataset}: accuracy (3CosAdd)"
            totals = [total for total in (result.semantic, result.syntactic, result.total) if total]
            accuracies = [
                *((score.name or "(no section)", score.accuracy(), False) for score in result.sections),
                *((score.name, score.accuracy(), True) for score in totals),
            ]
            return [_Row(title, name, accuracy.value, accuracy.interval, total) for name, accuracy, total in accuracies]
        case SimilarityResult():
            correlation = result.spearman
            return [_Row("word pairs: Spearman's correlation", result.dataset, correlation.value, correlation.interval)]
        case CategoryResult():
            return [_Row("categories: purity", result.dataset, result.purity.value, result.purity.interval)]
        case OddOneOutResult():
            accuracy = result.total.accuracy
            return [_Row("odd one out: accuracy", result.dataset, accuracy.value, accuracy.interval)]


def _panels(rows: Mapping[str, Sequence[_Row]]) -> list[_Panel]:
    """Return the panels, each with the rows in which at least one set of vectors has a score.

    A panel without such a row keeps its first row, so that it does not disappear.
    """
    known: dict[str, dict[tuple[str, bool], bool]] = {}
    for row in (row for each in rows.values() for row in each):
        labels = known.setdefault(row.panel, {})
        key = (row.label, row.total)
        labels[key] = labels.get(key, False) or not math.isnan(row.value)
    panels = []
    for title, labels in known.items():
        shown = [label for label, has_score in labels.items() if has_score] or list(labels)[:1]
        panels.append(_Panel(title, shown, len(labels) - len(shown)))
    return panels


def _draw_panel(canvas: Canvas, axes: Axes, panel: _Panel, rows: Mapping[str, Sequence[_Row]]) -> None:
    offsets = (np.arange(len(rows)) - (len(rows) - 1) / 2) * 0.8 / (len(rows) + 1)
    theme = canvas.theme
    for band in range(0, len(panel.rows), 2):
        axes.axhspan(band - 0.5, band + 0.5, color=theme.pale, zorder=0)
    drawn: list[float] = []
    for number, (name, each) in enumerate(rows.items()):
        known = [row for row in each if row.panel == panel.title and not math.isnan(row.value)]
        values = np.array([row.value for row in known])
        ends = np.array([row.interval if not math.isnan(row.interval[0]) else (row.value,) * 2 for row in known])
        drawn += ends.ravel().tolist()
        axes.errorbar(
            values,
            [panel.rows.index((row.label, row.total)) + offsets[number] for row in known],
            xerr=np.abs(ends.reshape(-1, 2) - values[:, None]).T,
            fmt=_MARKERS[number],
            markersize=4,
            color=theme.colours[number],
            elinewidth=1,
            label=name,
        )
    _label_rows(canvas, axes, panel)
    axes.set_xlim(*_span(drawn))
    axes.set_axisbelow(True)  # above the bands, below the markers
    axes.grid(axis="x", color=theme.faint, linewidth=0.6)
    axes.tick_params(labelsize=8)
    axes.spines[:].set_visible(False)
    if panel.left_out:
        plural = "s" * (panel.left_out > 1)
        axes.set_xlabel(
            f"{panel.left_out} row{plural} without a known word left out", loc="left", **canvas.text_style(8)
        )


def _label_rows(canvas: Canvas, axes: Axes, panel: _Panel) -> None:
    """Draw the title and the row labels; totals are bold and below a line."""
    axes.set_title(panel.title, loc="left", **canvas.text_style(10))
    labels = [
        label if len(label) <= _LABEL_CHARACTERS else label[: _LABEL_CHARACTERS - 1] + "…" for label, _ in panel.rows
    ]
    axes.set_yticks(range(len(labels)), labels, **canvas.text_style(8))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    for text, (_, total) in zip(axes.get_yticklabels(), panel.rows, strict=True):
        if total:
            text.set_fontweight("bold")
    first_total = next((number for number, (_, total) in enumerate(panel.rows) if total), 0)
    if first_total:
        axes.axhline(first_total - 0.5, color=canvas.theme.ink, linewidth=0.8)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the limits of an axis: they include all values, and 0 if a value is close to it, with a margin."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if 0 < low < 0.5 * high or low == high:
        low = min(low, 0.0)
    room = 0.03 * (high - low) or 0.02
    return low - room, high + room
