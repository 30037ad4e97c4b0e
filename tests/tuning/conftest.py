"""A tiny text and a benchmark for it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """Two groups of words that never meet."""
    path = tmp_path / "text.txt"
    path.write_text("sun moon star sky\nbread cheese wine oil\n" * 100)
    return path


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    """Pairs of a group and pairs across both."""
    path = tmp_path / "pairs.tsv"
    path.write_text("sun\tmoon\t9\nstar\tsky\t8\nsun\twine\t2\noil\tmoon\t1\nbread\toil\t7\n")
    return path
