"""Recipes are sets of option values; options given by hand win."""

from __future__ import annotations

import dataclasses
import doctest
from pathlib import Path

import pytest

import wordkin
from wordkin.config import ARCHITECTURES, TrainingConfig, config_for_words
from wordkin.errors import ConfigError
from wordkin.recipes import OF_SMALL_TEXT, RECIPES, SMALL_TEXT_WORDS, values_of

TEXT = [[f"word{each}" for each in range(1000)]] * 5
PAGE = Path(__file__).parents[1] / "docs" / "recipes.md"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_recipe_gives_its_values_and_no_others(recipe, architecture):
    config = TrainingConfig.from_options(recipe=recipe, architecture=architecture)
    wanted = dict(values_of(recipe, architecture))
    plain = TrainingConfig(architecture=architecture)
    for each in dataclasses.fields(config):
        expected = recipe if each.name == "recipe" else wanted.get(each.name, getattr(plain, each.name))
        assert getattr(config, each.name) == expected, each.name


def test_options_given_by_hand_win_even_where_they_are_the_default():
    config = TrainingConfig.from_options(recipe="quality", subsample=1e-3, dynamic_window=True)
    assert (config.subsample, config.dynamic_window, config.epochs) == (1e-3, True, 5)


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"objective": "hierarchical-softmax"}, {"learning_rate": None, "vectors": "input"}),
        ({"objective": ("softmax",), "architecture": "cbow"}, {"learning_rate": None, "vectors": "input"}),
        ({"architecture": "cbow", "cbow_combine": "sum"}, {"learning_rate": None, "vectors": "average"}),
        ({"cbow_combine": "sum"}, {"learning_rate": 0.05}),
        ({"objective": ["softmax", "negative-sampling"]}, {"learning_rate": 0.05}),
        ({"architecture": "cbow", "cbow_gradient": "exact"}, {"learning_rate": 0.1, "vectors": "average"}),
        ({"architecture": "cbow", "vectors": "output"}, {"vectors": "output"}),
    ],
)
def test_a_recipe_leaves_out_what_the_given_options_do_not_go_with(given, changed):
    config = TrainingConfig.from_options(recipe="quality", **given)
    assert {name: getattr(config, name) for name in changed} == changed
    assert config.epochs == RECIPES["quality"][config.architecture]["epochs"]


def test_without_negative_sampling_a_small_text_has_the_default_number_of_noise_words():
    given = {"objective": "hierarchical-softmax"}
    small = values_of("quality", "skip-gram", given, words=100)
    assert {"negative", "learning_rate"} & small.keys() == set() and small["window"] == 7
    both = {"objective": ["softmax", "negative-sampling"]}
    assert values_of("quality", "skip-gram", both, words=100)["negative"] == 3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_small_text_has_values_of_its_own(architecture):
    large, small = values_of("quality", architecture), OF_SMALL_TEXT["quality"][architecture]
    assert values_of("quality", architecture, words=SMALL_TEXT_WORDS) == large
    assert values_of("quality", architecture, words=SMALL_TEXT_WORDS - 1) == {**large, **small} != large


def test_what_depends_on_the_text_is_known_when_it_was_read_and_options_given_by_hand_win():
    model = wordkin.Word2Vec(recipe="quality", vector_size=4)
    assert (model.config.window, model.config.epochs) == (3, 5)
    model.fit(TEXT)
    assert (model.config.window, model.config.subsample, model.config.epochs) == (7, 5e-5, 4)
    assert (model.embeddings.metadata["window"], model.embeddings.metadata["epochs"]) == ("7", "4")
    by_hand = wordkin.Word2Vec(recipe="quality", vector_size=4, window=3, epochs=5).fit(TEXT).config
    assert (by_hand.window, by_hand.subsample, by_hand.epochs) == (3, 5e-5, 5)


def test_a_configuration_of_no_recipe_does_not_depend_on_the_text():
    for config in (TrainingConfig(), TrainingConfig.from_options(recipe="word2vec")):
        assert config_for_words(config, {}, 100) == config


def test_a_run_that_goes_on_keeps_what_its_text_decided(tmp_path):
    wordkin.train(TEXT, recipe="quality", vector_size=4, checkpoint=tmp_path / "run")
    assert wordkin.Word2Vec.resume(tmp_path / "run", recipe="quality").config.window == 7
    assert wordkin.Word2Vec.load(tmp_path / "run").update(TEXT, epochs=1).config.window == 7


def test_an_objective_that_is_no_text_is_refused_as_ever():
    with pytest.raises(ConfigError, match="objective must be"):
        TrainingConfig.from_options(recipe="quality", objective=7)


def test_a_saved_configuration_is_not_changed_by_its_recipe():
    config = TrainingConfig.from_options(recipe="quality", subsample=1e-3)
    assert TrainingConfig.from_dict(config.to_dict()) == config


def test_the_recipe_is_recorded_with_the_vectors():
    vectors = wordkin.train([["sun", "moon"]] * 30, recipe="quality", min_count=1, vector_size=4, subsample=0)
    assert vectors.metadata["recipe"] == "quality"
    assert (vectors.metadata["dynamic_window"], vectors.metadata["subsample"]) == ("True", "0")


@pytest.mark.parametrize("recipe", ["best", 1, ["quality"]])
def test_an_unknown_recipe_is_refused(recipe):
    with pytest.raises(ConfigError, match='recipe must be one of "word2vec", "quality"; got'):
        TrainingConfig.from_options(recipe=recipe)


def test_the_page_says_what_the_recipes_are():
    cells = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.startswith(("| skip", "| CBOW"))]
    rows = [row for row in cells if "`subsample=" in row[-1]]
    texts = [(architecture, words) for architecture in ("skip-gram", "cbow") for words in (SMALL_TEXT_WORDS, 100)]
    for row, (architecture, words) in zip(rows, texts, strict=True):
        named = dict(part.split("=") for part in row[-1].replace("`", "").replace(" ", "").split(","))
        assert {name: eval(value) for name, value in named.items()} == values_of("quality", architecture, words=words)
    assert f"{SMALL_TEXT_WORDS // 1_000_000} million words" in PAGE.read_text()


def test_the_examples_of_the_page_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 5 and failed == 0
