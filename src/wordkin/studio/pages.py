"""All pages of the studio, in the order of the navigation.

Each part of the studio is a package that lists its pages in ``PAGES``, as objects of :class:`wordkin.studio.view.Page`.
"""

from __future__ import annotations

from wordkin.studio import explore, lesson, start, train
from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (*start.PAGES, *lesson.PAGES, *explore.PAGES, *train.PAGES)
