"""Pictures, written to files: maps of words, heatmaps of their similarity, charts of scores.

Needs the extra ``plot`` (matplotlib); :func:`plot_words` with UMAP also the extra ``umap``.
"""

from wordkin.plots.heatmap import plot_heatmap
from wordkin.plots.map import map_words, plot_words
from wordkin.plots.scores import plot_scores

__all__ = ["map_words", "plot_heatmap", "plot_scores", "plot_words"]
