"""The page Train: choose a text and options, start a run, pause, stop or resume it, and open its vectors."""

from __future__ import annotations

from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (Page("/train", "train.title", "wordkin.studio.train.page"),)
