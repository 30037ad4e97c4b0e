"""Words within tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.corpus.tokenization.tokenizers import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("You say goodbye and I say hello.", ["You", "say", "goodbye", "and", "I", "say", "hello", "."]),
        ("don't rock'n'roll 'quoted'", ["don't", "rock'n'roll", "'", "quoted", "'"]),
        ("don\u2019t", ["don\u2019t"]),
        ("3.14 1,000 1,000,000.5 v2", ["3.14", "1,000", "1,000,000.5", "v2"]),
        ("a,b x.y end.", ["a", ",", "b", "x.y", "end", "."]),
        ("e-mail snake_case", ["e", "-", "mail", "snake_case"]),
        ("wait... what?!", ["wait", ".", ".", ".", "what", "?", "!"]),
        ("cafe\u0301 na\u00efve", ["cafe\u0301", "na\u00efve"]),
        ("cafe\u0301's", ["cafe\u0301's"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("日本語の本 カタカナ", ["日", "本", "語", "の", "本", "カタカナ"]),
        ("한국어", ["한국어"]),
        ("👩\u200d👩\u200d👧 👍🏽 🇫🇷🇩🇪 ❤\ufe0f", ["👩\u200d👩\u200d👧", "👍🏽", "🇫🇷", "🇩🇪", "❤\ufe0f"]),
        ("zero\u200bwidth", ["zero", "width"]),
        ("", []),
        ("\u200b", []),
    ],
)
def test_word_boundaries(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_nothing_but_white_space_is_lost(text: str) -> None:
    assert "".join(words_of(text)) == "".join(text.replace("\u200b", " ").split())


@given(st.text(), st.text())
def test_white_space_is_always_a_boundary(first: str, second: str) -> None:
    assert words_of(first + " " + second) == words_of(first) + words_of(second)
