"""What every test shares: the same examples from Hypothesis each time, and no reading of a user's settings."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import hypothesis
import numpy as np
import pytest

_NOBODY = 65534
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


@contextlib.contextmanager
def _without_privileges() -> Iterator[Path]:
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if user == 0:
            os.chown(directory, _NOBODY, -1)
            os.seteuid(_NOBODY)
        try:
            yield directory
        finally:
            if user == 0:
                os.seteuid(user)
            directory.chmod(0o700)


@pytest.fixture
def without_privileges() -> Callable[[], AbstractContextManager[Path]]:
    """Makes the rest of a block run as a user whom permissions bind, even where root runs the tests.

    The block is handed a directory of that user.
    """
    if os.name != "posix":
        pytest.skip("permissions as POSIX has them")
    return _without_privileges


@pytest.fixture(scope="session")
def sentences() -> list[list[str]]:
    """60,000 words in sentences of 30, of a vocabulary of 300 with falling frequencies."""
    generator = np.random.default_rng(7)
    weights = 1 / np.arange(1, 301)
    words = generator.choice(300, 60_000, p=weights / weights.sum())
    return [[f"w{word}" for word in sentence] for sentence in words.reshape(-1, 30)]


@pytest.fixture
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every span is one step, so that a run reports, stops and is kept at every position where it can."""
    from wordkin.training import trainer

    monkeypatch.setattr(trainer, "SECONDS_PER_SPAN", 0)


@pytest.fixture
def stop_at():
    """Makes a callback that stops training at its so-manieth report."""

    def make(number: int):
        reports = []

        def stop(report):
            reports.append(report)
            return len(reports) >= number

        return stop

    return make
