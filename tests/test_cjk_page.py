"""The examples of docs/cjk.md run as they stand; those of an extra that is not installed are skipped."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "cjk.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
LIBRARIES = {'"jieba"': "rjieba", '"kiwi"': "kiwipiepy", '"sudachi"': "sudachidict_core"}


def test_the_page_has_an_example_of_each_language() -> None:
    assert all(any(name in block for block in BLOCKS) for name in LIBRARIES)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_examples(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [
        library for name, library in LIBRARIES.items() if name in block and importlib.util.find_spec(library) is None
    ]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/cjk.md", "exec"), {})
