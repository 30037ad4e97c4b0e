"""A full softmax over a large vocabulary is trained, and its cost told first."""

from __future__ import annotations

import warnings

import pytest

import wordkin
from wordkin.config import TrainingConfig
from wordkin.training.cost import LARGE_VOCABULARY, warn_of_cost


@pytest.mark.parametrize(
    ("words", "threads", "duration"),
    [
        (1_000, 1, "a minute on 1 thread"),
        (1_000_000, 1, "1 hour on 1 thread"),
        (1_000_000, 4, "15 minutes on 4 threads"),
        (10**9, 2, "21 days on 2 threads"),
    ],
)
def test_the_message_says_how_much_and_how_long(words: int, threads: int, duration: str) -> None:
    config = TrainingConfig(objective="softmax", epochs=3, threads=threads)
    operations = f"{6 * 100_000 * 100 * words * 3:.1e}"
    with pytest.warns(RuntimeWarning) as caught:
        warn_of_cost(config, 100_000, words)
    assert str(caught[0].message) == (
        f'objective="softmax" updates all 100,000 output rows for every word, which takes {operations} operations, '
        f'about {duration}: use "hierarchical-softmax" or "negative-sampling", which update a few rows, '
        "or reduce max_vocabulary"
    )


@pytest.mark.parametrize(
    ("objective", "vocabulary_size"),
    [("softmax", LARGE_VOCABULARY - 1), ("hierarchical-softmax", 10**6), ("negative-sampling", 10**6)],
)
def test_what_is_cheap_is_trained_without_a_word(objective: str, vocabulary_size: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_cost(TrainingConfig(objective=objective), vocabulary_size, 10**9)


def test_training_goes_on_after_the_warning() -> None:
    sentence = [f"w{number}" for number in range(LARGE_VOCABULARY)]
    options = {"objective": "softmax", "vector_size": 4, "min_count": 1, "epochs": 1, "window": 1, "subsample": 0}
    with pytest.warns(RuntimeWarning, match=r"updates all 10,000 output rows for every word"):
        assert len(wordkin.train([sentence[:300], sentence], **options)) == LARGE_VOCABULARY
