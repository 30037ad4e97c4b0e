"""The options and the process of a run that the page Train starts, without a browser.

Playwright keeps an event loop running in a module that holds a browser, so `asyncio.run` would fail there.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from wordkin.errors import ConfigError
from wordkin.studio.train.options import FIELDS, value_of
from wordkin.studio.train.runs import TrainingRun


def test_the_worker_tells_an_error_as_an_event(tmp_path):
    told = {"directory": str(tmp_path), "corpus": str(tmp_path / "none.txt"), "options": {}, "resume": False}
    done = subprocess.run(
        [sys.executable, "-m", "wordkin.studio.worker"], input=json.dumps(told) + "\n", capture_output=True, text=True
    )
    assert done.returncode == 2
    event = json.loads(done.stdout.splitlines()[-1])
    assert event["kind"] == "error"
    assert "none.txt" in event["message"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("window", "7", 7),
        ("window", " ", 5),
        ("window", "sentence", "sentence"),
        ("learning_rate", "0.5", 0.5),
        ("learning_rate", "", None),
        ("lowercase", True, True),
        ("lowercase", "True", True),
        ("objective", ["softmax"], "softmax"),
        ("phrases", "2", 2),
        ("phrase_connectors", "of, the", ("of", "the")),
        ("field", "3", 3),
        ("field", "body", "body"),
        ("reader", "", None),
        ("objective", ["softmax", "negative-sampling"], ("softmax", "negative-sampling")),
    ],
)
def test_what_fields_hold_becomes_options(name, text, value):
    assert value_of(name, text) == value


def test_an_option_that_names_a_file_is_refused():
    with pytest.raises(ConfigError, match="phrases must be a whole number of passes from 1 to 16; got"):
        value_of("phrases", "/etc/x.json")


@pytest.mark.parametrize("name", list(FIELDS))
def test_the_default_of_every_option_is_what_an_empty_field_stands_for(name):
    assert value_of(name, "") == FIELDS[name].default


def test_a_module_in_the_folder_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('the module of the folder was run')")
    monkeypatch.chdir(tmp_path)
    run = TrainingRun("run", tmp_path, "none.txt", {})

    async def train() -> None:
        await run.start(resume=False)
        await run.follow()

    asyncio.run(train())
    assert run.status == "failed"
    assert "none.txt" in run.message
