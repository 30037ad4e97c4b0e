"""Basic elements of all pages, with labels for screen readers and CSS classes of ``theme.css``.

All functions show their arguments as plain text, never as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement


def heading(text: str, level: int = 2) -> TextElement:
    """Add a heading, ``<h1>`` to ``<h3>``."""
    return TextElement(tag=f"h{level}", text=text)


def paragraph(text: str, classes: str = "") -> TextElement:
    """Add a paragraph of text."""
    return _classed(TextElement(tag="p", text=text), classes)


def inline(text: str, classes: str = "") -> TextElement:
    """Add inline text."""
    return _classed(TextElement(tag="span", text=text), classes)


def marked(tag: str, classes: str = "", *, label: str = "") -> Element:
    """Add an element with any tag, with CSS classes and a label for screen readers."""
    element = Element(tag)
    if classes:
        element.classes(classes)
    if label:
        element.props["aria-label"] = label
    return element


@contextmanager
def panel(title: str = "", *, level: int = 2) -> Iterator[Element]:
    """Add a card with a title."""
    with marked("section", "panel", label=title) as section:
        if title:
            heading(title, level)
        yield section


def button(text: str, on_click: Callable[[], Any], kind: str = "", *, label: str = "") -> TextElement:
    """Add a button. ``kind`` is "" for the main action of a page, "quiet" for other actions, "word" for a word.

    It is a plain HTML button: a page may have fifty of them, and buttons of Quasar take ten times as long to draw.
    """
    made = TextElement(tag="button", text=text).classes(f"studio-button {kind}".strip())
    made.props["type"] = "button"
    made.on("click", lambda: on_click(), args=[])
    if label:
        made.props["aria-label"] = label
    return made


def select(options: Mapping[str, str], value: str, label: str, on_change: Callable[[str], Any]) -> ui.select:
    """Add a menu to select one of several values. ``options`` maps each value to the name that the menu shows."""
    made = ui.select(dict(options), value=value, label=label, on_change=lambda event: on_change(event.value))
    return made.props("outlined dense options-dense behavior=menu")


def notice(text: str, *, bad: bool = False) -> TextElement:
    """Add a message. If ``bad`` is true, it is an error, which screen readers announce immediately."""
    element = TextElement(tag="p", text=text).classes("notice bad" if bad else "notice")
    element.props["role"] = "alert" if bad else "status"
    return element


@contextmanager
def facts() -> Iterator[Element]:
    """Add a list of names and values; :func:`fact` adds its items."""
    with marked("dl", "facts") as listed:
        yield listed


def fact(name: str, value: str) -> TextElement:
    """Add a name and its value to a list; return the element of the value, so that it can be changed later."""
    with marked("div", "fact"):
        TextElement(tag="dt", text=name)
        return TextElement(tag="dd", text=value)


def _classed(element: TextElement, classes: str) -> TextElement:
    if classes:
        element.classes(classes)
    return element
