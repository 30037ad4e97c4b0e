"""Conversion of distinct white-space tokens to words: word boundaries and normalisation."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.tokenization.spelling import Spelling

Tokenizer = str | Callable[[str], Sequence[str]]


class TokenWords(NamedTuple):
    """A mapping from tokens to words.

    Attributes
    ----------
    words : sequence of str
        Distinct words in order of first occurrence.
    word_of_token : ndarray of shape (tokens,), int32
        Index of the word if the token has exactly one; -1 if it has none; -2 - k if it has the several words
        ``expansions[expansion_offsets[k]:expansion_offsets[k + 1]]``.
    expansion_offsets : ndarray of int64
        Offsets into ``expansions``.
    expansions : ndarray of int32
        Indices of words.
    """

    words: Sequence[str]
    word_of_token: NDArray[np.int32]
    expansion_offsets: NDArray[np.int64]
    expansions: NDArray[np.int32]

    def counts(self, token_counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the count of each word, as an int64 array of shape (words,).

        ``token_counts`` holds the count of each token. A token can consist of several words.
        """
        single = self.word_of_token >= 0
        counts = np.zeros(len(self.words), np.int64)
        np.add.at(counts, self.word_of_token[single], token_counts[single])
        if len(self.expansions):
            of_several = token_counts[self.word_of_token < -1]  # in order of k, which increases with the token
            np.add.at(counts, self.expansions, np.repeat(of_several, np.diff(self.expansion_offsets)))
        return counts


def whole_tokens(tokens: Sequence[str], spelling: Spelling, unique: bool) -> TokenWords:
    """Map each token to one normalised word, without splitting it. Tokens that become empty are dropped.

    The caller sets ``unique`` if no token is empty or repeated, which saves time.
    """
    if unique and spelling.changes_nothing:
        word_of_token = np.arange(len(tokens), dtype=np.int32)
        return TokenWords(tokens, word_of_token, np.zeros(1, np.int64), np.empty(0, np.int32))
    return _numbered(spelling.words([token]) for token in tokens)


def split_tokens_at_boundaries(tokens: Iterable[str], spelling: Spelling) -> TokenWords:
    """Split each token into words with :func:`words_of`, and normalise the words."""
    find = word_pattern().findall
    lines = map(spelling.line, tokens)
    parts = ([line] if line.isascii() and line.isalnum() else find(line) for line in lines)
    return _numbered(parts if spelling.changes_nothing else map(spelling.words, parts))


def _numbered(words_of_tokens: Iterable[list[str]]) -> TokenWords:
    """Give the words of all tokens consecutive indices in order of first occurrence."""
    index: dict[str, int] = {}
    word_of_token: list[int] = []
    offsets: list[int] = [0]
    expansions: list[int] = []
    for words in words_of_tokens:
        numbers = [index.setdefault(word, len(index)) for word in words]
        if len(numbers) < 2:
            word_of_token.append(numbers[0] if numbers else -1)
        else:
            word_of_token.append(-1 - len(offsets))
            expansions.extend(numbers)
            offsets.append(len(expansions))
    return TokenWords(
        list(index), np.array(word_of_token, np.int32), np.array(offsets, np.int64), np.array(expansions, np.int32)
    )


def words_of(text: str) -> list[str]:
    """Split a text into words and punctuation, following the default word boundaries of Unicode (UAX #29).

    - Letters, digits, underscores and their combining marks form words.
    - An apostrophe, full stop or middle dot between letters does not end a word. Neither does a comma, full stop,
      semicolon or apostrophe between digits.
    - Each ideograph and each Hiragana character is a word of its own, because grouping them needs a dictionary.
    - An emoji sequence is one word.
    - Every other character is a word of its own, except white space and U+200B.

    >>> words_of("You say goodbye and I say hello.")
    ['You', 'say', 'goodbye', 'and', 'I', 'say', 'hello', '.']
    >>> words_of("It isn't 3.14, e-mail 1,000!")
    ['It', "isn't", '3.14', ',', 'e', '-', 'mail', '1,000', '!']
    """
    return word_pattern().findall(text)


@functools.cache
def word_pattern() -> re.Pattern[str]:
    """The regular expression of :func:`words_of`, built on first use from Python's Unicode tables."""
    marks = _characters_of("Mn", "Mc", "Me", "Cf") + "\U0001f3fb-\U0001f3ff"
    alone = "\u3041-\u3096\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
    letter = rf"[^\W\d_{alone}]"
    joiner = rf"(?<={letter}|[{marks}])['\u2019.\u00b7\u2027](?={letter})|(?<=\d)[,.;'\u2019](?=\d)"
    word = rf"(?:[^\W{alone}][{marks}]*|{joiner})+"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    symbol = rf"[^\s\u200b][{marks}]*(?:(?<=\u200d)[^\w\s][{marks}]*)*"
    return re.compile(f"{word}|{flag}|{symbol}")


def _characters_of(*categories: str) -> str:
    """All characters of some Unicode categories, except U+200B, as ranges inside the brackets of a character class."""
    ranges: list[list[int]] = []
    for code in itertools.chain(range(0x20000), range(0xE0000, 0xE0200)):
        if unicodedata.category(chr(code)) in categories and code != 0x200B:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
