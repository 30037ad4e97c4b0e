"""Ctrl-C, SIGTERM and SIGHUP stop a run where it can go on, and are then what they always were."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from wordkin import Word2Vec
from wordkin.runs.signals import StopSignals

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 3, "threads": 1}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


class Terminated(BaseException):
    """What the handler of these tests makes of SIGTERM."""


@pytest.fixture(autouse=True)
def _handlers(monkeypatch):
    def terminate(number, frame):
        raise Terminated

    before = {number: signal.signal(number, terminate) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send_at(number: int, signal_number: signal.Signals):
    """A callback that sends this process a signal at its so-manieth report."""
    reports = []

    def send(report):
        reports.append(report)
        if len(reports) == number:
            signal.raise_signal(signal_number)

    return send


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated), (signal.SIGHUP, Terminated)],
)
def test_a_signal_ends_a_run_after_a_last_checkpoint(sentences, tmp_path, short_spans, number, raised):
    whole = Word2Vec(**SMALL).fit(sentences)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(raised):
        Word2Vec(**SMALL).fit(sentences, checkpoint=tmp_path, callbacks=[send_at(6, number)])
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    state = json.loads((tmp_path / "run.json").read_text())["state"]
    assert (state["epoch"], state["position"]) == (1, 2 * 16_384)
    assert np.array_equal(Word2Vec.resume(tmp_path).embeddings.matrix, whole.embeddings.matrix)


def test_without_checkpoints_a_signal_ends_a_run_as_well(sentences):
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(**SMALL).fit(sentences, callbacks=[send_at(1, signal.SIGINT)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(sentences, number):
    before = signal.signal(number, signal.SIG_IGN)
    try:
        model = Word2Vec(**SMALL).fit(sentences, callbacks=[send_at(1, number)])
    finally:
        signal.signal(number, before)
    assert len(model.losses) == 3


def test_other_threads_train_without_handlers(sentences):
    models = []
    thread = threading.Thread(target=lambda: models.append(Word2Vec(**SMALL).fit(sentences)))
    thread.start()
    thread.join()
    assert len(models[0].losses) == 3


def test_the_first_signal_waits_and_the_second_does_not():
    with pytest.raises(KeyboardInterrupt), StopSignals() as signals:
        assert not signals.received()
        signal.raise_signal(signal.SIGINT)
        assert signals.received()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signals.received()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        raise KeyboardInterrupt


def test_a_signal_is_handed_on_once():
    with pytest.raises(Terminated), StopSignals():
        signal.raise_signal(signal.SIGTERM)
    with StopSignals() as signals:
        assert not signals.received()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_command_stops_and_goes_on(sentences, tmp_path, number, code):
    """A real process, stopped from outside in the middle of an endless run."""
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    places = [
        "--output",
        str(tmp_path / "v.bin"),
        "--checkpoint",
        str(tmp_path / "run"),
        "--log",
        str(tmp_path / "log"),
    ]
    options = ["--epochs", "100000", "--vector-size", "8", "--min-count", "1", "--threads", "2", "--quiet"]
    command = [sys.executable, "-m", "wordkin", "train", str(text), *places, *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "log").exists() or not (tmp_path / "log").read_text():
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (code, ""), errors
    assert "Traceback" not in errors
    assert errors.count("stopped by") == 1
    assert not (tmp_path / "v.bin").exists()
    state = json.loads((tmp_path / "run" / "run.json").read_text())["state"]
    assert state["position"] > 0 or state["epoch"] > 0
    assert len(Word2Vec.load(tmp_path / "run").vocabulary) == 300


def test_sigterm_ends_a_script_after_a_last_checkpoint(tmp_path):
    """Where nothing handles SIGTERM the process dies of it, as it would without wordkin."""
    script = f"""
import os, signal
from wordkin import Word2Vec
def terminate(report):
    os.kill(os.getpid(), signal.SIGTERM)
Word2Vec(vector_size=4, min_count=1, subsample=0, epochs=1000).fit(
    [["a", "b"]] * 9, checkpoint={str(tmp_path / "run")!r}, callbacks=[terminate]
)
print("not reached")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "", "")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["state"]["epoch"] == 1


@pytest.mark.parametrize("threads", ["1", "2"])
def test_compiling_is_not_waited_for(tmp_path, threads):
    """The first run ever says that it compiles; who then thinks better of it need not wait until that is done."""
    text = tmp_path / "text.txt"
    text.write_text("a b c d\n" * 100)
    kernels = tmp_path / "kernels"
    command = [sys.executable, "-m", "wordkin", "train", str(text), "--output", str(tmp_path / "v.bin")]
    process = subprocess.Popen(
        [*command, "--threads", threads],
        env={**os.environ, "NUMBA_CACHE_DIR": str(kernels)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    while "Compiling" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert not (tmp_path / "v.bin").exists()
    assert not list(kernels.rglob("*train_negative_sampling*"))
