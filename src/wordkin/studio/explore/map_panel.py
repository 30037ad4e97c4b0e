"""The panel with the map of the vocabulary."""

from __future__ import annotations

import asyncio
import itertools
import time
from importlib.util import find_spec
from typing import Any

import numpy as np
from nicegui import background_tasks

from wordkin.errors import WordkinError
from wordkin.plots.word_map import COLOURS, FREQUENCY_COLOURS, RANKS, WordMap, map_vocabulary
from wordkin.studio.explore.downloads import give_csv, give_picture
from wordkin.studio.explore.exploration import Exploration
from wordkin.studio.explore.map_element import MapElement
from wordkin.studio.explore.umap_process import UmapProcess
from wordkin.studio.widgets import button, inline, marked, paragraph, select

_CLUSTERS = 8


class MapPanel:
    """A map of the first 100,000 words. It highlights the selected word and its neighbours."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration, self._view = exploration, exploration.view
        state = self._view.state
        self._method = "umap" if state.get("method") == "umap" else "pca"
        self._colour = "cluster" if state.get("colour") == "cluster" else "frequency"
        self._map: WordMap | None = None
        self._umap: UmapProcess | None = None
        self._in_browser = asyncio.Event()
        self._controls()
        self._status = paragraph(self._view.text("map.computing"), "muted small")
        self._status.props["role"] = "status"
        self._element = MapElement(self._clicked, self._ready).classes("word-map")
        self._legend = marked("ul", "legend")
        background_tasks.create(self._compute())  # starts now, so that the browser can prepare the map meanwhile
        paragraph(self._view.text("map.help"), "muted small")

    def _controls(self) -> None:
        text = self._view.text
        with marked("div", "line"):
            methods = {"pca": "PCA", "umap": "UMAP"}
            select(methods, self._method, text("map.method"), self._choose_method)
            colours = {"frequency": text("map.by_frequency"), "cluster": text("map.by_cluster")}
            select(colours, self._colour, text("map.colour"), self._choose_colour)
            button("+", lambda: self._element.zoom(1.5), "quiet", label=text("map.zoom_in"))
            button("\N{MINUS SIGN}", lambda: self._element.zoom(1 / 1.5), "quiet", label=text("map.zoom_out"))
            button(text("map.whole"), lambda: self._element.reset(), "quiet")
            button("PNG", self._save_picture, "quiet", label=text("map.png"))
            button("CSV", self._save_table, "quiet", label=text("map.csv"))

    def show(self) -> None:
        """Highlight the selected word."""
        if self._map is None or not self._in_browser.is_set():
            return
        exploration, count = self._exploration, self._map.count
        words = [exploration.word, *(word for word, _ in exploration.neighbours or [])]
        ids = [int(word_id) for word_id in exploration.vectors.vocabulary.find_ids(words)]
        word, near = ids[0], [each for each in ids[1:] if 0 <= each < count]
        self._element.highlight(word if word < count else -1, near, centre=False)

    def close(self) -> None:
        """Stop the computations for this tab, including one that waits for the browser."""
        self._stop_umap()
        self._in_browser.set()

    def _stop_umap(self) -> None:
        if self._umap is not None:
            self._umap.stop()

    def _ready(self) -> None:
        self._in_browser.set()

    def _choose_method(self, method: str) -> None:
        self._method = method
        self._view.remember(method=None if method == "pca" else method)
        background_tasks.create(self._compute())

    async def _choose_colour(self, colour: str) -> None:
        self._colour = colour
        self._view.remember(colour=None if colour == "frequency" else colour)
        if self._map is not None:
            groups = await asyncio.to_thread(self._map.groups, self._clusters)
            self._element.set_groups(groups)
            self._show_legend()

    @property
    def _clusters(self) -> int | None:
        if self._colour == "frequency" or self._map is None:
            return None
        return min(_CLUSTERS, max(2, self._map.count))

    async def _compute(self) -> None:
        method, view = self._method, self._view
        self._status.set_visibility(True)
        self._status.set_text(view.text("map.computing"))
        self._stop_umap()
        try:
            if method == "umap":
                made = await self._compute_umap()
            else:
                made = await asyncio.to_thread(map_vocabulary, self._exploration.vectors, "pca")
        except WordkinError as error:
            self._status.set_text(str(error))
            return
        if made is None or method != self._method or view.client.is_deleted:
            return
        self._map = made
        data = await asyncio.to_thread(made.data, self._clusters)
        await self._in_browser.wait()
        if method != self._method or view.client.is_deleted:
            return
        label = view.text("map.label", count=f"{made.count:,}")
        with self._element:
            self._element.set_data({**data, "label": label})
        self._show_legend()
        self._tell()
        self.show()

    async def _compute_umap(self) -> WordMap | None:
        vectors, view = self._exploration.vectors, self._view
        if find_spec("umap") is None:
            self._status.set_text(view.text("map.no_umap"))
            return None
        self._umap = process = UmapProcess(vectors)
        began = time.monotonic()
        while not process.done:
            if process is not self._umap or view.client.is_deleted:
                process.stop()
                return None
            seconds = f"{time.monotonic() - began:.0f}"
            share = process.progress
            step = view.text("map.umap_layout", progress=f"{share:.0%}") if share else view.text("map.umap_neighbours")
            self._status.set_text(view.text("map.umap", step=step, seconds=seconds, count=f"{process.count:,}"))
            await asyncio.sleep(0.3)
        positions = process.result()
        return WordMap(vectors, len(positions), positions, np.full(2, np.nan))

    def _tell(self) -> None:
        assert self._map is not None
        count, total = self._map.count, len(self._exploration.vectors)
        first = "map.first_umap" if self._method == "umap" else "map.first"
        parts = [] if count == total else [self._view.text(first, count=f"{count:,}", total=f"{total:,}")]
        if np.isfinite(self._map.shares).all():
            parts.append(self._view.text("map.shares", share=f"{self._map.shares.sum():.0%}"))
        self._status.set_text(" ".join(parts))
        self._status.set_visibility(bool(parts))

    def _show_legend(self) -> None:
        assert self._map is not None
        count = self._map.count
        self._legend.clear()
        entries: list[tuple[str, str]] = []
        if self._colour == "frequency":
            bounds = [0, *(rank for rank in RANKS if rank < count), count]
            for (low, high), colour in zip(itertools.pairwise(bounds), FREQUENCY_COLOURS, strict=False):
                entries.append((self._view.text("map.ranks", low=f"{low + 1:,}", high=f"{high:,}"), colour))
        else:
            entries = [
                (self._view.text("map.cluster", number=number + 1), COLOURS[number])
                for number in range(self._clusters or 0)
            ]
        with self._legend:
            for name, colour in entries:
                with marked("li"):
                    marked("span", "swatch").style(f"background: {colour}").props("aria-hidden=true")
                    inline(name)

    def _clicked(self, index: int) -> None:
        if self._map is not None and 0 <= index < self._map.count:
            self._exploration.walk(self._exploration.vectors.words[index])

    async def _save_picture(self) -> None:
        address: Any = await self._element.picture()
        if isinstance(address, str) and address.startswith("data:image/png;base64,"):
            give_picture(f"map-{self._exploration.name}", address)

    async def _save_table(self) -> None:
        if self._map is None:
            return
        made = self._map
        rows = await asyncio.to_thread(
            lambda: [(word, *place) for word, place in zip(made.words(), made.positions.tolist(), strict=True)]
        )
        give_csv(f"map-{self._exploration.name}", ["word", "x", "y"], rows)
