"""The neighbours of a word, with bars; each is a button that goes on to it."""

from __future__ import annotations

from functools import partial

from wordkin.studio.explore.downloads import give_csv
from wordkin.studio.explore.exploration import Exploration
from wordkin.studio.widgets import button, heading, inline, marked


def bar(share: float) -> None:
    """A bar of a share, from 0 to 1; the number stands beside it, so screen readers skip it."""
    with marked("span", "bar").props("aria-hidden=true"):
        marked("span").style(f"width: {100 * min(1.0, max(0.0, share)):.1f}%")


class NeighbourList:
    """A list that follows the word looked at."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        self._title = heading("")
        self._list = marked("ol", "words")
        with marked("div", "line"):
            button(exploration.view.text("explore.csv"), self._save, "quiet")

    def show(self) -> None:
        """Show the neighbours of the word looked at now."""
        exploration = self._exploration
        self._title.set_text(exploration.view.text("explore.neighbours", word=exploration.word))
        self._list.clear()
        with self._list:
            for word, cosine in exploration.neighbours or []:
                with marked("li"):
                    button(word, partial(exploration.walk, word), "word")
                    bar(cosine)
                    inline(f"{cosine:.3f}", "number")

    def _save(self) -> None:
        exploration = self._exploration
        rows = [(rank, word, cosine) for rank, (word, cosine) in enumerate(exploration.neighbours or [], 1)]
        give_csv(f"neighbours-{exploration.word}", ["rank", "word", "cosine"], rows)
