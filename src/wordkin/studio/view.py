"""What one tab has: its language, its theme, its state in the URL; and the frame around every page."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode

from nicegui import Client, ui

from wordkin.studio.catalogue import Texts, languages, preferred_language
from wordkin.studio.widgets import heading, marked, select

if TYPE_CHECKING:
    from wordkin.studio.library import Library
    from wordkin.studio.train.runs import Runs
    from wordkin.studio.workspace import Workspace

Theme = Literal["system", "light", "dark"]
_DARK: Mapping[str, bool | None] = {"system": None, "light": False, "dark": True}
_QUASAR_LANGUAGES = {"en": "en-US", "ko": "ko-KR"}
MAX_STATE = 4_000  # characters of all values of a URL; what is longer is left out
_TELL_OF_BACK = "<script>addEventListener('popstate', () => emitEvent('studio_back', location.search))</script>"


@dataclass(frozen=True)
class Studio:
    """What all tabs share.

    Attributes
    ----------
    workspace : which files may be opened.
    library : opened vectors.
    runs : training runs.
    pages : all pages, in the order of the navigation.
    """

    workspace: Workspace
    library: Library
    runs: Runs
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Page:
    """A page of the studio. A part adds pages by putting them into the list of :mod:`wordkin.studio.pages`.

    Attributes
    ----------
    path : its address, from the root: "/explore".
    title : the key of its title in the catalogue; also its name in the navigation.
    module : its ``build(view)`` fills the page for a tab; called inside ``<main>``, below the title. It must return
        soon: slow work starts afterwards, in a timer or a task. Imported when the page is first shown, since
        what the lesson and the map need takes longer to import than the first page to show.
    in_navigation : whether the navigation shows it. A page that it does not show marks the shown one
        whose path begins its own as the current one.
    """

    path: str
    title: str
    module: str
    in_navigation: bool = True


class View:
    """One tab: made for each request of a page, gone when the tab is closed.

    Attributes
    ----------
    studio : what all tabs share.
    page : the page shown.
    client : NiceGUI's side of the tab; ``client.id`` names it.
    texts : the texts of its language.
    theme : "system", "light" or "dark".
    state : the parameters of the URL, without language and theme. Change them by :meth:`remember`.
    """

    def __init__(self, studio: Studio, page: Page, client: Client) -> None:
        self.studio, self.page, self.client = studio, page, client
        query = _parameters(client.request.url.query)
        chosen = query.pop("lang", None)
        self._language = chosen if chosen in languages() else None
        wanted = query.pop("theme", "system")
        self.theme = wanted if wanted in _DARK else "system"
        accepted = client.request.headers.get("accept-language", "")
        self.texts = Texts(self._language or preferred_language(accepted))
        self.state = query
        self._went_back: Callable[[], object] = lambda: ui.navigate.reload()

    def text(self, key: str, **values: object) -> str:
        """A text of the catalogue, with ``{names}`` replaced by values."""
        return self.texts.format(key, **values) if values else self.texts[key]

    def link(self, path: str, **state: str) -> str:
        """The address of a page in this tab's language and theme, with the given state."""
        kept = {"lang": self._language, "theme": None if self.theme == "system" else self.theme}
        query = urlencode({name: value for name, value in {**state, **kept}.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def url(self) -> str:
        """The address that shows what the tab shows now."""
        return self.link(self.page.path, **self.state)

    def remember(self, *, as_step: bool = False, **state: str | None) -> None:
        """Put values into the URL, so that reloading or sharing it shows the same.

        Parameters
        ----------
        as_step : whether "back" in the browser returns to what was before; see :meth:`on_back`.
        state : parameters by name; None or "" takes one out.
        """
        self.remember_all(state, as_step=as_step)

    def remember_all(self, state: Mapping[str, str | None], *, as_step: bool = False) -> None:
        """As :meth:`remember`, with the parameters as a mapping."""
        for name, value in state.items():
            if value:
                self.state[name] = value
            else:
                self.state.pop(name, None)
        with self.client:
            (ui.navigate.history.push if as_step else ui.navigate.history.replace)(self.url)

    def on_back(self, handler: Callable[[], object]) -> None:
        """Call ``handler`` after "back" or "forward" have changed :attr:`state`; the page is reloaded otherwise."""
        self._went_back = handler

    def on_close(self, handler: Callable[[], object]) -> None:
        """Call ``handler`` when the tab is closed or leaves the page."""
        self.client.on_delete(handler)

    async def show(self) -> None:
        """Build the frame and the page in it."""
        module = await asyncio.to_thread(import_module, self.page.module)
        shown = copy.copy(self.client.page)
        shown.title = f"{self.text(self.page.title)} · wordkin"
        shown.language = _QUASAR_LANGUAGES.get(self.texts.language, "en-US")  # type: ignore[assignment]
        shown.dark = _DARK[self.theme]
        self.client.page = shown
        ui.add_head_html(_TELL_OF_BACK)
        ui.on("studio_back", lambda event: self._back(str(event.args)))
        self._header()
        with ui.element("main").classes("studio-main").props("tabindex=-1") as main:
            heading(self.text(self.page.title), 1)
            built = module.build(self)
            if inspect.isawaitable(built):
                await built
        ui.skip_link(self.text("frame.skip"), target=main)

    def _back(self, query: str) -> object:
        state = _parameters(query.removeprefix("?"))
        state = {name: value for name, value in state.items() if name not in ("lang", "theme")}
        if state == self.state:  # a jump within the page
            return None
        self.state = state
        return self._went_back()

    def _header(self) -> None:
        shown = [page for page in self.studio.pages if page.in_navigation]
        fitting = [page.path for page in shown if f"{self.page.path}/".startswith(f"{page.path.rstrip('/')}/")]
        current = max(fitting, key=len, default="")
        with ui.element("header").classes("studio-header"):
            ui.link("wordkin", self.link("/")).classes("studio-brand")
            with marked("nav", "studio-nav", label=self.text("frame.navigation")):
                for page in shown:
                    link = ui.link(self.text(page.title), self.link(page.path))
                    if page.path == current:
                        link.props["aria-current"] = "page"
            with ui.element("div").classes("studio-choices"):
                names = {theme: self.text(f"theme.{theme}") for theme in _DARK}
                select(names, self.theme, self.text("frame.theme"), self._choose_theme)
                select(dict(languages()), self.texts.language, self.text("frame.language"), self._choose_language)

    def _choose_language(self, language: str) -> None:
        self._language = language
        ui.navigate.to(self.url)

    def _choose_theme(self, theme: str) -> None:
        self.theme = theme
        ui.navigate.to(self.url)


def _parameters(query: str) -> dict[str, str]:
    """The parameters of a URL, the last of each name; those too long to be a state are left out."""
    found = dict(parse_qsl(query[: 3 * MAX_STATE]))
    return {name: value for name, value in found.items() if len(name) <= 40 and len(value) <= MAX_STATE}
