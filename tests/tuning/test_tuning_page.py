"""docs/tuning.md says what is."""

from __future__ import annotations

import dataclasses
import doctest
import re
from pathlib import Path

from wordkin.tuning.space import VALUES, VARIED_FOR_CBOW, VARIED_UNLESS_SAID
from wordkin.tuning.trials import Trial

PAGE = Path(__file__).parents[2] / "docs" / "tuning.md"


def test_the_examples_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 8 and failed == 0


def test_the_space_is_listed():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|;]*)[;|]", PAGE.read_text(), flags=re.MULTILINE))
    listed = {name: tuple(map(eval, text.split(","))) for name, text in rows.items() if name in VALUES}
    assert listed == dict(VALUES)
    usual = VARIED_UNLESS_SAID + VARIED_FOR_CBOW
    assert tuple(listed)[: len(usual)] == usual


def test_the_keys_of_a_trial_are_listed():
    table = PAGE.read_text().rpartition("| key | value |")[2]
    keys = [
        key for row in table.splitlines() if row.startswith("| `") for key in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert sorted(keys) == sorted(each.name for each in dataclasses.fields(Trial))
