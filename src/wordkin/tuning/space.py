"""The search space of tuning: which values of which options are tried, and random draws of settings.

A draw depends only on the seed, the number of the draw, the settings to vary and the settings already drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordkin.config import TrainingConfig, check, config_for_words
from wordkin.errors import ConfigError

Settings = Mapping[str, Any]

VALUES: Mapping[str, tuple[Any, ...]] = {
    "window": (2, 3, 4, 5, 7, 10),
    "dynamic_window": (True, False),
    "negative": (3, 5, 10, 15),
    "subsample": (1e-3, 3e-4, 1e-4, 3e-5, 1e-5),
    "epochs": (2, 3, 4, 5, 6, 8, 12, 20),
    "learning_rate": (0.0125, 0.025, 0.035, 0.05, 0.07, 0.1, 0.15),
    "cbow_gradient": ("word2vec", "exact"),
    "vectors": ("input", "average"),
    "architecture": ("skip-gram", "cbow"),
    "noise_exponent": (0.5, 0.75, 1.0),
    "vector_size": (50, 100, 150, 200, 300),
}
"""For each option, the values to try. Numbers are in ascending or descending order."""
VARIED_UNLESS_SAID = ("window", "dynamic_window", "negative", "subsample", "epochs", "learning_rate")
VARIED_FOR_CBOW = ("cbow_gradient", "vectors")
NEVER_VARIED = ("recipe", "threads", "seed", "deterministic", "parts")
_ATTEMPTS = 100
_FIELDS = tuple(each.name for each in dataclasses.fields(TrainingConfig))


@dataclass(frozen=True)
class Space:
    """The settings that a search may try.

    Attributes
    ----------
    fixed : mapping
        Options with the same value in every trial.
    values : mapping
        For each varied option, the values to try.
    words : int or None, default None
        Number of words of the text, on which the values of recipes depend; None before the text has been read.
    """

    fixed: Settings
    values: Mapping[str, tuple[Any, ...]]
    words: int | None = None

    def config(self, settings: Settings) -> TrainingConfig:
        """Return the configuration of a run with these settings."""
        given = {**self.fixed, **settings}
        config = TrainingConfig.from_options(**given)
        return config if self.words is None else config_for_words(config, given, self.words)

    def draw(self, seed: int, number: int, near: Settings | None, seen: Collection[object]) -> Settings | None:
        """Draw random settings that have not been drawn before. Return None if 100 draws fail.

        Parameters
        ----------
        seed, number : int
            Seed of the search, and number of the draw. Together they determine the random numbers.
        near : mapping or None
            Settings to vary: one or two of their options get a neighbouring value. None draws a random value of every
            option.
        seen : collection
            The :func:`identity` of each of the settings drawn so far.
        """
        random = np.random.Generator(np.random.Philox(key=[seed, number]))
        middle = None if near is None else self.config(near)
        met: set[tuple[Any, ...]] = set()
        for _ in range(_ATTEMPTS):
            drawn = self._anywhere(random) if middle is None else self._near(random, middle)
            if tuple(drawn.values()) in met:
                continue
            met.add(tuple(drawn.values()))
            config = self._legal(drawn)
            if config is not None and identity(config) not in seen:
                return {name: getattr(config, name) for name in self._meaningful(config)}
        return None

    def _anywhere(self, random: np.random.Generator) -> Settings:
        return {name: values[random.integers(len(values))] for name, values in self.values.items()}

    def _near(self, random: np.random.Generator, config: TrainingConfig) -> Settings:
        names = self._meaningful(config)
        drawn = {name: _value(config, name) for name in names}
        for name in random.choice(names, size=min(len(names), int(random.integers(1, 3))), replace=False).tolist():
            others = _neighbours(self.values[name], drawn[name])
            if others:
                drawn[name] = others[random.integers(len(others))]
        return drawn

    def _meaningful(self, config: TrainingConfig) -> list[str]:
        """Return the varied options that have an effect on training with this configuration."""
        cbow_alone = ("cbow_gradient", "cbow_combine")
        return [name for name in self.values if name not in cbow_alone or config.architecture == "cbow"]

    def _legal(self, settings: Settings) -> TrainingConfig | None:
        """Return the configuration of a run with these settings, or None if they conflict."""
        try:
            return self.config(settings)
        except ConfigError:
            return None


def identity(config: TrainingConfig) -> object:
    """Return a value that is equal for two configurations if and only if they train the same vectors."""
    values = {name: getattr(config, name) for name in _FIELDS}
    values |= {"learning_rate": config.starting_learning_rate, "recipe": None}
    if config.architecture != "cbow":
        values |= {"cbow_gradient": None, "cbow_combine": None}
    return tuple(map(str, values.values()))


def _value(config: TrainingConfig, name: str) -> Any:
    return config.starting_learning_rate if name == "learning_rate" else getattr(config, name)


def _neighbours(values: Sequence[Any], value: Any) -> list[Any]:
    """Return the values next to ``value``: for numbers, the next lower and higher; otherwise all other values."""
    if any(isinstance(each, bool | str) for each in values):
        return [each for each in values if each != value]
    ordered = sorted(values)
    below, above = [each for each in ordered if each < value], [each for each in ordered if each > value]
    return [*below[-1:], *above[:1]]


def space_of(options: Settings, vary: object) -> Space:
    """Return the search space for the arguments of :func:`wordkin.tune`.

    Parameters
    ----------
    options : mapping
        Training options with the same value in every trial.
    vary : None, sequence of str, or mapping
        Names of the options to vary, or a mapping of these names to the values to try. If None, a standard set of
        options is varied. For an option without values, those in :data:`VALUES` are tried.

    Raises
    ------
    ConfigError
        An option cannot be varied, a value is not legal, or no option has two values to try.
    """
    if "recipe" in options:
        raise ConfigError(
            "recipe", "must be left out, because tuning always tries the quality recipe", options["recipe"]
        )
    TrainingConfig.from_options(**options)  # raises an error if they are not legal
    if vary is None:
        names = VARIED_UNLESS_SAID + (VARIED_FOR_CBOW if options.get("architecture") == "cbow" else ())
        values = {name: VALUES[name] for name in names if name not in options}
        if options.get("cbow_combine") == "sum":
            values.pop("cbow_gradient", None)
    else:
        values = dict(_options_to_vary(vary))
    for name, tried in values.items():
        _check_values(name, tried, options)
    if not any(len(tried) > 1 for tried in values.values()):
        remedy = f"name options to vary, such as {', '.join(VARIED_UNLESS_SAID[:3])}"
        raise ConfigError("vary", "must name an option with at least two values to try", vary, remedy)
    return Space(dict(options), values)


def _options_to_vary(vary: object) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the name of each option to vary and the values to try, given the argument ``vary`` of ``tune``."""
    rule = "must be names of options, or a mapping of names to the values to try"
    if isinstance(vary, str) or not isinstance(vary, Mapping | Sequence):
        raise ConfigError("vary", rule, vary)
    fields = {each.name for each in dataclasses.fields(TrainingConfig)}
    for name in vary:
        if name not in fields or name in NEVER_VARIED:
            raise ConfigError("vary", "must name training options that affect the vectors", name)
        given = vary[name] if isinstance(vary, Mapping) else None
        if given is not None and (isinstance(given, str) or not isinstance(given, Sequence) or len(given) == 0):
            raise ConfigError("vary", rule, given)
        if given is None and name not in VALUES:
            raise ConfigError(
                "vary",
                f"must give the values to try for {name}, which has no standard values",
                vary,
                f"pass a mapping, such as vary={{{name!r}: [...]}}",
            )
        yield name, tuple(VALUES[name] if given is None else given)


def _check_values(name: str, values: tuple[Any, ...], options: Settings) -> None:
    """Raise :class:`ConfigError` if an option cannot take each of these values in a search."""
    field = next(each for each in dataclasses.fields(TrainingConfig) if each.name == name)
    if field.metadata["group"] == "Text" and name not in ("subsample", "subsample_formula"):
        raise ConfigError("vary", "must not name options of reading, because the text is read only once", name)
    if name in options:
        raise ConfigError(name, "must be left out, because vary names it", options[name])
    for value in values:
        check(name, field.metadata["rule"], value)
