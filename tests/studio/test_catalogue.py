"""Every language has every text, with the same names to be filled in."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from wordkin.studio import catalogue
from wordkin.studio.catalogue import Texts, languages, preferred_language

STUDIO = Path(catalogue.__file__).parent
FOLDER = STUDIO / "texts"


def loaded(code: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))


def test_english_is_the_first_language_and_korean_there():
    assert dict(languages()) == {"en": "English", "ko": "한국어"}


@pytest.mark.parametrize("code", sorted(languages()))
def test_the_keys_and_names_are_those_of_english(code):
    english, other = catalogue._load("en"), catalogue._load(code)
    assert list(other) == list(english)
    for key, text in other.items():
        assert text.strip(), key
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english[key])), key


def key_patterns() -> set[str]:
    """Regular expressions for the keys in the sources: strings, and f-strings that begin with a part of a key.

    The f-string of the controls of the lesson begins with the name of an option instead.
    """
    pytest.importorskip("nicegui")
    from wordkin.studio.lesson.choices import WORDS

    found = {re.escape(f"{option}.{value}") for option, values in WORDS.items() for value in values}
    for path in STUDIO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(str(each.value)) if isinstance(each, ast.Constant) else ".+" for each in node.values]
                found.add("".join(parts))
    return found


def test_every_text_is_used():
    used = re.compile("|".join(key_patterns() - {r"lesson\..+"}))  # this one is of `Tab.text`, which adds the prefix
    keys = {key.removesuffix(".one") for key in loaded("en")}  # the text of a key for the count 1
    short = {key: key.removeprefix("lesson.") for key in keys}
    assert [key for key in short if not used.fullmatch(key) and not used.fullmatch(short[key])] == []


def test_a_language_that_is_not_there_becomes_english():
    assert Texts("xx")["nav.start"] == "Start"


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("ko", "ko"), ("en;q=0.2,ko;q=0.3", "ko"), ("*;q=x", "en"), ("ko;q=1.2.3,en", "en"), (",,,", "en")],
)
def test_the_language_of_a_header(header, language):
    assert preferred_language(header) == language
