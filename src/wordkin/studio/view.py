"""The state of one browser tab (language, theme, parameters of the URL), and the frame around every page."""

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
MAX_STATE = 4_000  # maximum number of characters of a parameter of the URL; longer ones are ignored
_TELL_OF_BACK = "<script>addEventListener('popstate', () => emitEvent('studio_back', location.search))</script>"


@dataclass(frozen=True)
class Studio:
    """The objects that all tabs share.

    Attributes
    ----------
    workspace : Workspace
        The files that may be opened.
    library : Library
        The opened vectors.
    runs : Runs
        The training runs.
    pages : tuple of Page
        All pages, in the order of the navigation.
    """

    workspace: Workspace
    library: Library
    runs: Runs
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Page:
    """A page of the studio. :mod:`wordkin.studio.pages` lists all pages.

    Attributes
    ----------
    path : str
        Path of the page in its URL, such as "/explore".
    title : str
        Key of its title in the catalogue. The navigation shows the same title.
    module : str
        Name of the module whose function ``build(view)`` fills the page for a tab. The function is called inside
        ``<main>``, below the title, and must return quickly; slow work must run in a timer or a task. The module is
        imported when the page is first shown, because imports for the lesson and the map are slow.
    in_navigation : bool, default True
        Whether the navigation lists the page. While a page that is not listed is shown, the navigation marks the listed
        page whose path is the longest prefix of its path.
    """

    path: str
    title: str
    module: str
    in_navigation: bool = True


class View:
    """The state of one browser tab. It is created for each request of a page, and lives until the tab is closed.

    Attributes
    ----------
    studio : Studio
        The objects that all tabs share.
    page : Page
        The page that the tab shows.
    client : nicegui.Client
        The tab in NiceGUI; ``client.id`` identifies it.
    texts : Texts
        The texts in the language of the tab.
    theme : {"system", "light", "dark"}
        The theme.
    state : dict of str to str
        The parameters of the URL, except language and theme. :meth:`remember` changes them.
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
        """Return a text of the catalogue, with ``{names}`` replaced by values."""
        return self.texts.format(key, **values) if values else self.texts[key]

    def link(self, path: str, **state: str) -> str:
        """Return the address of a page with these parameters, and with the language and theme of this tab."""
        kept = {"lang": self._language, "theme": None if self.theme == "system" else self.theme}
        query = urlencode({name: value for name, value in {**state, **kept}.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def url(self) -> str:
        """The address of the page in its current state."""
        return self.link(self.page.path, **self.state)

    def remember(self, *, as_step: bool = False, **state: str | None) -> None:
        """Set parameters of the URL, so that a reloaded or shared URL shows the same state.

        Parameters
        ----------
        as_step : bool, default False
            Whether to add an entry to the history of the browser, so that "back" restores the previous state; see
            :meth:`on_back`.
        **state : str or None
            Values of parameters; None or "" removes a parameter.
        """
        self.remember_all(state, as_step=as_step)

    def remember_all(self, state: Mapping[str, str | None], *, as_step: bool = False) -> None:
        """Set parameters of the URL from a mapping; otherwise like :meth:`remember`."""
        for name, value in state.items():
            if value:
                self.state[name] = value
            else:
                self.state.pop(name, None)
        with self.client:
            (ui.navigate.history.push if as_step else ui.navigate.history.replace)(self.url)

    def on_back(self, handler: Callable[[], object]) -> None:
        """Call ``handler`` after "back" or "forward" in the browser has changed :attr:`state`.

        Without a handler, the browser reloads the page.
        """
        self._went_back = handler

    def on_close(self, handler: Callable[[], object]) -> None:
        """Call ``handler`` when the tab is closed or leaves the page."""
        self.client.on_delete(handler)

    async def show(self) -> None:
        """Build the frame and the content of the page."""
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
        if state == self.state:  # a link within the page
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
    """Return the parameters of a URL.

    If a name occurs several times, the last value counts. Values that are too long are ignored.
    """
    found = dict(parse_qsl(query[: 3 * MAX_STATE]))
    return {name: value for name, value in found.items() if len(name) <= 40 and len(value) <= MAX_STATE}
