"""Every language has every text, with the same names to be filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wordkin.studio import catalogue
from wordkin.studio.catalogue import Texts, languages, preferred_language

FOLDER = Path(catalogue.__file__).parent / "texts"
SOURCES = "\n".join(path.read_text() for path in Path(catalogue.__file__).parent.rglob("*.py"))


def loaded(code: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))


def test_english_is_the_first_language_and_korean_there():
    assert dict(languages()) == {"en": "English", "ko": "한국어"}


@pytest.mark.parametrize("code", sorted(languages()))
def test_the_keys_and_names_are_those_of_english(code):
    english, other = loaded("en"), loaded(code)
    assert list(other) == list(english)
    for key, text in other.items():
        assert text.strip(), key
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english[key])), key


def test_a_language_that_is_not_there_becomes_english():
    assert Texts("xx")["nav.start"] == "Start"


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("ko", "ko"), ("en;q=0.2,ko;q=0.3", "ko"), ("*;q=x", "en"), ("ko;q=1.2.3,en", "en"), (",,,", "en")],
)
def test_the_language_of_a_header(header, language):
    assert preferred_language(header) == language
