"""docs/lesson.md: its examples run, and its table of keys is that of the views."""

import dataclasses
import doctest
import re
from pathlib import Path

from wordkin import lesson
from wordkin.lesson import views

PAGE = Path(__file__).parents[2] / "docs" / "lesson.md"


def test_examples_print_what_the_page_says() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 10
    assert result.failed == 0


def test_the_page_lists_every_key() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| (`.*) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", keys) for name, keys in rows}
    actual = {}
    for name in lesson.__all__:
        if dataclasses.is_dataclass(getattr(views, name, None)):
            spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
            actual[spelled] = [field.name for field in dataclasses.fields(getattr(views, name))]
    assert listed == actual
