"""What every test shares: the same examples from Hypothesis each time, and no reading of a user's settings."""

from __future__ import annotations

import os

import hypothesis
import pytest

os.environ["MPLBACKEND"] = "agg"  # plots are written to files, never shown

# No time limit for one example: a machine may be busy, and Numba compiles at the first.
hypothesis.settings.register_profile("wordkin", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "wordkin"))


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is as in a file: whatever terminal the tests are started from, 80 columns and no colours."""
    for name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "WORDKIN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
