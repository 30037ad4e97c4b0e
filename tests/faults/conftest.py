"""What lies here besides tests are programs of their own; pytest need not look for doctests in them."""

from __future__ import annotations

collect_ignore = ["harness.py", "fuzz_loaders.py", "system_errors.py"]
