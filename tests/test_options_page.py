"""docs/options.md says what config.py says."""

from __future__ import annotations

import dataclasses
import runpy
from pathlib import Path

from wordkin.config import GROUPS, TrainingConfig

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_is_up_to_date():
    page = runpy.run_path(str(DOCS / "generate_options.py"))["page"]
    assert (DOCS / "options.md").read_text() == page(), "run: make docs"


def test_every_option_has_a_group_and_a_text():
    for field in dataclasses.fields(TrainingConfig):
        assert field.metadata["group"] in GROUPS
        assert field.metadata["help"].endswith(".")
        assert field.metadata["rule"].accepts(field.default)
