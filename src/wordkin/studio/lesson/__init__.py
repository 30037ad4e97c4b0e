"""The lesson: pages that show training step by step."""

from __future__ import annotations

from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (Page("/lesson", "lesson.title", "wordkin.studio.lesson.page"),)
