"""Steps by number, forwards and backwards, and the state of the tables after them."""

from __future__ import annotations

import itertools
import json
import random

import numpy as np
import pytest

from wordkin import lesson
from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.errors import ConfigError

TEXT = "the fat cat sat on the mat"
COMBINATIONS = list(itertools.product(ARCHITECTURES, OBJECTIVES))


def make(**options: object) -> lesson.Course:
    return lesson.Course(TEXT, lesson.lesson_config(**{"vector_size": 3, "epochs": 3, **options}))


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_steps_do_not_depend_on_the_order_in_which_they_are_asked_for(architecture: str, objective: str) -> None:
    options = {"architecture": architecture, "objective": objective}
    in_order = [step.to_dict() for step in lesson.steps(TEXT, make(**options).config)]
    course = make(**options)
    numbers = list(range(1, course.count() + 1))
    assert len(in_order) == len(numbers)
    random.Random(3).shuffle(numbers)
    for number in numbers:
        assert course.step(number).to_dict() == in_order[number - 1]


def test_few_states_are_kept_however_many_steps_there_are() -> None:
    course = make(epochs=400, vector_size=1)
    last = course.step(course.count()).to_dict()
    assert len(course._stored) <= 256
    course.step(100)
    assert course.step(course.count()).to_dict() == last


def test_the_state_is_the_start_with_all_changes_applied() -> None:
    course = make(projection_bias=True, output_bias=True)
    tables = {(table.symbol): table.rows for table in course.state(0).tables}
    assert set(tables) == {"W", "W′", "b", "b′"}
    assert tables["W"] == course.overview().input_vectors
    for number in range(1, 30):
        for view in course.step(number).tables:
            assert view.rows == len(tables[view.symbol])
            for change in view.changes:
                tables[view.symbol][change.row_id] = change.after
    assert {table.symbol: table.rows for table in course.state(29).tables} == tables


def test_the_state_has_the_cosines_of_both_tables() -> None:
    course = make()
    before = course.state(0)
    assert before.tables[1].cosines == [[None] * 6] * 6  # W′ starts at 0: no direction
    for table in course.state(40).tables:
        rows = np.array(table.rows)
        lengths = np.linalg.norm(rows, axis=1)
        np.testing.assert_allclose(table.cosines, rows @ rows.T / np.outer(lengths, lengths), atol=1e-12)


def test_the_warm_start_has_scores_and_few_epochs_have_none() -> None:
    course = make(epochs=8)
    step = course.step(course.warm_start())
    assert step.epoch == 3
    assert all(row.score for row in step.objectives[0].rows if not row.ignored)
    assert make(epochs=3).warm_start() == 1


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_a_step_that_is_not_there_is_refused(number: int) -> None:
    course = make()
    with pytest.raises(ConfigError) as caught:
        course.step(number)
    assert str(caught.value) == f"step must be a whole number from 1 to {course.count()}; got {number}"
    with pytest.raises(ConfigError, match="step must be a whole number from 0 to"):
        course.state(-1)


def test_subsampling_that_drops_everything_is_blamed_on_subsampling() -> None:
    with pytest.raises(ConfigError) as caught:
        next(lesson.steps(TEXT, lesson.lesson_config(subsample=1e-9)))
    assert str(caught.value) == (
        "subsample must keep at least two words of a sentence, but drops nearly every word; got 1e-09: "
        "set a larger threshold, or 0 to keep every word"
    )


def test_options_without_meaning_in_a_lesson_are_refused() -> None:
    with pytest.raises(ConfigError, match="threads has no effect in a lesson; got 2: leave threads out"):
        lesson.lesson_config(threads=2)
    with pytest.raises(ConfigError, match="deterministic has no effect in a lesson; got True: use the default, False"):
        lesson.Course(TEXT, TrainingConfig(deterministic=True, min_count=1))


def test_only_changed_rows_are_in_the_data() -> None:
    course = make(vector_size=2, epochs=30)
    steps = [course.step(number).to_dict() for number in range(1, 421)]
    size = len(json.dumps(steps, separators=(",", ":")))
    assert size < 1_650_000
    text = " ".join(f"w{number}" for number in range(60))
    wide = lesson.Course(text, lesson.lesson_config(vector_size=50)).step(100)
    assert sum(len(view.changes) for view in wide.tables) <= 1 + 1 + 3
