"""Recipes are sets of option values; options given by hand win."""

from __future__ import annotations

import dataclasses
import doctest
from pathlib import Path

import pytest

import wordkin
from wordkin.config import ARCHITECTURES, TrainingConfig
from wordkin.errors import ConfigError
from wordkin.recipes import RECIPES, values_of

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
        (
            {"objective": "hierarchical-softmax"},
            {"learning_rate": None, "cbow_gradient": "word2vec", "vectors": "input"},
        ),
        ({"objective": ("softmax",)}, {"learning_rate": None, "cbow_gradient": "word2vec", "vectors": "input"}),
        ({"objective": ["softmax", "negative-sampling"]}, {"learning_rate": 0.15, "vectors": "average"}),
        ({"cbow_combine": "sum"}, {"learning_rate": None, "cbow_gradient": "word2vec", "vectors": "average"}),
        ({"cbow_gradient": "word2vec"}, {"learning_rate": None, "vectors": "average"}),
        ({"cbow_gradient": "exact"}, {"learning_rate": 0.15, "vectors": "average"}),
        ({"vectors": "output"}, {"learning_rate": 0.15, "vectors": "output"}),
    ],
)
def test_a_recipe_leaves_out_what_the_given_options_do_not_go_with(given, changed):
    config = TrainingConfig.from_options(recipe="quality", architecture="cbow", **given)
    assert {name: getattr(config, name) for name in changed} == changed
    assert config.epochs == 5


def test_an_objective_that_is_no_text_is_refused_as_ever():
    with pytest.raises(ConfigError, match="objective must be"):
        TrainingConfig.from_options(recipe="quality", objective=7)


def test_a_saved_configuration_is_not_changed_by_its_recipe():
    config = TrainingConfig.from_options(recipe="quality", subsample=1e-3)
    assert TrainingConfig.from_dict(config.to_dict()) == config


def test_the_recipe_is_recorded_with_the_vectors():
    vectors = wordkin.train([["sun", "moon"]] * 30, recipe="quality", min_count=1, vector_size=4, subsample=0)
    assert vectors.metadata["recipe"] == "quality"
    assert (vectors.metadata["dynamic_window"], vectors.metadata["subsample"]) == ("False", "0")


@pytest.mark.parametrize("recipe", ["best", 1, ["quality"]])
def test_an_unknown_recipe_is_refused(recipe):
    with pytest.raises(ConfigError, match='recipe must be one of "word2vec", "quality"; got'):
        TrainingConfig.from_options(recipe=recipe)


def test_the_page_says_what_the_recipes_are():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `quality`")]
    for row, architecture in zip(rows, ("skip-gram", "cbow"), strict=True):
        named = dict(part.split("=") for part in row.split("|")[3].replace("`", "").replace(" ", "").split(","))
        assert {name: eval(value) for name, value in named.items()} == values_of("quality", architecture)


def test_the_examples_of_the_page_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 5 and failed == 0
