"""What the URL of the lesson says, and what it may not."""

from __future__ import annotations

import dataclasses

import pytest

from wordkin.errors import ConfigError, CorpusError
from wordkin.lesson import PRESETS

pytest.importorskip("nicegui")
from wordkin.studio.lesson.choices import MOST_STEPS, Choices

HOSTILE = "<img src=x onerror=alert(1)>"


def through_url(choices: Choices) -> Choices:
    return Choices.of_state({name: value for name, value in choices.to_state().items() if value is not None}, "en")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_go_through_the_url(name):
    choices = Choices.of_preset(PRESETS[name])
    assert through_url(choices) == choices
    assert [value for value in choices.to_state().values() if value is not None] == [name]


def test_every_choice_goes_through_the_url():
    choices = Choices(
        preset="", text=f"{HOSTILE} says\nhello", architecture="cbow", objective="softmax", vector_size=7, window=3,
        negative=5, learning_rate=0.125, epochs=11, seed=9, dynamic_window=True, subsample=0.02,
        cbow_gradient="exact", tree="full", order="appearance", noise="hello,says", notation="theta",
    )  # fmt: skip
    assert through_url(choices) == choices
    assert through_url(dataclasses.replace(choices, preset="royal", text=PRESETS["royal"].text)).preset == "royal"


def test_a_wrong_url_becomes_the_preset_of_the_language():
    wrong = {"vector_size": "999", "seed": "x", "architecture": "glove", "learning_rate": "nan", "preset": "none",
             "epochs": "-1", "topic": "none", "dynamic_window": "yes"}  # fmt: skip
    assert Choices.of_state(wrong, "en") == Choices.of_preset(PRESETS["cat"])
    assert Choices.of_state(wrong, "ko") == Choices.of_preset(PRESETS["cat-ko"])


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"text": "a b " * 300}, ConfigError, "text must have at most 1000 characters; got 1200"),
        ({"text": " ".join(map(str, range(41)))}, ConfigError, "text must have at most 40 different words; got 41"),
        (
            {"text": "alone"},
            CorpusError,
            "no sentence of the text has two words: pass a sentence of at least two words",
        ),
        (
            {"subsample": 1e-9},
            ConfigError,
            "subsample must keep at least two words of a sentence, but drops nearly every word",
        ),
        ({"noise": "cheese"}, ConfigError, "noise must be words of the text; got 'cheese'"),
    ],
)
def test_what_no_lesson_can_be_made_of_is_refused(fields, error, message):
    with pytest.raises(error) as caught:
        dataclasses.replace(Choices(), **fields).course()
    assert str(caught.value).startswith(message)


def test_steps_have_a_bound():
    choices = dataclasses.replace(Choices(), epochs=100, text="a b c d e f g h i j " * 4)
    assert choices.steps(choices.course()) == MOST_STEPS
