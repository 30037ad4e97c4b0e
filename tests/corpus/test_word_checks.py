"""Warnings about words that are sentences, and about one word written in two ways."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path

import pytest

import wordkin
from wordkin.config import TrainingConfig
from wordkin.corpus.scanning.scan import scan
from wordkin.corpus.sources import TokenizedLists, resolve
from wordkin.errors import CorpusWarning
from wordkin.text.steps import select_words

CHINESE = "我在北京的大学学习中文。\n他喜欢喝茶。\n"
JAPANESE = "私は東京の大学で日本語を勉強しています。\nコンピューターはありません。\n"


def read(text: str, tmp_path: Path, **options: object) -> None:
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    with scan(resolve(path), threads=1, **options):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, CHINESE + "and some English words\n"])
def test_text_without_spaces_is_warned_of(text: str, tmp_path: Path) -> None:
    with pytest.warns(CorpusWarning, match='seems to have no spaces between words; pass tokenizer="jieba" for Chinese'):
        read(text, tmp_path)
    read(text, tmp_path, tokenizer="words")
    read(text, tmp_path, tokenizer=lambda line: list(line.replace(" ", "")))


@pytest.mark.parametrize(
    "text",
    [
        "我 在 北京 的 大学 学习 中文 。\n",
        "私 は コンピューター を 使い ます 。\n",
        "저는 서울에 있는 학교에서 한국어를 배웁니다.\n",
        "an English text that quotes 我在北京的大学学习中文 and goes on for some more words of its own language\n",
        "G\u00fcnayd\u0131n, \u0130stanbul!\n",
    ],
)
def test_text_with_spaces_is_not(text: str, tmp_path: Path) -> None:
    read(text, tmp_path)


SENTENCES = ["the cat sat on the mat", "a dog lay"]


@pytest.mark.parametrize("options", [
    {"corpus": [SENTENCES] * 3},  # a list of sentences where a list of words should be
    {"corpus": [{"text": SENTENCES}] * 3, "field": "text"},  # a batch of a dataset
    {"corpus": [SENTENCES] * 3, "window": "sentence"},
])  # fmt: skip
def test_lists_of_sentences_in_place_of_words_are_warned_of(options: dict[str, object]) -> None:
    small = {"epochs": 1, "vector_size": 2, "threads": 1, "subsample": 0, "min_count": 1}
    with pytest.warns(CorpusWarning, match=r"white space, such as 'the cat sat on the mat', and have 4\.5 parts"):
        vectors = wordkin.train(**options, **small)  # type: ignore[arg-type]
    assert len(vectors) == 2


def test_words_of_a_tokenizer_may_have_white_space() -> None:
    lists = TokenizedLists([list(each) for each in [SENTENCES] * 3])
    with scan(resolve(lists), threads=1) as scanned:
        assert scanned.words == SENTENCES


def test_byte_order_marks_within_a_text_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "joined.txt").write_bytes(b"\xef\xbb\xbfthe cat\n\xef\xbb\xbfthe \xef\xbd\xb1\n" * 3)
    config = TrainingConfig(min_count=1, threads=1)
    match = r"words such as '.ufeffthe' begin with U\+FEFF, a byte-order mark, .*\(1 in total\)"
    with scan(resolve(tmp_path / "joined.txt"), threads=1) as scanned, pytest.warns(CorpusWarning, match=match):
        select_words(scanned.words, scanned.counts, config)


@pytest.mark.parametrize("corpus", [
    [["New York", "The Lord of the Rings", "it"]], [[1, 2]], [["the", "cat", "the cat sat on the mat and slept"]],
])  # fmt: skip
def test_names_of_several_words_are_not(corpus: list[list[str]]) -> None:
    with scan(resolve(corpus), threads=1):
        pass


def test_words_in_several_normal_forms_are_warned_of() -> None:
    lists = [[unicodedata.normalize(form, "caf\u00e9"), "x"] for form in ("NFC", "NFD")] * 5
    small = {"epochs": 1, "vector_size": 2, "threads": 1, "subsample": 0}
    with pytest.warns(
        CorpusWarning, match="words such as 'caf\u00e9' occur in several Unicode normal forms .1 in total"
    ):
        wordkin.train(lists, min_count=1, **small)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(wordkin.train(lists, min_count=1, normalize="NFC", **small)) == 2
        wordkin.train([*lists, lists[0], lists[0]], min_count=6, **small)  # one form is not in the vocabulary
