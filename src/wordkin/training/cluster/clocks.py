"""Which replica trains which text, and when the tables are merged. Only the options and the text determine this.

A *block* is ``round_words`` words of the text. In a *round* each replica trains one block, in the order of the text:
round k covers the blocks k * replicas to (k + 1) * replicas - 1. So all replicas are at about the same position of the
text, with about the same learning rate. After each round the frequent rows are merged. A *period* is
``merge_all_every`` rounds. After each period, and at the end of an epoch, all rows are merged and the tables of all
replicas are equal.

Rounds are shorter early in a run, because rows change most there and independent replicas then diverge most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from wordkin.config import TrainingConfig
from wordkin.errors import warn

ROUNDS = 256  # per run if round_words is not set: the loss of quality by merging depends on the number of merges
LEAST_ROUND_WORDS = 2**15  # with fewer words, not all threads have work
MOST_ROUND_WORDS = 2**19  # with longer rounds, traffic is already negligible
EARLY_SHARE = 12  # one twelfth of a run is early
EARLY_DIVISOR = 4  # early rounds have a quarter of the words


class Period(NamedTuple):
    """A range of text after which all rows are merged, and ``round_words``, the number of words of its blocks."""

    text: range
    round_words: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """The lengths in words of blocks, rounds and periods, which determine when replicas are merged.

    In a round, each replica trains one block of the text. Frequent rows are merged after each round, all rows after
    each period.

    Attributes
    ----------
    replicas : int
        Number of blocks in a round.
    round_words : int
        Number of words in a block.
    merge_all_every : int
        Number of rounds in a period.
    """

    replicas: int
    round_words: int
    merge_all_every: int

    @classmethod
    def of(cls, config: TrainingConfig, text_words: int) -> Self:
        """Return the clocks of a configuration for a text of ``text_words`` words.

        >>> Clocks.of(TrainingConfig(replicas=4, epochs=5), 20_000_000).round_words
        97656
        """
        round_words = config.round_words
        longest = max(1, -(-text_words // config.replicas))  # with longer blocks, some replicas would have none
        if round_words is None:
            in_time = text_words * config.epochs // (config.replicas * ROUNDS)
            round_words = min(max(LEAST_ROUND_WORDS, min(in_time, MOST_ROUND_WORDS)), longest)
        elif -(-text_words // round_words) < config.replicas:
            warn(
                f"round_words={round_words} leaves text for only {-(-text_words // round_words)} of {config.replicas} "
                f"replicas: the text has {text_words:,} words; lower round_words to {longest}, or leave round_words "
                "out",
                RuntimeWarning,
            )
        return cls(config.replicas, round_words, config.merge_all_every)

    @property
    def period_words(self) -> int:
        """Number of words of the longest period, summed over all replicas."""
        return self.replicas * self.round_words * self.merge_all_every

    def periods(self, span: range, text_words: int, words_before: int, total_words: int) -> Iterator[Period]:
        """Divide a span of text into periods, and yield those that end inside the span.

        The last period of the text may be shorter than the others.

        Parameters
        ----------
        span : range
            Positions of the text; the first one is the start of a period.
        text_words : int
            Words of the text.
        words_before, total_words : int
            Words of earlier epochs, and of the whole run.

        >>> [period.text for period in Clocks(2, 10, 3).periods(range(0, 130), 130, 0, 0)]
        [range(0, 60), range(60, 120), range(120, 130)]
        """
        first = span.start
        while first < span.stop:
            early = (words_before + first) * EARLY_SHARE < total_words
            round_words = -(-self.round_words // EARLY_DIVISOR) if early else self.round_words
            stop = min(first + self.replicas * round_words * self.merge_all_every, text_words)
            if stop > span.stop:
                return
            yield Period(range(first, stop), round_words)
            first = stop

    def rounds(self, period: Period) -> list[list[range]]:
        """Return, for each round of a period, the block of text of each replica.

        At the end of the text, blocks are shorter or empty.

        >>> Clocks(2, 10, 3).rounds(Period(range(120, 143), 10))
        [[range(120, 130), range(130, 140)], [range(140, 143), range(143, 143)]]
        """
        text = period.text
        blocks = [
            range(first, min(first + period.round_words, text.stop))
            for first in range(text.start, text.stop, period.round_words)
        ]
        blocks += [range(text.stop, text.stop)] * (-len(blocks) % self.replicas)
        return [blocks[first : first + self.replicas] for first in range(0, len(blocks), self.replicas)]
