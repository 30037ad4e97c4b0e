"""Reports of training, and how they are shown."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest

from wordkin.corpus import ScanProgress
from wordkin.training.display import SECONDS_BETWEEN_PLAIN_LINES, ProgressDisplay, lines_of_machines
from wordkin.training.progress import MachineProgress, TrainingReport

REPORT = TrainingReport(
    epoch=2,
    epochs=5,
    epoch_finished=False,
    words=3_000_000,
    total_words=10_000_000,
    words_per_second=2_000_000.0,
    loss=2.34567,
    learning_rate=0.0175,
    validation_loss=None,
    seconds=1.5,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_report_is_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.epoch = 3


def test_time_left():
    assert REPORT.seconds_left == 3.5
    assert dataclasses.replace(REPORT, words_per_second=0.0).seconds_left is None
    assert dataclasses.replace(REPORT, words=10_000_001).seconds_left == 0


def test_plain_lines_come_at_the_end_of_an_epoch():
    stream = io.StringIO()
    with ProgressDisplay(stream) as display:
        assert display(REPORT) is None
        assert stream.getvalue() == ""
        display(dataclasses.replace(REPORT, epoch_finished=True, words=4_000_000, seconds=65.0))
        display.reading(ScanProgress(100, 200, 10, 1.0))
    assert stream.getvalue() == "epoch 2/5, 40%: 2 M words/s, loss 2.3457, learning rate 0.0175, 1:05\n"


def test_plain_lines_come_now_and_then_in_a_long_epoch():
    stream = io.StringIO()
    display = ProgressDisplay(stream)
    for seconds in range(0, 3700, 5):
        display(dataclasses.replace(REPORT, seconds=float(seconds)))
    lines = stream.getvalue().splitlines()
    assert len(lines) == pytest.approx(3700 / SECONDS_BETWEEN_PLAIN_LINES, abs=1)
    assert lines[-1].endswith("1:01:30")


def test_held_out_loss_is_shown_where_there_is_one():
    stream = io.StringIO()
    ProgressDisplay(stream)(dataclasses.replace(REPORT, epoch_finished=True, validation_loss=2.5))
    assert "loss 2.3457, held-out 2.5000, learning rate" in stream.getvalue()


@pytest.mark.parametrize(("speed", "shown"), [(812.4, "812"), (34_512, "34.5 k"), (7.131e6, "7.13 M"), (2e9, "2 G")])
def test_speeds_are_shown_in_three_digits(speed, shown):
    stream = io.StringIO()
    ProgressDisplay(stream)(dataclasses.replace(REPORT, epoch_finished=True, words_per_second=speed))
    assert f" {shown} words/s" in stream.getvalue()


def test_a_terminal_gets_a_bar_on_one_line_of_80_columns(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with ProgressDisplay(stream) as display:
        display.reading(ScanProgress(50_000_000, 100_000_000, 9_000_000, 0.5))
        display(dataclasses.replace(REPORT, epochs=15, validation_loss=2.5))
    written = stream.getvalue()
    states = [state for state in re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", written).split("\r") if state.strip()]
    assert states[0].startswith("reading ")
    assert "50% 9 M words, 100 MB/s" in states[0]
    assert states[-1].startswith("epoch 2/15 ")
    assert "30% 2 M words/s, loss 2.3457, held-out 2.5000, ETA 0:04" in states[-1]
    assert max(len(state.rstrip("\n")) for state in states) <= 80
    assert written.endswith("\x1b[?25h")  # the cursor is back


MACHINES = tuple(
    MachineProgress(f"pine{number} (10.0.0.{number}, node 1f2e3d4c)", 7_000_000, 2e6 + 1e5 * number, 0.864)
    for number in range(3)
)


def test_each_machine_has_a_line():
    stream = io.StringIO()
    ProgressDisplay(stream)(dataclasses.replace(REPORT, epoch_finished=True, machines=3, progress_of_machines=MACHINES))
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("epoch 2/5, 30%: 2 M words/s, loss 2.3457, 3 machines, ")
    assert lines[1:] == [
        f"  pine{number} (10.0.0.{number}, node 1f2e3d4c): {speed} M words/s, 86% training, 7 M words"
        for number, speed in enumerate(("2", "2.1", "2.2"))
    ]


def test_of_many_machines_the_slowest_have_lines():
    many = [MachineProgress(f"pine{number}", 7_000_000, 2e6 - 1e4 * number, 0.5) for number in range(20)]
    lines = lines_of_machines(many)
    assert [line.partition(":")[0] for line in lines[:-1]] == [f"pine{number}" for number in range(12, 20)]
    assert lines[-1] == "the slowest 8 of 20 machines"
    assert lines_of_machines([]) == []


def test_a_terminal_shows_machines_below_the_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with ProgressDisplay(stream) as display:
        for number in (3, 2):
            display(dataclasses.replace(REPORT, machines=number, progress_of_machines=MACHINES[:number]))
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", stream.getvalue()).splitlines()
    assert [line.strip().partition(" ")[0] for line in shown[-3:]] == ["epoch", "pine0", "pine1"]
    assert max(map(len, shown)) <= 80


def test_a_notebook_shows_machines_below_the_bar():
    shown = []

    class Handle:
        def update(self, state):
            shown.append((repr(state), state._repr_html_()))

    def display_of_notebook(state, display_id):
        Handle().update(state)
        return Handle()

    with ProgressDisplay(io.StringIO(), notebook=display_of_notebook) as display:
        display(dataclasses.replace(REPORT, machines=3, progress_of_machines=MACHINES))
    text, html = shown[-1]
    assert [line.partition(" ")[0] for line in text.splitlines()] == ["epoch", "pine0", "pine1", "pine2"]
    assert html.count("<div>pine") == 3


def test_closing_twice_is_harmless():
    display = ProgressDisplay(Terminal())
    display(REPORT)
    display.close()
    display.close()
