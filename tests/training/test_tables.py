"""The trained tables: their shapes, how they start, how they are packed, and which of them is the result."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wordkin.config import TrainingConfig
from wordkin.training import tables
from wordkin.training.tables import compacted, initial_input_rows, result_vectors, table_shapes


def started(seed: int = 1, vocabulary_size: int = 500, vector_size: int = 20) -> np.ndarray:
    config = TrainingConfig(seed=seed, vector_size=vector_size)
    return np.concatenate([rows for _, rows in initial_input_rows(config, vocabulary_size)])


def test_shapes_follow_from_the_configuration() -> None:
    config = TrainingConfig(
        objective=("negative-sampling", "hierarchical-softmax"), vector_size=3, projection_bias=True, output_bias=True
    )
    assert table_shapes(config, 10) == {
        "input": (10, 3),
        "output/negative-sampling": (10, 3),
        "output_bias/negative-sampling": (10,),
        "output/hierarchical-softmax": (9, 3),
        "output_bias/hierarchical-softmax": (9,),
        "projection_bias": (3,),
    }
    assert table_shapes(TrainingConfig(vector_size=3), 1) == {"input": (1, 3), "output/negative-sampling": (1, 3)}


def test_input_vectors_start_uniform_between_plus_and_minus_half_by_size() -> None:
    rows = started()
    assert rows.dtype == np.float32
    assert rows.shape == (500, 20)
    assert np.abs(rows).max() <= 0.5 / 20
    scaled = rows * 20 + 0.5
    np.testing.assert_allclose(np.histogram(scaled, bins=10, range=(0, 1))[0] / scaled.size, 0.1, atol=0.015)
    assert len(np.unique(rows)) > 0.99 * rows.size


def test_the_seed_alone_decides_how_vectors_start(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = started(seed=3)
    assert (whole != started(seed=4)).any()
    monkeypatch.setattr(tables, "PIECE_ROWS", 7)
    np.testing.assert_array_equal(started(seed=3), whole)
    np.testing.assert_array_equal(started(seed=3, vocabulary_size=100), whole[:100])  # a word keeps its start


@pytest.mark.parametrize("rows_at_a_time", [2, 100])
def test_compacted_tables_are_the_same_numbers_in_one_piece(
    rows_at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PIECE_ROWS", rows_at_a_time)
    padded = np.random.default_rng(1).normal(size=(9, 16)).astype(np.float32)
    named = {"input": padded[:, :5], "output_bias/softmax": padded[:, 7], "whole": np.ones((3, 4), np.float32)}
    expected = {name: table.copy() for name, table in named.items()}
    found = compacted(named)
    assert found.keys() == expected.keys()
    for name, table in found.items():
        assert table.flags.c_contiguous
        np.testing.assert_array_equal(table, expected[name])
    assert np.shares_memory(found["input"], padded)  # no second copy of what may be most of the memory
    assert found["whole"] is named["whole"]


NAMED = {
    "input": np.array([[1.0, 2.0]], np.float32),
    "output/negative-sampling": np.array([[10.0, 20.0]], np.float32),
    "output/softmax": np.array([[100.0, 200.0]], np.float32),
    "output/hierarchical-softmax": np.zeros((0, 2), np.float32),
}
RESULTS = {"input": [[1, 2]], "output": [[10, 20]], "sum": [[11, 22]], "average": [[5.5, 11]]}


@pytest.mark.parametrize(
    ("objective", "vectors"),
    list(itertools.product(["negative-sampling", ("hierarchical-softmax", "negative-sampling", "softmax")], RESULTS)),
)
def test_the_result_is_the_table_asked_for(objective: str | tuple[str, ...], vectors: str) -> None:
    config = TrainingConfig(objective=objective, vectors=vectors, vector_size=2)
    found = result_vectors(config, NAMED)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, RESULTS[vectors])
