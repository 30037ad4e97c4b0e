"""Tests of vectors and neighbours in notebooks, data frames, NumPy and scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.queries.neighbours import Neighbours
from wordkin.vocabulary import Vocabulary


@pytest.fixture
def vectors() -> Embeddings:
    words = ["king", "<b>queen</b>", *(f"word{i}" for i in range(18))]
    return Embeddings(Vocabulary(words), np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32))


def test_neighbours_are_a_list_and_a_table(vectors):
    found = vectors.most_similar("king", topn=3)
    assert isinstance(found, Neighbours) and isinstance(found, list) and len(found) == 3
    assert found == [(word, cosine) for word, cosine in found] and repr(found) == repr(list(found))
    assert found.words == [word for word, _ in found]
    assert found.similarities.tolist() == pytest.approx([cosine for _, cosine in found])
    assert pickle.loads(pickle.dumps(found)) == found
    html = Neighbours([("<b>", 0.5)])._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html and "0.5000" in html
    for each in (
        vectors.most_similar_cosmul("king"),
        vectors.similar_by_vector(vectors["king"]),
        vectors.analogy(*vectors.words[:3]),
    ):
        assert isinstance(each, Neighbours)
    assert all(isinstance(each, Neighbours) for each in vectors.most_similar_batch(["king", "word1"]))


def test_neighbours_become_a_data_frame(vectors):
    pytest.importorskip("pandas")
    frame = vectors.most_similar("king", topn=3).to_pandas()
    assert list(frame.columns) == ["word", "similarity"] and frame["similarity"].is_monotonic_decreasing
    assert list(Neighbours().to_pandas().columns) == ["word", "similarity"]


def test_vectors_show_their_first_words(vectors):
    html = vectors._repr_html_()
    assert "<caption>Embeddings(20 words x 8, float32)</caption>" in html
    assert "&lt;b&gt;queen&lt;/b&gt;" in html and "word7" in html and "word8" not in html
    assert html.count("<tr>") == 1 + 10 + 1
    small = vectors.vectors_for_all(["king"])
    assert small._repr_html_().count("<tr>") == 2


def test_vectors_are_an_array(vectors):
    array = np.asarray(vectors)
    assert np.shares_memory(array, vectors.matrix) and not array.flags.writeable
    assert np.asarray(vectors, copy=False).base is not None
    copied = np.array(vectors)
    assert copied.flags.writeable and not np.shares_memory(copied, vectors.matrix)
    assert np.array_equal(copied, vectors.matrix)
    assert np.asarray(vectors, dtype=np.float64).dtype == np.float64
    assert np.asarray(vectors, dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match="cannot convert float32 vectors to float64 without a copy"):
        np.asarray(vectors, dtype=np.float64, copy=False)


def test_scikit_learn_takes_vectors(vectors):
    cluster = pytest.importorskip("sklearn.cluster")
    labels = cluster.KMeans(3, n_init=1, random_state=0).fit(vectors).labels_
    assert labels.tolist() == cluster.KMeans(3, n_init=1, random_state=0).fit(np.array(vectors.matrix)).labels_.tolist()
