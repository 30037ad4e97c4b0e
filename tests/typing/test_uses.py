"""Type checkers take what wordkin takes, and refuse what it refuses; people see the same in ``help()``."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import wordkin
from wordkin import api, options
from wordkin.config import TrainingConfig
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.embeddings import load_embeddings
from wordkin.training.progress import Callback
from wordkin.vectors import WordVectors

USES = Path(__file__).parent / "uses.py"
ROOT = USES.parent.parent.parent


def test_mypy_refuses_each_wrong_use_and_no_other():
    expected = {
        (number, code)
        for number, line in enumerate(USES.read_text().splitlines(), 1)
        if (match := re.search(r"# error: ([\w, -]+)$", line))
        for code in match[1].split(", ")
    }
    assert len(expected) > 30
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", "--no-pretty", str(USES)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    found = {
        (int(match[1]), match[2]) for line in errors if (match := re.search(r"uses\.py:(\d+).*\[([\w-]+)\]$", line))
    }
    assert found == expected
    assert len(errors) == len(expected)


def test_the_options_are_the_fields_of_the_config():
    fields = get_type_hints(TrainingConfig)
    assert get_type_hints(options.TrainingOptions) == {
        each.name: fields[each.name] for each in dataclasses.fields(TrainingConfig)
    }


def test_the_arguments_of_a_run_are_those_that_fit_and_resume_take():
    names = {**vars(api), "WordVectors": WordVectors, "Callback": Callback, "ScanProgress": ScanProgress}

    def keywords(function):
        hints = get_type_hints(function, names)
        parameters = inspect.signature(function).parameters.values()
        return {each.name: hints[each.name] for each in parameters if each.kind is each.KEYWORD_ONLY}

    assert keywords(wordkin.Word2Vec.fit) == get_type_hints(api.FitOptions, names, names)
    assert keywords(wordkin.Word2Vec.update) == get_type_hints(api.ReplayOptions, names, names)
    assert keywords(wordkin.Word2Vec.resume) == get_type_hints(api.RunOptions, names, names)


def test_signatures_show_every_option_with_its_default():
    defaults = {each.name: each.default for each in dataclasses.fields(TrainingConfig)}
    for function in (wordkin.train, wordkin.resume, wordkin.Word2Vec):
        shown = inspect.signature(function).parameters
        assert {name: shown[name].default for name in defaults} == defaults
    assert {"output", "checkpoint", "spool_directory"} <= set(inspect.signature(wordkin.train).parameters)
    assert "validation" not in inspect.signature(wordkin.resume).parameters


def test_load_is_one_function():
    assert wordkin.load is load_embeddings
