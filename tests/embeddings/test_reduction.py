"""Tests of reduced number types, dimensions and vocabularies, and of measuring the difference."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.errors import ConfigError, FormatError
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


@pytest.mark.parametrize("dtype", ["float64", "uint8", "half a loaf", None, 3])
def test_other_types_are_refused(dtype):
    with pytest.raises(ConfigError, match='dtype must be "float32", "float16" or "int8"; got'):
        some_vectors().astype(dtype)


def test_numbers_too_large_for_half_precision():
    vectors = Embeddings(Vocabulary(["a"]), np.array([[1e5, 1]], np.float32))
    with pytest.raises(ConfigError, match="dtype must be able to hold all numbers, up to 100000; got 'float16': keep"):
        vectors.astype("float16")


@given(st.integers(1, 6), st.integers(0, 5))
def test_no_other_projection_keeps_dot_products_better(dimensions, seed):
    """The singular value decomposition spans the same subspace, which is optimal (Eckart and Young 1936)."""
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
    with pytest.raises(ConfigError, match="matrix must hold only finite numbers"):
        vectors.reduce_dimensions(1)


def test_int8_rounds_to_steps_of_each_row():
    vectors = some_vectors()
    small = vectors.astype("int8")
    assert small.stored_dtype == "int8" and repr(small) == "Embeddings(40 words x 6, float32 from int8)"
    assert vectors.stored_dtype == "float32" and vectors.scales is None
    np.testing.assert_allclose(small.scales, np.abs(vectors.matrix).max(axis=1) / 127, rtol=1e-6)
    assert (np.abs(small.matrix - vectors.matrix) <= small.scales[:, None] * 0.5001).all()
    assert small.astype("int8") is small and small.astype("float32").scales is None
    assert small.first(3).stored_dtype == pickle.loads(pickle.dumps(small)).stored_dtype == "int8"


def test_int8_in_a_file(tmp_path):
    small = some_vectors().astype("int8")
    small.save(tmp_path / "v.safetensors")
    loaded = load_embeddings(tmp_path / "v.safetensors")
    assert loaded.stored_dtype == "int8" and loaded.metadata == small.metadata
    assert np.array_equal(loaded.matrix, small.matrix) and loaded.vocabulary == small.vocabulary
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "v.safetensors").read_bytes()
    some = load_embeddings(tmp_path / "v.safetensors", words=["w7", "w3"], limit=8)
    assert list(some) == ["w3", "w7"] and np.array_equal(some["w7"], small["w7"]) and some.stored_dtype == "int8"
    assert np.array_equal(load_embeddings(tmp_path / "v.safetensors", limit=2).matrix, small.matrix[:2])


def test_the_smallest_and_largest_numbers_survive_int8(tmp_path):
    largest = np.finfo(np.float32).max
    rows = np.array([[1e-44, 0], [largest, -1], [0, 0], [-largest, largest]], np.float32)
    small = Embeddings(Vocabulary(list("abcd")), rows).astype("int8")
    assert np.isfinite(small.matrix).all() and small.matrix[0, 0] > 0 and not small.matrix[2].any()
    small.save(tmp_path / "v.safetensors")
    assert np.array_equal(load_embeddings(tmp_path / "v.safetensors").matrix, small.matrix)


def test_int8_of_what_is_not_finite():
    vectors = Embeddings(Vocabulary(["a", "b"]), np.array([[np.nan, 1], [1, 1]], np.float32))
    with pytest.raises(FormatError, match="the vector of 'a' holds an infinite or NaN value"):
        vectors.astype("int8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"wordkin.format_version":"2"', b'"wordkin.format_version":"1"', "vectors are int8, but the format ver"),
        (
            b'"wordkin.format_version":"2"',
            b'"wordkin.format_version":"3"',
            "format version is '3'.*reads versions up to '2'",
        ),
        (b'"scales"', b'"scalez"', "the tensor 'scales' is missing"),
        (
            np.float32(0.5).tobytes(),
            np.float32(-1).tobytes(),
            "the scale of the word with id 1 must be a finite number from 0 up, but is -1.0",
        ),
        (
            np.float32(0.5).tobytes(),
            np.float32("nan").tobytes(),
            "the scale of the word with id 1 must be a finite number from 0 up, but is nan",
        ),
    ],
)
def test_files_of_int8_that_are_edited(tmp_path, old, new, message):
    path = tmp_path / "v.safetensors"
    Embeddings(Vocabulary(["a", "b"]), np.float32([[127, 1], [63.5, 1]])).astype("int8").save(path)
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with pytest.raises(FormatError, match=message):
        load_embeddings(path)


def test_what_fewer_words_lose():
    vectors = some_vectors()
    found = vectors.agreement(vectors.first(10), topn=5)
    assert 0 < found.shared_neighbours < 1 and found.words == 10 and found.topn == 5
    assert found.vector_cosine == pytest.approx(1) and found.cosine_difference < 1e-6
    assert found.kept_text == sum(range(10)) / sum(range(40))
    whole = vectors.agreement(vectors)
    assert (whole.shared_neighbours, whole.kept_text) == (1, 1) and whole.cosine_difference < 1e-6
    assert vectors.agreement(vectors.reduce_dimensions(2)).vector_cosine is None
    with pytest.raises(ConfigError, match="after must contain only words of the vectors before; got 'w10'"):
        vectors.first(10).agreement(vectors)
