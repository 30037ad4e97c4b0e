"""Which trials a search makes, and what it chooses: with trials that are made up."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wordkin.errors import ConfigError
from wordkin.tuning.search import BRACKET, KEPT_OF_BRACKET, Book, Choice, Limits, search
from wordkin.tuning.space import VALUES, identity, space_of
from wordkin.tuning.trials import Step, Trial, trial_of

Score = Callable[[Mapping[str, Any], int], float | None]


def made(step: Step, number: int, space, score: Score) -> Trial:
    """A trial that took a second an epoch on the whole text."""
    config = space.config(step.settings)
    seconds = config.epochs * step.share * (1.0 + 0.1 * config.window)
    value = score(dataclasses.asdict(config), step.seed)
    scores = {} if value is None else {"pairs": value}
    return Trial(step.stage, step.settings, step.share, step.seed, number, scores, value, seconds, seconds * 1.1)


def run(score: Score, limits: Limits, *, words=20_000_000, recorded=(), vary=None, **options) -> tuple[Book, Choice]:
    """A whole search; recorded trials are taken as they are."""
    book = Book(space_of(options, vary), limits, words, 1)
    steps = search(book)
    step = next(steps)
    with pytest.raises(StopIteration) as ended:
        for number in itertools.count(1):
            known = recorded[number - 1] if number <= len(recorded) else None
            assert known is None or known.settings == step.settings
            step = steps.send(known or made(step, number, book.space, score))
    return book, ended.value.value


def wide_is_better(options: Mapping[str, Any], seed: int) -> float:
    return 0.1 + 0.02 * options["window"] + 0.001 * (seed % 3)


def test_recipes_come_first_and_the_best_settings_are_found_and_confirmed():
    book, choice = run(wide_is_better, Limits(500.0))
    assert [each.settings for each in book.trials[:2]] == [{"recipe": "word2vec"}, {"recipe": "quality"}]
    assert choice.better and choice.settings["window"] == max(VALUES["window"])
    assert choice.reason == "ahead of the recipes by 0.1000 or more, over 3 fresh seeds"
    confirmed = [each for each in book.trials if each.stage == "confirmation"]
    assert {each.seed for each in confirmed} == {2, 3, 4}
    assert [each.settings for each in confirmed[3:5]] == [{"recipe": "word2vec"}, {"recipe": "quality"}]
    assert 0.7 * 500 < book.seconds() <= 500


def test_brackets_halve():
    book, _ = run(wide_is_better, Limits(300.0))
    stages = [each.stage for each in book.trials[2 : 2 + BRACKET + KEPT_OF_BRACKET]]
    assert stages == ["screening"] * BRACKET + ["whole"] * KEPT_OF_BRACKET
    screened = sorted((each for each in book.trials[2 : 2 + BRACKET]), key=lambda each: -each.score)
    whole = book.trials[2 + BRACKET : 2 + BRACKET + KEPT_OF_BRACKET]
    assert [each.settings for each in whole] == [each.settings for each in screened[:KEPT_OF_BRACKET]]
    assert all(each.share == 0.25 for each in screened)


def test_a_short_text_is_always_used_whole():
    book, _ = run(wide_is_better, Limits(600.0), words=2_000_000)
    assert {each.share for each in book.trials} == {1.0}


def test_no_settings_are_tried_twice_with_a_seed():
    book, _ = run(wide_is_better, Limits(200.0))
    tried = [(identity(book.space.config(each.settings)), each.share, each.seed) for each in book.trials]
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("limits", [Limits(150.0), Limits(1e6, trials=30), Limits(200.0, run_ratio=0.8)])
def test_a_search_that_is_killed_anywhere_ends_the_same(limits):
    book, choice = run(wide_is_better, limits)
    for number in (0, 1, 3, 12, len(book.trials) - 2, len(book.trials)):
        recorded = [trial_of(each.to_line(), each.number) for each in book.trials[:number]]
        resumed, same = run(wide_is_better, limits, recorded=recorded)
        assert (resumed.trials, same) == (book.trials, choice)


def test_noise_is_not_taken_for_better():
    def recipes_win_fresh(options, seed):
        return 1.0 if options["recipe"] and seed > 1 else 0.01 * options["window"]

    _, choice = run(recipes_win_fresh, Limits(500.0))
    assert not choice.better
    assert choice.reason == "no finalist was ahead of the recipes with each of 3 fresh seeds"
    assert choice.settings in ({"recipe": "word2vec"}, {"recipe": "quality"})


def test_where_no_settings_score_higher_nothing_is_confirmed():
    book, choice = run(lambda options, seed: 0.9 if options["recipe"] == "word2vec" else 0.1, Limits(100.0))
    assert choice == Choice({"recipe": "word2vec"}, False, "no new settings scored higher with the first seed")
    assert "confirmation" not in {each.stage for each in book.trials}


def test_a_limit_on_time_bounds_the_choice():
    def long_is_better(options, seed):
        return options["epochs"] / 100

    book, choice = run(long_is_better, Limits(150.0, run_ratio=1.2))
    assert choice.better and book.run_seconds(choice.settings) <= 1.2 * book.run_seconds({"recipe": "word2vec"})
    assert run(long_is_better, Limits(600.0))[1].settings["epochs"] >= 12
    with pytest.raises(ConfigError, match=r"^at_most must leave some settings to choose; got '0.01s': raise at_most$"):
        run(long_is_better, Limits(100.0, run_seconds=0.01))


def test_training_that_diverges_loses():
    book, choice = run(lambda options, seed: None if options["window"] > 5 else 0.1 * options["window"], Limits(150.0))
    assert any(each.score is None for each in book.trials)
    assert choice.settings.get("window", 5) <= 5


def test_the_number_of_trials_is_kept():
    book, _ = run(wide_is_better, Limits(1e9, trials=20))
    assert 15 < len(book.trials) <= 20


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(1e9, trials=5),
            r"^trials must be at least 6, for the recipes, one new trial and its confirmation; got 5",
        ),
        (
            Limits(30.0),
            r"^time must be at least about \d+ s for this text, for the recipes, one new trial and its confirm",
        ),
    ],
)
def test_a_budget_too_small_is_refused(limits, message):
    with pytest.raises(ConfigError, match=message):
        run(wide_is_better, limits)


def test_both_architectures_have_their_recipes():
    book, choice = run(
        lambda options, seed: (options["architecture"] == "cbow") + 0.01 * options["window"], Limits(400.0),
        vary=["architecture", "window", "cbow_gradient"],
    )  # fmt: skip
    assert [each.settings for each in book.trials[:4]] == [
        {"recipe": recipe, "architecture": architecture}
        for architecture in ("skip-gram", "cbow")
        for recipe in ("word2vec", "quality")
    ]
    assert choice.settings["architecture"] == "cbow"


def test_a_space_that_is_used_up_ends_the_search():
    book, _ = run(wide_is_better, Limits(1e6), vary={"window": [4, 6]})
    assert [each.settings for each in book.trials if each.stage == "screening"] == [{"window": 4}, {"window": 6}]


@pytest.mark.parametrize(
    ("options", "vary", "message"),
    [
        (
            {"recipe": "quality"},
            None,
            "recipe must be left out, because tuning always tries the quality recipe; got 'quality'",
        ),
        ({}, "window", "vary must be names of options, or a mapping of names to the values to try; got 'window'"),
        (
            {},
            ["min_count"],
            "vary must give the values to try for min_count, which has no standard values; got ['min_count']: pass a",
        ),
        (
            {},
            {"min_count": [1, 2]},
            "vary must not name options of reading, because the text is read only once; got 'min_count'",
        ),
        ({}, ["seed"], "vary must name training options that affect the vectors; got 'seed'"),
        ({}, ["windows"], "vary must name training options that affect the vectors; got 'windows'"),
        ({"window": 5}, ["window"], "window must be left out, because vary names it; got 5"),
        ({}, {"window": [0, 5]}, "window must be a whole number from 1 to 10000"),
        ({}, {"window": []}, "vary must be names of options, or a mapping of names to the values to try; got []"),
        (
            {},
            {"window": [5]},
            "vary must name an option with at least two values to try; got {'window': [5]}: name options",
        ),
        ({"windoww": 5}, None, "windoww is not an option of training; got 5: did you mean window?"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(options, vary, message):
    with pytest.raises(ConfigError) as caught:
        space_of(options, vary)
    assert str(caught.value).startswith(message)
