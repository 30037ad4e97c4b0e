"""HTML that changes often. It is sent to the browser without rendering the page again.

NiceGUI renders all elements of a page again when one of them changes. In the lesson, this would take longer than
everything else that the browser does for a step. ``live.js``, which every page contains, replaces only what changes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from html import escape
from typing import Any

from nicegui import Client, background_tasks, json
from nicegui.element import Element

_CONTENT = "innerHTML"
_CHOOSE = """(event) => {
  const number = event.target.closest('[data-choice]')?.dataset.choice;
  if (number !== undefined) emit(Number(number));
}"""

# Changes that are not sent yet: the HTML by the id of its element. Changes that follow at once are sent together.
_changed: weakref.WeakKeyDictionary[Client, dict[int, str]] = weakref.WeakKeyDictionary()


class LiveHtml(Element):
    """An element whose content is HTML. The caller must escape all words.

    Parameters
    ----------
    tag : str, default "div"
        Tag of the element.
    """

    def __init__(self, tag: str = "div") -> None:
        super().__init__(tag)
        self.classes("live")

    def show(self, html: str) -> None:
        """Replace the content."""
        if _CONTENT not in self.props:
            self.props[_CONTENT] = html
        elif html != self.props[_CONTENT]:
            with self.props.suspend_updates():
                self.props[_CONTENT] = html
            waiting = _changed.setdefault(self.client, {})
            if not waiting:
                background_tasks.create(_send(self.client), name="changed HTML")
            waiting[self.id] = html

    def on_choice(self, handler: Callable[[int], Any]) -> None:
        """Call ``handler`` when the user clicks a button made by :func:`choice_html`, with the number of the button."""
        self.on("click", lambda event: handler(event.args) if isinstance(event.args, int) else None, js_handler=_CHOOSE)


def choice_html(text: str, number: int, kind: str = "word") -> str:
    """Return a button for :meth:`LiveHtml.on_choice`. It looks like :func:`wordkin.studio.widgets.button`."""
    return f'<button type="button" class="studio-button {kind}" data-choice="{number}">{escape(text)}</button>'


async def _send(client: Client) -> None:
    parts = list(_changed.pop(client).items())
    client.run_javascript(f"showLive({json.dumps(parts)})")
