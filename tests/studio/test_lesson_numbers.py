"""The numbers of the lesson in a browser are those of the reference, at each step that is chosen."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.lesson import Course
from wordkin.objectives import reference

pytest.importorskip("nicegui")
from wordkin.studio.catalogue import Texts
from wordkin.studio.lesson.choices import Choices

COMBINATIONS = list(itertools.product(ARCHITECTURES, OBJECTIVES))
NUMBERS = """() => [...document.querySelectorAll('[data-name]')].map(
    each => [each.dataset.name, Number(each.dataset.value), each.textContent])"""


def numbers(page: Any) -> dict[str, float]:
    """All numbers of the page by name; each text must be the rounding of its full precision."""
    found: dict[str, float] = {}
    for name, value, text in page.evaluate(NUMBERS):
        shown = float(text.replace("−", "-"))
        digits = len(text.partition(".")[2]) if "e" not in text else None
        assert shown == pytest.approx(value, rel=0.06, abs=0.5 * 10.0**-digits if digits is not None else 0.0), name
        assert found.setdefault(name, value) == pytest.approx(value, rel=1e-12, abs=1e-15), name
    return found


def expected(course: Course, choices: Choices, number: int) -> dict[str, float]:
    """The numbers of a step, from the functions of the reference alone."""
    example = course.taken(number).example
    tables = course.tables(number - 1)[choices.objective]
    h = reference.hidden_vector(tables, example.inputs)
    if choices.objective == "softmax":
        scored = reference.full_softmax(tables, h, example.outputs)
    elif choices.objective == "negative-sampling":
        scored = reference.negative_sampling(tables, h, example.outputs[0], example.noise[0])
    else:
        assert course.text.tree is not None
        scored = reference.hierarchical_softmax(tables, h, *course.text.tree.path(example.outputs[0]))
    values = {f"h.{i}": value for i, value in enumerate(h)}
    values |= {f"EH.{i}": -value for i, value in enumerate(reference.hidden_direction(tables, scored))}
    kept = iter(range(len(scored.row_ids)))
    noise = [None, *example.noise[0]] if choices.objective == "negative-sampling" else [None] * len(scored.row_ids)
    for row, word_id in enumerate(noise):
        if word_id == example.outputs[0]:
            continue  # a noise word equal to the true one is shown without numbers
        index = next(kept)
        values[f"row.{row}.score"] = scored.scores[index]
        values[f"row.{row}.probability"] = scored.probabilities[index]
        values[f"row.{row}.error"] = -scored.residuals[index]
    values["loss"] = scored.loss
    way = reference.direction(tables, example.inputs, scored, "mean", choices.cbow_gradient)
    after = tables.moved(way, example.where.learning_rate)
    for name, symbol in (("input_vectors", "W"), ("output_vectors", "W′")):
        for part, array in (("before", tables.arrays()[name]), ("after", after.arrays()[name])):
            for (row, i), value in np.ndenumerate(array):
                values[f"{symbol}.{part}.{row}.{i}"] = value  # the heatmaps
        moved = example.where.learning_rate * way.arrays()[name]
        for row in np.flatnonzero(moved.any(axis=1)):
            for i, value in enumerate(moved[row]):
                values[f"{symbol}.{row}.step.{i}"] = value
    return values


def test_every_number_is_that_of_the_reference(lesson):
    page = lesson(topic="update", step=90).page
    for architecture, objective in COMBINATIONS:
        for field, value in (("architecture", architecture), ("objective", objective)):
            name = Texts("en")[f"lesson.{field}.{value}"]
            page.get_by_role("button", name=name, exact=True).click()
            page.locator(".lesson-top button[aria-pressed=true]", has_text=name).wait_for()
        choices = dataclasses.replace(Choices.of_state({}, "en"), architecture=architecture, objective=objective)
        course = choices.course()
        first = (architecture, objective) == COMBINATIONS[0]
        page.get_by_label("To step").fill("90")
        page.get_by_label("To step").press("Enter")
        for number in (90, 91) if first else (90,):  # that other steps are shown is tested below
            if number == 91:
                page.get_by_label("One step forward", exact=True).click()
            page.get_by_text(f"Step {number} of").wait_for()
            shown = numbers(page)
            for name, value in expected(course, choices, number).items():
                assert shown[name] == pytest.approx(value, abs=1e-6), (architecture, objective, number, name)


def test_steps_go_forward_back_and_to_any_number(lesson):
    tab = lesson(topic="windows", step=90)
    page = tab.page
    now = page.locator(".step-now")
    first = numbers(page)
    page.get_by_label("One step forward", exact=True).click()
    page.get_by_text("Step 91 of").wait_for()
    assert numbers(page) != first
    page.get_by_label("One step back").click()
    page.get_by_text("Step 90 of").wait_for()
    assert numbers(page) == first
    page.get_by_label("20 steps forward").click()
    page.get_by_text("Step 110 of").wait_for()
    page.get_by_label("To step").fill("7")
    page.get_by_label("To step").press("Enter")
    page.get_by_text("Step 7 of").wait_for()
    page.wait_for_url("**step=7**")
    page.get_by_label("Begin after").fill("25")
    page.get_by_label("Begin after").press("Enter")
    page.get_by_text("Step 26 of").wait_for()
    page.wait_for_url("**begin=25**")
    page.get_by_label("To step").fill("7")
    page.get_by_label("To step").press("Enter")
    page.get_by_text("Step 7 of").wait_for()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("parseInt(document.querySelector('.step-now').textContent.split(' ')[1]) >= 9")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()
    stopped = now.inner_text()
    page.wait_for_url(f"**step={stopped.split()[1]}**")  # the address follows the page
    page.reload()
    page.wait_for_selector(".lesson-flow table")
    assert now.inner_text() == stopped
