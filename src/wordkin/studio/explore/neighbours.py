"""The list of neighbours of a word. Each neighbour has a bar, and a button that selects it."""

from __future__ import annotations

from html import escape

from wordkin.studio.explore.downloads import give_csv
from wordkin.studio.explore.exploration import Exploration
from wordkin.studio.live import LiveHtml, choice_html
from wordkin.studio.widgets import button, marked


def bar(share: float) -> None:
    """Add a bar for a value from 0 to 1. Screen readers skip the bar, because the page also shows the number."""
    with marked("span", "bar").props("aria-hidden=true"):
        marked("span").style(_bar_width(share))


def _bar_width(share: float) -> str:
    """Return the CSS that sets the width of a bar to ``share``."""
    return f"width: {100 * min(1.0, max(0.0, share)):.1f}%"


def _row_html(rank: int, word: str, cosine: float) -> str:
    return (
        f'<li>{choice_html(word, rank)}<span class="bar" aria-hidden="true"><span style="{_bar_width(cosine)}"></span>'
        f'</span><span class="number">{cosine:.3f}</span></li>'
    )


class NeighbourList:
    """The list of neighbours of the selected word, which it shows with their cosines."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        self._title = LiveHtml("h2")
        self._list = LiveHtml("ol").classes("words")
        self._list.on_choice(self._walk)
        with marked("div", "line"):
            button(exploration.view.text("explore.csv"), self._save, "quiet")

    def show(self) -> None:
        """Show the neighbours of the selected word."""
        exploration = self._exploration
        self._title.show(escape(exploration.view.text("explore.neighbours", word=exploration.word)))
        found = list(exploration.neighbours or [])
        self._list.show("".join(_row_html(rank, *neighbour) for rank, neighbour in enumerate(found)))

    def _walk(self, rank: int) -> None:
        found = list(self._exploration.neighbours or [])
        if 0 <= rank < len(found):
            self._exploration.walk(found[rank][0])

    def _save(self) -> None:
        exploration = self._exploration
        rows = [(rank, word, cosine) for rank, (word, cosine) in enumerate(exploration.neighbours or [], 1)]
        give_csv(f"neighbours-{exploration.word}", ["rank", "word", "cosine"], rows)
