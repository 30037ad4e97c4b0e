"""Panels for analogies, for similarities of several words, and for the odd one out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from nicegui import ui

from wordkin.errors import WordkinError
from wordkin.studio.explore.downloads import give_csv, give_picture
from wordkin.studio.explore.exploration import MAX_TEXT, MAX_WORDS, Exploration, words_of
from wordkin.studio.explore.neighbours import bar
from wordkin.studio.explore.search import WordField
from wordkin.studio.widgets import button, heading, inline, marked, notice, paragraph

_INK = "#1b2430"


class AnalogyPanel:
    """The panel that answers the question "A is to B as C is to which word?"."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration, view = exploration, exploration.view
        heading(view.text("explore.tab.analogy"))
        paragraph(view.text("analogy.about"), "muted")
        self._fields: dict[str, WordField] = {}
        with marked("div", "line"):
            for name in ("a", "b", "c"):
                label, value = view.text(f"analogy.{name}"), view.state.get(name, "")
                self._fields[name] = WordField(exploration.vectors, label, value, lambda _: self._ask())
            button(view.text("analogy.ask"), self._ask)
        self._answer = marked("div", "stack")
        if all(field.word for field in self._fields.values()):
            self._ask()

    def show(self) -> None:
        """Put the selected word into the last field, if that is empty."""
        if not self._fields["c"].word:
            self._fields["c"].input.set_value(self._exploration.word)

    def _ask(self) -> None:
        exploration, view = self._exploration, self._exploration.view
        words = {name: field.word for name, field in self._fields.items()}
        self._answer.clear()
        with self._answer:
            if not all(words.values()):
                notice(view.text("analogy.incomplete"))
                return
            view.remember(a=words["a"], b=words["b"], c=words["c"])
            try:
                found = exploration.vectors.analogy(words["a"], words["b"], words["c"])
            except WordkinError as error:
                notice(str(error), bad=True)
                return
            heading(view.text("analogy.answer", **words), 3)
            with marked("ol", "words"):
                for word, cosine in found:
                    with marked("li"):
                        button(word, partial(exploration.walk, word), "word")
                        bar(cosine)
                        inline(f"{cosine:.3f}", "number")


class HeatmapPanel:
    """The panel with a heatmap of the pairwise cosines of several words."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration, view = exploration, exploration.view
        heading(view.text("explore.tab.heatmap"))
        self._input = _words_input(exploration, view.state.get("words", ""), self._draw)
        with marked("div", "line"):
            button(view.text("heatmap.draw"), self._draw)
            button("PNG", self._save_picture, "quiet", label=view.text("heatmap.png"))
            button("CSV", self._save_table, "quiet", label=view.text("heatmap.csv"))
        self._holder = marked("div", "stack")
        self._chart: ui.echart | None = None
        self._shown: tuple[list[str], list[list[float]]] = ([], [])

    def show(self) -> None:
        """Show the heatmap of the selected word and its neighbours, unless the user has entered other words."""
        if not self._exploration.view.state.get("words"):
            near = [word for word, _ in (self._exploration.neighbours or [])[:11]]
            self._input.set_value(", ".join([self._exploration.word, *near]))
            self._draw(remember=False)
        elif self._chart is None:
            self._draw()

    def _draw(self, *, remember: bool = True) -> None:
        view = self._exploration.view
        words = words_of(str(self._input.value or ""))
        self._holder.clear()
        self._chart = None
        with self._holder:
            if not 2 <= len(words) <= MAX_WORDS:
                notice(view.text("heatmap.how_many", most=MAX_WORDS), bad=True)
                return
            try:
                ids = self._exploration.vectors.vocabulary.ids_of(words)
                units = self._exploration.vectors.unit_vectors(ids)
            except WordkinError as error:
                notice(str(error), bad=True)
                return
            if remember:
                view.remember(words=" ".join(words))
            units = units.astype(np.float64)  # a rounded float32 of 0.8 would be shown as 0.800000012
            table = np.clip(units @ units.T, -1, 1).round(3)
            self._shown = (words, table.tolist())
            height = f"{max(16, 6 + 1.9 * len(words)):.1f}rem"
            self._chart = ui.echart(_heatmap(words, table.tolist())).style(f"height: {height}; width: 100%")
            self._chart.props["role"] = "img"
            self._chart.props["aria-label"] = view.text("heatmap.label", words=", ".join(words))

    async def _save_picture(self) -> None:
        if self._chart is not None:
            address: Any = await self._chart.run_chart_method("getDataURL", {"pixelRatio": 2}, timeout=5)
            give_picture("similarities", str(address))

    def _save_table(self) -> None:
        words, table = self._shown
        give_csv("similarities", ["", *words], [(word, *row) for word, row in zip(words, table, strict=True)])


class OddPanel:
    """The panel that answers the question which of several words is least like the others."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration, view = exploration, exploration.view
        heading(view.text("explore.tab.odd"))
        paragraph(view.text("odd.about"), "muted")
        self._input = _words_input(exploration, view.state.get("odd", ""), self._ask)
        button(view.text("odd.ask"), self._ask).style("align-self: flex-start")
        self._answer = marked("div", "stack")
        if self._input.value:
            self._ask()

    def show(self) -> None:
        """Do nothing, because the panel does not depend on the selected word."""

    def _ask(self) -> None:
        exploration, view = self._exploration, self._exploration.view
        words = words_of(str(self._input.value or ""))
        self._answer.clear()
        with self._answer:
            if not 3 <= len(words) <= MAX_WORDS:
                notice(view.text("odd.how_many", most=MAX_WORDS), bad=True)
                return
            try:
                odd = exploration.vectors.doesnt_match(words)
                mean = exploration.vectors.mean_vector(words)
                cosines = exploration.vectors.similarities(mean, words)
            except WordkinError as error:
                notice(str(error), bad=True)
                return
            view.remember(odd=" ".join(words))
            heading(view.text("odd.answer", word=odd), 3)
            with marked("ol", "words"):
                for word, cosine in sorted(zip(words, cosines.tolist(), strict=True), key=lambda each: each[1]):
                    with marked("li"):
                        button(word, partial(exploration.walk, word), "word")
                        bar(cosine)
                        inline(f"{cosine:.3f}", "number")


def _words_input(exploration: Exploration, value: str, on_enter: Any) -> ui.input:
    made = ui.input(exploration.view.text("explore.several"), value=value)
    made.props(f"outlined dense spellcheck=false autocomplete=off maxlength={MAX_TEXT}").style("width: 100%")
    return made.on("keydown.enter", lambda: on_enter())


def _heatmap(words: list[str], table: list[list[float]]) -> dict[str, Any]:
    """Return the options of ECharts for a heatmap of a table of cosines.

    ECharts draws words and numbers on a canvas, so they cannot be interpreted as HTML.
    """
    names = [word if len(word) <= 20 else f"{word[:19]}…" for word in words]
    axis = {"type": "category", "data": names, "axisTick": {"show": False}, "splitArea": {"show": False}}
    label = {"interval": 0, "color": _INK, "fontSize": 13}
    cells = [[x, y, value] for y, row in enumerate(table) for x, value in enumerate(row)]
    return {
        "animation": False,
        "backgroundColor": "#ffffff",  # the same in the dark theme, as in the saved picture
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 56, "containLabel": True},
        "xAxis": {**axis, "axisLabel": {**label, "rotate": 45}},
        "yAxis": {**axis, "inverse": True, "axisLabel": label},
        "tooltip": {"renderMode": "richText"},
        "visualMap": {
            "min": -1, "max": 1, "calculable": False, "orient": "horizontal", "left": "center", "bottom": 0,
            "precision": 1, "textStyle": {"color": _INK},
            "inRange": {"color": ["#d9783f", "#f6c9a8", "#f7f7f7", "#b9d7f3", "#6aa8e2"]},
        },
        "series": [{
            "type": "heatmap", "data": cells,
            "label": {"show": len(words) <= 14, "color": _INK, "fontSize": 12},
            "emphasis": {"itemStyle": {"borderColor": "#b34700", "borderWidth": 2}},
        }],
    }  # fmt: skip
