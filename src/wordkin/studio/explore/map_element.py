"""The map of words as an element of a page. The viewer of :mod:`wordkin.plots` draws it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from nicegui.element import Element

_VIEWER = str(files("wordkin.plots") / "viewer")


class MapElement(Element, component="map.js", esm={"wordkin-word-map": _VIEWER}):
    """A map that can be panned, zoomed and clicked.

    Parameters
    ----------
    on_word : callable
        Called with the index of a clicked word.
    on_ready : callable
        Called when the map exists in the browser and can receive data.
    """

    def __init__(self, on_word: Callable[[int], Any], on_ready: Callable[[], Any]) -> None:
        super().__init__()
        self.on("word", lambda event: on_word(int(event.args)))
        self.on("ready", lambda: on_ready())

    def set_data(self, data: dict[str, Any]) -> None:
        """Show other words. ``data`` is a result of :meth:`wordkin.plots.word_map.WordMap.data` with a label added."""
        self.run_method("setData", data)

    def set_groups(self, groups: dict[str, Any]) -> None:
        """Set the groups that determine the colours of the words."""
        self.run_method("setGroups", groups)

    def highlight(self, word: int, near: list[int], *, centre: bool) -> None:
        """Highlight a word (-1 for none) and its neighbours; with ``centre``, move the map to it."""
        self.run_method("mark", {"word": word, "near": near, "centre": centre})

    def zoom(self, factor: float) -> None:
        """Zoom in; zoom out if the factor is below 1."""
        self.run_method("zoom", factor)

    def reset(self) -> None:
        """Show the whole map."""
        self.run_method("reset")

    async def picture(self) -> str:
        """Return the visible part of the map as a data URL of a PNG."""
        found: str = await self.run_method("picture", timeout=5.0)
        return found
