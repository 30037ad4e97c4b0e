"""The page to train vectors: choose a text and options, start, watch, pause, stop, resume, open the result."""

from __future__ import annotations

from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (Page("/train", "train.title", "wordkin.studio.train.page"),)
