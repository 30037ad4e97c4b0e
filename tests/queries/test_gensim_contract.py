"""Queries of wordkin and gensim's KeyedVectors return the same words, and cosines equal to 1e-5."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")
TOLERANCE = 1e-5


def trained() -> KeyedVectors:
    """Vectors trained by gensim on sentences with a pattern."""
    rng = np.random.default_rng(3)
    topics = [[f"t{topic}w{number}" for number in range(30)] for topic in range(5)]
    sentences = [list(rng.choice(topics[rng.integers(5)], 12)) for _ in range(800)]
    return Word2Vec(sentences, vector_size=24, min_count=1, workers=1, seed=1, epochs=3).wv


def random_vectors(words: int, size: int, seed: int) -> KeyedVectors:
    rng = np.random.default_rng(seed)
    keyed = KeyedVectors(size)
    matrix = rng.normal(size=(words, size)) * np.exp(rng.normal(size=(words, 1)))
    keyed.add_vectors([f"w{number}" for number in range(words)], matrix.astype(np.float32))
    return keyed


CASES = {
    "trained": trained(),
    "random": random_vectors(2000, 50, 0),
    "small": random_vectors(12, 3, 1),
    "wide": random_vectors(200, 300, 2),
}


@pytest.fixture(params=CASES)
def both(request) -> tuple[Embeddings, KeyedVectors]:
    keyed = CASES[request.param]
    return Embeddings.from_gensim(keyed), keyed


def same(ours, theirs) -> None:
    """Check that the words are the same in the same order, except among words of equal cosine."""
    assert len(ours) == len(theirs)
    assert np.allclose([score for _, score in ours], [score for _, score in theirs], rtol=TOLERANCE, atol=TOLERANCE)
    scores = dict(theirs)
    for (word, score), (other, other_score) in zip(ours, theirs, strict=True):
        assert word == other or abs(score - other_score) < 1e-6 or abs(scores.get(word, score) - score) < 1e-6


def drawn_words(data: st.DataObject, keyed: KeyedVectors, at_least: int, at_most: int) -> list[str]:
    return data.draw(st.lists(st.sampled_from(keyed.index_to_key), min_size=at_least, max_size=at_most, unique=True))


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_most_similar(data):
    keyed = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    vectors = Embeddings.from_gensim(keyed)
    words = drawn_words(data, keyed, 1, 6)
    split = data.draw(st.integers(1, len(words)))
    positive, negative = words[:split], words[split:]
    topn = data.draw(st.integers(1, 15))
    restrict = data.draw(st.none() | st.integers(5, len(vectors)))
    ours = vectors.most_similar(positive, negative, topn, restrict_vocab=restrict)
    same(ours, keyed.most_similar(positive, negative, topn, restrict_vocab=restrict))
    # gensim's most_similar_cosmul ignores restrict_vocab
    same(vectors.most_similar_cosmul(positive, negative, topn), keyed.most_similar_cosmul(positive, negative, topn))


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_weights_and_vectors_among_the_words(data):
    keyed = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    vectors = Embeddings.from_gensim(keyed)
    words = drawn_words(data, keyed, 2, 5)
    weights = [data.draw(st.floats(0.1, 3)) for _ in words]
    vector = np.random.default_rng(0).normal(size=vectors.vector_size).astype(np.float32)
    positive = [*zip(words[1:], weights[1:], strict=True), vector]
    ours = vectors.most_similar(positive, [(words[0], weights[0])])
    # gensim adds a negative term that has a weight, unless the weight is negative
    same(ours, keyed.most_similar(positive, [(words[0], -weights[0])]))


def test_single_words_and_vectors(both):
    vectors, keyed = both
    for word in keyed.index_to_key[:5]:
        same(vectors.most_similar(word, topn=5), keyed.most_similar(word, topn=5))
        same(vectors.similar_by_vector(keyed[word], 5), keyed.similar_by_vector(keyed[word], 5))
        same(vectors.most_similar(keyed[word], topn=3), keyed.most_similar([keyed[word]], topn=3))
    batch = vectors.most_similar_batch(keyed.index_to_key, topn=7)
    for word, ours in zip(keyed.index_to_key, batch, strict=True):
        same(ours, keyed.most_similar(word, topn=7))


def test_half_precision_stays_close(both):
    vectors, keyed = both
    ours = vectors.astype("float16").most_similar(keyed.index_to_key[0], topn=5)
    theirs = keyed.most_similar(keyed.index_to_key[0], topn=5)
    assert np.allclose([score for _, score in ours], [score for _, score in theirs], atol=2e-3)


def test_analogy_is_gensims_three_words(both):
    vectors, keyed = both
    a, b, c = keyed.index_to_key[:3]
    same(vectors.analogy(a, b, c, 5), keyed.most_similar([b, c], [a], 5))


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_comparisons(data):
    keyed = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    vectors = Embeddings.from_gensim(keyed)
    first, second = drawn_words(data, keyed, 2, 2)
    some, others = drawn_words(data, keyed, 1, 5), drawn_words(data, keyed, 1, 5)
    assert vectors.similarity(first, second) == pytest.approx(float(keyed.similarity(first, second)), abs=TOLERANCE)
    assert vectors.distance(first, second) == pytest.approx(float(keyed.distance(first, second)), abs=TOLERANCE)
    assert vectors.n_similarity(some, others) == pytest.approx(float(keyed.n_similarity(some, others)), abs=TOLERANCE)
    assert np.allclose(1 - vectors.similarities(first), keyed.distances(first), atol=TOLERANCE)
    assert np.allclose(1 - vectors.similarities(first, others), keyed.distances(first, others), atol=TOLERANCE)
    assert abs(vectors.rank(first, second) - keyed.rank(first, second)) <= 1  # a tie may be broken differently
    assert set(vectors.closer_than(first, second)) ^ set(keyed.closer_than(first, second)) <= {second}
    assert np.allclose(vectors.vector(first, norm=True), keyed.get_vector(first, norm=True), atol=TOLERANCE)


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_means(data):
    keyed = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    vectors = Embeddings.from_gensim(keyed)
    words = drawn_words(data, keyed, 1, 6)
    weights = data.draw(st.none() | st.lists(st.floats(0.1, 3), min_size=len(words), max_size=len(words)))
    options = {"pre_normalize": data.draw(st.booleans()), "post_normalize": data.draw(st.booleans())}
    ours = vectors.mean_vector(words, weights, **options)
    theirs = keyed.get_mean_vector(words, None if weights is None else np.array(weights), **options)
    assert np.allclose(ours, theirs, rtol=1e-4, atol=TOLERANCE)
    assert np.array_equal(
        vectors.mean_vector([*words, "absent"], ignore_missing=True), vectors.mean_vector(words, ignore_missing=True)
    )


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_the_odd_one_out(data):
    keyed = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    words = drawn_words(data, keyed, 3, 8)
    assert Embeddings.from_gensim(keyed).doesnt_match(words) == keyed.doesnt_match(words)


@pytest.mark.parametrize("norm", [True, False])
def test_word_movers_distance(both, norm):
    vectors, keyed = both
    words = keyed.index_to_key
    for first, second in ((words[:4], words[3:9]), (words[:2] * 3, words[1:4]), (words[:3], words[:3][::-1])):
        ours = vectors.wmdistance(first, second, norm=norm)
        assert ours == pytest.approx(keyed.wmdistance(first, second, norm=norm), abs=1e-4)


def test_a_part_of_the_vectors(both):
    vectors, keyed = both
    words = [*keyed.index_to_key[5:2:-1], keyed.index_to_key[4], "absent"]
    ours, theirs = vectors.vectors_for_all(words, ignore_missing=True), keyed.vectors_for_all(words)
    assert sorted(ours) == sorted(theirs.index_to_key)
    assert all(np.array_equal(ours[word], theirs[word]) for word in ours)
