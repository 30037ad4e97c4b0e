"""The pace of the lesson in play, with a clock of the test."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("nicegui")
from wordkin.studio.lesson import tab as module
from wordkin.studio.lesson.tab import Tab


@pytest.fixture
def played(monkeypatch):
    """Plays a lesson of 10,000 steps at a speed, each step late by some seconds; returns the times of its steps."""

    def play(speed: int, late: list[float]) -> list[float]:
        clock = 100.0
        monkeypatch.setattr(module.time, "monotonic", lambda: clock)
        monkeypatch.setattr(module.ui, "timer", lambda interval, tick: SimpleNamespace(interval=interval, tick=tick))
        view: Any = SimpleNamespace(state={}, texts=SimpleNamespace(language="en"))
        tab = Tab(view, ("why",))
        tab.speed, tab.steps = speed, 10_000
        tab.play()
        times = []
        for delay in late:
            clock += delay
            times.append(clock)
            tab._tick()
            clock += tab._timer.interval
        assert tab.number == 1 + len(late)
        return times

    return play


def test_small_delays_do_not_add_up(played):
    times = played(30, [0.002] * 301)
    assert times[300] - times[0] == pytest.approx(10.0)


def test_after_a_long_delay_few_steps_follow_at_once(played):
    times = played(30, [0.0] * 10 + [5.0] + [0.0] * 100)
    after = times[11:]
    at_once = [time for time in after if time < times[10] + 0.01]
    assert len(at_once) <= 7
    assert after[60] - after[10] == pytest.approx(50 / 30)
