"""The text and the options that the user of a lesson has chosen. The URL stores them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.errors import ConfigError
from wordkin.lesson import PRESETS, Course, Preset, lesson_config
from wordkin.lesson.equations import NOTATIONS
from wordkin.lesson.trees import TREES

MOST_CHARACTERS = 1000
MOST_WORDS = 40  # different words
MOST_STEPS = 5000
ORDERS = ("count", "appearance")
# Lowest and highest value of each numeric option.
NUMBERS: Mapping[str, tuple[float, float]] = {
    "vector_size": (1, 12),
    "window": (1, 5),
    "negative": (1, 10),
    "learning_rate": (0.001, 2),
    "epochs": (1, 100),
    "seed": (0, 9999),
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "architecture": ARCHITECTURES,
    "objective": OBJECTIVES,
    "cbow_gradient": ("word2vec", "exact"),
    "tree": TREES,
    "order": ORDERS,
    "notation": NOTATIONS,
}


@dataclass(frozen=True)
class Choices:
    """The chosen text and options. Each field has the name of the URL parameter that stores it.

    Attributes
    ----------
    preset : str
        Name of the example whose text is used; "" if the user entered a text.
    noise : str
        Noise words that the user chose, separated by commas or spaces; "" to draw them.
    """

    preset: str = "cat"
    text: str = PRESETS["cat"].text
    architecture: str = "skip-gram"
    objective: str = "negative-sampling"
    vector_size: int = 4
    window: int = 2
    negative: int = 2
    learning_rate: float = 0.3
    epochs: int = 40
    seed: int = 1
    dynamic_window: bool = False
    subsample: float = 0.0
    cbow_gradient: str = "word2vec"
    tree: str = "huffman"
    order: str = "count"
    noise: str = ""
    notation: str = "rong"

    @classmethod
    def of_preset(cls, preset: Preset, kept: Choices | None = None) -> Choices:
        """Return the choices of an example text; fields that the example does not set are taken from ``kept``."""
        base = kept or cls()
        options = {name: value for name, value in preset.options.items() if name in _FIELDS}
        return dataclasses.replace(base, preset=preset.name, text=preset.text, noise="", **options)

    @classmethod
    def of_state(cls, state: Mapping[str, str], language: str) -> Choices:
        """Read choices from the parameters of a URL.

        If a parameter is missing or illegal, the value of the example text is used.
        """
        name = state.get("preset", "")
        default = "cat-ko" if language == "ko" else "cat"
        base = cls.of_preset(PRESETS[name if name in PRESETS else default])
        found: dict[str, Any] = {}
        for field, value in state.items():
            made = _parsed(field, value)
            if made is not None:
                found[field] = made
        if "text" in found:
            found["preset"] = ""
        return dataclasses.replace(base, **found)

    def to_state(self) -> dict[str, str | None]:
        """Return the parameters of the URL for these choices.

        A parameter is None if its choice is the default of the example text.
        """
        base = Choices.of_preset(PRESETS[self.preset]) if self.preset else Choices()
        state: dict[str, str | None] = {"preset": self.preset or None}
        for field in _FIELDS:
            if field == "preset":
                continue
            value = getattr(self, field)
            same = value == getattr(base, field) and (field != "text" or bool(self.preset))
            state[field] = None if same else str(int(value)) if isinstance(value, bool) else str(value)
        return state

    def noise_words(self) -> list[str]:
        """Return the list of noise words that the user chose. In ``noise``, they are separated by commas or spaces."""
        return self.noise.replace(",", " ").split()

    def course(self) -> Course:
        """Create the course for these choices.

        Raises
        ------
        ConfigError
            The text is too long or has too many words, or an option is not legal for the text.
        CorpusError
            The text has no training pair.
        """
        if len(self.text) > MOST_CHARACTERS:
            raise ConfigError("text", f"must have at most {MOST_CHARACTERS} characters", len(self.text))
        config = lesson_config(
            architecture=self.architecture,
            objective=self.objective,
            vector_size=self.vector_size,
            window=self.window,
            negative=self.negative,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            seed=self.seed,
            dynamic_window=self.dynamic_window,
            subsample=self.subsample,
            cbow_gradient=self.cbow_gradient,
        )
        course = Course(self.text, config, noise=self.noise_words() or None, order=self.order, tree=self.tree)
        size = len(course.text.vocabulary)
        if size > MOST_WORDS:
            raise ConfigError("text", f"must have at most {MOST_WORDS} different words", size)
        course.step(1)  # raises an error if the text has no training pair
        return course

    def steps(self, course: Course) -> int:
        """Return the number of steps that can be shown."""
        return MOST_STEPS if course.has(MOST_STEPS) else course.count()


_FIELDS = {field.name: field.type for field in dataclasses.fields(Choices)}


def _parsed(field: str, text: str) -> Any:
    """Convert a parameter of the URL to the value of the field; return None if the parameter is not legal."""
    if field in WORDS:
        return text if text in WORDS[field] else None
    if field in NUMBERS or field == "subsample":
        low, high = NUMBERS.get(field, (0.0, 1.0))
        try:
            number = float(text)
        except ValueError:
            return None
        if not low <= number <= high:
            return None
        return number if field in ("learning_rate", "subsample") else int(number)
    if field == "dynamic_window":
        return text == "1"
    return text if field in ("text", "noise") else None
