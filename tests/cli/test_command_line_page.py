"""docs/command-line.md lists all commands, exit codes, reading options and JSON keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wordkin.cli import failures
from wordkin.cli.application import COMMANDS
from wordkin.cli.vectors import READING

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()


def documented_keys(command: str) -> list[str]:
    table = re.search(rf"^`{command}`\n\n\| key .*\n.*\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE)
    assert table, command
    return [key for row in table[1].splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_every_command_is_listed():
    assert re.findall(r"^\| `wordkin (\w+)", PAGE, flags=re.MULTILINE) == [command.__name__ for command in COMMANDS]


def test_every_exit_code_is_listed():
    codes = {getattr(failures, name) for name in vars(failures) if name.isupper() and not name.startswith("_")}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)} == codes


def test_the_options_of_reading_are_listed():
    section = PAGE.partition("## Options for reading vectors")[2]
    options = re.findall(r"^\| `--([\w-]+)", section, flags=re.MULTILINE)
    assert options == [option.spelling or name.replace("_", "-") for name, option in READING.items()]


@pytest.mark.parametrize("command", [command.__name__ for command in COMMANDS if command.__name__ != "studio"])
def test_json_has_the_keys_listed(run, command, vectors_file, text_file, tmp_path, monkeypatch):
    sentences = [["min", "minimum", "max", "maximum"]] * 40
    monkeypatch.setattr("wordkin.corpus.readers.docstrings.docstring_corpus", lambda: iter(sentences))
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("paris\trome\t9\noslo\tcheese\t1\nitaly\tnorway\t5\n")
    near = tmp_path / "near.tsv"
    near.write_text("sun\tmoon\t9\nstar\tcheese\t1\nbread\twine\t5\n")
    arguments = {
        "train": [text_file, "-o", tmp_path / "v.bin", "--epochs", "1", "--vector-size", "8"],
        "encode": [text_file, "-o", tmp_path / "c.wk"],
        "tune": [text_file, "--evaluate", near, "--trials", "6", "--vector-size", "4", "--epochs", "1"],
        "similar": [vectors_file, "paris"],
        "analogy": [vectors_file, "france", "paris", "italy"],
        "evaluate": [vectors_file, "--pairs", pairs],
        "convert": [vectors_file, tmp_path / "v.txt"],
        "index": [vectors_file],
        "info": [vectors_file],
        "plot": [vectors_file, "paris", "rome", "-o", tmp_path / "map.png"],
        "phrases": [text_file, "-o", tmp_path / "phrases.json"],
        "demo": ["-o", tmp_path / "demo.bin"],
        "lesson": ["a b c"],
    }
    finished = run(command, *arguments[command], "--json")
    assert finished.code == 0
    assert list(json.loads(finished.out)) == documented_keys(command)
