"""Random choices for a shard of text: which words are kept, their windows and their noise words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import TrainingText
from wordkin.training.cpu.shard_length import MOST_SHARD_WORDS
from wordkin.training.cpu.steps import AnyStep
from wordkin.windows.rng import stream_key
from wordkin.windows.windows import Windows, select_windows


class Text(NamedTuple):
    """A corpus, with the random streams and learning rates with which it is trained."""

    corpus: TrainingText
    seed: int
    window_stream: tuple[int, int]
    noise_stream: tuple[int, int]
    rate_at: Callable[[int], float]


class Sample(NamedTuple):
    """What was drawn for a shard of text: its windows and, for each objective, targets such as noise words."""

    windows: Windows
    targets: Sequence[Any]


class Sampler:
    """Draws the windows and noise words of shards of text, in its own buffers.

    The windows and noise words depend only on the text, the shard, the seed and the epoch.
    """

    def __init__(self, config: TrainingConfig, thresholds: NDArray[np.uint32], steps: Sequence[AnyStep]) -> None:
        self._reach, self._dynamic, self._whole = config.reach, config.dynamic_window, config.whole_sentences
        self._thresholds = thresholds
        self._steps = steps
        room = MOST_SHARD_WORDS + 2 * config.reach + 1
        self._word_ids, self._starts, self._stops = (np.zeros(room, np.int32) for _ in range(3))

    def draw(self, text: Text, shard: range) -> Sample:
        """Draw the windows and targets of a shard. The next call overwrites them."""
        first, stop, kept = select_windows(
            text.corpus.ids, text.corpus.offsets, shard.start, shard.stop, self._thresholds,
            np.uint64(stream_key(text.seed, *text.window_stream)), self._reach, self._dynamic, self._whole,
            self._word_ids, self._starts, self._stops,
        )  # fmt: skip
        windows = Windows(self._word_ids[:kept], first, stop, self._starts, self._stops)
        key = np.uint64(stream_key(text.seed, *text.noise_stream, shard.start))
        return Sample(windows, [step.targets(windows, key) for step in self._steps])
