"""docs/mathematics.md links every equation to code: the links lead somewhere, and no public function is left out."""

import ast
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "mathematics.md"
LINKS = re.findall(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))


def definitions(path: Path) -> set[str]:
    """Top-level functions and classes of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize(("name", "target"), sorted(set(LINKS)))
def test_links_lead_to_what_they_name(name: str, target: str) -> None:
    path = PAGE.parent / target
    assert path.is_file()
    if name.isidentifier() and path.suffix == ".py" and "src" in path.parts:
        assert name in definitions(path)


def test_every_public_function_of_the_reference_is_linked() -> None:
    reference = PAGE.parents[1] / "src" / "wordkin" / "objectives" / "reference.py"
    linked = {name for name, target in LINKS if target.endswith("objectives/reference.py")}
    helpers = {"Scored", "Block", "BlockStep"}  # what the functions take and return
    assert {name for name in definitions(reference) if not name.startswith("_")} - helpers <= linked
