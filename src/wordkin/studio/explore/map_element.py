"""The map of words as an element of a page; what it draws is done by the viewer of :mod:`wordkin.plots`."""

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
    on_word : called with the index of the word that was clicked.
    on_ready : called when the browser has made the map and can take data.
    """

    def __init__(self, on_word: Callable[[int], Any], on_ready: Callable[[], Any]) -> None:
        super().__init__()
        self.on("word", lambda event: on_word(int(event.args)))
        self.on("ready", lambda: on_ready())

    def set_data(self, data: dict[str, Any]) -> None:
        """Show other words; ``data`` as of :meth:`wordkin.plots.word_map.WordMap.data`, and a label."""
        self.run_method("setData", data)

    def set_groups(self, groups: dict[str, Any]) -> None:
        """Colour the words in another way."""
        self.run_method("setGroups", groups)

    def highlight(self, word: int, near: list[int], *, centre: bool) -> None:
        """Highlight a word (-1 for none) and its neighbours, and move there."""
        self.run_method("mark", {"word": word, "near": near, "centre": centre})

    def zoom(self, factor: float) -> None:
        """Zoom in, or out by a factor below 1."""
        self.run_method("zoom", factor)

    def reset(self) -> None:
        """Show the whole map."""
        self.run_method("reset")

    async def picture(self) -> str:
        """What is shown, as a data address of a PNG."""
        found: str = await self.run_method("picture", timeout=5.0)
        return found
