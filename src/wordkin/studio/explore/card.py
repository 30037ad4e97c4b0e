"""The model card: size and type of a file of vectors, the options of its training, and its losses."""

from __future__ import annotations

import json

from wordkin.studio.charts import line_chart
from wordkin.studio.explore.exploration import Exploration
from wordkin.studio.widgets import fact, facts, heading, inline, marked, paragraph

_LOSSES = {"losses": "card.training_loss", "validation_losses": "card.held_out_loss"}


class CardPanel:
    """The panel with properties of the file of vectors. It does not depend on the selected word."""

    def __init__(self, exploration: Exploration) -> None:
        view, vectors = exploration.view, exploration.vectors
        heading(view.text("explore.tab.card"))
        inline(exploration.name, "muted")
        with facts():
            fact(view.text("card.words"), f"{len(vectors):,}")
            fact(view.text("card.size"), f"{vectors.vector_size:,}")
            fact(view.text("card.type"), str(vectors.matrix.dtype))
            if vectors.path is not None and vectors.path.exists():
                fact(view.text("card.file"), readable_size(vectors.path.stat().st_size))
            counts = vectors.vocabulary.counts
            if counts is not None:
                fact(view.text("card.counted"), f"{int(counts.sum()):,}")
        curves = {name: losses_in(vectors.metadata.get(name, "")) for name in _LOSSES}
        if any(curves.values()):
            heading(view.text("card.losses"), 3)
            names = {view.text(_LOSSES[name]): values for name, values in curves.items() if values}
            line_chart(
                [{"name": name, "data": values, "symbolSize": 6} for name, values in names.items()],
                view.text("card.epoch"),
                view.text("card.losses"),
                "16rem",
                type="category",
                data=[str(number + 1) for number in range(max(map(len, names.values())))],
            )
        settings = {name: value for name, value in sorted(vectors.metadata.items()) if name not in _LOSSES}
        heading(view.text("card.settings"), 3)
        if not settings:
            paragraph(view.text("card.no_settings"), "muted")
            return
        with marked("div", "scroll-x"), marked("table", "aligned"), marked("tbody"):
            for name, value in settings.items():
                with marked("tr"):
                    with marked("th").props("scope=row"):
                        inline(name)
                    with marked("td"):
                        inline(value)

    def show(self) -> None:
        """Do nothing, because the card does not depend on the selected word."""


def losses_in(text: str) -> list[float]:
    """Parse a text that is a JSON list of numbers, such as the losses of all epochs; return [] for any other text."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(values, list) or not all(isinstance(each, int | float) for each in values):
        return []
    return [float(each) for each in values]


def readable_size(count: int) -> str:
    """Format a number of bytes with a suitable unit.

    >>> readable_size(812), readable_size(40_200_000)
    ('812 B', '40.2 MB')
    """
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
