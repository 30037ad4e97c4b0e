"""``progress=True``: what people see who train from Python."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import wordkin
from wordkin import ConfigError, Word2Vec
from wordkin.training import display
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.state import RunState

TEXT = [["sun", "moon", "sky"], ["moon", "sun", "sea"]] * 50
OPTIONS = {"vector_size": 4, "min_count": 1, "subsample": 0, "epochs": 2, "threads": 1}
PLAIN_LINE = re.compile(r"epoch (\d)/2, (50|100)%: .* words/s, loss \d\.\d{4}, learning rate \S+, 0:00")


class Notebook:
    """Stands for ``IPython.display.display``: keeps every state that its one output had."""

    def __init__(self):
        self.outputs = 0
        self.states: list[tuple[str, str]] = []

    def __call__(self, shown, *, display_id):
        assert display_id is True
        self.outputs += 1
        self.update(shown)
        return self

    def update(self, shown):
        self.states.append((repr(shown), shown._repr_html_()))


@pytest.fixture
def notebook(monkeypatch):
    shown = Notebook()
    monkeypatch.setattr(display, "_display_of_notebook", lambda: shown)
    return shown


def test_there_is_a_line_for_each_epoch_where_no_terminal_is(capsys, tmp_path):
    reports, scans = [], []
    wordkin.train(TEXT, progress=True, callbacks=[reports.append], on_scan=scans.append, checkpoint=tmp_path, **OPTIONS)
    written = capsys.readouterr()
    lines = [line for line in written.err.splitlines() if not line.startswith("Compiling")]
    assert [PLAIN_LINE.fullmatch(line).group(1) for line in lines] == ["1", "2"]
    assert written.out == ""
    assert sum(report.epoch_finished for report in reports) == 2
    assert scans[-1].words == 300


@pytest.mark.parametrize("silent", [{}, {"progress": False}, {"progress": None}])
def test_training_is_silent_unless_asked(silent, capfd, notebook):
    wordkin.train(TEXT, **silent, **OPTIONS)
    assert capfd.readouterr() == ("", "")
    assert notebook.outputs == 0


@pytest.mark.parametrize("wrong", [1, "yes", print])
def test_what_is_neither_true_nor_false_is_refused(wrong, tmp_path):
    with pytest.raises(
        ConfigError, match=r"^progress must be True or False; got .*: pass functions as callbacks instead$"
    ):
        wordkin.train(TEXT, progress=wrong, **OPTIONS)
    wordkin.train(TEXT, checkpoint=tmp_path, **OPTIONS)
    with pytest.raises(ConfigError, match=r"^progress must"):
        wordkin.resume(tmp_path, progress=wrong)


def test_a_notebook_gets_one_output(notebook, capfd, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)))
    model = Word2Vec(**OPTIONS).fit(path, progress=True)
    assert notebook.outputs == 1
    last = notebook.states[-1]
    shown = [text.splitlines()[0] for text, html in notebook.states if not text.startswith("Compiling")]
    assert re.fullmatch(r"(reading|epoch 1/2), \d+%: .*", shown[0])
    assert re.match(rf"epoch 2/2, 100%: .* words/s, loss {model.losses[-1]:.4f}, ETA 0:00", last[0])
    assert '<progress style="width: 16em" max="600" value="600"></progress><span>100%</span>' in last[1]
    assert capfd.readouterr() == ("", "")
    model.update(TEXT, progress=True)
    assert notebook.outputs == 2


def test_a_notebook_shows_how_training_ended(notebook, monkeypatch):
    state = RunState(epoch=2, best_epoch=1, stopped_early=True, losses=[3.0, 2.9], validation_losses=[2.8353, 2.9])
    with display.watching(True, [], None) as watched:
        watched.ended(state, epochs=30)
    ((text, html),) = notebook.states
    assert text == "stopped after 2 of 30 epochs; kept epoch 1, held-out loss 2.8353"
    assert html == f"<div>{text}</div>"


def test_an_epoch_that_was_kept_is_told(capsys, monkeypatch, tmp_path):
    held_out = iter([2.8353, 2.9])
    monkeypatch.setattr(CpuBackend, "held_out_loss", lambda *_: next(held_out))
    options = OPTIONS | {"epochs": 30, "validation_fraction": 0.2, "patience": 1}
    model = Word2Vec(**options).fit(TEXT, progress=True, checkpoint=tmp_path)
    told = "stopped after 2 of 30 epochs; kept epoch 1, held-out loss 2.8353"
    assert capsys.readouterr().err.splitlines()[-1] == told
    assert (model.ending, model.embeddings.metadata["ending"]) == (told, told)
    wordkin.resume(tmp_path, progress=True)
    assert capsys.readouterr().err == f"{told}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_stream_that_fails_does_not_end_the_run(monkeypatch):
    stream = open("/dev/full", "w")  # noqa: SIM115, PTH123
    monkeypatch.setattr(sys, "stderr", stream)
    model = Word2Vec(**OPTIONS).fit(TEXT, progress=True)
    monkeypatch.undo()
    with contextlib.suppress(OSError):
        stream.close()
    assert len(model.losses) == 2


def test_the_bar_is_put_away_where_training_fails(notebook):
    def fail(report):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wordkin.train(TEXT, progress=True, callbacks=[fail], **OPTIONS)
    assert notebook.outputs <= 1


@pytest.mark.parametrize(
    ("shell", "found"), [(SimpleNamespace(kernel="a kernel"), True), (SimpleNamespace(), False), (None, False)]
)
def test_a_notebook_is_known_by_its_kernel(monkeypatch, shell, found):
    ipython, showing = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: shell
    ipython.display, showing.display = showing, print
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", showing)
    assert display._display_of_notebook() == (print if found else None)


def test_no_notebook_without_ipython(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert display._display_of_notebook() is None


@pytest.mark.parametrize(
    ("wrong", "right"), [("progres", "progress"), ("call_backs", "callbacks"), ("chekpoint", "checkpoint")]
)
def test_a_misspelled_option_of_a_run_is_told_of(wrong, right):
    with pytest.raises(ConfigError, match=rf"^{wrong} is not an option of training; got 1: did you mean {right}\?$"):
        wordkin.train(TEXT, **{wrong: 1})
