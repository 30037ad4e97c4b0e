"""The page Explore: search, neighbours, map, questions, comparison, model card."""

from __future__ import annotations

from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (Page("/explore", "explore.title", "wordkin.studio.explore.page"),)
