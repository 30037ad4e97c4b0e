from __future__ import annotations

from pathlib import Path

import pytest

from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.evaluation import KINDS, read_dataset
from wordkin.evaluation.datasets import Analogies, OddOneOut, Section, WordCategories, WordPairs
from wordkin.evaluation.files import read, recognise

ANALOGIES = ": capitals\nathens greece oslo norway\n\n# a comment\n: gram1\nbig bigger small smaller\n"
PAIRS = "# comment\nlove\tsex\t6.77\ntiger\tcat\t7.35\n"


def test_each_kind_is_detected_and_read():
    assert set(KINDS) == recognise.FITS.keys() == read.FUNCTIONS.keys()


def test_analogies_keep_sections_and_order(write_file):
    dataset = read_dataset(write_file(ANALOGIES))
    assert dataset == Analogies(
        "benchmark.txt",
        (("athens", "greece", "oslo", "norway"), ("big", "bigger", "small", "smaller")),
        (Section("capitals", 0, 1), Section("gram1", 1, 2)),
    )


def test_analogies_need_no_sections_and_may_have_empty_ones(write_file):
    assert read_dataset(write_file("a b c d\n")).sections == (Section("", 0, 1),)
    sections = read_dataset(write_file(": first\n: second\na b c d\n")).sections
    assert [(section.name, len(section)) for section in sections] == [("first", 0), ("second", 1)]


@pytest.mark.parametrize(
    "text", ["love\tsex\t6.77\n", "love,sex,6.77\n", "love sex 6.77\n", "Word 1,Word 2,Mean\nlove, sex, 6.77\n"]
)
def test_pairs_split_at_tabs_commas_or_white_space(write_file, text):
    assert read_dataset(write_file(text), "similarity") == WordPairs("benchmark.txt", (("love", "sex"),), (6.77,))


def test_pairs_ignore_further_columns(write_file):
    dataset = read_dataset(write_file("squishing\tsquirt\t5.88\t7\t6\nundated\tundatable\t5.83\t5\t7\n"))
    assert dataset.scores == (5.88, 5.83)


def test_words_may_hold_spaces_between_tabs(write_file):
    assert read_dataset(write_file("new york\tboston\t5\n")).pairs == (("new york", "boston"),)


def test_categories_and_groups(write_file):
    assert read_dataset(write_file("dog animal\ncat animal\nred\tcolour\n"), "categories") == WordCategories(
        "benchmark.txt", ("dog", "cat", "red"), ("animal", "animal", "colour")
    )
    assert read_dataset(write_file(": food\nbread rice soup | car\n")) == OddOneOut(
        "benchmark.txt", (("bread", "rice", "soup", "car"),), (Section("food", 0, 1),)
    )
    assert read_dataset(write_file("bread rice soup car\n"), "odd-one-out").groups == (
        ("bread", "rice", "soup", "car"),
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ANALOGIES, Analogies),
        ("a b c d\n", Analogies),
        (PAIRS, WordPairs),
        ("Word 1\tWord 2\tHuman\nlove\tsex\t6.77\n", WordPairs),
        ("dog animal\ncat animal\nred colour\nblue colour\n", WordCategories),
        (": food\nbread rice | car\n", OddOneOut),
    ],
)
def test_kind_is_guessed(write_file, text, kind):
    assert isinstance(read_dataset(write_file(text)), kind)


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path):
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbf: capitals\r\nathens greece oslo norway\r\n")
    assert read_dataset(path).sections == (Section("capitals", 0, 1),)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (": s\na b c d\na b c\n", None, "line 3: an analogy must have four words, not 3; got 'a b c'"),
        (": s\na b c d e\n", None, "line 2: an analogy must have four words, not 5; got 'a b c d e'"),
        ("a\tb\t1\na\tb\tx\n", "similarity", "line 2: a word pair must have two words and a finite score; got"),
        ("a\tb\tnan\na\tb\tinf\n", "similarity", "line 1: a word pair must have two words and a finite score"),
        ("a\tb\n", "similarity", "line 1: a word pair must have two words and a finite score; got 'a\\tb'"),
        ("word\tword\tscore\n", "similarity", "line 1: a word pair must have two words and a finite score; got"),
        ("word1\tword2\tscore\n", None, "must hold at least one item; got only the header 'word1"),
        ("dog animal\ncat\n", "categories", "line 2: a line must have a word and its category; got 'cat'"),
        ("a b | c\na c\n", None, "line 2: a group must have at least two words followed by the odd one; a bar may"),
        ("a b | c d\n", None, "line 1: a group must have"),
        ("a | c\n", None, "line 1: a group must have"),
        ("", None, "benchmark.txt: a benchmark file must hold at least one item; got none"),
        ("a b | c |\n", "odd-one-out", "line 1: a group must have"),
        (": only\n: headers\n", None, "benchmark.txt: a benchmark file must hold at least one item; got none"),
        ("a b c d e f\n", None, "cannot be detected from 6 columns separated by space; the first line is 'a b c"),
    ],
)  # fmt: skip
def test_malformed_files_name_the_line(write_file, text, kind, message):
    with pytest.raises(FormatError) as caught:
        read_dataset(write_file(text), kind)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_long_lines_are_shortened_in_messages(write_file):
    with pytest.raises(FormatError) as caught:
        read_dataset(write_file(": s\n" + "word " * 100_000))
    assert len(str(caught.value)) < 1000


def test_invalid_utf8_names_line_and_byte(tmp_path: Path):
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"a\tb\t1\nstra\xdfe\tweg\t2\n")
    with pytest.raises(
        FormatError, match=r"latin1\.txt, line 2, is not valid UTF-8 .byte 0xdf.: pass the encoding of the file as"
    ):
        read_dataset(path)


def test_missing_file_and_directory(tmp_path: Path):
    with pytest.raises(CorpusNotFoundError, match=r"there is no benchmark file .*nowhere\.txt': check the path"):
        read_dataset(tmp_path / "nowhere.txt")
    with pytest.raises(
        FormatError, match=r"must be a benchmark file or a directory with \.txt, \.tsv or \.csv files; got neither"
    ):
        read_dataset(tmp_path)


def test_unknown_kind(write_file):
    with pytest.raises(
        ConfigError,
        match='kind must be one of "analogies", "similarity", "categories", "odd-one-out", "relations"; got',
    ):
        read_dataset(write_file(PAIRS), "pairs")
