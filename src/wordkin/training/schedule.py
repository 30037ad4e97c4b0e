"""The learning-rate schedule: linear decay, a pure function of the number of words processed."""

from __future__ import annotations

from dataclasses import dataclass

from wordkin.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Schedule:
    """Linear decay of the learning rate over ``total_words`` words (words of the text times epochs)."""

    start: float
    end: float
    total_words: int

    @classmethod
    def of(cls, config: TrainingConfig, words_per_epoch: int) -> Schedule:
        """Return the schedule of a configuration for a text of ``words_per_epoch`` words."""
        return cls(config.starting_learning_rate, config.final_learning_rate, words_per_epoch * config.epochs)

    def at(self, words: int) -> float:
        """Return the learning rate after ``words`` words of the run have been processed.

        >>> Schedule(start=0.1, end=0.0, total_words=10).at(5)
        0.05
        """
        done = min(1.0, words / max(1, self.total_words))
        return self.start + (self.end - self.start) * done
