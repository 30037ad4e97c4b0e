"""The training options that have an effect in a lesson, and their defaults there."""

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
    """Return training options with defaults that suit a text of a few words.

    The defaults are vectors of length 5, a window of 2, 3 noise words, no subsampling, all words kept, 20 epochs, and a
    learning rate of 0.3, which is so high that a single step has a visible effect.

    Parameters
    ----------
    **options
        Options of :class:`wordkin.TrainingConfig` that differ from these defaults.

    Returns
    -------
    TrainingConfig
        The options.

    Raises
    ------
    ConfigError
        An option is unknown, has no effect in a lesson, or has an illegal value.
    """
    config = TrainingConfig.from_options(**{**LESSON_DEFAULTS, **options})
    for name in options:
        if name not in LESSON_OPTIONS:
            raise ConfigError(name, "has no effect in a lesson", options[name], f"leave {name} out")
    return config


def check_options(config: TrainingConfig) -> None:
    """Check that no option is set that has no effect in a lesson.

    Raises
    ------
    ConfigError
        An option that has no effect in a lesson differs from its default.
    """
    if config.whole_sentences:
        raise ConfigError(
            "window", "must be a number in a lesson, because a lesson shows words in order", config.window
        )
    for each in dataclasses.fields(config):
        value = getattr(config, each.name)
        if each.name not in LESSON_OPTIONS and value != each.default:
            raise ConfigError(each.name, "has no effect in a lesson", value, f"use the default, {each.default!r}")
