"""The page Explore: a file of vectors, a selected word, and panels that show this word."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from nicegui import background_tasks, ui

from wordkin.embeddings import Embeddings
from wordkin.errors import UnknownWordError, WordkinError
from wordkin.studio.explore import card, compare, map_panel, questions
from wordkin.studio.explore.exploration import MAX_WORD, TOPN, Exploration
from wordkin.studio.explore.neighbours import NeighbourList
from wordkin.studio.explore.search import SearchField
from wordkin.studio.live import LiveHtml, choice_html
from wordkin.studio.view import View
from wordkin.studio.widgets import button, inline, marked, notice, paragraph, select

_TABS = {
    "map": map_panel.MapPanel,
    "analogy": questions.AnalogyPanel,
    "heatmap": questions.HeatmapPanel,
    "odd": questions.OddPanel,
    "compare": compare.ComparePanel,
    "card": card.CardPanel,
}
_MOST_STEPS = 12
_BACK = -1  # number of the button "back" before the words of the trail


async def build(view: View) -> None:
    """Build the content of the page. The vectors are read after the page is shown."""
    names = view.studio.workspace.vectors()
    name = view.state.get("vectors") or next(iter(view.studio.workspace.named or names), "")
    if not name:
        paragraph(view.text("start.no_files"))
        return
    with marked("div", "line"):
        listed = {each: each for each in [*names, *([name] if name not in names else [])]}
        files = select(listed, name, view.text("explore.file"), lambda chosen: _open_other(view, chosen))
        files.style("min-width: min(22rem, 100%)")
        facts = inline("", "muted")
    below = marked("div", "stack")
    with below:
        waiting = notice(view.text("explore.opening", name=name))
    ui.timer(0, lambda: _open(view, name, below, waiting, facts), once=True)


def _open_other(view: View, name: str) -> None:
    ui.navigate.to(view.link("/explore", vectors=name, tab=view.state.get("tab", "")))


async def _open(view: View, name: str, below: Any, waiting: Any, facts: Any) -> None:
    try:
        vectors = await view.studio.library.open(name, tab=view.client.id)
    except WordkinError as error:
        with below:
            waiting.delete()
            notice(view.text("explore.cannot_open", error=error), bad=True)
        return
    except (OSError, MemoryError) as error:
        with below:
            waiting.delete()
            notice(view.text("explore.cannot_open", error=f"{type(error).__name__}: {error}"), bad=True)
        return
    waiting.delete()
    facts.set_text(view.text("explore.facts", words=f"{len(vectors):,}", size=f"{vectors.vector_size:,}"))
    with below:
        _Exploring(view, name, vectors)


class _Exploring:
    """The content of the page: search and neighbours on the left, the panels on the right."""

    def __init__(self, view: View, name: str, vectors: Embeddings) -> None:
        self._view = view
        self._exploration = Exploration(view, name, vectors, walk=self._walk)
        self._steps: list[str] = []
        self._panels: dict[str, Any] = {}
        with marked("div", "wide-right"):
            with marked("section", "panel", label=view.text("explore.search")):
                self._search = SearchField(view, vectors, self._walk)
                self._trail = self._make_trail()
                self._message = marked("div", "stack")
                self._list = NeighbourList(self._exploration)
            with marked("section", "stack", label=view.text("explore.views")):
                self._make_tabs()
        view.on_back(self._went_back)
        view.on_close(self._close)
        word = view.state.get("word", "")
        self._show(word or vectors.words[0])

    def _make_tabs(self) -> None:
        chosen = self._view.state.get("tab", "")
        chosen = chosen if chosen in _TABS else "map"
        with ui.tabs().props("align=left outside-arrows mobile-arrows no-caps dense") as self._tabs:
            for name in _TABS:
                ui.tab(name, label=self._view.text(f"explore.tab.{name}"))
        with ui.tab_panels(self._tabs, value=chosen, animated=False, keep_alive=True) as self._holders:
            self._holders.classes("w-full")
            self._places = {name: ui.tab_panel(name) for name in _TABS}
        self._tabs.set_value(chosen)
        self._tabs.on_value_change(lambda event: self._open_tab(str(event.value)))
        self._make_panel(chosen)

    def _open_tab(self, name: str) -> None:
        self._view.remember(tab=None if name == "map" else name)
        self._make_panel(name)

    def _make_panel(self, name: str) -> None:
        if name in self._panels:
            return
        with self._places[name], marked("section", "panel", label=self._view.text(f"explore.tab.{name}")):
            self._panels[name] = _TABS[name](self._exploration)
        if self._exploration.word:
            self._panels[name].show()

    def _walk(self, word: str) -> None:
        """Select a word. With "back" in the browser, the user selects the previous word again."""
        if word and word != self._exploration.word:
            self._view.remember(as_step=True, word=word)
            self._show(word)

    def _went_back(self) -> None:
        tab = self._view.state.get("tab", "map")
        if tab in _TABS and self._tabs.value != tab:
            self._tabs.set_value(tab)
        self._show(self._view.state.get("word", "") or self._exploration.vectors.words[0])

    def _show(self, word: str) -> None:
        exploration = self._exploration
        if self._message.default_slot.children:
            self._message.clear()
        try:
            found = exploration.vectors.most_similar(word[:MAX_WORD], topn=TOPN)
        except WordkinError as error:
            background_tasks.create(self._explain(word, error))
            return
        exploration.word, exploration.neighbours = word, found
        self._search.set_word(word)
        self._steps = [*(each for each in self._steps if each != word), word][-_MOST_STEPS:]
        self._show_trail()
        self._list.show()
        for panel in self._panels.values():
            panel.show()

    async def _explain(self, word: str, error: WordkinError) -> None:
        suggestions = await asyncio.to_thread(_suggestions, error)
        with self._message:
            if not isinstance(error, UnknownWordError):
                notice(str(error), bad=True)
                return
            notice(self._view.text("explore.unknown", word=word[:MAX_WORD]), bad=True)
            if suggestions:
                with marked("div", "line"):
                    inline(self._view.text("explore.nearest"), "muted")
                    for each in suggestions:
                        button(each, partial(self._walk, each), "word")

    def _make_trail(self) -> LiveHtml:
        trail = LiveHtml("nav").classes("line small")
        trail.props["aria-label"] = self._view.text("explore.trail")
        trail.on_choice(self._walk_back)
        return trail

    def _show_trail(self) -> None:
        words = self._steps[:-1]
        back = choice_html(f"← {self._view.text('explore.back')}", _BACK, "quiet") if words else ""
        self._trail.show(back + "".join(choice_html(word, number) for number, word in enumerate(words)))

    def _walk_back(self, number: int) -> None:
        if number == _BACK:
            ui.navigate.back()
        elif 0 <= number < len(self._steps) - 1:
            self._walk(self._steps[number])

    def _close(self) -> None:
        for panel in self._panels.values():
            if hasattr(panel, "close"):
                panel.close()


def _suggestions(error: WordkinError) -> tuple[str, ...]:
    return error.suggestions if isinstance(error, UnknownWordError) else ()
