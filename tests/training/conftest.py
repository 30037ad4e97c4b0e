"""Text to train on, several steps of the backend long and quick to train on."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.training import trainer


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
