"""The examples of docs/items.md run as they stand, and recover planted groups and known communities."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "items.md").read_text()


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(found) == 5
    for block in found:
        exec(compile(block, "docs/items.md", "exec"), names)
    assert (tmp_path / "baskets.vec").read_text().splitlines()[0] == "4 8"
