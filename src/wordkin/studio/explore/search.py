"""The search field, with completion."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from nicegui import ui

from wordkin.embeddings import Embeddings
from wordkin.studio.explore.exploration import MAX_WORD, completions
from wordkin.studio.live import LiveHtml
from wordkin.studio.view import View
from wordkin.studio.widgets import button, marked


class WordField:
    """A field to type a word. The browser suggests words that begin with the typed text, the most frequent first.

    Parameters
    ----------
    on_enter : callable
        Called with the word when the user presses Enter.
    """

    def __init__(self, vectors: Embeddings, label: str, value: str, on_enter: Callable[[str], None]) -> None:
        self._vectors = vectors
        self.input = ui.input(label, value=value, on_change=lambda event: self._complete(str(event.value or "")))
        self.input.props(f"outlined dense autocomplete=off spellcheck=false maxlength={MAX_WORD}")
        self.input.on("keydown.enter", lambda: on_enter(self.word), args=[])
        self._offered = LiveHtml("datalist")
        self.input.props["list"] = self._offered.html_id

    @property
    def word(self) -> str:
        """The typed text."""
        return str(self.input.value or "").strip()

    def _complete(self, begun: str) -> None:
        found = completions(self._vectors, begun.strip())
        self._offered.show("".join(f'<option value="{escape(word)}"></option>' for word in found))


class SearchField:
    """The search field of the page, with its button."""

    def __init__(self, view: View, vectors: Embeddings, on_word: Callable[[str], None]) -> None:
        with marked("div", "line").style("flex-wrap: nowrap"):
            self._field = WordField(vectors, view.text("explore.word"), "", on_word)
            self._field.input.style("flex: 1")
            button(view.text("explore.find"), lambda: on_word(self._field.word))

    def set_word(self, word: str) -> None:
        """Show a word that was selected elsewhere on the page."""
        if self._field.word != word:
            self._field.input.set_value(word)
