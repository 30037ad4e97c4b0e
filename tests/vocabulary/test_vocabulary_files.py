"""Vocabularies as files of words and counts, as mappings, and merged."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from wordkin import Vocabulary
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.vocabulary.files import vocabulary_of


def test_what_was_saved_is_read(tmp_path):
    saved = Vocabulary(["the", "New York", "3", "naïve", "a\u2028b", "x\ty"], [9, 5, 5, 0, 1, 2**60])
    saved.save(tmp_path / "v.txt")
    assert (tmp_path / "v.txt").read_bytes().startswith(b"the 9\nNew York 5\n3 5\n")
    assert Vocabulary.load(tmp_path / "v.txt") == saved


@pytest.mark.parametrize(
    "content",
    [
        b"the 9\ncat 2\n",
        b"the\t9\r\ncat\t2\r\n",
        b"\xef\xbb\xbfthe 9\n\ncat  2",
        gzip.compress(b"the 9\ncat 2", mtime=0),
    ],
)
def test_layouts_of_others(tmp_path, content):
    (tmp_path / "v").write_bytes(content)
    assert Vocabulary.load(tmp_path / "v") == Vocabulary(["the", "cat"], [9, 2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it holds no word"),
        (b"\n\n", "it holds no word"),
        (b"the 9\ncat\n", "line 2 must be a word and its count, as in 'house 12'; it is 'cat'"),
        (b"the 9\n12 cat\n", "line 2 must be a word and its count"),
        (b"the 9\ncat 0.5\n", "line 2 must be a word and its count"),
        (b"the -9\n", "line 1 must be a word and its count"),
        (b"the \xd9\xa9\n", "line 1 must be a word and its count"),
        (b" 9\n", "line 1 must be a word and its count"),
        (b"the 9999999999999999999\n", "line 1 must be a word and its count"),
        (b"the 9\ncat 2\nthe 1\n", "line 3 repeats the word 'the'"),
        (b"the 9\nca\xfft 2\n", "line 2 is not valid UTF-8"),
    ],
)  # fmt: skip
def test_broken_files_are_refused_with_the_line(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        Vocabulary.load(tmp_path / "v.txt")


def test_what_cannot_be_saved_is_refused_and_leaves_no_file(tmp_path):
    for word in "a\nb", "a\rb", " a", "a ", "":
        with pytest.raises(ConfigError, match="vocabulary must not hold a word with line breaks or outer white space"):
            Vocabulary(["fine", word], [2, 1]).save(tmp_path / "v.txt")
    with pytest.raises(ConfigError, match="vocabulary must have counts to be saved"):
        Vocabulary(["a"]).save(tmp_path / "v.txt")
    assert not list(tmp_path.iterdir())
    with pytest.raises(CorpusNotFoundError, match="there is no file"):
        Vocabulary.load(tmp_path / "v.txt")


def test_merged_counts_are_summed():
    left, right = Vocabulary(["a", "b", "c"], [3, 2, 1]), Vocabulary(["d", "b"], [4, 4])
    merged = left.merge(right)
    assert list(merged) == ["b", "d", "a", "c"] and merged.counts.tolist() == [6, 4, 3, 1]
    assert merged == right.merge(left)
    assert left.merge(Vocabulary([], [])) == left and len(Vocabulary([], []).merge(Vocabulary([], []))) == 0
    assert Vocabulary([], []).merge(Vocabulary([3], [2])) == Vocabulary([3], [2])
    rule = "counts must be present in both vocabularies to merge them, but"
    with pytest.raises(ConfigError, match=f"{rule} other has none; got None: pass counts, as in Vocabulary"):
        left.merge(Vocabulary(["x"]))
    with pytest.raises(ConfigError, match=f"{rule} the vocabulary to merge into has none"):
        Vocabulary(["x"]).merge(left)
    with pytest.raises(ConfigError, match=r"other must be a Vocabulary; got {'a': 1}: pass Vocabulary"):
        left.merge({"a": 1})
    with pytest.raises(ConfigError, match="other must hold words, like the vocabulary to merge into"):
        left.merge(Vocabulary([3], [1]))
    with pytest.raises(ConfigError, match=r"counts must have sums below 2..63; got 'a'"):
        Vocabulary(["a"], [2**62]).merge(Vocabulary(["a"], [2**62]))


def test_a_vocabulary_of_any_kind_is_sorted_by_count(tmp_path):
    expected = Vocabulary(["b", "a"], [7, 2])
    (tmp_path / "v.txt").write_text("a 2\nb 7\n")
    for given in (
        tmp_path / "v.txt",
        str(tmp_path / "v.txt"),
        {"a": 2, "b": np.int64(7)},
        Vocabulary(["a", "b"], [2, 7]),
    ):
        assert vocabulary_of(given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["a", "b"],
            "vocabulary must be a file, a mapping of words to counts or a Vocabulary; .*keep_words",
        ),
        (7, "vocabulary must be a file, a mapping of words to counts or a Vocabulary; got 7"),
        ({}, "vocabulary must hold at least one word"),
        ({"a": 0, "b": 1}, "vocabulary must have counts from 1 up; got 'a 0'"),
        ({"a": -1}, "vocabulary must map words to whole numbers from 1 up; got 'a: -1'"),
        ({"": 3, "a": 1}, "vocabulary must not hold the empty word, because .*; got '': remove"),
        ({"a": 1.0}, "vocabulary must map words to whole numbers"),
        ({"a": True}, "vocabulary must map words to whole numbers"),
        ({3.0: 1}, "vocabulary must map words, which are strings or whole numbers, to counts; got 3.0"),
        (Vocabulary(["a"]), "vocabulary must have counts, because subsampling and noise"),
    ],
)
def test_other_vocabularies_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        vocabulary_of(given)
