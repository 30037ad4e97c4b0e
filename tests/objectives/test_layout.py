"""Rows are padded to whole panels, tiles fit the registers, and tables begin on a cache line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.objectives.cpu.layout import (
    CACHE_LINE_BYTES,
    MAX_TILE_ROWS,
    aligned_zeros,
    choose_layout,
    padded,
)
from wordkin.objectives.cpu.registers import host_lanes, register_budget

KINDS = [("float32", 4), ("float32", 8), ("float32", 16), ("float64", 2), ("float64", 4), ("float64", 8)]


@given(numbers=st.integers(1, 5000), kind=st.sampled_from(KINDS))
def test_rows_hold_their_numbers_in_whole_panels(numbers: int, kind: tuple[str, int]) -> None:
    dtype, lanes = kind
    layout = choose_layout(numbers, dtype, lanes)
    breadth = layout.shapes.panel.vectors * lanes
    assert layout.lanes == lanes
    assert numbers <= layout.row_size < numbers + breadth
    assert layout.row_size % breadth == 0


@given(numbers=st.integers(1, 5000), kind=st.sampled_from(KINDS), score_vectors=st.sampled_from([None, 1, 2, 4]))
def test_tiles_fit_the_registers_and_the_buffers(
    numbers: int, kind: tuple[str, int], score_vectors: int | None
) -> None:
    dtype, lanes = kind
    layout = choose_layout(numbers, dtype, lanes)
    if score_vectors is not None:
        layout = layout.with_score_vectors(score_vectors)
        assert layout.shapes.score.vectors == score_vectors
    shapes = layout.shapes
    for tile in (shapes.panel, shapes.update, shapes.score):
        assert (tile.dtype, tile.lanes) == (np.dtype(dtype), lanes)
        assert tile.rows * tile.vectors <= register_budget()
        assert MAX_TILE_ROWS % tile.rows == 0
    assert shapes.update.vectors == shapes.panel.vectors
    assert (shapes.square.rows, shapes.square.vectors) == (lanes, 1)
    assert (shapes.vector.rows, shapes.vector.vectors) == (1, 1)


def test_unless_told_otherwise_registers_are_as_wide_as_those_of_this_processor() -> None:
    assert choose_layout(100).lanes == host_lanes()
    assert choose_layout(100, "float64").lanes == max(2, host_lanes() // 2)


@pytest.mark.parametrize(
    ("count", "multiple", "expected"), [(0, 8, 0), (1, 8, 8), (8, 8, 8), (9, 8, 16), (65, 64, 128)]
)
def test_counts_are_padded_upwards(count: int, multiple: int, expected: int) -> None:
    assert padded(count, multiple) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (100, 112)])
def test_tables_begin_on_a_cache_line(shape: tuple[int, ...], dtype: str) -> None:
    table = aligned_zeros(shape, dtype)
    assert table.shape == shape
    assert table.dtype == dtype
    assert table.flags.c_contiguous
    assert not table.any()
    assert table.ctypes.data % CACHE_LINE_BYTES == 0
