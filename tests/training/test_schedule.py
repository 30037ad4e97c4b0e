"""The learning rate falls in a straight line over the whole run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.config import TrainingConfig
from wordkin.training.schedule import Schedule


def test_a_run_starts_and_ends_at_the_rates_of_its_configuration() -> None:
    schedule = Schedule.of(TrainingConfig(learning_rate=0.5, min_learning_rate=0.1, epochs=4), words_per_epoch=100)
    assert schedule == Schedule(0.5, 0.1, 400)
    assert schedule.at(0) == 0.5
    assert schedule.at(200) == pytest.approx(0.3)
    assert schedule.at(400) == pytest.approx(0.1)


@pytest.mark.parametrize(("architecture", "start"), [("skip-gram", 0.025), ("cbow", 0.05)])
def test_unset_rates_are_those_of_word2vec(architecture: str, start: float) -> None:
    schedule = Schedule.of(TrainingConfig(architecture=architecture), words_per_epoch=10)
    assert schedule.at(0) == start
    assert schedule.at(50) == pytest.approx(1e-4 * start)


@given(
    start=st.floats(1e-6, 10),
    share=st.floats(0, 1),
    total=st.integers(0, 2**40),
    words=st.tuples(*[st.integers(0, 2**40)] * 2),
)
def test_the_rate_never_rises_and_never_leaves_its_bounds(
    start: float, share: float, total: int, words: tuple[int, int]
) -> None:
    schedule = Schedule(start, start * share, total)
    earlier, later = (schedule.at(each) for each in sorted(words))
    rounding = 1e-12 * start
    assert start + rounding >= earlier >= later >= max(0, start * share - rounding)


def test_past_the_end_the_rate_stays_where_it_is() -> None:
    schedule = Schedule(0.1, 0.01, 10)
    assert schedule.at(11) == schedule.at(10) == pytest.approx(0.01)
