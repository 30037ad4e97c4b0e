"""The pages of explore."""

from __future__ import annotations

from wordkin.studio.view import Page, View
from wordkin.studio.widgets import paragraph


def build(view: View) -> None:
    """Fill the page."""
    paragraph(view.text("explore.about"))


PAGES: tuple[Page, ...] = (Page("/explore", "explore.title", build),)
