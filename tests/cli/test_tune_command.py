"""Tests of wordkin tune."""

from __future__ import annotations

import json

import pytest

from wordkin.cli.application import run as run_arguments


@pytest.fixture
def near(tmp_path):
    path = tmp_path / "near.tsv"
    path.write_text("sun\tmoon\t9\nstar\tcheese\t1\nbread\twine\t5\n")
    return path


def test_it_ends_with_a_command_that_runs_or_says_that_nothing_is_better(run, text_file, near, tmp_path):
    picture, place = tmp_path / "search.png", tmp_path / "search"
    given = [text_file, "--evaluate", near, "--vector-size", "4", "--subsample", "0", "--vary", "window=2,3"]
    finished = run("tune", *given, "--trials", "8", "--plot", picture, "--directory", place)
    assert finished.code == 0, finished.err
    lines = finished.out.splitlines()
    assert lines[0].split() == ["settings", "trials", "score", "fresh", "seeds", "seconds"]
    assert {"recipe=word2vec", "recipe=quality", "window=2", "window=3"} <= {line.split()[0] for line in lines[1:5]}
    assert sum(line.endswith("chosen") for line in lines) == 1
    assert lines[-2].startswith(("best: window=", "nothing better than recipe="))
    assert lines[-1].startswith(f"wordkin train {text_file} ")
    assert "--vector-size 4" in lines[-1] and lines[-1].endswith(" --output vectors.safetensors")
    told = [line.split(":")[0] for line in finished.err.splitlines() if line.startswith("trial")]
    assert told[:3] == ["trial 1", "trial 2", "trial 3"]
    assert picture.exists()
    again = run("tune", *given, "--trials", "8", "--directory", place, "--json", "--quiet")
    assert again.err == ""
    assert json.loads(again.out)["command"] == lines[-1]
    arguments = lines[-1].split()[1:]
    arguments[-1] = str(tmp_path / "v.safetensors")
    assert run_arguments(arguments) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "missing option '--evaluate'; see: wordkin tune --help"),
        ("--trials few", "--trials must be a whole number from 1 up; got 'few'"),
        ("--weights a", "--weights must be numbers separated by commas; got 'a'"),
        (
            "--at-most 2y",
            '--at-most must be a time above 0, such as "30s", or a multiple of the time of the classic settings, ',
        ),
        (
            "--time 2y",
            '--time must be a number of seconds from 0 up, or text such as "30s", "10m" or "2h"; got \'2y\'',
        ),
        ("--vary speed", "--vary must name a training option; got 'speed'"),
        ("--vary window=x", "--window must be a whole number from 1 to 10000"),
        ("--recipe quality", "no such option: --recipe: it is an option of wordkin train; see: wordkin tune"),
        ("--plot a.gif", "output must end in .png, .svg or .pdf; got 'a.gif'"),
    ],
)
def test_wrong_arguments_are_one_line(run, text_file, near, arguments, message):
    evaluate = ["--evaluate", near] if arguments else []
    finished = run("tune", text_file, *evaluate, *arguments.split())
    assert finished.code == 2
    assert finished.err.startswith(f"wordkin: {message}")
    assert finished.err.count("\n") == 1
