"""Plots: maps of words, heatmaps of similarities, evaluation scores, loss curves, tuning results.

Each function returns a matplotlib figure. If ``output`` is given, the function also writes the figure to this file. All
functions need the extra ``plot`` (matplotlib). :func:`plot_words` with UMAP also needs the extra ``umap``.
"""

from wordkin.plots.fonts import FontWarning
from wordkin.plots.heatmap import plot_heatmap
from wordkin.plots.html import write_map
from wordkin.plots.losses import LossCurve, curves_of_logs, of_epochs, plot_losses, read_log
from wordkin.plots.map import map_words, plot_words
from wordkin.plots.scores import plot_scores
from wordkin.plots.tuning import TriedSettings, plot_tuning

__all__ = [
    "FontWarning",
    "LossCurve",
    "TriedSettings",
    "curves_of_logs",
    "map_words",
    "of_epochs",
    "plot_heatmap",
    "plot_losses",
    "plot_scores",
    "plot_tuning",
    "plot_words",
    "read_log",
    "write_map",
]
