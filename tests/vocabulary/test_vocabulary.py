"""The vocabulary: a one-to-one map, the same whether built, packed or searched."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError, EmptyVocabularyError, FormatError, UnknownWordError
from wordkin.storage.packed_words import concatenated
from wordkin.vocabulary import Vocabulary, packing
from wordkin.vocabulary.packing import is_strictly_sorted, matching_ids
from wordkin.vocabulary.spelling import edit_distance, nearest_spellings

_PACKED = ("utf8", "offsets")

any_words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), unique=True, max_size=30)


def packed(vocabulary: Vocabulary, *, with_order: bool = True) -> Vocabulary:
    """The same vocabulary as a memory-mapped file would give it: arrays only, no dict."""
    order = vocabulary.order if with_order else None
    return Vocabulary.from_packed(vocabulary.words.utf8, vocabulary.words.offsets, order, vocabulary.counts)


@given(any_words)
def test_word_and_id_are_inverse(words):
    built = Vocabulary(words)
    for vocabulary in (built, packed(built), packed(built, with_order=False)):
        assert vocabulary.words == words
        assert list(vocabulary) == words == vocabulary.words[:] == [vocabulary.word(i) for i in range(len(words))]
        assert [vocabulary.id_of(word) for word in words] == list(range(len(words)))
        assert vocabulary.ids_of(words).tolist() == list(range(len(words)))
        assert all(word in vocabulary for word in words)


long_words = st.lists(st.text(st.sampled_from("ab\0한"), max_size=20), unique=True, min_size=1, max_size=40)


@given(long_words, long_words)
def test_words_are_matched_all_at_once(words, wanted):
    ours, theirs = Vocabulary(words).words, Vocabulary(wanted).words
    ids = matching_ids(ours.utf8, ours.offsets, theirs.utf8, theirs.offsets)
    assert ids.tolist() == [words.index(word) if word in words else -1 for word in wanted]


def test_words_with_equal_hashes_are_told_apart(monkeypatch):
    ours, theirs = Vocabulary(["a", "b"]).words, Vocabulary(["b", "c"]).words
    monkeypatch.setattr(packing, "_hashes", lambda utf8, offsets: utf8[offsets[:-1]].astype(np.uint64) & np.uint64(2))
    assert matching_ids(ours.utf8, ours.offsets, theirs.utf8, theirs.offsets).tolist() == [1, -1]
    assert matching_ids(theirs.utf8, theirs.offsets, ours.utf8, ours.offsets) is None


def test_many_words_are_found_as_one_by_one():
    words = [str(each * each) for each in range(3000)]
    vocabulary = packed(Vocabulary(words[:1500]))
    wanted = Vocabulary(words[1000:])
    expected = [*range(1000, 1500), *[-1] * 1500]
    assert vocabulary.find_ids(wanted).tolist() == vocabulary.find_ids(wanted.words).tolist() == expected
    assert vocabulary.find_ids(wanted.words[:]).tolist() == expected
    twice = Vocabulary.from_packed(*(getattr(concatenated(words[:9], vocabulary.words), each) for each in _PACKED))
    with pytest.raises(FormatError, match="repeated"):
        twice.find_ids(wanted)


@given(any_words, st.text(max_size=6))
def test_absent_words_are_absent(words, other):
    built = Vocabulary([word for word in words if word != other])
    for vocabulary in (built, packed(built), packed(built, with_order=False)):
        assert other not in vocabulary
        assert vocabulary.find_ids([other]).tolist() == [-1]
        with pytest.raises(UnknownWordError, match="is not in the vocabulary"):
            vocabulary.id_of(other)


@given(any_words)
def test_order_sorts_by_bytes(words):
    order = Vocabulary(words).order
    assert order.dtype == np.int32
    assert [words[i].encode() for i in order] == sorted(word.encode() for word in words)


@given(st.lists(st.text("a\0é", max_size=30), unique=True, max_size=30))
def test_order_of_words_that_agree_for_long(words):
    """Words are compared eight bytes at a time: what ends, or goes on in zeros, must not be taken for equal."""
    order = Vocabulary(words).order
    assert [words[i].encode() for i in order] == sorted(word.encode() for word in words)


def test_many_lookups_build_the_dict_and_answer_the_same():
    words = [f"word{i}" for i in range(1000)]
    vocabulary = packed(Vocabulary(words))
    assert [vocabulary.id_of(word) for word in words] == list(range(1000))
    assert vocabulary._ids is not None
    assert packed(Vocabulary(words))._ids is None


@given(
    st.dictionaries(st.text("abcé", min_size=1, max_size=3), st.integers(0, 5)), st.integers(1, 4), st.integers(1, 9)
)
def test_from_counts_sorts_by_falling_count_then_code_points(table, min_count, max_vocabulary):
    expected = sorted(
        ((count, word) for word, count in table.items() if count >= min_count), key=lambda row: (-row[0], row[1])
    )[:max_vocabulary]
    options = {"min_count": min_count, "max_vocabulary": max_vocabulary}
    if not expected:
        with pytest.raises(EmptyVocabularyError, match="lower min_count"):
            Vocabulary.from_counts(list(table), list(table.values()), **options)
        return
    vocabulary, ids = Vocabulary.choose(list(table), list(table.values()), **options)
    assert vocabulary.words == [word for _, word in expected]
    assert vocabulary.counts.tolist() == [count for count, _ in expected]
    assert ids.tolist() == vocabulary.find_ids(table).tolist()
    assert vocabulary.order.tolist() == sorted(range(len(expected)), key=lambda place: expected[place][1])
    assert Vocabulary.from_counts(list(table), list(table.values()), **options) == vocabulary


def test_from_counts_refuses_a_word_that_stands_twice():
    with pytest.raises(ConfigError) as caught:
        Vocabulary.from_counts(["b", "a", "b"], [3, 2, 3])
    assert str(caught.value) == "words must be distinct; got 'b': remove the repeated word"


def test_from_counts_says_how_far_off_min_count_was():
    with pytest.raises(EmptyVocabularyError) as caught:
        Vocabulary.from_counts(["a", "b"], [3, 2], min_count=5)
    most = "the highest count is 3"
    assert str(caught.value) == f"no word reached min_count=5 ({most}): lower min_count"


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        (["a", "b", "a"], None, "words must be distinct; got 'a': remove the repeated word"),
        (["a\ud800"], None, "words must be valid Unicode; got 'a\\ud800': remove the lone surrogate"),
        (["a"], [1, 2], "counts must hold one number for each of the 1 words; got (2,)"),
        (["a"], [-1], "counts must be whole numbers from 0 up; got -1"),
        (["a"], [0.5], "counts must be whole numbers from 0 up; got 'float64'"),
    ],
)
def test_illegal_words_and_counts_are_refused(words, counts, message):
    with pytest.raises(ConfigError) as caught:
        Vocabulary(words, counts)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("offsets", "order", "counts", "message"),
    [
        ([0, 2, 5], None, None, "must increase from 0 to the number of bytes"),
        ([1, 2, 4], None, None, "must increase from 0 to the number of bytes"),
        ([], None, None, "must increase from 0 to the number of bytes"),
        ([0, 3, 2, 4], None, None, "must increase from 0 to the number of bytes"),
        ([0, 2, 4], [0], None, "each word id exactly once"),
        ([0, 2, 4], [0, 2], None, "each word id exactly once"),
        ([0, 2, 4], [1, 1], None, "each word id exactly once"),
        ([0, 2, 4], [-1, 0], None, "each word id exactly once"),
        ([0, 2, 4], None, [1, -1], "one nonnegative number"),
    ],
)
def test_packed_arrays_that_do_not_fit_are_refused(offsets, order, counts, message):
    utf8 = np.frombuffer(b"abcd", np.uint8)
    order, counts = (None if each is None else np.array(each, np.int64) for each in (order, counts))
    with pytest.raises(FormatError, match=message):
        Vocabulary.from_packed(utf8, np.array(offsets, np.int64), order, counts)


@pytest.mark.parametrize(("utf8", "offsets"), [(b"\xffa", [0, 1, 2]), (b"a\xc3\xa9", [0, 2, 3]), (b"\xc3", [0, 1])])
def test_packed_words_must_be_utf8_one_by_one(utf8, offsets):
    with pytest.raises(FormatError, match="the words must be valid UTF-8"):
        Vocabulary.from_packed(np.frombuffer(utf8, np.uint8), np.array(offsets))


def test_packed_words_that_stand_twice():
    utf8, offsets = np.frombuffer(b"aba", np.uint8), np.array([0, 1, 2, 3])
    for order in (None, np.array([0, 2, 1], np.int32)):
        with pytest.raises(FormatError, match="the word 'a' is repeated"):
            Vocabulary.from_packed(utf8, offsets, order).id_of("a")
    with pytest.raises(FormatError, match="does not sort its words, or a word is repeated"):
        Vocabulary.from_packed(utf8, offsets, np.array([0, 2, 1], np.int32)).id_of("c")


@given(any_words, st.randoms())
def test_an_order_that_does_not_sort_is_found_out(words, random):
    """A shuffled order: each word is found where it is, or the order is refused."""
    order = list(range(len(words)))
    random.shuffle(order)
    built = Vocabulary(words)
    shuffled = Vocabulary.from_packed(built.words.utf8, built.words.offsets, np.array(order, np.int32))
    right = order == built.order.tolist()
    assert is_strictly_sorted(built.words.utf8, built.words.offsets, shuffled.order) == right
    try:
        assert shuffled.ids_of(words).tolist() == list(range(len(words)))
    except FormatError:
        assert not right


@given(st.lists(st.binary(max_size=30), max_size=12))
def test_sortedness_of_any_bytes(words):
    offsets = np.concatenate(([0], np.cumsum([len(word) for word in words], dtype=np.int64)))
    order = np.arange(len(words), dtype=np.int32)
    expected = all(left < right for left, right in itertools.pairwise(words))
    assert is_strictly_sorted(np.frombuffer(b"".join(words), np.uint8), offsets, order) == expected
    ordered = sorted(set(words))
    offsets = np.concatenate(([0], np.cumsum([len(word) for word in ordered], dtype=np.int64)))
    assert is_strictly_sorted(np.frombuffer(b"".join(ordered), np.uint8), offsets, order[: len(ordered)])


def test_nothing_can_be_changed():
    vocabulary = Vocabulary(["a", "b"], [2, 1])
    for array in (vocabulary.counts, vocabulary.order, vocabulary.words.utf8, vocabulary.words.offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        vocabulary.words = []


def test_first_keeps_the_first_words():
    built = Vocabulary(["c", "a", "b"], [3, 2, 1])
    for vocabulary in (built, packed(built)):
        first = vocabulary.first(2)
        assert first.words == ["c", "a"]
        assert first.counts.tolist() == [3, 2]
        assert "b" not in first and "a" in first
        assert vocabulary.first(3) is vocabulary


def test_sequence_of_words_behaves_as_a_list_does():
    words = Vocabulary(["x", "y", "z"]).words
    assert (words[-1], words[1:], words[::-1], words[5:]) == ("z", ["y", "z"], ["z", "y", "x"], [])
    assert repr(Vocabulary(list("wxyz")).words) == "['w', 'x', 'y', ...] (4 words)"
    assert words != ["x", "y"] and words == ("x", "y", "z") and words != "xyz"
    for wrong in (3, -4):
        with pytest.raises(IndexError, match="outside 0 to 2"):
            words[wrong]
    with pytest.raises(IndexError, match="outside 0 to 2"):
        Vocabulary(["x", "y", "z"]).word(-1)


def test_equality_counts_included_and_pickling():
    vocabulary = Vocabulary(["a", "b"], [2, 1])
    assert vocabulary == Vocabulary(["a", "b"], [2, 1]) == pickle.loads(pickle.dumps(vocabulary))
    assert vocabulary != Vocabulary(["a", "b"]) and vocabulary != Vocabulary(["a", "b"], [2, 2])
    assert vocabulary != ["a", "b"]
    assert repr(vocabulary) == "Vocabulary(2 words with counts)"


def test_unknown_words_come_with_the_nearest_spellings():
    vocabulary = Vocabulary(["receive", "received", "Paris", "москва", "cart", "card", "dog"])
    assert nearest_spellings(vocabulary.words.utf8, vocabulary.words.offsets, "recieve") == ["receive", "received"]
    for word, near in (("PARIS", "Paris"), ("Москва", "москва"), ("dgo", "dog")):
        with pytest.raises(UnknownWordError) as caught:
            vocabulary.id_of(word)
        assert str(caught.value) == f"the word {word!r} is not in the vocabulary; nearest spellings: {near!r}"
    with pytest.raises(UnknownWordError) as caught:
        vocabulary.id_of("xylophone")
    assert str(caught.value) == "the word 'xylophone' is not in the vocabulary"
    assert pickle.loads(pickle.dumps(caught.value)).suggestions == ()


@given(st.lists(st.text(max_size=5), max_size=10), st.text(max_size=80))
def test_spellings_never_fail_and_are_words_of_the_vocabulary(words, wanted):
    words = list(dict.fromkeys(word.encode(errors="ignore").decode() for word in words))
    vocabulary = Vocabulary(words)
    assert set(nearest_spellings(vocabulary.words.utf8, vocabulary.words.offsets, wanted)) <= set(words)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edit_distance_is_symmetric_and_bounded(left, right):
    distance = edit_distance(left, right)
    assert distance == edit_distance(right, left)
    assert abs(len(left) - len(right)) <= distance <= max(len(left), len(right))
    assert (distance == 0) == (left == right)
