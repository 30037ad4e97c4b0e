"""Tests of Embeddings: attributes, validation, immutability."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, FormatError, UnknownWordError
from wordkin.vocabulary import Vocabulary


@pytest.fixture
def vectors() -> Embeddings:
    matrix = np.array([[3, 4, 0], [0, 2, 0], [0, 0, 0], [1, 1, 1]], dtype=np.float32)
    return Embeddings(Vocabulary(["king", "queen", "zero", "man"], [9, 5, 3, 1]), matrix, {"epochs": "5"})


def test_it_holds_words_and_vectors(vectors):
    assert (len(vectors), vectors.vector_size, list(vectors)) == (4, 3, ["king", "queen", "zero", "man"])
    assert "king" in vectors and "dog" not in vectors and 3 not in vectors
    assert vectors.words == ["king", "queen", "zero", "man"]
    assert vectors["king"].tolist() == [3, 4, 0]
    assert vectors[["man", "king"]].tolist() == [[1, 1, 1], [3, 4, 0]]
    assert vectors.vector("king", norm=True).tolist() == pytest.approx([0.6, 0.8, 0])
    assert vectors.vector("zero", norm=True).tolist() == [0, 0, 0]
    assert vectors.norms.tolist() == pytest.approx([5, 2, 0, 3**0.5])
    assert dict(vectors.metadata) == {"epochs": "5"}
    assert vectors.path is None
    assert repr(vectors) == "Embeddings(4 words x 3, float32)"


def test_nothing_can_be_changed_from_outside(vectors):
    for array in (vectors.matrix, vectors["king"], vectors.norms):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        vectors.metadata["epochs"] = "6"
    with pytest.raises(AttributeError):
        vectors.matrix = None


def test_the_callers_own_array_stays_writable():
    matrix = np.ones((1, 2), dtype=np.float32)
    Embeddings(Vocabulary(["a"]), matrix)
    matrix[0] = 2


def test_no_query_changes_the_object(vectors):
    before = pickle.dumps((vectors.matrix, list(vectors), dict(vectors.metadata)))
    vectors.most_similar("king")
    vectors.most_similar(["king", "man"], ["queen"], restrict_vocab=2)
    vectors.most_similar_batch(["king", "queen"])
    vectors.most_similar_cosmul(["king"], ["queen"])
    vectors.similarity("king", "man")
    vectors.doesnt_match(["king", "queen", "man"])
    vectors.rank("king", "queen")
    vectors.mean_vector(["king", "man"])
    assert pickle.dumps((vectors.matrix, list(vectors), dict(vectors.metadata))) == before


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (
            np.zeros((2, 3), np.float64),
            "matrix must have dtype float32 or float16; got 'float64': convert it with astype(\"float32\")",
        ),
        (np.zeros((3, 3), np.float32), "must have 2 rows, one per word, and at least one column; got (3, 3)"),
        (np.zeros((2, 0), np.float32), "must have 2 rows, one per word, and at least one column; got (2, 0)"),
        (np.zeros(2, np.float32), "must have 2 rows, one per word, and at least one column; got (2,)"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(matrix, message):
    with pytest.raises(ConfigError) as caught:
        Embeddings(Vocabulary(["a", "b"]), matrix)
    assert str(caught.value).endswith(message)


def test_metadata_is_text():
    with pytest.raises(ConfigError, match=r"metadata must map str to str; got \{'epochs': 5\}"):
        Embeddings(Vocabulary(["a"]), np.ones((1, 1), np.float32), {"epochs": 5})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_cannot_be_compared_are_refused_when_used(bad):
    vectors = Embeddings(Vocabulary(["good", "bad"]), np.array([[1, 1], [bad, 3e38]], np.float32))
    message = r"the vector of 'bad' holds an infinite or NaN value \(vectors with such values: 1\)"
    for question in (
        lambda: vectors.norms,
        lambda: vectors.most_similar("good"),
        lambda: vectors.similarity("good", "bad"),
        lambda: vectors.most_similar("bad"),
    ):
        with pytest.raises(FormatError, match=message):
            question()
    assert vectors.similarity("good", "good") == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-45, 1e-40, 1e-25, 1e-10, 1, 1e15, 1e30, 1e36, 5e37])
def test_lengths_beyond_the_squares_of_float32(scale):
    matrix = np.array([[3 * scale, 4 * scale], [scale, 0]], np.float32)
    vectors = Embeddings(Vocabulary(["a", "b"]), matrix)
    sides = matrix.astype(np.float64)  # for subnormal numbers, the scale itself is rounded
    lengths = np.linalg.norm(sides, axis=1)
    assert vectors.norms.tolist() == pytest.approx(lengths, rel=1e-4, abs=1e-45)
    assert vectors.similarity("a", "b") == pytest.approx(sides[0, 0] / lengths[0], rel=1e-6)


def test_a_length_beyond_float32_is_infinite_and_compared_all_the_same():
    vectors = Embeddings(Vocabulary(["a", "b"]), np.array([[3e38, 3e38], [3e38, 0]], np.float32))
    assert vectors.norms.tolist() == [np.inf, pytest.approx(3e38)]
    assert vectors.most_similar("a") == [("b", pytest.approx(0.5**0.5))]


def test_first_words_without_copying(vectors):
    first = vectors.first(2)
    assert list(first) == ["king", "queen"] and first.vocabulary.counts.tolist() == [9, 5]
    assert np.shares_memory(first.matrix, vectors.matrix)
    assert vectors.first(10) is vectors


def test_unknown_words_name_their_neighbours_in_spelling(vectors):
    with pytest.raises(UnknownWordError, match="the word 'kign' is not in the vocabulary; nearest spellings: 'king'"):
        vectors["kign"]


def test_loading_and_comparing_needs_no_heavy_library(vectors, tmp_path):
    path = tmp_path / "v.safetensors"
    vectors.save(path)
    code = (
        "import sys; from wordkin.embeddings import load_embeddings\n"
        f"v = load_embeddings({str(path)!r}); v.similarity('king', 'man'); v.most_similar('king')\n"
        "heavy = {'numba', 'scipy', 'pandas', 'rich', 'typer', 'fsspec', 'pyarrow', 'gensim', 'usearch'}\n"
        "sys.exit(f'loaded {heavy & sys.modules.keys()}' if heavy & sys.modules.keys() else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
