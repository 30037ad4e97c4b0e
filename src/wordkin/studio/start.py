"""The first page: links to the parts of the studio, and to files of vectors that can be opened."""

from __future__ import annotations

from nicegui import ui

from wordkin.studio.view import Page, View
from wordkin.studio.widgets import heading, marked, panel, paragraph

_MOST_LISTED = 30


def build(view: View) -> None:
    """Build the content of the page."""
    paragraph(view.text("start.about"))
    with marked("div", "columns"):
        for name in ("lesson", "explore", "train"):
            with panel():
                heading(view.text(f"{name}.title"))
                paragraph(view.text(f"start.{name}"))
                ui.link(view.text(f"start.open.{name}"), view.link(f"/{name}"))
    with panel(view.text("start.files")):
        names = view.studio.workspace.vectors()
        if not names:
            paragraph(view.text("start.no_files"), "muted")
        with marked("ul"):
            for name in names[:_MOST_LISTED]:
                with marked("li"):
                    ui.link(name, view.link("/explore", vectors=name))
        if len(names) > _MOST_LISTED:
            paragraph(view.text("start.more_files", count=f"{len(names) - _MOST_LISTED:,}"), "muted")


PAGES = (Page("/", "nav.start", __name__),)
