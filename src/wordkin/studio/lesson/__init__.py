"""The lesson: how training works, seen step by step."""

from __future__ import annotations

from wordkin.studio.view import Page, View
from wordkin.studio.widgets import paragraph


def build(view: View) -> None:
    """Fill the first page of the lesson."""
    paragraph(view.text("lesson.about"))


PAGES: tuple[Page, ...] = (Page("/lesson", "lesson.title", build),)
