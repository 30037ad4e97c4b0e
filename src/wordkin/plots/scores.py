"""A chart of evaluation scores: one or several sets of vectors, side by side, with their intervals."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import ConfigError
from wordkin.evaluation import AnalogyResult, CategoryResult, OddOneOutResult, Result, SimilarityResult
from wordkin.evaluation.statistics import Interval
from wordkin.plots.canvas import COLOURS, FAINT, INK, PALE, blank_figure, check_picture, save, text_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MOST_VECTORS = len(COLOURS)


@dataclass(frozen=True)
class _Row:
    """One line of a chart: a score of one set of vectors."""

    panel: str  # title of the part of the chart it belongs to
    label: str
    value: float
    interval: Interval


def plot_scores(results: Mapping[str, Sequence[Result]], output: str | os.PathLike[str]) -> Path:
    """Draw scores as points with 95% intervals, a part of the chart for each measure.

    Parameters
    ----------
    results : for the name of each of up to seven sets of vectors, its results as of ``evaluate_file``.
        Analogies are drawn by section with their totals (3CosAdd, known questions only), the others
        with one line for each file.
    output : a .png, .svg or .pdf file; an existing one is replaced.

    Returns the path written. Raises ConfigError on illegal arguments, OutputError where the file cannot
    be written and MissingExtraError without matplotlib.
    """
    path = check_picture(output)
    if not 1 <= len(results) <= _MOST_VECTORS:
        raise ConfigError("results", f"must be of 1 to {_MOST_VECTORS} sets of vectors", len(results))
    rows = {name: [row for result in each for row in _rows(result)] for name, each in results.items()}
    panels: dict[str, list[str]] = {}
    for row in (row for each in rows.values() for row in each):
        labels = panels.setdefault(row.panel, [])
        if row.label not in labels:
            labels.append(row.label)
    if not panels:
        raise ConfigError("results", "must hold at least one result", "none")

    line_inches = 0.16 + 0.09 * len(rows)
    heights = [line_inches * len(labels) + 0.75 for labels in panels.values()]
    figure = blank_figure(8, sum(heights) + 0.5)
    parts = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
    for axes, (panel, labels) in zip(parts, panels.items(), strict=True):
        _draw_panel(axes, panel, labels, rows)
    handles, names = parts[0].get_legend_handles_labels()
    if len(rows) > 1:
        legend = figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False)
        for text in legend.get_texts():
            text.update(text_style(9))
    save(figure, path)
    return path


def _rows(result: Result) -> list[_Row]:
    match result:
        case AnalogyResult():
            totals = [total for total in (result.semantic, result.syntactic, result.total) if total]
            title = f"{result.dataset}: accuracy (3CosAdd)"
            accuracies = [(score.name or "(no section)", score.accuracy()) for score in (*result.sections, *totals)]
            return [_Row(title, name, accuracy.value, accuracy.interval) for name, accuracy in accuracies]
        case SimilarityResult():
            return [
                _Row(
                    "word pairs: Spearman's correlation",
                    result.dataset,
                    result.spearman.value,
                    result.spearman.interval,
                )
            ]
        case CategoryResult():
            return [_Row("categories: purity", result.dataset, result.purity.value, result.purity.interval)]
        case OddOneOutResult():
            accuracy = result.total.accuracy
            return [_Row("odd one out: accuracy", result.dataset, accuracy.value, accuracy.interval)]


def _draw_panel(axes: Axes, panel: str, labels: Sequence[str], rows: Mapping[str, Sequence[_Row]]) -> None:
    offsets = (np.arange(len(rows)) - (len(rows) - 1) / 2) * 0.8 / (len(rows) + 1)
    lowest = 0.0
    for band in range(0, len(labels), 2):
        axes.axhspan(band - 0.5, band + 0.5, color=PALE, zorder=0)
    for number, (name, each) in enumerate(rows.items()):
        shown = [row for row in each if row.panel == panel]
        known = [row for row in shown if not math.isnan(row.value)]
        values = np.array([row.value for row in known])
        ends = np.array([row.interval if not math.isnan(row.interval[0]) else (row.value,) * 2 for row in known])
        lowest = min([lowest, *ends.ravel().tolist()])
        axes.errorbar(
            values,
            [labels.index(row.label) + offsets[number] for row in known],
            xerr=np.abs(ends.reshape(-1, 2) - values[:, None]).T,
            fmt=_MARKERS[number],
            markersize=4,
            color=COLOURS[number],
            elinewidth=1,
            label=name,
        )
    axes.set_title(panel, loc="left", **text_style(10))
    axes.set_yticks(range(len(labels)), labels, **text_style(8))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(lowest - 0.02, 1.02)  # room for markers at the ends
    axes.set_axisbelow(True)  # above the bands, below the markers
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.tick_params(length=0, labelsize=8, colors=INK)
    axes.spines[:].set_visible(False)
