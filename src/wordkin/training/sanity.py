"""Whether training is still sane: finite numbers, a loss better than wild guesses, tables of human size."""

from __future__ import annotations

import math

import numpy as np

from wordkin.config import TrainingConfig
from wordkin.errors import DivergenceError
from wordkin.training.tables import NamedTables

WILD_LOSS = 20.0  # times the loss of knowing nothing
SMALLEST_WILD_LOSS = 200.0  # nats; a softmax that knows nothing of a million words has 14
# Where training holds, even at the edges of what is legal, numbers stay below 200; where it does not,
# they grow from one update to the next until they are infinite, and pass this on the way.
LARGEST_SANE_NUMBER = 1e4
_PIECE_ROWS = 4096


def refuse_wild_loss(mean: float, config: TrainingConfig, epoch: int) -> None:
    """Raise :class:`DivergenceError` where a mean loss shows that training diverged; ``epoch`` from 1."""
    of_knowing_nothing = math.log(2) * (1 + config.negative) * len(config.objectives)
    if not mean <= max(WILD_LOSS * of_knowing_nothing, SMALLEST_WILD_LOSS):
        raise _divergence(f"the mean loss is {mean:.4g}", config, epoch)


def refuse_wild_tables(tables: NamedTables, config: TrainingConfig, epoch: int) -> None:
    """Raise :class:`DivergenceError` unless every number of every table is finite and not absurdly large."""
    for name, table in tables.items():
        for first in range(0, len(table), _PIECE_ROWS):
            largest = float(np.abs(table[first : first + _PIECE_ROWS]).max(initial=0.0))
            if not largest <= LARGEST_SANE_NUMBER:
                raise _divergence(f"the table {name} holds the number {largest:.4g}", config, epoch)


def _divergence(what: str, config: TrainingConfig, epoch: int) -> DivergenceError:
    remedies = [
        f"learning_rate (now {config.starting_learning_rate:g})",
        f"max_context ({config.max_context})" if config.whole_sentences else f"window ({config.window})",
    ]
    if "negative-sampling" in config.objectives:
        remedies.append(f"negative ({config.negative})")
    advice = "lower " + ", ".join(remedies[:-1]) + " or " + remedies[-1]
    if config.architecture == "cbow" and config.cbow_combine == "sum":
        advice += ', or set cbow_combine="mean"'
    return DivergenceError(f"training diverged in epoch {epoch}: {what}; {advice}")
