"""How long rounds are."""

from __future__ import annotations

import pytest

from wordkin.config import TrainingConfig
from wordkin.training.cluster.clocks import LEAST_ROUND_WORDS, MOST_ROUND_WORDS, Clocks, Period


@pytest.mark.parametrize(
    ("text_words", "replicas", "round_words"),
    [
        (10**10, 8, MOST_ROUND_WORDS),
        (10**8, 8, 10**8 * 5 // (8 * 256)),
        (10**6, 8, LEAST_ROUND_WORDS),
        (1000, 8, 125),
        (1001, 8, 126),
        (3, 8, 1),
        (0, 8, 1),
    ],
)
def test_rounds_are_as_long_as_the_text_allows(text_words: int, replicas: int, round_words: int) -> None:
    assert Clocks.of(TrainingConfig(replicas=replicas, epochs=5), text_words).round_words == round_words


def test_replicas_without_text_are_told() -> None:
    config = TrainingConfig(replicas=8, round_words=400)
    with pytest.warns(
        RuntimeWarning, match=r"round_words=400 leaves text for only 3 of 8 replicas: the text has 1,001 words"
    ):
        assert Clocks.of(config, 1001).round_words == 400
    assert Clocks.of(config, 2801).round_words == 400  # the last has one word


@pytest.mark.parametrize(("words", "blocks"), [(1, 1), (10, 1), (11, 2), (47, 5)])
def test_blocks_cover_a_period_once_in_the_order_of_the_text(words: int, blocks: int) -> None:
    rounds = Clocks(2, 10, 3).rounds(Period(range(60, 60 + words), 10))
    assert all(len(each) == 2 for each in rounds)
    assert [position for each in rounds for block in each for position in block] == list(range(60, 60 + words))
    assert sum(len(block) > 0 for each in rounds for block in each) == blocks


def test_rounds_are_short_early_in_a_run() -> None:
    """The first 100 of 1,200 words; in a later epoch, those that count from the beginning of the run."""
    clocks = Clocks(2, 20, 3)
    periods = list(clocks.periods(range(0, 400), 400, 0, 1200))
    assert [period.text.start for period in periods] == [0, 30, 60, 90, 120, 240, 360]
    assert [period.round_words for period in periods] == [5, 5, 5, 5, 20, 20, 20]
    assert periods[-1].text.stop == 400
    assert {period.round_words for period in clocks.periods(range(0, 400), 400, 400, 1200)} == {20}


@pytest.mark.parametrize("stop", [120, 130, 239, 260, 399])
def test_spans_change_no_period(stop: int) -> None:
    """Whatever the spans are, as long as each is one longest period long."""
    clocks = Clocks(2, 20, 3)
    first = list(clocks.periods(range(0, stop), 400, 0, 1200))
    reached = first[-1].text.stop
    assert reached <= stop
    rest = list(clocks.periods(range(reached, 400), 400, 0, 1200))
    assert first + rest == list(clocks.periods(range(0, 400), 400, 0, 1200))
