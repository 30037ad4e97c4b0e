"""Detection of divergence: the loss and all numbers in the tables must be finite and plausible."""

from __future__ import annotations

import math

import numpy as np

from wordkin.config import TrainingConfig
from wordkin.errors import DivergenceError
from wordkin.training.tables import NamedTables

WILD_LOSS = 20.0  # multiple of the loss of an untrained model
SMALLEST_WILD_LOSS = 200.0  # nats; an untrained softmax over a million words has 14
# In stable training, entries stay below 200 even for extreme options. In unstable training, they grow with every update
# until they overflow, and exceed this bound on the way.
LARGEST_SANE_NUMBER = 1e4
_PIECE_ROWS = 4096


def refuse_wild_loss(mean: float, config: TrainingConfig, epoch: int) -> None:
    """Raise :class:`DivergenceError` if ``mean``, a mean loss, is not finite or plausible; ``epoch`` counts from 1."""
    untrained_loss = math.log(2) * (1 + config.negative) * len(config.objectives)
    if not mean <= max(WILD_LOSS * untrained_loss, SMALLEST_WILD_LOSS):
        raise _divergence(f"the mean loss is {mean:.4g}", config, epoch)


def refuse_wild_tables(tables: NamedTables, config: TrainingConfig, epoch: int) -> None:
    """Raise :class:`DivergenceError` unless all numbers in all tables are finite and plausible."""
    for name, table in tables.items():
        for first in range(0, len(table), _PIECE_ROWS):
            largest = float(np.abs(table[first : first + _PIECE_ROWS]).max(initial=0.0))
            if not largest <= LARGEST_SANE_NUMBER:
                raise _divergence(f"the table {name} holds the value {largest:.4g}", config, epoch)


def _divergence(what: str, config: TrainingConfig, epoch: int) -> DivergenceError:
    remedies = [
        f"learning_rate (now {config.starting_learning_rate:g})",
        f"max_context ({config.max_context})" if config.whole_sentences else f"window ({config.window})",
    ]
    if config.has_noise:
        remedies.append(f"negative ({config.negative})")
    advice = "lower " + ", ".join(remedies[:-1]) + " or " + remedies[-1]
    if config.architecture == "cbow" and config.cbow_combine == "sum":
        advice += ', or set cbow_combine="mean"'
    return DivergenceError(f"training diverged in epoch {epoch}: {what}; {advice}")
