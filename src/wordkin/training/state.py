"""The state of a training run: its position and its losses."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wordkin.errors import FormatError, shown
from wordkin.training.backend import SpanResult

_RISE = 1.002  # relative rise above the lowest loss that is more than random variation


@dataclass
class RunState:
    """How far a training run has come, and its losses.

    State, tables, configuration and corpus determine the rest of the run, because random numbers and learning rate are
    functions of seed, epoch and position.

    Attributes
    ----------
    epoch : int, default 0
        Number of finished epochs.
    position : int, default 0
        Corpus position in the current epoch.
    epoch_loss : float, default 0.0
        Summed loss of the current epoch, in nats.
    epoch_examples : int, default 0
        Number of training examples of the current epoch so far.
    losses, validation_losses : list of float
        Mean loss per example of each finished epoch, in nats, on the training text and on the held-out text.
    seconds : float, default 0.0
        Training time in seconds.
    best_epoch : int, default 0
        Epoch (from 1) with the lowest held-out loss, if ``patience`` is set; 0 before there is one.
    stopped_early : bool, default False
        Whether training stopped because the held-out loss had not fallen for ``patience`` epochs.
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
        """Mean loss per example since the start of the epoch, in nats."""
        return self.epoch_loss / max(1, self.epoch_examples)

    def kept_epoch(self, epochs: int) -> int:
        """The epoch (from 1) whose vectors are kept in a run of ``epochs`` epochs; 0 before the first has ended."""
        ended = self.stopped_early or self.epoch >= epochs
        return self.best_epoch if ended and self.best_epoch else self.epoch

    def ending(self, epochs: int) -> str:
        """Say which epoch the vectors come from, and why; return "" for the last planned epoch.

        >>> RunState(epoch=2, best_epoch=1, stopped_early=True, validation_losses=[2.8353, 2.9]).ending(30)
        'stopped after 2 of 30 epochs; kept epoch 1, held-out loss 2.8353'
        """
        kept = self.kept_epoch(epochs)
        if kept == self.epoch and not self.stopped_early:
            return ""
        done = f"stopped after {self.epoch} of {epochs} epochs" if self.epoch < epochs else f"ran {epochs} epochs"
        return f"{done}; kept epoch {kept}, held-out loss {self.validation_losses[kept - 1]:.4f}"

    def add(self, result: SpanResult, seconds: float) -> None:
        """Add the losses and the time of a trained span of text, and set the position to where it ended."""
        self.position = result.stop
        for loss in result.losses:  # summed one by one, so that rounding does not depend on the spans
            self.epoch_loss += loss
        self.epoch_examples += result.examples
        self.seconds += seconds

    def finish_epoch(self) -> None:
        """Record the loss of the current epoch and start the next one."""
        self.losses.append(self.mean_loss)
        self.epoch += 1
        self.position = 0
        self.epoch_loss, self.epoch_examples = 0.0, 0

    def to_dict(self) -> dict[str, Any]:
        """The state as values that JSON can store."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> RunState:
        """Inverse of :meth:`to_dict`; raises :class:`FormatError` for invalid values."""
        kinds = {each.name: each.type for each in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or values.keys() != kinds.keys():
            raise FormatError(f"the state must have the entries {', '.join(kinds)}")
        for name, kind in kinds.items():
            if not _is_of_kind(values[name], str(kind)):
                raise FormatError(f"{name} in the state must be a valid {kind}; it is {shown(values[name])}")
        return cls(**values)


def rising_loss_note(losses: Sequence[float], validation_losses: Sequence[float] = ()) -> str:
    """Explain in one line why the training loss rose over the last epochs; "" if it did not rise.

    Neighbouring lines of a text have similar topics. With a high learning rate, the tables follow the current topic,
    which lowers the training loss. As the learning rate falls, this effect disappears. It does not affect the held-out
    loss.
    """
    if len(losses) < 3 or losses[-1] <= min(losses) * _RISE:
        return ""
    lowest = losses.index(min(losses)) + 1
    note = (
        f"the training loss rose after epoch {lowest}: as the learning rate falls, the tables follow the topic of "
        "neighbouring lines less"
    )
    if not validation_losses:
        return f"{note}; the held-out loss (validation_fraction=0.05) shows whether the vectors still improve"
    if validation_losses[-1] < validation_losses[min(lowest, len(validation_losses)) - 1]:
        return f"{note}; the held-out loss is not affected, and it still fell"
    return ""


def _is_of_kind(value: Any, kind: str) -> bool:
    match kind:
        case "int":
            return type(value) is int and value >= 0
        case "float":
            return type(value) in (int, float) and math.isfinite(value)
        case "bool":
            return isinstance(value, bool)
    return isinstance(value, list) and all(_is_of_kind(each, "float") for each in value)
