"""The options of training: what they accept, and what they say of what they do not."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from wordkin import ConfigError, TrainingConfig, Word2Vec
from wordkin.config import FROM_1, FROM_1_OR_NONE, NAMES_IN_GENSIM, OBJECTIVES, TRAITS, Flag, Number, check


def test_each_objective_has_traits():
    assert set(OBJECTIVES) == TRAITS.keys()
    config = TrainingConfig(objective=("negative-sampling", "softmax"))
    assert (config.has_noise, config.changes_all_rows) == (True, True)


def test_scalars_of_numpy_are_the_numbers_they_stand_for():
    config = TrainingConfig(vector_size=np.int64(8), learning_rate=np.float32(0.5), lowercase=np.True_)
    assert (config.vector_size, config.learning_rate, config.lowercase) == (8, 0.5, True)
    assert {type(config.vector_size), type(config.learning_rate), type(config.lowercase)} == {int, float, bool}
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vector_size": np.float64(8)}, "vector_size must be a whole number from 1 to 65536; got 8.0"),
        ({"vector_size": np.array([8])}, "vector_size must be a whole number from 1 to 65536; got array([8])"),
        ({"epochs": 10**400}, "epochs must be a whole number from 1 up; got 1000.*000"),
        ({"learning_rate": 10**400}, "learning_rate must be a number above 0 and at most 10; got 1000.*000"),
        (
            {"lowercase": 1},
            "lowercase must be True, False or a language .*; got 1",
        ),
        ({"objective": []}, "objective must be one or more of .*; got ()"),
        ({"min_learning_rate": 1}, "min_learning_rate must not exceed learning_rate (0.025); got 1"),
    ],
)
def test_wrong_values_are_named_with_their_rule(options, message):
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**options)
    beginning, _, end = message.partition(".*")
    assert str(caught.value).startswith(beginning) and str(caught.value).endswith(end)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("windw", "did you mean window?"),
        ("workers", "use threads"),
        ("sg", 'use architecture="skip-gram" or "cbow"'),
        ("blue", "docs/options.md lists all options"),
    ],
)
def test_wrong_names_get_a_remedy(name, remedy):
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_options(**{name: 1})
    assert str(caught.value) == f"{name} is not an option of training; got 1: {remedy}"


def test_names_in_gensim_are_not_options_of_ours():
    assert NAMES_IN_GENSIM.keys().isdisjoint(TrainingConfig().to_dict())


def test_a_message_shows_no_more_of_a_value_than_a_glance():
    with pytest.raises(ConfigError) as caught:
        Word2Vec(sentences=[["word"] * 1000] * 1000)
    message = str(caught.value)
    assert len(message) < 500
    assert message.endswith("pass the text to train or fit")


def test_a_model_takes_a_configuration_or_options():
    config = TrainingConfig(vector_size=8)
    assert Word2Vec(config).config is config
    with pytest.raises(
        ConfigError, match=r"config must be a TrainingConfig; got \[\['a'\]\]: pass the text to the method fit"
    ):
        Word2Vec([["a"]])
    with pytest.raises(ConfigError, match=r"config cannot be combined with keyword options"):
        Word2Vec(config, window=3)


def test_the_page_for_users_of_gensim_has_the_same_names():
    page = (Path(__file__).parents[1] / "docs" / "coming-from-gensim.md").read_text()
    training = page.split("## Training")[1].split("## Loading")[0]
    missing = [name for name in NAMES_IN_GENSIM if not re.search(rf"\b{name}\b", training)]
    assert missing == ["size", "iter"]  # of versions long gone


@pytest.mark.parametrize(
    ("rule", "value", "accepted"),
    [
        (FROM_1, np.int64(3), 3),
        (FROM_1_OR_NONE, None, None),
        (Number(), np.float32(0.5), 0.5),
        (Flag(), np.True_, True),
    ],
)
def test_check_gives_the_plain_value(rule, value, accepted):
    found = check("name", rule, value)
    assert found == accepted and type(found) is type(accepted)


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (FROM_1, 0, "name must be a whole number from 1 up; got 0"),
        (FROM_1, np.int64(-2), "name must be a whole number from 1 up; got -2"),
        (FROM_1, True, "name must be a whole number from 1 up; got True"),
        (FROM_1_OR_NONE, 1.0, "name must be a whole number from 1 up; got 1.0"),
        (Number(), math.inf, "name must be a finite number; got inf"),
        (Number(), 10**400, "name must be a finite number; got 1000.*000"),
    ],
)
def test_check_refuses(rule, value, message):
    with pytest.raises(ConfigError, match=message):
        check("name", rule, value)
