"""The list of neighbours of a word. Each neighbour has a bar, and a button that selects it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

from wordkin.studio.explore.downloads import give_csv
from wordkin.studio.explore.exploration import Exploration
from wordkin.studio.widgets import button, heading, inline, marked


def bar(share: float) -> None:
    """Add a bar for a value from 0 to 1. Screen readers skip it, because the page shows the number, too."""
    with marked("span", "bar").props("aria-hidden=true"):
        marked("span").style(bar_width(share))


def bar_width(share: float) -> str:
    """Return the CSS of the filled part of a bar."""
    return f"width: {100 * min(1.0, max(0.0, share)):.1f}%"


class _Row:
    """A row of the list. Its elements are reused for another neighbour, which is faster than creating new ones."""

    def __init__(self, walk: Callable[[str], None]) -> None:
        with marked("li") as self._item:
            self._word = ""
            self._button = button("", lambda: walk(self._word), "word")
            with marked("span", "bar").props("aria-hidden=true"):
                self._bar = marked("span")
            self._number = inline("", "number")

    def show(self, neighbour: tuple[str, float] | None) -> None:
        """Show a word and its cosine; None clears the row."""
        self._item.set_visibility(neighbour is not None)
        if neighbour is not None:
            self._word, cosine = neighbour
            self._button.set_text(self._word)
            self._bar.style(replace=bar_width(cosine))
            self._number.set_text(f"{cosine:.3f}")


class NeighbourList:
    """The list of neighbours of the selected word."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        self._title = heading("")
        self._list = marked("ol", "words")
        self._rows: list[_Row] = []
        with marked("div", "line"):
            button(exploration.view.text("explore.csv"), self._save, "quiet")

    def show(self) -> None:
        """Show the neighbours of the selected word."""
        exploration = self._exploration
        self._title.set_text(exploration.view.text("explore.neighbours", word=exploration.word))
        found = list(exploration.neighbours or [])
        with self._list:
            self._rows += [_Row(exploration.walk) for _ in range(len(found) - len(self._rows))]
        for row, neighbour in zip_longest(self._rows, found):
            row.show(neighbour)

    def _save(self) -> None:
        exploration = self._exploration
        rows = [(rank, word, cosine) for rank, (word, cosine) in enumerate(exploration.neighbours or [], 1)]
        give_csv(f"neighbours-{exploration.word}", ["rank", "word", "cosine"], rows)
