"""Search for the training options that give the best scores on benchmarks, within a budget of time."""

from wordkin.tuning.result import TuningResult
from wordkin.tuning.trials import Trial
from wordkin.tuning.tune import tune

__all__ = ["Trial", "TuningResult", "tune"]
