"""The other files in this directory are programs, in which pytest need not look for doctests."""

from __future__ import annotations

collect_ignore = ["harness.py", "fuzz_loaders.py", "system_errors.py"]
