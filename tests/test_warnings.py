"""Warnings point at the line that called wordkin, whatever found their reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wordkin
from wordkin import Word2Vec
from wordkin.runs.directory import RunDirectory
from wordkin.training import cost

SMALL = {"vector_size": 4, "min_count": 1, "epochs": 1, "threads": 2, "subsample": 0}
SENTENCES = [["sun", "moon"]] * 9


def full(*_: object, **__: object) -> None:
    raise wordkin.OutputError("full")


def invalid(directory: Path) -> None:
    (directory / "text").write_bytes(b"sun caf\xe9 moon\n" + b"sun moon\n" * 300)
    wordkin.train(directory / "text", **SMALL)


def partly_binary(directory: Path) -> None:
    (directory / "text").write_bytes(b"sun moon\n" * 9)
    (directory / "picture").write_bytes(bytes(range(256)) * 9)
    wordkin.train(directory, **SMALL)


def growing(directory: Path) -> None:
    path = directory / "text"
    path.write_bytes(b"sun moon\n" * 200_000)  # longer than what is read ahead of the tokenizer
    grown: list[bool] = []

    def split_and_grow(line: str) -> list[str]:
        if not grown:
            grown.append(True)
            with path.open("ab") as file:
                file.write(b"sun moon\n" * 9)
        return line.split()

    wordkin.train(path, tokenizer=split_and_grow, **SMALL)


def costly(directory: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "LARGE_VOCABULARY", 2)
        Word2Vec(objective="softmax", **SMALL).fit(SENTENCES)


def without_room(directory: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunDirectory, "save", full)
        Word2Vec(**SMALL).fit(SENTENCES, checkpoint=directory / "run")


def without_room_for_a_log(directory: Path) -> None:
    wordkin.train(SENTENCES, log="/dev/full", **SMALL)


def scored(directory: Path) -> None:
    model = Word2Vec(objective="hierarchical-softmax", **SMALL).fit(SENTENCES)
    model.score([["sun", "moon", "sun\ud800"]])


@pytest.mark.parametrize("cause", [
    invalid, partly_binary, growing, costly, without_room, scored,
    pytest.param(without_room_for_a_log, marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such")),
    lambda directory: wordkin.train([["sun", "", "moon"]] * 9, **SMALL),
    lambda directory: wordkin.train([["sun\ud800", "moon"]] * 9, **SMALL),
    lambda directory: wordkin.train([["sun"]] * 9, **SMALL),
])  # fmt: skip
def test_the_line_that_called_is_blamed(cause, tmp_path):
    with pytest.warns(Warning) as caught:
        cause(tmp_path)
    assert {warning.filename for warning in caught} == {__file__}


def test_no_other_warning_is_raised_inside():
    """So that none is forgotten above."""
    package = Path(wordkin.__file__).parent
    calls = [
        f"{path.relative_to(package)}: {ast.unparse(node)}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
    ]
    assert [call.partition(":")[0] for call in calls] == ["errors.py"]
