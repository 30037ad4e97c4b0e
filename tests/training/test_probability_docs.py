"""docs/probability.md: its examples print what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "probability.md"


def test_examples_print_what_the_page_says() -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8", optionflags=flags)
    assert result.attempted >= 8
    assert result.failed == 0
