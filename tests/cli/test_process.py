"""Tests of the command line in its own process: signals, pipes, streams, imported modules."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 120  # seconds; anything longer is a hang
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
    """Return a function that starts the command as a process; all processes are killed after the test."""
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
        (signal.SIGHUP, 129, "wordkin: stopped by SIGHUP"),
    ],
)
def test_signals_stop_training_and_leave_nothing_behind(start, tmp_path, text_file, number, code, message):
    output = tmp_path / "v.bin"
    process = start("train", text_file, "-o", output, "--vector-size", "8", "--epochs", "1000000")
    line = process.stderr.readline()
    if line.startswith("Compiling"):  # where no test before it has compiled these kernels
        line = process.stderr.readline()
    assert line.startswith("epoch 1/1000000")
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
        f"wordkin: to continue: wordkin train --resume '{run}'",
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


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


@FULL
def test_a_full_disk_behind_standard_error_does_not_hide_why_a_command_failed(start, tmp_path, vectors_file):
    cases = {("info", tmp_path / "none.bin"): 2, ("similar", vectors_file, "nobody"): 2, ("nonsense",): 2}
    for arguments, code in cases.items():
        with Path("/dev/full").open("w") as full:
            process = start(*arguments, stderr=full)
            out, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out.count("\n"), out.startswith("wordkin: ")) == (code, 1, True), out
        with Path("/dev/full").open("w") as full:
            assert start(*arguments, stderr=full, stdout=full).wait(PATIENCE) == code


@FULL
def test_a_run_outlives_the_disk_that_its_progress_goes_to(start, tmp_path, text_file):
    with Path("/dev/full").open("w") as full:
        process = start("train", text_file, "-o", tmp_path / "v.bin", "--epochs", "2", stderr=full)
        out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out.startswith(f"{tmp_path / 'v.bin'}: ")) == (0, True)


def test_nohup_lets_a_run_outlive_its_terminal(tmp_path, text_file):
    command = ["nohup", *COMMAND, "train", str(text_file), "-o", str(tmp_path / "v.bin"), "--epochs", "300"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = ""
    while not line.startswith("epoch 1/"):
        line = process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert (tmp_path / "v.bin").exists()


@pytest.mark.parametrize("losing", ["output", "log"])
def test_recorded_files_that_cannot_be_written_any_more_are_bad_usage(start, tmp_path, text_file, losing):
    run, place = tmp_path / "run", tmp_path / "gone"
    place.mkdir()
    files = {"output": tmp_path / "v.bin", "log": tmp_path / "log.jsonl"} | {losing: place / "v.bin"}
    options = ["--vector-size", "8", "--epochs", "1", "--checkpoint", run, "-q", "--log", files["log"]]
    assert start("train", text_file, "-o", files["output"], *options).wait(PATIENCE) == 0
    shutil.rmtree(place)
    process = start("train", "--resume", run, "-q")
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (
        2, f"wordkin: cannot write '{place / 'v.bin'}', because there is no directory '{place}': "
        "make this directory first\n"
    )  # fmt: skip
    process = start("train", "--resume", run, "-q", f"--{losing}", tmp_path / "w.bin")
    assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(os.fsencode("\udcff") != b"\xff" or sys.platform == "darwin", reason="names here are Unicode")
def test_names_that_are_not_utf_8(tmp_path):
    """Text, output, log and checkpoints can have such names: they are written, recorded, printed and resumed."""
    place = os.fsencode(tmp_path) + b"/a \xff'"
    os.mkdir(place)  # noqa: PTH102
    text, output, log, run = (place + b"/" + name for name in (b"t\xfe.txt", b"v\xfd.bin", b"l\xfc", b"r\xfb"))
    Path(os.fsdecode(text)).write_text("sun moon star sky\nbread cheese wine oil\n" * 300)
    command = [*COMMAND, "train", text, "-o", output, "--log", log, "--checkpoint", run, "--epochs", "1000000"]
    with subprocess.Popen([*command, "--checkpoint-every", "0"], stderr=subprocess.PIPE) as process:
        while not os.path.exists(log) or not os.path.getsize(log):  # noqa: PTH110, PTH202
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    advice = next(line for line in err.decode().splitlines() if "to continue: " in line).split("--resume ")[1]
    echoed = subprocess.run(["bash", "-c", f"printf %s {advice}"], capture_output=True, check=True)
    assert echoed.stdout == run
    again = subprocess.run([*COMMAND, "train", "--resume", run, text, "--epochs", "1"], capture_output=True)
    assert again.returncode == 2
    assert b"the run started with --epochs 1000000" in again.stderr
    done = subprocess.run([*command[:-1], "1", "--json"], capture_output=True)
    assert (done.returncode, b"holds an unfinished run" in done.stderr) == (2, True)
    shutil.rmtree(os.fsdecode(run))
    done = subprocess.run([*command[:-1], "1", "--json"], capture_output=True, check=True)
    assert json.loads(done.stdout)["output"] == os.fsdecode(output)
    done = subprocess.run([*COMMAND, "train", "--resume", run, "--json", "-q"], capture_output=True, check=True)
    assert json.loads(done.stdout)["output"] == os.fsdecode(output)
    assert os.path.exists(output)  # noqa: PTH110


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
