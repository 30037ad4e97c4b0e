"""Docstrings of public names are complete and in numpydoc form."""

import dataclasses
import importlib
import inspect
import pydoc
import re
from pathlib import Path

import pytest
from numpydoc.validate import validate

import wordkin

# What a reader of the reference needs: every parameter is there, in order, with a type and a description.
REQUIRED = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR08", "PR09", "PR10", "RT03"}

# The modules of docs/reference. wordkin.compat.gensim is left out: its parameters are those of gensim.
MODULES = ("wordkin", "wordkin.errors", "wordkin.evaluation", "wordkin.lesson", "wordkin.plots", "wordkin.sklearn")

# Signatures list every option of training, as editors show them; the docstrings refer to TrainingConfig for these.
OPTIONS = {field.name for field in dataclasses.fields(wordkin.TrainingConfig)} | {"**options", "**others"}


REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def public_values(name: str) -> list[object]:
    """The public functions and classes of a module: those in ``__all__``, else all classes defined in it."""
    module = importlib.import_module(name)
    if hasattr(module, "__all__"):
        values = [getattr(module, each) for each in module.__all__]
        return [value for value in values if inspect.isclass(value) or inspect.isfunction(value)]
    return [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == name]


def members(value: object) -> list[str]:
    """The dotted names of a public value and, of a class, of its public methods and properties with inherited ones."""
    found = [f"{value.__module__}.{value.__qualname__}"]
    kinds = (property, classmethod, staticmethod)
    for base in inspect.getmro(value) if inspect.isclass(value) else ():
        if base.__module__.startswith("wordkin"):
            named = [key for key, each in vars(base).items() if inspect.isfunction(each) or isinstance(each, kinds)]
            found += [f"{base.__module__}.{base.__qualname__}.{key}" for key in named if not key.startswith("_")]
    return found


PUBLIC = sorted({member for name in MODULES for value in public_values(name) for member in members(value)})


def is_allowed(name: str, code: str, message: str) -> bool:
    """Whether an error is only about options that are documented elsewhere, or about keywords that ``**`` takes."""
    named = set(re.findall(r"'([^']+)'", message))
    value = pydoc.locate(name)
    if code == "PR02" and inspect.isfunction(value):
        kinds = {parameter.kind for parameter in inspect.signature(value).parameters.values()}
        if inspect.Parameter.VAR_KEYWORD in kinds:
            return True
    return code not in REQUIRED or (code in ("PR01", "PR02") and named <= OPTIONS)


def test_the_check_covers_the_reference():
    assert {"wordkin.api.train", "wordkin.plots.map.plot_words", "wordkin.vectors.WordVectors.cosines"} <= set(PUBLIC)
    assert len(PUBLIC) > 100


def test_the_reference_has_every_public_name():
    pages = "".join(page.read_text() for page in REFERENCE.glob("*.md"))
    errors = vars(importlib.import_module("wordkin.errors"))
    names = [name for name in wordkin.__all__ if name != "__version__" and name not in errors]
    assert [name for name in names if f":: wordkin.{name}\n" not in pages] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_follow_numpydoc(name):
    errors = validate(name)["errors"]
    if dataclasses.is_dataclass(pydoc.locate(name)):  # its parameters are the attributes that are described
        errors = [error for error in errors if error[0] != "PR01"]
    assert [error for error in errors if not is_allowed(name, *error)] == []
