"""Where a run stands, and what it has measured so far."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wordkin.errors import FormatError, shown
from wordkin.training.backend import SpanResult


@dataclass
class RunState:
    """Where a run stands. With the tables, the configuration and the corpus it is all that training goes on from:
    random numbers and learning rate are functions of seed, epoch and position.

    Attributes
    ----------
    epoch : finished epochs. position : corpus position reached in the epoch under way.
    epoch_loss, epoch_examples : summed loss (nats) and training examples of the epoch under way.
    losses, validation_losses : mean per example of each finished epoch, nats.
    seconds : time spent training.
    best_epoch : the epoch (from 1) with the lowest held-out loss, where ``patience`` is set; 0 before there is one.
    stopped_early : whether the held-out loss has not fallen for ``patience`` epochs.
    """

    epoch: int = 0
    position: int = 0
    epoch_loss: float = 0.0
    epoch_examples: int = 0
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    best_epoch: int = 0
    stopped_early: bool = False

    @property
    def mean_loss(self) -> float:
        """Mean loss per example since the epoch began."""
        return self.epoch_loss / max(1, self.epoch_examples)

    def add(self, result: SpanResult, seconds: float) -> None:
        """Take in what a span gave, and how long it took."""
        self.position = result.stop
        for loss in result.losses:  # one by one: the bits of the sum then do not depend on the spans
            self.epoch_loss += loss
        self.epoch_examples += result.examples
        self.seconds += seconds

    def finish_epoch(self) -> None:
        """Close the epoch under way."""
        self.losses.append(self.mean_loss)
        self.epoch += 1
        self.position = 0
        self.epoch_loss, self.epoch_examples = 0.0, 0

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON-ready values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> RunState:
        """Inverse of :meth:`to_dict`; :class:`FormatError` where the values are not what that makes."""
        kinds = {each.name: each.type for each in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or values.keys() != kinds.keys():
            raise FormatError(f"the state must have the entries {', '.join(kinds)}")
        for name, kind in kinds.items():
            if not _is_of_kind(values[name], str(kind)):
                raise FormatError(f"{name} in the state must be of kind {kind}; it is {shown(values[name])}")
        return cls(**values)


def _is_of_kind(value: Any, kind: str) -> bool:
    match kind:
        case "int":
            return type(value) is int and value >= 0
        case "float":
            return type(value) in (int, float) and math.isfinite(value)
        case "bool":
            return isinstance(value, bool)
    return isinstance(value, list) and all(_is_of_kind(each, "float") for each in value)
