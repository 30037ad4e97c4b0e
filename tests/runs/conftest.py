"""resume_search.py is a program, in which pytest need not look for doctests."""

from __future__ import annotations

collect_ignore = ["resume_search.py"]
