# ruff: noqa: RUF001 (this file is about the dotless i, which looks like another letter)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError
from wordkin.evaluation.casing import WordFinder, loose_key, strict_key


def find(vocabulary: list[str], word: str, **options: object) -> list[str]:
    finder = WordFinder.build(vocabulary, [word], **options)
    return [vocabulary[word_id] for word_id in finder.variants(word)]


@pytest.mark.parametrize(
    ("vocabulary", "word", "found"),
    [
        (["Paris", "paris", "PARIS"], "pariS", ["Paris", "paris", "PARIS"]),
        # German: ß matches ss only if the vocabulary does not contain both
        (["masse", "maße"], "Maße", ["maße"]),
        (["masse", "maße"], "Masse", ["masse"]),
        (["straße"], "STRASSE", ["straße"]),
        (["straße"], "STRAẞE", ["straße"]),
        (["strasse"], "Straße", ["strasse"]),
        # Turkish: dotted and dotless i are distinguished if the vocabulary contains both
        (["sinir", "sınır"], "Sınır", ["sınır"]),
        (["istanbul"], "İstanbul", ["istanbul"]),
        (["i̇stanbul"], "İstanbul", ["i̇stanbul"]),  # lower-cased by str.lower
        (["İSTANBUL", "istanbul"], "istanbul", ["İSTANBUL", "istanbul"]),
        (["ığdır"], "Iğdır", ["ığdır"]),
        (["Irak"], "ırak", ["Irak"]),
        # Greek final sigma; composed and decomposed letters
        (["οδος"], "ΟΔΟΣ", ["οδος"]),
        (["cafe\u0301"], "CAFÉ", ["cafe\u0301"]),
        (["dog"], "cat", []),
    ],
)
def test_fold_finds_variants_without_merging_different_words(vocabulary, word, found):
    assert find(vocabulary, word) == found


def test_exact_finds_the_word_itself_only():
    assert find(["Paris", "paris"], "paris", case="exact") == ["paris"]
    assert find(["straße"], "strasse", case="exact") == []


def test_restrict_vocab_hides_later_words():
    assert find(["a", "b", "B"], "b", restrict_vocab=2) == ["b"]
    assert find(["a", "b"], "b", restrict_vocab=1) == []


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_illegal_restrict_vocab(value):
    with pytest.raises(ConfigError, match="restrict_vocab must be a whole number from 1 up; got"):
        WordFinder.build(["a"], ["a"], restrict_vocab=value)


def test_illegal_case():
    with pytest.raises(ConfigError, match='case must be "fold" or "exact"; got \'lower\''):
        WordFinder.build(["a"], ["a"], case="lower")


@given(st.text())
def test_every_word_finds_itself_and_keys_are_stable(word):
    assert find([word], word) == [word]
    assert strict_key(strict_key(word)) == strict_key(word)
    assert loose_key(strict_key(word)) == loose_key(strict_key(strict_key(word)))


@given(st.text(alphabet=st.characters(max_codepoint=127)), st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_words_match_as_under_upper_casing(first, second):
    assert bool(find([first], second)) == (first.upper() == second.upper())
