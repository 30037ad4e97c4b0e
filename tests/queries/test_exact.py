"""Exact search finds the same words as sorting all cosines."""

from __future__ import annotations

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.queries import exact
from wordkin.queries.exact import BestScores, blas_threads, nearest
from wordkin.vocabulary import Vocabulary


def embeddings_of(matrix: np.ndarray) -> Embeddings:
    return Embeddings(Vocabulary([f"w{i}" for i in range(len(matrix))]), matrix)


def sorted_best(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the specified order: by decreasing score, ties by id."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(scores, order, axis=1)


@settings(deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 700), st.integers(1, 40), st.integers(1, 8), st.integers(0, 2**32 - 1), st.data()
)
def test_best_scores_are_those_of_a_sort(queries, size, count, levels, seed, data):
    """Few distinct scores make many ties; blocks have any sizes."""
    count = min(count, size)
    scores = np.random.default_rng(seed).integers(0, levels, (queries, size)).astype(np.float32)
    best = BestScores(queries, count)
    start = 0
    while start < size:
        length = data.draw(st.integers(1, size - start))
        best.offer(scores[:, start : start + length], start)
        start += length
    ids, values = sorted_best(scores, count)
    assert np.array_equal(best.ids, ids) and np.array_equal(best.scores, values)


def test_large_blocks_of_distinct_scores():
    scores = np.random.default_rng(0).permutation(3 * 50_000).astype(np.float32).reshape(3, 50_000)
    best = BestScores(3, 25)
    for start in range(0, 50_000, 20_000):
        best.offer(scores[:, start : start + 20_000], start)
    ids, values = sorted_best(scores, 25)
    assert np.array_equal(best.ids, ids) and np.array_equal(best.scores, values)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("queries", [1, 2, 30])
@pytest.mark.parametrize("threads", [None, 1, 3])
def test_cosines_in_blocks_of_any_size(monkeypatch, dtype, queries, threads):
    monkeypatch.setattr(exact, "_BLOCK_SCORES", 200)
    monkeypatch.setattr(exact, "_PART_NUMBERS", 100)
    monkeypatch.setattr(exact, "_BLOCK_QUERIES", 20)
    monkeypatch.setattr(exact, "_THREAD_NUMBERS", 500)
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(333, 7)).astype(dtype)
    matrix[[5, 200]] = 0
    asked = rng.normal(size=(queries, 7)).astype(np.float32)
    ids, cosines = nearest(embeddings_of(matrix), asked, 9, threads=threads)
    wide = matrix.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    expected = (asked @ wide.T) / np.where(lengths > 0, lengths, 1) / np.linalg.norm(asked, axis=1)[:, None]
    expected_ids, expected_cosines = sorted_best(expected, 9)
    assert np.array_equal(ids, expected_ids)
    assert np.allclose(cosines, expected_cosines, atol=1e-6)


@pytest.mark.parametrize("size", [3, 7, 100])
def test_equal_rows_have_equal_cosines_and_come_by_id(size):
    rng = np.random.default_rng(3)
    matrix = np.tile(rng.normal(size=(7, size)), (150, 1)).astype(np.float32)
    ids, cosines = nearest(embeddings_of(matrix), matrix[:1], 150, threads=2)
    assert ids.tolist() == [list(range(0, 7 * 150, 7))] and len(set(cosines[0].tolist())) == 1


def test_shapes_where_there_is_little_to_find():
    vectors = embeddings_of(np.eye(3, dtype=np.float32))
    ids, cosines = nearest(vectors, np.ones((2, 3), np.float32), 10)
    assert ids.tolist() == [[0, 1, 2]] * 2 and cosines == pytest.approx(np.full((2, 3), 3**-0.5))
    ids, _ = nearest(vectors, np.ones((1, 3), np.float32), 10, restrict_vocab=2)
    assert ids.tolist() == [[0, 1]]
    ids, cosines = nearest(vectors, np.empty((0, 3), np.float32), 2)
    assert ids.shape == cosines.shape == (0, 2)
    empty = Embeddings(Vocabulary([]), np.empty((0, 3), np.float32))
    assert nearest(empty, np.ones((1, 3), np.float32), 2)[0].shape == (1, 0)


def test_a_query_of_zeros_is_like_nothing():
    ids, cosines = nearest(embeddings_of(np.eye(4, dtype=np.float32)), np.zeros((1, 4), np.float32), 2)
    assert ids.tolist() == [[0, 1]] and cosines.tolist() == [[0, 0]]


@pytest.mark.parametrize("threads", [1, 2])
def test_blas_threads_are_bounded_and_given_back(threads):
    before = threadpoolctl.threadpool_info()
    with blas_threads(threads):
        inside = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
        assert inside and max(inside) <= threads
    assert threadpoolctl.threadpool_info() == before


@pytest.mark.parametrize("option", ["topn", "restrict_vocab", "threads"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_illegal_numbers(option, value):
    arguments = {"topn": 3} | {option: value}
    for queries in (1, 2):
        with pytest.raises(ConfigError) as caught:
            nearest(embeddings_of(np.eye(3, dtype=np.float32)), np.ones((queries, 3), np.float32), **arguments)
        assert str(caught.value) == f"{option} must be a whole number from 1 up; got {value!r}"
