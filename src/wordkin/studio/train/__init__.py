"""The pages of train."""

from __future__ import annotations

from wordkin.studio.view import Page, View
from wordkin.studio.widgets import paragraph


def build(view: View) -> None:
    """Fill the page."""
    paragraph(view.text("train.about"))


PAGES: tuple[Page, ...] = (Page("/train", "train.title", build),)
