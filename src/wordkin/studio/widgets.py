"""Small parts that all pages are made of, each with its label for screen readers and its classes of ``theme.css``.

Text is always given to elements that show it as text; none of these takes HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement


def heading(text: str, level: int = 2) -> TextElement:
    """A heading, ``<h1>`` to ``<h3>``."""
    return TextElement(tag=f"h{level}", text=text)


def paragraph(text: str, classes: str = "") -> TextElement:
    """A paragraph of text."""
    return _classed(TextElement(tag="p", text=text), classes)


def inline(text: str, classes: str = "") -> TextElement:
    """A piece of text in a line."""
    return _classed(TextElement(tag="span", text=text), classes)


def marked(tag: str, classes: str = "", *, label: str = "") -> Element:
    """An element of any tag, with a label for screen readers."""
    element = Element(tag)
    if classes:
        element.classes(classes)
    if label:
        element.props["aria-label"] = label
    return element


@contextmanager
def panel(title: str = "", *, level: int = 2) -> Iterator[Element]:
    """A card with a title."""
    with marked("section", "panel", label=title) as section:
        if title:
            heading(title, level)
        yield section


def button(text: str, on_click: Callable[[], Any], kind: str = "", *, label: str = "") -> ui.button:
    """A button with a text; its ``kind`` is "" for the main thing to do, "quiet" for others, "word" in a list."""
    made = ui.button(text, on_click=lambda: on_click(), color=None).props("unelevated no-caps")
    made.classes(f"studio-button {kind}".strip())
    if label:
        made.props["aria-label"] = label
    return made


def select(options: Mapping[str, str], value: str, label: str, on_change: Callable[[str], Any]) -> ui.select:
    """A choice of one of a few; ``options`` maps values to the names shown."""
    made = ui.select(dict(options), value=value, label=label, on_change=lambda event: on_change(event.value))
    return made.props("outlined dense options-dense behavior=menu")


def notice(text: str, *, bad: bool = False) -> TextElement:
    """A message; a bad one is announced to screen readers at once."""
    element = TextElement(tag="p", text=text).classes("notice bad" if bad else "notice")
    element.props["role"] = "alert" if bad else "status"
    return element


@contextmanager
def facts() -> Iterator[Element]:
    """A list of names and values; fill it by :func:`fact`."""
    with marked("dl", "facts") as listed:
        yield listed


def fact(name: str, value: str) -> TextElement:
    """A name and its value; returns the element of the value, to be changed later."""
    with marked("div", "fact"):
        TextElement(tag="dt", text=name)
        return TextElement(tag="dd", text=value)


def _classed(element: TextElement, classes: str) -> TextElement:
    if classes:
        element.classes(classes)
    return element
