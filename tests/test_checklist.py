"""docs/checklist.md: each of the 43 items has a page of the lesson that exists and a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "checklist.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \| `(\w+)` \| `([\w/.:]+)` \|$", PAGE, flags=re.MULTILINE)
HOUR = (ROOT / "docs" / "class-hour.md").read_text(encoding="utf-8")


def test_all_43_items_are_there() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 44))


@pytest.mark.parametrize(("number", "test"), [(row[0], row[3]) for row in ROWS])
def test_each_test_exists(number: str, test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else (ROOT / path).is_file()


def test_each_page_exists() -> None:
    pytest.importorskip("nicegui")
    from wordkin.studio.lesson.topics import TOPICS

    assert {page for _, _, page, _ in ROWS} <= set(TOPICS)


def test_the_class_hour_opens_pages_and_presets_that_exist() -> None:
    pytest.importorskip("nicegui")
    from wordkin.lesson import PRESETS
    from wordkin.studio.lesson.topics import TOPICS

    opened = re.findall(r"`/lesson\?topic=(\w+)(?:&preset=([\w-]+))?", HOUR)
    assert len(opened) == 9
    assert {topic for topic, _ in opened} <= set(TOPICS)
    assert {preset for _, preset in opened if preset} <= set(PRESETS)
