"""What a training run tells while it runs.

A callback is any callable that takes a :class:`TrainingReport`; returning ``True`` asks training to
stop. :class:`wordkin.training.display.ProgressDisplay` is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wordkin.training.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Where a training run stands; immutable, handed to every callback.

    Attributes
    ----------
    epoch : the epoch under way, from 1.
    epochs : how many the run will make.
    epoch_finished : whether this is the last report of ``epoch``.
    words : words of the text passed so far, all epochs together, subsampled ones included.
    total_words : the same at the end of the run: words of the text times ``epochs``.
    words_per_second : ``words`` (of this process, after a resume) by time spent training.
    loss : mean loss per training example since the epoch began, in nats.
    learning_rate : the rate in use now.
    validation_loss : mean held-out loss per example after the epoch, in nats; None where none was measured.
    seconds : time spent training.
    snapshot : reads vectors as they are now, during the callback only; see :class:`Snapshot`, which says what
        that costs.
    """

    epoch: int
    epochs: int
    epoch_finished: bool
    words: int
    total_words: int
    words_per_second: float
    loss: float
    learning_rate: float
    validation_loss: float | None
    seconds: float
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    @property
    def seconds_left(self) -> float | None:
        """Time to the end of the run at the speed so far; None before there is a speed."""
        if self.words_per_second <= 0:
            return None
        return max(0, self.total_words - self.words) / self.words_per_second


Callback = Callable[[TrainingReport], bool | None]
