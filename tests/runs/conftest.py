"""The search over configurations is a program of its own; pytest need not look for doctests in it."""

from __future__ import annotations

collect_ignore = ["resume_search.py"]
