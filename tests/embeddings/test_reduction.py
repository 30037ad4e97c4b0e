"""Smaller vectors: what is kept, what is lost, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.vocabulary import Vocabulary


def some_vectors(words: int = 40, size: int = 6, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    matrix = (rng.normal(size=(words, size)) @ np.diag(0.5 ** np.arange(size)) + 0.3).astype(np.float32)
    return Embeddings(Vocabulary([f"w{i}" for i in range(words)], range(words)), matrix, {"note": "kept"})


def test_half_precision_and_back():
    vectors = some_vectors()
    half = vectors.astype("float16")
    assert half.matrix.dtype == np.float16 and half.matrix.nbytes * 2 == vectors.matrix.nbytes
    assert half.vocabulary is vectors.vocabulary and half.metadata == vectors.metadata
    assert np.allclose(half.astype(np.float32).matrix, vectors.matrix, rtol=1e-3, atol=1e-6)
    assert vectors.astype("float32") is vectors
    assert half.similarity("w1", "w2") == pytest.approx(vectors.similarity("w1", "w2"), abs=2e-3)
    assert [word for word, _ in half.most_similar("w1", topn=3)] == [w for w, _ in vectors.most_similar("w1", topn=3)]


@pytest.mark.parametrize("dtype", ["float64", "int8", "half a loaf", None, 3])
def test_other_types_are_refused(dtype):
    with pytest.raises(ConfigError, match='dtype must be "float32" or "float16"; got'):
        some_vectors().astype(dtype)


def test_numbers_too_large_for_half_precision():
    vectors = Embeddings(Vocabulary(["a"]), np.array([[1e5, 1]], np.float32))
    with pytest.raises(ConfigError, match="dtype must hold all numbers; got 'float16': they go up to 100000: keep"):
        vectors.astype("float16")


@given(st.integers(1, 6), st.integers(0, 5))
def test_no_other_projection_keeps_dot_products_better(dimensions, seed):
    """Against the singular value decomposition: same subspace, so the same products (Eckart and Young 1936)."""
    vectors = some_vectors(seed=seed)
    reduced = vectors.reduce_dimensions(dimensions)
    assert reduced.matrix.shape == (40, dimensions) and reduced.matrix.dtype == np.float32
    left, values, right = np.linalg.svd(vectors.matrix.astype(np.float64), full_matrices=False)
    best = (left[:, :dimensions] * values[:dimensions]) @ right[:dimensions]
    assert np.allclose(reduced.matrix @ reduced.matrix.T, best @ best.T, atol=1e-4)


def test_all_dimensions_are_a_rotation():
    vectors = some_vectors()
    rotated = vectors.reduce_dimensions(6)
    assert np.allclose(rotated.norms, vectors.norms, rtol=1e-5)
    assert rotated.similarity("w1", "w2") == pytest.approx(vectors.similarity("w1", "w2"), abs=1e-6)


def test_components_fall_and_have_a_fixed_sign():
    reduced = some_vectors().reduce_dimensions(6)
    energy = (reduced.matrix.astype(np.float64) ** 2).sum(axis=0)
    assert (np.diff(energy) <= 0).all()
    again = some_vectors().reduce_dimensions(6)
    assert np.array_equal(reduced.matrix, again.matrix)


def test_half_precision_stays():
    assert some_vectors().astype("float16").reduce_dimensions(2).matrix.dtype == np.float16


@pytest.mark.parametrize("dimensions", [0, 7, -1, True, 2.0])
def test_illegal_dimensions(dimensions):
    with pytest.raises(ConfigError, match="dimensions must be a whole number from 1 to 6; got"):
        some_vectors().reduce_dimensions(dimensions)


def test_values_that_are_not_finite():
    vectors = Embeddings(Vocabulary(["a", "b"]), np.array([[np.nan, 1], [1, 1]], np.float32))
    with pytest.raises(ConfigError, match="matrix must hold finite numbers"):
        vectors.reduce_dimensions(1)
