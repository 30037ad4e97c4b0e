"""Tests of queries whose results differ from gensim's, or that gensim lacks: errors, weights, order, batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, UnknownWordError
from wordkin.vocabulary import Vocabulary


@pytest.fixture
def vectors() -> Embeddings:
    matrix = np.array([[1, 0, 0], [4, 3, 0], [0, 2, 0], [0, 0, 5], [0, 0, 0], [-1, 0, 0]], np.float32)
    return Embeddings(Vocabulary(["east", "eastnorth", "north", "up", "nowhere", "west"], [9, 8, 7, 6, 5, 4]), matrix)


def test_neighbours_come_by_falling_cosine_then_by_id(vectors):
    assert vectors.most_similar("east", topn=5) == [
        ("eastnorth", pytest.approx(0.8)), ("north", 0), ("up", 0), ("nowhere", 0), ("west", -1)
    ]  # fmt: skip
    assert vectors.most_similar("east", topn=100) == vectors.most_similar("east", topn=5)
    assert vectors.most_similar("east", restrict_vocab=2) == [("eastnorth", pytest.approx(0.8))]
    assert all(type(score) is float for _, score in vectors.most_similar("east"))


def test_one_query_in_its_many_spellings(vectors):
    expected = vectors.most_similar(["east"])
    for query in ("east", ("east",), [("east", 2.0)], ("east", 0.5), ["east", "east"]):
        assert vectors.most_similar(query) == expected
    same_vector = vectors.most_similar(np.array([1.0, 0, 0]))
    assert same_vector[1:] == expected and same_vector[0] == ("east", 1)
    assert vectors.most_similar(np.array([[1, 0, 0], [1, 0, 0]])) == same_vector
    assert vectors.similar_by_vector([1, 0, 0]) == same_vector


def test_words_count_with_their_unit_vectors(vectors):
    (nearest, cosine), *_ = vectors.most_similar(["east", "north"])
    assert nearest == "eastnorth" and cosine == pytest.approx(1.4 / 2**0.5)


def test_analogy(vectors):
    assert vectors.analogy("east", "eastnorth", "up", topn=1)[0][0] == "north"


def test_batches_hold_words_and_vectors(vectors):
    batch = vectors.most_similar_batch(["east", "up", np.array([0, 1, 0])], topn=2)
    assert batch == [
        vectors.most_similar("east", topn=2),
        vectors.most_similar("up", topn=2),
        vectors.most_similar(np.array([0, 1, 0]), topn=2),
    ]
    assert vectors.most_similar_batch([]) == []
    assert vectors.most_similar_batch(word for word in ("east",)) == [vectors.most_similar("east")]
    with pytest.raises(ConfigError, match="queries must be a list of words or vectors; got 'east': pass one word to"):
        vectors.most_similar_batch("east")


def test_cosmul_takes_weights_as_exponents(vectors):
    plain = dict(vectors.most_similar_cosmul(["east", "north"], ["up"], topn=9))
    assert plain["eastnorth"] == pytest.approx(0.9 * 0.8 / (0.5 + 1e-6))
    weighted = dict(vectors.most_similar_cosmul([("east", 2), "north"], [("up", 0.5)], topn=9))
    assert weighted["eastnorth"] == pytest.approx(0.9**2 * 0.8 / (0.5**0.5 + 1e-6))
    turned = dict(vectors.most_similar_cosmul(["east", "north", ("up", -1)], topn=9))
    assert turned["eastnorth"] == pytest.approx(plain["eastnorth"])


REFUSALS = {
    "nothing asked": (lambda v: v.most_similar(), "positive must hold a word or a vector; got ()"),
    "no direction": (
        lambda v: v.most_similar("nowhere"),
        "query must not sum to a vector of zeros, which has no cosine with other vectors; got 0",
    ),
    "words that cancel": (lambda v: v.most_similar(["east"], ["east"]), "query must not sum to a vector of zeros"),
    "no direction in a product": (
        lambda v: v.most_similar_cosmul(["nowhere"]), "query must not sum to a vector of zeros"
    ),
    "a number": (lambda v: v.most_similar([3]), "query must be a word or a vector of 3 finite numbers; got 3"),
    "a list of numbers": (lambda v: v.most_similar([0.5, 1.0]), "query must be a word or a vector of 3 finite"),
    "a short vector": (lambda v: v.most_similar(np.ones(2)), "numbers; got 'an array of shape (2,)'"),
    "not finite": (lambda v: v.most_similar(np.full(3, np.nan)), "got 'an array with values that are not finite'"),
    "words in an array": (lambda v: v.most_similar([np.array(["a", "b", "c"])]), "query must be a word or a vector"),
    "a weight that is none": (lambda v: v.most_similar([("east", math.inf)]), "weight must be a finite number"),
    "topn 0": (lambda v: v.most_similar("east", topn=0), "topn must be a whole number from 1 up; got 0"),
    "topn None": (lambda v: v.most_similar("east", topn=None), "topn must be a whole number from 1 up; got None"),
    "no words": (lambda v: v.doesnt_match([]), "words must hold at least one word; got []"),
    "a sentence": (
        lambda v: v.doesnt_match("east west"),
        "words must be a list of words; got 'east west': split the text into words first",
    ),
    "a sentence for the mean": (lambda v: v.mean_vector("east"), "words must be a list of words; got 'east'"),
    "weights": (
        lambda v: v.mean_vector(["east"], [1, 2]), "weights must be 1 finite numbers, one for each word; got [1, 2]"
    ),
    "zero weights": (lambda v: v.mean_vector(["east"], [0]), "weights must not all be zero; got [0.0]"),
    "no known word": (
        lambda v: v.mean_vector(["x"], ignore_missing=True),
        "words must hold at least one word of the vocabulary; got ['x']"
    ),
    "a text to move": (
        lambda v: v.wmdistance("east", ["up"]), "first must be a list of words; got 'east': split the text"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_has_no_answer_is_refused_by_name(vectors, case):
    question, message = REFUSALS[case]
    with pytest.raises(ConfigError) as caught:
        question(vectors)
    assert message in str(caught.value)


NO_QUERIES = {
    "None": None, "a number": 3, "a float": 0.5, "bytes": b"east", "a mapping": {"east": 1}, "a flag": True,
    "words in a list in a list": [["east", "up"]], "None in a list": [None], "bytes in a list": [b"east"],
    "an object": object(), "a scalar array": np.array(1.0), "an array of no dimension": np.array("east"),
    "complex numbers": np.ones(3, complex), "flags": np.ones(3, bool), "a cube": np.ones((2, 3, 3)),
    "a NaN weight": [("east", float("nan"))], "a weight of text": [("east", "2")], "a huge weight": [("east", 10**400)],
    "no weight": [("east", None)], "a flag as weight": [("east", True)], "a complex weight": [("east", 1j)],
    "a triple": [("east", 1, 2)], "a generator of nothing": (word for word in ()),
}  # fmt: skip


@pytest.mark.parametrize("value", NO_QUERIES.values(), ids=NO_QUERIES)
def test_what_is_no_query_is_refused_as_one(vectors, value):
    for question in (
        lambda: vectors.most_similar(value),
        lambda: vectors.most_similar(["east"], [value]),
        lambda: vectors.most_similar_cosmul(value),
        lambda: vectors.similarities(value),
        lambda: vectors.similar_by_vector(value),
    ):
        with pytest.raises(
            ConfigError, match=r"^(positive|negative|query|weight|vector) must be|must hold a word"
        ) as caught:
            question()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, b"east", {"east": 1}, {"east", "up"}, np.ones(3), [None], [["east"]], [3]])
def test_what_is_no_batch_is_refused(vectors, value):
    with pytest.raises(ConfigError, match=r"(queries must be a list of words or vectors|query must be a word)"):
        vectors.most_similar_batch(value)


@pytest.mark.parametrize("value", [None, 3, b"east", "east", [None], [3], [b"east"], [["east"]], np.array(3)])
def test_what_is_no_list_of_words_is_refused(vectors, value):
    for question in (
        lambda: vectors.doesnt_match(value),
        lambda: vectors.mean_vector(value),
        lambda: vectors.mean_vector(value, ignore_missing=True),
        lambda: vectors.n_similarity(value, ["up"]),
        lambda: vectors.n_similarity(["up"], value),
        lambda: vectors.similarities("up", value) if value is not None else vectors.mean_vector(value),
        lambda: vectors.vectors_for_all(value),
        lambda: vectors.wmdistance(["up"], value),
        lambda: vectors[value] if value != "east" else vectors.mean_vector(value),
    ):
        with pytest.raises(ConfigError, match=r"^(word|words|first|second) must be"):
            question()


@pytest.mark.parametrize("value", [None, 3, b"east", ["east"], ("east", "up")])
def test_what_is_no_word_is_refused(vectors, value):
    for question in (
        lambda: vectors.similarity(value, "up"),
        lambda: vectors.distance("up", value),
        lambda: vectors.rank("up", value),
        lambda: vectors.closer_than(value, "up"),
        lambda: vectors.vector(value),
    ):
        with pytest.raises(ConfigError, match=r"^word must be a string( or a whole number)?; got"):
            question()


WEIGHTS = [None, "1", b"1", 1, ["x"], [None], [math.nan], [math.inf], [[1]], [10**400], {"east": 1}, [], [1, 2]]


@pytest.mark.parametrize("weights", WEIGHTS[1:])
def test_weights_that_are_none(vectors, weights):
    with pytest.raises(ConfigError, match=r"^weights must be 1 finite numbers, one for each word; got"):
        vectors.mean_vector(["east"], weights)


def test_queries_and_words_from_any_iterable(vectors):
    expected = vectors.most_similar(["east", "up"])
    for query in (np.array(["east", "up"]), (word for word in ("east", "up")), {"east": 1, "up": 1}.keys()):
        assert vectors.most_similar(query) == expected
    assert vectors.mean_vector((word for word in ("east", "up")), (weight for weight in (1, 2))).tolist() == (
        vectors.mean_vector(["east", "up"], [1, 2]).tolist()
    )
    assert vectors.doesnt_match(np.array(["east", "up", "eastnorth"])) == "up"


@pytest.mark.parametrize("word", ["", " ", "\x00", "\ud800", "x" * 100_000])
def test_any_text_may_be_asked_for(vectors, word):
    with pytest.raises(UnknownWordError):
        vectors.most_similar(word)


@pytest.mark.parametrize("question", [
    lambda v: v.most_similar("est"),
    lambda v: v.most_similar(["up"], ["est"]),
    lambda v: v.most_similar_batch(["up", "est"]),
    lambda v: v.most_similar_cosmul("est"),
    lambda v: v.analogy("est", "up", "north"),
    lambda v: v.similarity("up", "est"),
    lambda v: v.similarities("up", ["est"]),
    lambda v: v.n_similarity(["up"], ["est"]),
    lambda v: v.doesnt_match(["up", "est"]),
    lambda v: v.closer_than("up", "est"),
    lambda v: v.rank("est", "up"),
    lambda v: v.mean_vector(["est"]),
    lambda v: v.vectors_for_all(["est"]),
    lambda v: v.wmdistance(["est"], ["up"]),
    lambda v: v["est"],
    lambda v: v[["up", "est"]],
])  # fmt: skip
def test_unknown_words_are_named_with_the_nearest_spellings(vectors, question):
    with pytest.raises(UnknownWordError) as caught:
        question(vectors)
    assert str(caught.value) == "the word 'est' is not in the vocabulary; nearest spellings: 'east', 'west'"
    assert isinstance(caught.value, KeyError)


def test_words_without_direction(vectors):
    assert vectors.similarity("nowhere", "east") == 0
    assert vectors.distance("nowhere", "east") == 1
    assert vectors.similarities("east").tolist() == pytest.approx([1, 0.8, 0, 0, 0, -1])


def test_ranks(vectors):
    assert vectors.closer_than("east", "north") == ["eastnorth"]
    assert vectors.rank("east", "eastnorth") == 1
    assert vectors.rank("east", "west") == 5


def test_word_movers_distance_without_words(vectors):
    assert vectors.wmdistance([], ["up"]) == math.inf
    assert vectors.wmdistance(["absent"], ["up"], ignore_missing=True) == math.inf
    assert vectors.wmdistance(["up", "absent"], ["up"], ignore_missing=True) == 0
    assert vectors.wmdistance(["east"], ["north"]) == pytest.approx(2**0.5)
    assert vectors.wmdistance(["east"], ["west"], norm=False) == pytest.approx(2)


def test_a_part_of_the_vectors_keeps_order_and_counts(vectors):
    part = vectors.vectors_for_all(["up", "east", "up"])
    assert list(part) == ["up", "east"] and part.vocabulary.counts.tolist() == [6, 9]
    assert part["up"].tolist() == [0, 0, 5]
