"""Shared fixtures. Hypothesis generates the same examples in every run, and settings of the user are ignored."""

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

# No time limit per example: the machine may be busy, and Numba compiles during the first one.
hypothesis.settings.register_profile("wordkin", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "wordkin"))

# Files whose tests take half a minute or more. They run first, so that no worker is left alone with one at the end.
SLOW_FILES = (
    "tests/training/cluster/test_ray.py",
    "tests/objectives/test_kernels.py",
    "tests/cli/test_process.py",
    "tests/faults/test_faults.py",
    "tests/studio/test_lesson_pages.py",
    "tests/studio/test_lesson_numbers.py",
    "tests/runs/test_resume_any_configuration.py",
    "tests/studio/test_train.py",
    "tests/test_jit.py",
    "tests/runs/test_checkpoint.py",
    "tests/faults/test_bad_input.py",
    "tests/runs/test_signals.py",
    "tests/corpus/test_named_tokenizers.py",
    "tests/test_items_page.py",
    "tests/studio/test_frame.py",
    "tests/studio/test_server.py",
    "tests/cli/test_command_line_page.py",
    "tests/training/cpu/test_compiling.py",
    "tests/cli/test_picture_and_lesson_commands.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of the slow files first."""
    places = {config.rootpath / name: place for place, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Format output for 80 columns without colours, regardless of the terminal."""
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
    """Drop root privileges inside a block, so that file permissions apply; yield a directory of the other user."""
    if os.name != "posix":
        pytest.skip("permissions as POSIX has them")
    return _without_privileges


@pytest.fixture(scope="session")
def sentences() -> list[list[str]]:
    """60,000 words in sentences of 30, from a vocabulary of 300 words with decreasing frequencies."""
    generator = np.random.default_rng(7)
    weights = 1 / np.arange(1, 301)
    words = generator.choice(300, 60_000, p=weights / weights.sum())
    return [[f"w{word}" for word in sentence] for sentence in words.reshape(-1, 30)]


@pytest.fixture
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every span one step, so that a run reports, stops and saves at every possible position."""
    from wordkin.training import trainer

    monkeypatch.setattr(trainer, "SECONDS_PER_SPAN", 0)


@pytest.fixture
def stop_at():
    """Return a factory of callbacks that stop training at their n-th report."""

    def make(number: int):
        reports = []

        def stop(report):
            reports.append(report)
            return len(reports) >= number

        return stop

    return make
