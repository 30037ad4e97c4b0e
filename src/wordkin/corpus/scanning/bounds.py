"""At most so many distinct words in memory while a text is counted: which are dropped, and what that costs.

Counting goes in pieces of :data:`PIECE_WORDS` words of the text. When the table holds more than ``max_types`` words at
the end of a piece, the ``max_types // 2`` of them with the largest upper bounds stay, of equal ones those that were met
first. The upper bound of a word is its count and what it may have been seen before: nothing for words of the first
piece, and the largest upper bound of any word dropped so far for a word that is met later. So a dropped word was never
seen more often than :attr:`Bound.highest`, and no count is too low by more than that (lossy counting, Manku and
Motwani 2002). The pieces follow from the text alone, and so does what is dropped.

Occurrences before a word was dropped are neither counted nor kept in the text, so counts are those of the kept text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.scanning.token_text import LINE_END

PIECE_WORDS = 1 << 18

WordsAt = Callable[[NDArray[np.int64]], Iterable[str]]


@dataclass(frozen=True)
class Dropped:
    """What a bound on the number of distinct words came to.

    Attributes
    ----------
    max_types : int
        The bound.
    words : int
        How often a word was dropped; one that comes back and is dropped again counts twice.
    occurrences : int
        Of dropped words in the text.
    highest : int
        No dropped word occurs more often in the text, and no count is too low by more.
    affected : int
        Number of words kept whose count may be too low.
    """

    max_types: int
    words: int = 0
    occurrences: int = 0
    highest: int = 0
    affected: int = 0

    def to_dict(self) -> dict[str, int]:
        """The figures as plain values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return (
            f"max_types={self.max_types:,}: rare words were dropped {self.words:,} times while counting, none of them "
            f"seen more than {self.highest:,} times; the counts of {self.affected:,} of the words kept may be too low, "
            "by as much at most"
        )


class Bound:
    """Numbers the tokens of a table that is pruned for a spool that is not rewritten.

    A token that is dropped frees its number for another. A segment of the spool belongs to a *generation*, which ends
    when the table is pruned: a number in it is that of the token that has it at the end, if that was given it in this
    generation or before, and of a dropped token otherwise.

    Parameters
    ----------
    max_types : int
        Number of tokens that are kept at most.
    stays : callable or None, default None
        Tokens for which it is true are never dropped, and do not count among ``max_types``.
    piece_words : int, default PIECE_WORDS
        Words between two looks at the table.
    """

    def __init__(
        self, max_types: int, stays: Callable[[str], bool] | None = None, piece_words: int = PIECE_WORDS
    ) -> None:
        self.max_types, self.piece_words = max_types, piece_words
        self.generation = 0
        self._stays = stays
        self._highest = self._words = self._occurrences = 0
        # Of each token of the table, in the order in which they were met since it was last pruned:
        self._missed = np.empty(0, np.int64)  # how often it may have been seen before
        self._numbers = np.empty(0, np.int32)
        self._is_to_stay = np.empty(0, np.bool_)
        self._born = np.empty(0, np.int32)  # by number, the generation in which its last token was given it
        self._free = np.empty(0, np.int32)

    def numbered(self, stream: NDArray[np.int32], tokens: int) -> NDArray[np.int32]:
        """A stream of ids of a table, which holds ``tokens`` now, as numbers for the spool."""
        new = tokens - len(self._numbers)
        if new:
            reused, self._free = self._free[:new], self._free[new:]
            fresh = np.arange(len(self._born), len(self._born) + new - len(reused), dtype=np.int32)
            self._born = np.concatenate((self._born, np.empty(len(fresh), np.int32)))
            numbers = np.concatenate((reused, fresh))
            self._born[numbers] = self.generation
            self._numbers = np.concatenate((self._numbers, numbers))
            self._missed = np.concatenate((self._missed, np.full(new, self._highest)))
        return np.append(self._numbers, np.int32(LINE_END))[stream]  # LINE_END, -1, is the last of them

    def kept(self, counts: NDArray[np.int64], words_at: WordsAt, *, at_end: bool = False) -> NDArray[np.int64] | None:
        """The tokens of the table to keep, in their order; None where all stay.

        Parameters
        ----------
        counts : ndarray of shape (tokens,), int64
            How often each was seen since it was last met for the first time.
        words_at : callable
            Gives the tokens at some indices as text.
        at_end : bool, default False
            Whether the text has ended: then as many stay as may.
        """
        droppable = np.flatnonzero(~self._staying(words_at))
        if len(droppable) <= self.max_types:
            return None
        upper = counts[droppable] + self._missed[droppable]
        order = droppable[np.argsort(-upper, kind="stable")]
        dropped = order[self.max_types if at_end else self.max_types // 2 :]
        self._highest = max(self._highest, int((counts[dropped] + self._missed[dropped]).max()))
        self._words += len(dropped)
        self._occurrences += int(counts[dropped].sum())
        stay = np.ones(len(counts), np.bool_)
        stay[dropped] = False
        self._free = np.sort(np.concatenate((self._free, self._numbers[~stay])))
        self._missed, self._numbers, self._is_to_stay = self._missed[stay], self._numbers[stay], self._is_to_stay[stay]
        self.generation += 1
        return np.flatnonzero(stay)

    def _staying(self, words_at: WordsAt) -> NDArray[np.bool_]:
        """Which tokens of the table are never dropped; each is asked about once."""
        known = len(self._is_to_stay)
        new = np.zeros(len(self._numbers) - known, np.bool_)
        if self._stays is not None:
            words = words_at(np.arange(known, len(self._numbers)))
            new[:] = np.fromiter(map(self._stays, words), np.bool_, len(new))
        self._is_to_stay = np.concatenate((self._is_to_stay, new))
        return self._is_to_stay

    def dropped(self) -> Dropped | None:
        """What was dropped; None where nothing was."""
        if not self._words:
            return None
        affected = int(np.count_nonzero(self._missed))
        return Dropped(self.max_types, self._words, self._occurrences, self._highest, affected)

    def tokens_of_numbers(self) -> Sequence[NDArray[np.int32]]:
        """For each generation int32, the token that each number stands for in its segments, -1 for a dropped one."""
        token_of_number = np.full(len(self._born), -1, np.int32)
        token_of_number[self._numbers] = np.arange(len(self._numbers), dtype=np.int32)
        return _Generations(token_of_number, self._born, self.generation + 1)


class _Generations(Sequence[NDArray[np.int32]]):
    """Made when asked for: there may be many generations of many numbers."""

    def __init__(self, token_of_number: NDArray[np.int32], born: NDArray[np.int32], generations: int) -> None:
        self._token_of_number, self._born, self._generations = token_of_number, born, generations

    def __len__(self) -> int:
        return self._generations

    def __getitem__(self, generation: int) -> NDArray[np.int32]:  # type: ignore[override]
        return np.where(self._born <= generation, self._token_of_number, np.int32(-1))

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return map(self.__getitem__, range(self._generations))


def stays_for(words: Container[object], words_of: Callable[[str], Iterable[str]]) -> Callable[[str], bool]:
    """Whether one of the words that a token stands for is among ``words``."""
    return lambda token: any(word in words for word in words_of(token))
