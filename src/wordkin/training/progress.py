"""Progress reports of a training run, and the type of callbacks.

A callback is a callable that takes a :class:`TrainingReport`. Training stops if it returns True.
:class:`wordkin.training.display.ProgressDisplay` is a callback.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from wordkin.training.snapshot import Snapshot


class MachineProgress(NamedTuple):
    """The progress of one machine of a cluster.

    Attributes
    ----------
    name : str
        Host name, address and Ray node of the machine.
    words : int
        Words that it has trained since the start of this process.
    words_per_second : float
        Speed of training in the last seconds, without the time for merging and waiting.
    training_share : float
        Fraction of the last seconds in which it trained. The rest of the time, it merged rows or waited for other
        machines.
    """

    name: str
    words: int
    words_per_second: float
    training_share: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """The progress of a training run, passed to each callback; immutable.

    Attributes
    ----------
    epoch : int
        The current epoch, from 1.
    epochs : int
        Total number of epochs.
    epoch_finished : bool
        Whether this is the last report of ``epoch``.
    words : int
        Words of the text processed so far in all epochs, including words that subsampling dropped.
    total_words : int
        The value of ``words`` at the end of the run: words of the text times ``epochs``.
    words_per_second : float
        Words processed since the run was started or resumed, divided by the training time since then.
    loss : float
        Mean loss per training example since the start of the epoch, in nats.
    learning_rate : float
        The current learning rate.
    validation_loss : float or None
        Mean held-out loss per example after the epoch, in nats; None if it was not measured.
    seconds : float
        Training time so far, in seconds.
    machines : int, default 1
        Number of machines.
    sent_bytes_per_word : float, default 0.0
        Bytes sent to other machines for each word trained, since the start of this process.
    progress_of_machines : tuple of MachineProgress, default ()
        The progress of each machine of a cluster.
    snapshot : Snapshot or None, default None
        Reads the current vectors; usable only during the callback.
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
    progress_of_machines: tuple[MachineProgress, ...] = ()
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    @property
    def seconds_left(self) -> float | None:
        """Estimated time to the end of the run, in seconds; None before the speed is known."""
        if self.words_per_second <= 0:
            return None
        return max(0, self.total_words - self.words) / self.words_per_second


Callback = Callable[[TrainingReport], bool | None]
