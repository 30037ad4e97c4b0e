"""The commands and the Python of README.md run, and its links lead somewhere.

The words and numbers in README.md come from a full demo. Here a small text is trained on, so only the shape of
each answer is compared: table headers, types and lengths of values.
"""

from __future__ import annotations

import ast
import doctest
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from wordkin.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that README uses: a text, and vectors that know the words asked about."""
    from wordkin.api import train

    path = tmp_path_factory.mktemp("readme")
    words = "mean median min minimum max maximum red green blue thread row rows column columns"
    (path / "text.txt").write_text(f"{words}\n" * 20)
    train(str(path / "text.txt"), output=path / "demo.safetensors", epochs=1)
    return path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def shape(text: str) -> object:
    """The types of an answer, and how many values of each; text with its numbers replaced by 0."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return re.sub(r"[\d,.]+", "0", text)
    return _shape_of(value)


def _shape_of(value: object) -> object:
    return [_shape_of(each) for each in value] if isinstance(value, list | tuple) else type(value)


class ShapeChecker(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return shape(want) == shape(got)


def test_python_runs_and_answers_in_the_shape_shown(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks("python")), {}, "README.md", "README.md", 0)
    doctest.DocTestRunner(ShapeChecker(), verbose=False).run(test)
    assert test.examples
    assert capsys.readouterr().out == ""


def test_commands_run_and_print_the_tables_shown(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (session,) = blocks("console")
    commands = re.findall(r"^\$ wordkin (.*)\n((?:[^$].*\n)*)", session, flags=re.MULTILINE)
    assert [shlex.split(command)[0] for command, _ in commands] == ["train", "similar", "analogy", "convert", "lesson"]
    for command, shown in commands:
        assert main(shlex.split(command)) == 0
        printed = capsys.readouterr().out
        if shown:
            assert re.sub(r"[\d,]+", "0", printed.splitlines()[0]) == re.sub(r"[\d,]+", "0", shown.splitlines()[0])
            assert len(printed.splitlines()) == len(shown.splitlines())


def test_the_two_commands_are_targets_of_make():
    section = README.split("## Two commands")[1]
    commands = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)[0].split("\n")[:-1]
    assert commands == ["make demo", "make test"]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {command.removeprefix("make ") for command in commands} <= set(targets)


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_the_extras_named_exist(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"pip install '\.\[([\w,]+)\]'", (ROOT / page).read_text())
    assert named and {extra for names in named for extra in names.split(",")} <= set(extras)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md"])
def test_links_lead_somewhere(page):
    for path in ROOT.glob(page):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name} links to {target}"
