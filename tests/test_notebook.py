"""docs/notebook.ipynb: its outputs are kept, and its cells run."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from wordkin.corpus.readers import docstrings

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"
CELLS: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text())["cells"]
CODE = [cell for cell in CELLS if cell["cell_type"] == "code"]


def test_outputs_are_kept_and_small():
    assert NOTEBOOK.stat().st_size < 300_000
    kinds = [{kind for output in cell["outputs"] for kind in output["data"]} for cell in CODE]
    assert all(kind & {"text/html", "image/png"} for kind in kinds)
    assert sum("image/png" in kind for kind in kinds) == 2
    bar = CODE[0]["outputs"][0]["data"]
    assert "".join(bar["text/html"]).count("<progress") == 1
    assert re.search(r"epoch \d+/20", "".join(bar["text/plain"]))


def test_the_cells_run(monkeypatch):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    sources = ["".join(cell["source"]) for cell in CODE]
    words = re.findall(r'"([a-z]+)"', " ".join(sources))
    chosen = random.Random(1)
    text = [chosen.choices(words, k=20) for _ in range(200)]
    monkeypatch.setattr(docstrings, "docstring_corpus", lambda: text)
    names: dict[str, Any] = {}
    for source in sources:
        exec(compile(source, "docs/notebook.ipynb", "exec"), names)
    assert len(names["model"].losses) == 20 or names["model"].stopped_early
