"""Case by language and normal forms of Unicode."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

import wordkin
from wordkin.corpus.scanning.scan import scan
from wordkin.corpus.sources import resolve
from wordkin.corpus.tokenization.spelling import Spelling, lower


def words(text: str, tmp_path: Path, **options: object) -> list[str]:
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    with scan(resolve(path), threads=1, **options) as scanned:  # type: ignore[arg-type]
        return scanned.words


TURKISH = "\u0130STANBUL istanbul ISPARTA \u0131sparta I\u0307stanbul"


@pytest.mark.parametrize("tokenizer", ["whitespace", "words", str.split])
def test_turkish_has_two_kinds_of_i(tmp_path: Path, tokenizer: object) -> None:
    for language in ("tr", "az"):
        assert words(TURKISH, tmp_path, lowercase=language, tokenizer=tokenizer) == ["istanbul", "\u0131sparta"]
    assert len(words(TURKISH, tmp_path, lowercase=True, tokenizer=tokenizer)) == 4


def test_lists_of_words_are_lower_cased_by_language() -> None:
    small = {"vector_size": 4, "min_count": 1, "epochs": 1, "subsample": 0, "threads": 1}
    vectors = wordkin.train([TURKISH.split()] * 5, lowercase="tr", **small)  # type: ignore[arg-type]
    assert sorted(vectors.words) == ["istanbul", "\u0131sparta"]


@pytest.mark.parametrize(
    ("text", "case", "expected"),
    [
        ("\u00cc\u00cd\u0128", "lt", "i\u0307\u0300i\u0307\u0301i\u0307\u0303"),
        ("I\u0300 J\u0301", "lt", "i\u0307\u0300 j\u0307\u0301"),
        ("I\u0328\u0303", "lt", "i\u0307\u0328\u0303"),  # an ogonek below comes between
        ("IR J\u0328", "lt", "ir j\u0328"),
        ("VILNIUS \u0160UO", "lt", "vilnius \u0161uo"),
        ("\u039f\u0394\u039f\u03a3 \u03a3\u039f\u03a6.", True, "\u03bf\u03b4\u03bf\u03c2 \u03c3\u03bf\u03c6."),
        ("STRASSE Stra\u00dfe STRA\u1e9eE", True, "strasse stra\u00dfe stra\u00dfe"),
        ("\u0130", True, "i\u0307"),
    ],
)  # fmt: skip
def test_lower_case(text: str, case: object, expected: str) -> None:
    assert lower(text, case) == expected  # type: ignore[arg-type]


def test_other_languages_are_refused() -> None:
    with pytest.raises(wordkin.ConfigError, match=r"lowercase must be True, False or a language .*got \'de\'"):
        wordkin.TrainingConfig(lowercase="de")  # type: ignore[arg-type]
    with pytest.raises(wordkin.ConfigError, match='normalize must be one of "NFC", "NFKC", "NFD"; got \'nfc\''):
        wordkin.TrainingConfig(normalize="nfc")  # type: ignore[arg-type]


@pytest.mark.parametrize("tokenizer", ["whitespace", "words", str.split])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
def test_normal_forms_make_words_equal(tmp_path: Path, form: str, tokenizer: object) -> None:
    text = " ".join(unicodedata.normalize(each, "caf\u00e9 \ud55c\uad6d\uc5b4") for each in ("NFC", "NFD"))
    found = words(text, tmp_path, normalize=form, tokenizer=tokenizer)
    assert found == unicodedata.normalize(form, "caf\u00e9 \ud55c\uad6d\uc5b4").split()
    assert len(words(text, tmp_path)) == 4


def test_nfkc_makes_variants_equal_and_splits_what_it_writes_as_several_words(tmp_path: Path) -> None:
    found = words("\uff21\uff22\uff23 ABC \uff76\uff9e \u30ac \ufdfa", tmp_path, normalize="NFKC")
    assert found[:2] == ["ABC", "\u30ac"]
    assert len(found) == 6 and not any(" " in word for word in found)
    assert Spelling(normalize="NFKC").words(["New York"]) == ["New York"]


def test_lower_case_words_stay_normalised(tmp_path: Path) -> None:
    found = words("\u0130\u0307 X", tmp_path, lowercase=True, normalize="NFC")
    assert all(unicodedata.is_normalized("NFC", word) for word in found)


@pytest.mark.parametrize("tokenizer", ["whitespace", "words", str.split])
def test_keep_leaves_words_out(tmp_path: Path, tokenizer: object) -> None:
    text = "The cat and THE dog 42"
    options = {"tokenizer": tokenizer, "lowercase": True}
    stop = {"the", "and"}
    assert words(text, tmp_path, keep=lambda word: word not in stop, **options) == ["cat", "dog", "42"]
    assert words(text, tmp_path, keep="[a-z]+", **options) == ["the", "cat", "and", "dog"]
    with pytest.raises(wordkin.EmptyVocabularyError, match="keep removes all words"):
        words(text, tmp_path, keep="[A-Z]", **options)


def test_keep_in_training_and_in_saved_runs(tmp_path: Path) -> None:
    small = {"min_count": 1, "epochs": 1, "vector_size": 2, "threads": 1, "subsample": 0}
    lists = [["a", "b", "\u3002"]] * 9
    model = wordkin.Word2Vec(keep=str.isalpha, **small).fit(lists)
    assert sorted(model.vocabulary.words) == ["a", "b"]
    model.save(tmp_path / "model")
    loaded = wordkin.Word2Vec.load(tmp_path / "model")
    assert loaded.config.to_dict()["keep"] == {"function": "str.isalpha"}
    with pytest.raises(wordkin.ConfigError, match=r"keep must be passed again, .* got 'str.isalpha'"):
        loaded.config.keep("a")  # type: ignore[operator, misc]
    assert len(wordkin.train(lists, keep="[ab]", **small)) == 2


@pytest.mark.parametrize("keep", ["(", "", 7, ["a"], b"a"])
def test_keep_must_be_a_pattern_or_a_function(keep: object) -> None:
    with pytest.raises(wordkin.ConfigError, match="keep must be a regular expression that matches whole words, or"):
        wordkin.TrainingConfig(keep=keep)  # type: ignore[arg-type]
