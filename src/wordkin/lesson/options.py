"""The options of training that a lesson has, and their defaults in it."""

from __future__ import annotations

import dataclasses
from typing import Any

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError

LESSON_OPTIONS = (
    "architecture", "objective", "vector_size", "window", "dynamic_window", "negative", "noise_exponent",
    "cbow_combine", "cbow_gradient", "projection_bias", "output_bias", "tokenizer", "lowercase", "min_count",
    "max_vocabulary", "subsample", "subsample_formula", "epochs", "learning_rate", "min_learning_rate", "seed",
)  # fmt: skip
LESSON_DEFAULTS: dict[str, Any] = {
    "vector_size": 5,
    "window": 2,
    "negative": 3,
    "tokenizer": "words",
    "min_count": 1,
    "subsample": 0.0,
    "epochs": 20,
    "learning_rate": 0.3,
}


def lesson_config(**options: Any) -> TrainingConfig:
    """Options of training with defaults for a text of a few words.

    Vectors of length 5, a window of 2, 3 noise words, every word kept, 20 epochs, and a learning rate of
    0.3 so that a single step shows.

    Raises
    ------
    ConfigError : an option is unknown, does nothing in a lesson, or has an illegal value.
    """
    config = TrainingConfig.from_options(**{**LESSON_DEFAULTS, **options})
    for name in options:
        if name not in LESSON_OPTIONS:
            raise ConfigError(name, "does nothing in a lesson", options[name], "leave it out")
    return config


def check_options(config: TrainingConfig) -> None:
    """Refuse options of training that a lesson could not honour.

    Raises
    ------
    ConfigError : an option that a lesson does not have differs from its default.
    """
    if config.whole_sentences:
        raise ConfigError("window", "must be a number in a lesson, which shows the order of words", config.window)
    for each in dataclasses.fields(config):
        value = getattr(config, each.name)
        if each.name not in LESSON_OPTIONS and value != each.default:
            raise ConfigError(each.name, "does nothing in a lesson", value, f"leave it at {each.default}")
