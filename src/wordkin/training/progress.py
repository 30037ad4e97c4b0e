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
    epoch : int
        The epoch under way, from 1.
    epochs : int
        How many the run will make.
    epoch_finished : bool
        Whether this is the last report of ``epoch``.
    words : int
        Words of the text passed so far, all epochs together, subsampled ones included.
    total_words : int
        The same at the end of the run: words of the text times ``epochs``.
    words_per_second : float
        Words of this process, which after a resume are fewer than ``words``, by time spent training.
    loss : float
        Mean loss per training example since the epoch began, in nats.
    learning_rate : float
        The rate in use now.
    validation_loss : float or None
        Mean held-out loss per example after the epoch, in nats; None where none was measured.
    seconds : float
        Time spent training.
    machines : int
        How many machines train.
    sent_bytes_per_word : float
        What a machine sends to others for each word that it trains, in bytes, in this process so far.
    snapshot : Snapshot
        Reads vectors as they are now, during the callback only.
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
    machines: int = 1
    sent_bytes_per_word: float = 0.0
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    @property
    def seconds_left(self) -> float | None:
        """Time to the end of the run at the speed so far; None before there is a speed."""
        if self.words_per_second <= 0:
            return None
        return max(0, self.total_words - self.words) / self.words_per_second


Callback = Callable[[TrainingReport], bool | None]
