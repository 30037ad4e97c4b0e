"""Warnings about words that are probably wrong: sentences as words, byte-order marks, mixed normal forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import CorpusWarning, shown, warn
from wordkin.storage.packed_words import PackedWords

LEAST_SHARE = 0.2
"""A warning requires that at least this fraction of the characters is Han, Hiragana or Katakana ..."""
LEAST_LENGTH = 5.0
"""... and that words with such characters have at least this mean length; in segmented text it is about two."""

LEAST_PARTS = 4.0
"""Words of lists cause a warning if white space splits them into at least this many parts on average."""

_MARK = "\ufeff"
_MOST_TOKENS = 100_000  # maximum number of words checked; of more words, evenly spaced ones are checked
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")


def warn_of_unsegmented(tokens: Sequence[str], counts: NDArray[np.int64]) -> None:
    """Warn if white-space tokens are probably Chinese or Japanese sentences, which need another tokenizer."""
    step = len(tokens) // _MOST_TOKENS + 1
    characters = in_script = found = length = 0
    for token, count in zip(tokens[::step], counts[::step].tolist(), strict=True):
        characters += count * len(token)
        number = 0 if token.isascii() else len(_WITHOUT_SPACES.findall(token))
        if number:
            in_script += count * number
            found += count
            length += count * len(token)
    if in_script >= LEAST_SHARE * max(characters, 1) and length >= LEAST_LENGTH * max(found, 1):
        warn(
            f"{in_script / characters:.0%} of the text is in Chinese or Japanese characters and its words have "
            f"{length / found:.1f} characters on average: the text seems to have no spaces between words; pass "
            'tokenizer="jieba" for Chinese, "sudachi" for Japanese, "words" for single characters, or a function',
            CorpusWarning,
        )


def warn_of_sentences(tokens: Sequence[str], counts: NDArray[np.int64]) -> None:
    """Warn if the words in lists of words are probably sentences, as when a list of texts is passed as one sentence."""
    step = len(tokens) // _MOST_TOKENS + 1
    words = parts = 0
    longest, most = "", 0
    for token, count in zip(tokens[::step], counts[::step].tolist(), strict=True):
        number = len(token.split())
        words += count
        parts += count * number
        if number > most:
            longest, most = token, number
    if parts >= LEAST_PARTS * max(words, 1):
        warn(
            f"the words of the lists contain white space, such as {shown(longest)}, and have {parts / words:.1f} parts "
            "on average: each string is learned as one word; pass sentences as texts=[...], or split the strings",
            CorpusWarning,
        )


def warn_of_byte_order_marks(words: PackedWords) -> None:
    """Warn of words that begin with U+FEFF, which occurs when files with a byte-order mark are concatenated."""
    first_bytes = words.utf8[words.offsets[:-1]]
    ids = np.flatnonzero(first_bytes == _MARK.encode()[0]).tolist()
    marked = [word for word in (words[each] for each in ids) if word.startswith(_MARK)]
    if marked:
        warn(
            f"words such as {marked[0]!a} begin with U+FEFF, a byte-order mark, and so differ from the words without "
            f"it ({len(marked):,} in total): remove the marks, for example with text.replace('\\ufeff', '')",
            CorpusWarning,
        )


def warn_of_unnormalised(words: Iterable[str]) -> None:
    """Warn of words that look the same but differ in their Unicode normal form."""
    odd = {word for word in words if not word.isascii()}
    forms: dict[str, list[str]] = {}
    for word in odd:
        if not unicodedata.is_normalized("NFC", word):
            forms.setdefault(unicodedata.normalize("NFC", word), []).append(word)
    pairs = [(form, others) for form, others in forms.items() if form in odd or len(others) > 1]
    if pairs:
        form = min(form for form, _ in pairs)
        warn(
            f"words such as {form!r} occur in several Unicode normal forms ({len(pairs):,} in total): "
            'pass normalize="NFC" to unify them',
            CorpusWarning,
        )
