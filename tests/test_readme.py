"""README.md promises nothing that does not run: its commands, its Python, its table.

The words and numbers it shows come from a full demo. Here a small one trains, so only the shape of
each answer is compared: heads of tables, types and lengths of values.
"""

from __future__ import annotations

import ast
import doctest
import re
import shlex
from pathlib import Path

import pytest

from wordkin.cli import main
from wordkin.config import TrainingConfig

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the files README speaks of: a text, and vectors that know the words asked about."""
    from wordkin.api import train

    folder = tmp_path_factory.mktemp("readme")
    words = "mean median min minimum max maximum red green blue thread row rows column columns"
    (folder / "text.txt").write_text(f"{words}\n" * 20)
    train(str(folder / "text.txt"), output=folder / "demo.safetensors", epochs=1)
    return folder


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def shape(text: str) -> object:
    """What an answer is made of: its types, and how many there are."""
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


def test_python_runs_and_answers_in_the_shape_shown(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks("python")), {}, "README.md", "README.md", 0)
    doctest.DocTestRunner(ShapeChecker(), verbose=False).run(test)
    assert test.examples
    assert capsys.readouterr().out == ""


def test_commands_run_and_print_the_tables_shown(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    (session,) = blocks("console")
    commands = re.findall(r"^\$ wordkin (.*)\n((?:[^$].*\n)*)", session, flags=re.MULTILINE)
    assert [shlex.split(command)[0] for command, _ in commands] == ["train", "similar", "analogy", "convert", "lesson"]
    for command, shown in commands:
        assert main(shlex.split(command)) == 0
        printed = capsys.readouterr().out
        if shown:
            assert re.sub(r"[\d,]+", "0", printed.splitlines()[0]) == re.sub(r"[\d,]+", "0", shown.splitlines()[0])
            assert len(printed.splitlines()) == len(shown.splitlines())


def test_the_first_commands_are_targets_of_make():
    commands = blocks("sh")[0].split("\n")[:-1]
    assert commands == ["make demo", "make test"]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {command.removeprefix("make ") for command in commands} <= set(targets)


def test_the_table_of_options_tells_the_defaults():
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", README, flags=re.MULTILINE)
    assert len(rows) >= 10
    for name, default in rows:
        value = getattr(TrainingConfig(), name)
        assert default == ("all cores" if value is None else f"`{value!r}`".replace("'", '"'))


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md"])
def test_links_lead_somewhere(page):
    for path in ROOT.glob(page):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name} links to {target}"
