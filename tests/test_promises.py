"""Every promise in the docs names a test, and the tests named exist."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
SOURCE = TESTS.parent / "src" / "wordkin"
_NAME = re.compile(r"`((?:\w+/)*\w+\.py)::(test_\w+)`")
RUNS_CODE = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "runpy", "code"}
CALLS_THAT_RUN_CODE = {"eval", "exec", "__import__", "compile"}


@functools.cache
def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def promises(page: str) -> list[str]:
    """Return the list items and table rows of a page, each with its continuation lines."""
    text, _, _ = (DOCS / page).read_text().partition("## What was tried")
    items = re.findall(r"^- .*?(?=^- |^#|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    rows = [
        line for line in text.splitlines() if line.startswith("| ") and "| test |" not in line and "---" not in line
    ]
    return items + rows


@pytest.mark.parametrize("page", ["promises.md", "bad-input.md"])
def test_every_promise_names_tests_that_exist(page):
    found = promises(page)
    assert len(found) > 15
    for promise in found:
        named = _NAME.findall(promise)
        assert named, f"no test is named by: {promise}"
        for path, name in named:
            assert name in functions_of(TESTS / path), f"{path} has no {name}"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_nothing_that_runs_code_from_data_is_imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not RUNS_CODE & {name.split(".")[0] for name in names}, f"{path} line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS_THAT_RUN_CODE, f"{path} line {node.lineno}"
