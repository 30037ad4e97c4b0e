"""Every query equals brute force in float64, for vectors of any magnitude; equal vectors are ordered by id."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.queries import exact
from wordkin.vocabulary import Vocabulary

TOLERANCE = 2e-6
SCALES = (1e-45, 1e-44, 1e-41, 1.2e-38, 1e-30, 1e-20, 1e-3, 1.0, 1e10, 1e25, 1e36, 1e37, 3.4e38)


@st.composite
def some_vectors(draw) -> Embeddings:
    """Draw up to 40 vectors: random directions with different scales, zeros, copies of others, also float16."""
    size, words = draw(st.integers(1, 9)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    half = draw(st.booleans())
    scales = draw(st.lists(st.sampled_from(SCALES), min_size=1, max_size=4))
    matrix = rng.uniform(-1, 1, (words, size)) * rng.choice(scales, (words, 1))
    matrix[rng.random(words) < 0.1] = 0
    copies = rng.random(words) < draw(st.sampled_from((0.0, 0.3, 1.0)))
    matrix[copies] = matrix[rng.integers(0, words, copies.sum())]
    largest = np.finfo(np.float16 if half else np.float32).max
    matrix = np.clip(matrix, -largest, largest).astype(np.float16 if half else np.float32)
    return Embeddings(Vocabulary([f"w{i}" for i in range(words)]), matrix)


def units_of(vectors: Embeddings) -> np.ndarray:
    wide = vectors.matrix.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.divide(wide, lengths, where=lengths > 0, out=wide)


def direction(sums: np.ndarray) -> np.ndarray:
    assume(np.linalg.norm(sums) > 1e-3)  # otherwise rounding errors decide
    return sums / np.linalg.norm(sums)


def agrees(
    vectors: Embeddings, answers: list[tuple[str, float]], scores: np.ndarray, own: set[int], count: int
) -> None:
    """Check that the answers are the best by ``scores`` up to rounding, and that equal vectors are ordered by id."""
    allowed = [word_id for word_id in range(len(scores)) if word_id not in own]
    assert len(answers) == min(count, len(allowed))
    ids = [int(word[1:]) for word, _ in answers]
    values = np.array([score for _, score in answers])
    assert not own & set(ids) and len(set(ids)) == len(ids) and np.isfinite(values).all()
    tolerance = TOLERANCE * max(1.0, float(np.abs(scores).max(initial=0)))
    assert np.allclose(values, scores[ids], rtol=TOLERANCE, atol=tolerance)
    assert (np.diff(values) <= 0).all()
    best = np.sort(scores[allowed])[::-1][: len(ids)]
    assert np.allclose(np.sort(scores[ids])[::-1], best, rtol=TOLERANCE, atol=tolerance)
    rows = [vectors.matrix[word_id].tobytes() for word_id in range(len(vectors))]
    for position, word_id in enumerate(ids):  # equal vectors with lower ids must precede it
        assert {each for each in allowed if each < word_id and rows[each] == rows[word_id]} <= set(ids[:position])


@settings(deadline=None, max_examples=150)
@given(some_vectors(), st.data())
def test_neighbours(vectors, data):
    units = units_of(vectors)
    known = np.flatnonzero(units.any(axis=1)).tolist()
    assume(known)
    topn = data.draw(st.integers(1, 45))
    restrict = data.draw(st.one_of(st.none(), st.integers(1, len(vectors))))
    searched = len(vectors) if restrict is None else restrict
    asked = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    weights = data.draw(
        st.lists(st.sampled_from([1, -1, 0.5, 1e-300, 1e300]), min_size=len(asked), max_size=len(asked))
    )
    weights = [weight * (1 if max(map(abs, weights)) < 1e200 else 1e-300) for weight in weights]
    query = direction(np.array(weights) / np.abs(weights).max() @ units[asked])
    positive = [(f"w{word_id}", weight) for word_id, weight in zip(asked, weights, strict=True)]
    answers = vectors.most_similar(positive, topn=topn, restrict_vocab=restrict)
    agrees(vectors, answers, (units @ query)[:searched], set(asked), topn)
    for scale in (1e-200, 1, 1e200):
        answers = vectors.similar_by_vector(query * scale, topn=topn, restrict_vocab=restrict)
        agrees(vectors, answers, (units @ query)[:searched], set(), topn)
    batch = [f"w{word_id}" for word_id in known] * data.draw(st.integers(1, 3))
    for word, answers in zip(batch, vectors.most_similar_batch(batch, topn, restrict_vocab=restrict), strict=True):
        agrees(vectors, answers, (units @ units[int(word[1:])])[:searched], {int(word[1:])}, topn)


@settings(deadline=None, max_examples=100)
@given(some_vectors(), st.data())
def test_products_of_cosines(vectors, data):
    units = units_of(vectors)
    known = np.flatnonzero(units.any(axis=1)).tolist()
    assume(known)
    positive = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))
    negative = data.draw(st.lists(st.sampled_from(known), max_size=1))
    topn = data.draw(st.integers(1, 45))
    try:
        answers = vectors.most_similar_cosmul(
            [f"w{each}" for each in positive], [f"w{each}" for each in negative], topn=topn
        )
    except ConfigError:  # terms whose sum is zero
        assume(False)
    shares = (1 + units @ units.T) / 2
    scores = shares[positive].prod(axis=0) / (shares[negative].prod(axis=0) + 1e-6)
    assume(scores.max() < 1e3)  # if the factor of a negative term is near 0, rounding decides
    agrees(vectors, answers, scores, {*positive, *negative}, topn)


@settings(deadline=None, max_examples=150)
@given(some_vectors(), st.data())
def test_comparisons(vectors, data):
    units = units_of(vectors)
    cosines = units @ units.T
    some = st.integers(0, len(vectors) - 1)
    a, b = data.draw(some), data.draw(some)
    first, second = (data.draw(st.lists(some, min_size=1, max_size=4)) for _ in range(2))
    words = [[f"w{word_id}" for word_id in ids] for ids in (first, second)]
    assert vectors.similarity(f"w{a}", f"w{b}") == pytest.approx(cosines[a, b], abs=1e-9)
    assert abs(vectors.similarity(f"w{a}", f"w{b}")) <= 1
    assert vectors.distance(f"w{a}", f"w{b}") == pytest.approx(1 - cosines[a, b], abs=1e-9)
    assert np.allclose(vectors.similarities(f"w{a}"), cosines[a], atol=TOLERANCE)
    assert np.allclose(vectors.similarities(f"w{a}", words[0]), cosines[a, first], atol=TOLERANCE)
    closer = vectors.closer_than(f"w{a}", f"w{b}")
    surely = {f"w{each}" for each in np.flatnonzero(cosines[a] > cosines[a, b] + TOLERANCE) if each != a}
    maybe = {f"w{each}" for each in np.flatnonzero(cosines[a] > cosines[a, b] - TOLERANCE) if each != a}
    assert surely <= set(closer) <= maybe and closer == sorted(closer, key=lambda word: int(word[1:]))
    assert vectors.rank(f"w{a}", f"w{b}") == len(closer) + 1
    odd = int(vectors.doesnt_match(words[0])[1:])
    likeness = units[first] @ units[first].mean(axis=0)
    assert likeness[first.index(odd)] <= likeness.min() + 1e-9
    wide = vectors.matrix.astype(np.float64)
    means = [wide[ids].mean(axis=0) for ids in (first, second)]
    lengths = [np.linalg.norm(mean) for mean in means]
    largest = [np.abs(wide[ids]).max() for ids in (first, second)]
    if all(length == 0 or length > 1e-6 * large for length, large in zip(lengths, largest, strict=True)):
        expected = float(means[0] @ means[1] / (lengths[0] * lengths[1])) if all(lengths) else 0.0
        assert vectors.n_similarity(*words) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(some_vectors(), st.data())
def test_means(vectors, data):
    units, wide = units_of(vectors), vectors.matrix.astype(np.float64)
    ids = data.draw(st.lists(st.integers(0, len(vectors) - 1), min_size=1, max_size=4))
    words = [f"w{word_id}" for word_id in ids]
    weights = data.draw(
        st.lists(st.sampled_from([1.0, -2.5, 0.25, 0.0]), min_size=len(ids), max_size=len(ids)).filter(any)
    )
    scale = data.draw(st.sampled_from([1.0, 1e-300, 7e307 / 2.5]))
    scaled = [weight * scale for weight in weights]
    factors = np.array(weights) / np.abs(weights).sum()
    assert np.allclose(vectors.mean_vector(words, scaled), factors @ units[ids], atol=1e-6)
    mean = factors @ wide[ids]
    got = vectors.mean_vector(words, scaled, pre_normalize=False)
    assert np.isfinite(got).all() and np.allclose(got, mean, rtol=1e-5, atol=1e-6 * np.abs(wide[ids]).max() + 1e-45)
    got = vectors.mean_vector(words, scaled, pre_normalize=False, post_normalize=True)
    if np.linalg.norm(mean) > 1e-6 * np.abs(wide[ids]).max():
        assert np.allclose(got, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ot")
@settings(deadline=None, max_examples=25)
@given(some_vectors(), st.data())
def test_transport_scales_with_the_vectors(vectors, data):
    pytest.importorskip("ot")
    some = st.integers(0, len(vectors) - 1)
    first, second = data.draw(some), data.draw(some)
    wide = vectors.matrix.astype(np.float64)
    expected = float(np.linalg.norm(wide[first] - wide[second]))
    assert vectors.wmdistance([f"w{first}"], [f"w{second}"], norm=False) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None, max_examples=25)
@given(some_vectors())
def test_the_index_has_exact_cosines(vectors):
    pytest.importorskip("usearch")
    units = units_of(vectors)
    index = vectors.build_index(dtype="f32", threads=1)
    assert len(index) == units.any(axis=1).sum()
    for word_id in np.flatnonzero(units.any(axis=1)).tolist()[:5]:
        answers = index.most_similar(f"w{word_id}", topn=5)
        scores = units @ units[word_id]
        assert np.allclose(
            [score for _, score in answers], [scores[int(word[1:])] for word, _ in answers], atol=TOLERANCE
        )


def test_the_smallest_numbers_as_they_were_found():
    """Regression test: the reciprocal of a norm overflowed."""
    vectors = Embeddings(Vocabulary(["a", "b"]), np.array([[1e-40, 2e-40], [2e-45, 1e-45]], np.float32))
    expected = vectors.similarity("a", "b")
    assert expected == pytest.approx(0.9487, abs=1e-4)
    assert vectors.most_similar("a") == [("b", pytest.approx(expected))]
    assert vectors.most_similar_batch(["a", "b"]) == [
        [("b", pytest.approx(expected))],
        [("a", pytest.approx(expected))],
    ]


@pytest.mark.parametrize("size", [3, 50, 300])
@pytest.mark.parametrize("queries", [2, 8, 301])
def test_equal_vectors_come_by_id_in_a_batch(size, queries):
    """Matrix products may differ between equal rows; the order is by id even if more than ``topn`` are equal."""
    rng = np.random.default_rng(0)
    matrix = np.tile(rng.normal(size=(7, size)), (43, 1)).astype(np.float32)
    vectors = Embeddings(Vocabulary([f"w{i}" for i in range(len(matrix))]), matrix)
    ids, cosines = exact.nearest(vectors, np.tile(matrix[:7], (43, 1))[:queries], 10)
    assert np.array_equal(ids % 7, np.tile(np.arange(queries)[:, None] % 7, 10))
    assert np.array_equal(ids, np.arange(queries)[:, None] % 7 + 7 * np.arange(10))
    assert (cosines == cosines[:, :1]).all()
    analogy = [word for word, _ in vectors.most_similar_cosmul(["w0", "w1"], ["w2"], topn=301)]
    for kind in range(7):
        same = [int(word[1:]) for word in analogy if int(word[1:]) % 7 == kind]
        assert same == sorted(same)
