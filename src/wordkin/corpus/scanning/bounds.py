"""Counting with bounded memory (``max_types``): the rarest words are dropped while a text is counted.

The table of counts is checked after every :data:`PIECE_WORDS` words of the text. If it holds more than ``max_types``
words, only ``max_types // 2`` of them are kept: those with the largest upper bounds and, among words with equal bounds,
those that occurred first. The upper bound of a word is its count plus the number of its earlier occurrences that may
have been dropped. For a word that is counted from the first piece on, this number is 0. For a word first counted later,
it is the largest upper bound of any word dropped before. It follows that no dropped word occurs more than ``highest``
times in the text, and that no count is too low by more than ``highest`` (lossy counting, Manku and Motwani 2002). The
checks depend only on the text, and so do the dropped words.

If a word is dropped and occurs again later, its first occurrences are neither counted nor kept in the text, so the
counts agree with the text that is kept.
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
    """Statistics of the words that ``max_types`` dropped.

    Attributes
    ----------
    max_types : int
        The value of the option.
    words : int, default 0
        Number of drops; a word that returns and is dropped again counts twice.
    occurrences : int, default 0
        Number of occurrences of dropped words.
    highest : int, default 0
        Upper bound on the occurrences of each dropped word, and on the error of each count.
    affected : int, default 0
        Number of kept words whose count may be too low.
    """

    max_types: int
    words: int = 0
    occurrences: int = 0
    highest: int = 0
    affected: int = 0

    def to_dict(self) -> dict[str, int]:
        """The statistics as a dict of JSON values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return (
            f"max_types={self.max_types:,}: {self.words:,} rare words were dropped while counting, each with a count "
            f"of at most {self.highest:,}; the counts of {self.affected:,} kept words may be too low, by at most "
            f"{self.highest:,}"
        )


class Bound:
    """Selects the rare tokens to drop from a table of counts, and gives each token a number for the stored text.

    While a text is counted, it is stored as numbers of tokens, in a *spool*: a list of segments that is in a temporary
    file if it is large. When tokens are dropped, their numbers are reused for new tokens, but the stored segments are
    not changed. So each segment records its *generation*: how often tokens had been dropped before it was stored. At
    the end of the text, each number belongs to one token. In a segment of generation g, the number stands for this
    token if the token received the number in generation g or earlier. Otherwise it stands for a dropped token.

    Parameters
    ----------
    max_types : int
        Maximum number of tokens.
    stays : callable or None, default None
        Tokens for which it returns True are never dropped and do not count towards ``max_types``.
    piece_words : int, default PIECE_WORDS
        Number of words between two checks of the size of the table.
    """

    def __init__(
        self, max_types: int, stays: Callable[[str], bool] | None = None, piece_words: int = PIECE_WORDS
    ) -> None:
        self.max_types, self.piece_words = max_types, piece_words
        self.generation = 0
        self._stays = stays
        self._highest = self._words = self._occurrences = 0
        # For each token of the table, in order of first occurrence since the last pruning:
        self._missed = np.empty(0, np.int64)  # number of earlier occurrences that may be missing in its count
        self._numbers = np.empty(0, np.int32)
        self._is_to_stay = np.empty(0, np.bool_)
        self._born = np.empty(0, np.int32)  # number -> generation in which its current token received it
        self._free = np.empty(0, np.int32)

    def numbered(self, stream: NDArray[np.int32], tokens: int) -> NDArray[np.int32]:
        """Convert a stream of ids of the table to the numbers that are stored.

        ``tokens`` is the present number of tokens in the table. Tokens that were added since the last call get a number
        first.
        """
        new = tokens - len(self._numbers)
        if new:
            reused, self._free = self._free[:new], self._free[new:]
            fresh = np.arange(len(self._born), len(self._born) + new - len(reused), dtype=np.int32)
            self._born = np.concatenate((self._born, np.empty(len(fresh), np.int32)))
            numbers = np.concatenate((reused, fresh))
            self._born[numbers] = self.generation
            self._numbers = np.concatenate((self._numbers, numbers))
            self._missed = np.concatenate((self._missed, np.full(new, self._highest)))
        return np.append(self._numbers, np.int32(LINE_END))[stream]  # index -1 maps to LINE_END, -1

    def kept(self, counts: NDArray[np.int64], words_at: WordsAt, *, at_end: bool = False) -> NDArray[np.int64] | None:
        """Drop tokens if there are too many; return the indices of the tokens to keep, or None to keep all.

        Parameters
        ----------
        counts : ndarray of shape (tokens,), int64
            Count of each token since it was added to the table.
        words_at : callable
            Returns the tokens at given indices as strings.
        at_end : bool, default False
            Whether the text has ended. Then ``max_types`` tokens are kept instead of half as many.
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
        """Return a boolean array: whether each token is never dropped. ``stays`` is called only once for each token."""
        known = len(self._is_to_stay)
        new = np.zeros(len(self._numbers) - known, np.bool_)
        if self._stays is not None:
            words = words_at(np.arange(known, len(self._numbers)))
            new[:] = np.fromiter(map(self._stays, words), np.bool_, len(new))
        self._is_to_stay = np.concatenate((self._is_to_stay, new))
        return self._is_to_stay

    def dropped(self) -> Dropped | None:
        """Statistics of the dropped words; None if nothing was dropped."""
        if not self._words:
            return None
        affected = int(np.count_nonzero(self._missed))
        return Dropped(self.max_types, self._words, self._occurrences, self._highest, affected)

    def tokens_of_numbers(self) -> Sequence[NDArray[np.int32]]:
        """For each generation of stored segments, return an int32 array that maps their numbers to tokens.

        The array holds -1 for the numbers of dropped tokens.
        """
        token_of_number = np.full(len(self._born), -1, np.int32)
        token_of_number[self._numbers] = np.arange(len(self._numbers), dtype=np.int32)
        return _Generations(token_of_number, self._born, self.generation + 1)


class _Generations(Sequence[NDArray[np.int32]]):
    """The arrays from numbers to tokens, one for each generation. Each is computed when it is read, to save memory."""

    def __init__(self, token_of_number: NDArray[np.int32], born: NDArray[np.int32], generations: int) -> None:
        self._token_of_number, self._born, self._generations = token_of_number, born, generations

    def __len__(self) -> int:
        return self._generations

    def __getitem__(self, generation: int) -> NDArray[np.int32]:  # type: ignore[override]
        return np.where(self._born <= generation, self._token_of_number, np.int32(-1))

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return map(self.__getitem__, range(self._generations))


def stays_for(words: Container[object], words_of: Callable[[str], Iterable[str]]) -> Callable[[str], bool]:
    """Return a function that tells whether ``words`` contains at least one of the words of a token."""
    return lambda token: any(word in words for word in words_of(token))
