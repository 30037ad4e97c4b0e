"""Baskets: with ``window="sentence"``, all other items of a sentence are the context, in any order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import wordkin
from wordkin import TrainingConfig, Word2Vec
from wordkin.errors import ConfigError, CorpusError
from wordkin.lesson.course import Course

SMALL: dict[str, Any] = {"window": "sentence", "vector_size": 8, "min_count": 1, "epochs": 2, "subsample": 0.0}
MODELS = [
    {"architecture": architecture, "objective": objective}
    for architecture in ("skip-gram", "cbow")
    for objective in ("negative-sampling", "hierarchical-softmax", "softmax")
]
random = np.random.default_rng(5)
BASKETS = [
    [f"i{item}" for item in random.choice(60, size, replace=False)]
    for size in [*random.integers(1, 40, 300).tolist(), 60, 60]
]


def tables_of(model: Word2Vec) -> dict[str, bytes]:
    assert model._tables is not None
    return {name: table.tobytes() for name, table in model._tables.items()}


@pytest.mark.parametrize("options", MODELS, ids=lambda options: "-".join(options.values()))
def test_stopped_runs_end_with_the_bits_of_whole_ones_for_any_number_of_threads(tmp_path, options) -> None:
    options = {**SMALL, **options, "max_context": 7, "deterministic": True}
    whole = Word2Vec(**options, threads=2).fit(BASKETS)
    Word2Vec(**options, threads=1).fit(BASKETS, checkpoint=tmp_path, callbacks=[lambda report: report.epoch_finished])
    resumed = Word2Vec.resume(tmp_path)
    assert tables_of(resumed) == tables_of(whole)
    assert (resumed.config.window, resumed.config.max_context) == ("sentence", 7)


def test_sets_are_sorted_lists(tmp_path) -> None:
    options = {**SMALL, "threads": 1}
    expected = tables_of(Word2Vec(**options).fit([sorted(set(basket)) for basket in BASKETS]))
    assert tables_of(Word2Vec(**options).fit([set(basket) for basket in BASKETS])) == expected
    records = [{"basket": frozenset(basket)} for basket in BASKETS]
    assert tables_of(Word2Vec(**options, field="basket").fit(records)) == expected


def test_sets_are_refused_where_order_counts() -> None:
    with pytest.raises(
        CorpusError,
        match=r'sentence 0 is .*: pass a list, .* because a set has no fixed order, or set window="sentence"',
    ):
        wordkin.train([{"a", "b"}], min_count=1)
    with pytest.raises(CorpusError, match=r"the field 'basket' is set, not text or a list of"):
        wordkin.train([{"basket": {"a", "b"}}], field="basket", min_count=1)


def test_items_far_apart_in_a_basket_count_as_neighbours_do() -> None:
    """Kinds of goods of which the first and the last item of a basket are, with others of any kind between them."""
    baskets = []
    for number in range(2000):
        kind = number % 3
        between = [f"any{item}" for item in random.choice(40, 6, replace=False)]
        baskets.append([f"{kind}-left{random.integers(5)}", *between, f"{kind}-right{random.integers(5)}"])
    options: dict[str, Any] = {"min_count": 1, "vector_size": 8, "threads": 1, "epochs": 4, "subsample": 0.0}

    def share_of_kind(vectors: wordkin.Embeddings) -> float:
        """Of the left items, those whose nearest left item is of the same kind."""
        left = [word for word in vectors.words if "left" in word]
        nearest = [max(set(left) - {word}, key=lambda other: vectors.similarity(word, other)) for word in left]
        return float(np.mean([word[0] == other[0] for word, other in zip(left, nearest, strict=True)]))

    assert share_of_kind(wordkin.train(baskets, window="sentence", **options)) == 1
    assert share_of_kind(wordkin.train(baskets, window=3, **options)) < 0.7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"window": "sentences"},
            "window must be a whole number from 1 to 10000, or \"sentence\"; got 'sentences'",
        ),
        (
            {"window": "sentence", "dynamic_window": False},
            'dynamic_window cannot be set to False with window="sentence", because the context is always the whole '
            "sentence; got False: leave dynamic_window out",
        ),
        (
            {"max_context": 30},
            'max_context needs window="sentence", because a window of N words has at most 2N context words anyway; '
            "got 30: leave max_context out",
        ),
        ({"window": "sentence", "max_context": 0}, "max_context must be a whole number from 1 to 10000; got 0"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**options)
    assert str(caught.value) == message


def test_a_recipe_goes_with_whole_sentences() -> None:
    config = TrainingConfig.from_options(window="sentence", recipe="quality")
    assert (config.window, config.dynamic_window, config.subsample) == ("sentence", True, 3e-5)


def test_a_lesson_refuses_whole_sentences() -> None:
    with pytest.raises(ConfigError, match=r"window must be a number in a lesson, .*; got 'sentence'"):
        Course("a b c", TrainingConfig(window="sentence", min_count=1))


def test_every_number_of_context_words_trains() -> None:
    for most, architecture in itertools.product((1, 2, 59, 1000), ("skip-gram", "cbow")):
        options = {**SMALL, "max_context": most, "architecture": architecture, "epochs": 1}
        assert np.isfinite(wordkin.train(BASKETS, **options).matrix).all()
