"""Trials of a search, and the lines of JSON that record them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from wordkin.errors import FormatError

REFERENCES = ("word2vec", "quality")
"""The recipes that every search tries."""
STAGES = ("reference", "screening", "whole", "confirmation")


@dataclass(frozen=True)
class Step:
    """A trial that is to be made.

    Attributes
    ----------
    stage : {"reference", "screening", "whole", "confirmation"}
        The part of the search: a reference recipe, a trial on a fraction of the text, a trial on the whole text, or the
        repetition of the best settings with new seeds.
    settings : mapping
        The training options that differ between trials.
    share : float
        Fraction of the text that the trial trains on.
    seed : int
        Seed of the training run.
    """

    stage: str
    settings: Mapping[str, Any]
    share: float
    seed: int

    @property
    def name(self) -> str:
        """The settings of the trial as text."""
        return ", ".join(f"{name}={_short(value)}" for name, value in self.settings.items())


@dataclass(frozen=True)
class Trial(Step):
    """A trial that was made.

    Attributes
    ----------
    number : int
        Number of the trial, from 1.
    scores : mapping
        Value on each benchmark file, between -1 and 1; empty if training diverged.
    score : float or None
        Weighted mean of the values; None if training diverged.
    train_seconds : float
        Training time.
    seconds : float
        Time of training and scoring, which counts towards the budget.
    failure : str
        The error if training diverged; "" otherwise.
    """

    number: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    score: float | None = None
    train_seconds: float = 0.0
    seconds: float = 0.0
    failure: str = ""

    def to_line(self) -> str:
        """Return the trial as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def trial_of(line: str, number: int) -> Trial:
    """Parse a line of JSON; raise :class:`FormatError` if it is not the record of a trial."""
    try:
        values = json.loads(line)
        trial = Trial(**{each.name: values[each.name] for each in fields(Trial)})
        numbers = (trial.share, trial.train_seconds, trial.seconds, *trial.scores.values(), trial.score or 0.0)
        sound = all(isinstance(each, int | float) and math.isfinite(each) for each in numbers)
        sound = sound and trial.number == number and trial.stage in STAGES and isinstance(trial.settings, dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise FormatError(f"line {number:,} is not the record of a trial")
    return trial


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
