"""All pages of the studio, in the order of the navigation.

A part that adds pages lists them in its own ``PAGES`` and is named here; each page is a
:class:`wordkin.studio.view.Page`, with its path, the key of its title and the function that builds it.
"""

from __future__ import annotations

from wordkin.studio import explore, lesson, start, train
from wordkin.studio.view import Page

PAGES: tuple[Page, ...] = (*start.PAGES, *lesson.PAGES, *explore.PAGES, *train.PAGES)
