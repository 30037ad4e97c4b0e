"""What one training thread needs for itself: buffers for samples, local numbers and objectives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.objectives.cpu.examples import Tables, clear_bias_column
from wordkin.training.cpu.numbering import make_local_ids
from wordkin.training.cpu.sampler import Sampler
from wordkin.training.cpu.steps import AnyOutputs, AnyStep
from wordkin.windows.windows import Windows

Result = tuple[float, int]  # summed loss and number of examples of a shard


class Worker:
    """The buffers of one thread: for samples, for local numbers of rows, and for each objective.

    Parameters
    ----------
    config : TrainingConfig
        The configuration.
    thresholds : ndarray of shape (V,), uint32
        Subsampling thresholds.
    steps : sequence of Step
        The step of each objective.
    number : int
        Index of the worker, from 0.

    Attributes
    ----------
    number : int
        Index of the worker, from 0.
    """

    def __init__(
        self, config: TrainingConfig, thresholds: NDArray[np.uint32], steps: Sequence[AnyStep], number: int
    ) -> None:
        self.number = number
        self.sampler = Sampler(config, thresholds, steps)
        self.local_ids = make_local_ids(len(thresholds))
        self._steps = steps
        self._workspaces = [step.workspace(number) for step in steps]

    def train(
        self, windows: Windows, tables: Sequence[Tables], outputs: Sequence[AnyOutputs], learning_rate: float
    ) -> Result:
        """Train all objectives on the same windows, one after the other; return their results.

        Kernels work on whole padded rows, so they also change the bias column of input rows and of the projection bias.
        That column has no meaning in these tables, so it is reset to 0 after the shard.
        """
        loss = 0.0
        examples = 0
        for step, own_tables, own_outputs, workspace in zip(
            self._steps, tables, outputs, self._workspaces, strict=True
        ):
            step_loss, examples = step.train(own_tables, windows, own_outputs, learning_rate, workspace)
            loss += step_loss
        if tables[0].bias_column >= 0:
            clear_bias_column(tables[0], windows.word_ids)
        return loss, examples
