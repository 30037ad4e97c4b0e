"""The command as a process: signals, pipes, streams, and what it loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 120  # seconds; only a hang takes so long
COMMAND = [sys.executable, "-m", "wordkin"]
LOADED = (
    "import sys; from wordkin.cli import main; code = main(sys.argv[1:]); "
    "print(*sorted(name for name in sys.modules if '.' not in name), file=sys.stderr); sys.exit(code)"
)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell that closes streams")
@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault(closing, text_file, tmp_path):
    line = f'exec "$0" -m wordkin train "$1" -o "$2" --min-count 1 --epochs 1 --threads 1 {closing}'
    arguments = [sys.executable, text_file, tmp_path / "v.bin"]
    done = subprocess.run(["sh", "-c", line, *map(str, arguments)], capture_output=True, text=True)
    assert (done.returncode, "fault" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / "v.bin").exists()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the command as a process; none outlives the test."""
    with ExitStack() as started:

        def call(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
            process = started.enter_context(subprocess.Popen([*COMMAND, *map(str, arguments)], **streams))
            started.callback(process.kill)
            return process

        yield call


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGINT, 130, "wordkin: stopped by Ctrl-C"),
        (signal.SIGTERM, 143, "wordkin: stopped by SIGTERM"),
    ],
)
def test_signals_stop_training_and_leave_nothing_behind(start, tmp_path, text_file, number, code, message):
    output = tmp_path / "v.bin"
    process = start("train", text_file, "-o", output, "--vector-size", "8", "--epochs", "1000000")
    assert process.stderr.readline().startswith("epoch 1/1000000")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert err.splitlines()[-1] == message
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == [text_file]


def test_a_stopped_run_says_how_to_go_on_and_knows_its_output(start, tmp_path, text_file):
    output, run = tmp_path / "v.bin", tmp_path / "a run"
    options = ["--vector-size", "8", "--epochs", "1000000", "--checkpoint", run, "--checkpoint-every", "0.1s"]
    process = start("train", text_file, "-o", output, *options)
    while not (run / "run.json").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert err.splitlines()[-2:] == [
        f"wordkin: go on with: wordkin train --resume '{run}'",
        "wordkin: stopped by Ctrl-C",
    ]
    assert not output.exists()


def test_a_resumed_run_names_the_output_of_its_beginning(start, tmp_path, text_file):
    output, run = tmp_path / "v.bin", tmp_path / "run"
    options = ["--vector-size", "8", "--epochs", "1", "--checkpoint", run, "-q"]
    assert start("train", text_file, "-o", output, *options).wait(PATIENCE) == 0
    out, _ = start("train", "--resume", run, "-q").communicate(timeout=PATIENCE)
    assert out.startswith(f"{output}: ")


def test_a_reader_that_leaves_early_is_no_error(start, vectors_file):
    process = start("similar", vectors_file, *["paris"] * 3000, "--json")
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_standard_output_is_told(start, vectors_file):
    with Path("/dev/full").open("w") as full:
        process = start("similar", vectors_file, "paris", stdout=full)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (1, "wordkin: No space left on device\n")


def test_a_terminal_that_lacks_letters_gets_escapes(start, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("2 1\nmaß 1\nß 1\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    out, err = start("similar", path, "ß", env=environment).communicate(timeout=PATIENCE)
    assert (out.splitlines()[1].split()[0], err) == ("ma\\xdf", "")
    out, _ = start("similar", path, "ß", "--json", env=environment).communicate(timeout=PATIENCE)
    assert '"word": "ma\\u00df"' in out


def test_questions_load_neither_numba_nor_scipy(vectors_file):
    arguments = [sys.executable, "-c", LOADED, "similar", str(vectors_file), "paris"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=PATIENCE)
    loaded = set(done.stderr.split())
    assert "numpy" in loaded
    assert loaded.isdisjoint({"numba", "llvmlite", "scipy", "pandas", "matplotlib", "fsspec", "gensim", "sklearn"})
