"""Docstrings of public names are complete and in numpydoc form."""

import dataclasses
import inspect
import pydoc
import re
from pathlib import Path

import pytest
from numpydoc.validate import validate

import wordkin
import wordkin.errors

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"

# What a reader of the reference needs: every parameter is there, in order, with a type and a description.
REQUIRED = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR08", "PR09", "PR10", "RT03"}


# Signatures list every option of training, as editors show them; the docstrings refer to TrainingConfig for these.
OPTIONS = {field.name for field in dataclasses.fields(wordkin.TrainingConfig)} | {"**options", "**others"}


def members(name: str) -> list[str]:
    """A public name and, of a class, its public methods and properties."""
    value = getattr(wordkin, name)
    own = f"{value.__module__}.{value.__qualname__}"
    if not inspect.isclass(value):
        return [own]
    kinds = (property, classmethod, staticmethod)
    documented = [key for key, member in vars(value).items() if inspect.isfunction(member) or isinstance(member, kinds)]
    return [own, *(f"{own}.{key}" for key in documented if not key.startswith("_"))]


PUBLIC = [member for name in wordkin.__all__ if name != "__version__" for member in members(name)]


def is_allowed(code: str, message: str) -> bool:
    """Whether an error is only about options that are documented elsewhere."""
    named = set(re.findall(r"'([^']+)'", message))
    return code not in REQUIRED or (code in ("PR01", "PR02") and named <= OPTIONS)


def test_the_reference_has_every_public_name():
    pages = "".join(page.read_text() for page in REFERENCE.glob("*.md"))
    names = [name for name in wordkin.__all__ if name != "__version__" and not hasattr(wordkin.errors, name)]
    assert [name for name in names if f":: wordkin.{name}\n" not in pages] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_follow_numpydoc(name):
    errors = validate(name)["errors"]
    if dataclasses.is_dataclass(pydoc.locate(name)):  # its parameters are the attributes that are described
        errors = [error for error in errors if error[0] != "PR01"]
    assert [error for error in errors if not is_allowed(*error)] == []
