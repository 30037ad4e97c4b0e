"""Which replica trains which text, and when their tables are merged: a function of the options and the text alone.

A *block* is ``round_words`` words of the text. In a *round* each replica trains one block, in the order of the text:
round k covers the blocks k * replicas ... (k + 1) * replicas - 1. So all replicas are at about the same position of the
text, and have about the same learning rate. After each round the frequent rows are merged. A *period* is so many rounds
that all rows are merged after it; there, and at the end of an epoch, the tables of all replicas are the same.

Early in a run, where rows still find their direction, replicas that know nothing of each other lose most. So rounds are
shorter there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from wordkin.config import TrainingConfig
from wordkin.errors import warn

ROUNDS = 256  # of a run, where round_words is not set: what vectors lose by merging depends on the number of merges
LEAST_ROUND_WORDS = 2**15  # so that several threads have work
MOST_ROUND_WORDS = 2**19  # longer rounds would save traffic that no longer counts
EARLY_SHARE = 12  # the first twelfth of a run
EARLY_DIVISOR = 4  # has rounds of a quarter of the length


class Period(NamedTuple):
    """A stretch of text after which all rows are merged, and the words of its blocks."""

    text: range
    round_words: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """Lengths of blocks, rounds and periods.

    Attributes
    ----------
    replicas : int
        Blocks of a round.
    round_words : int
        Words of a block.
    merge_all_every : int
        Rounds of a period.
    """

    replicas: int
    round_words: int
    merge_all_every: int

    @classmethod
    def of(cls, config: TrainingConfig, text_words: int) -> Self:
        """The clocks that a configuration asks for, for a text of so many words.

        >>> Clocks.of(TrainingConfig(replicas=4, epochs=5), 20_000_000).round_words
        97656
        """
        round_words = config.round_words
        longest = max(1, -(-text_words // config.replicas))  # of which each replica has one
        if round_words is None:
            in_time = text_words * config.epochs // (config.replicas * ROUNDS)
            round_words = min(max(LEAST_ROUND_WORDS, min(in_time, MOST_ROUND_WORDS)), longest)
        elif -(-text_words // round_words) < config.replicas:
            warn(
                f"round_words={round_words} leaves text for {-(-text_words // round_words)} of {config.replicas} "
                f"replicas: the text has {text_words:,} words; lower round_words to {longest}, or leave it out",
                RuntimeWarning,
            )
        return cls(config.replicas, round_words, config.merge_all_every)

    @property
    def period_words(self) -> int:
        """Words of the longest period, all replicas together."""
        return self.replicas * self.round_words * self.merge_all_every

    def periods(self, span: range, text_words: int, words_before: int, total_words: int) -> Iterator[Period]:
        """The periods from the start of a span on that end inside it; one ends with the text as well.

        Parameters
        ----------
        span : range
            Positions of the text, from where a period begins.
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
        """The block of each replica in each round; where the text ends, blocks are shorter or empty.

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
