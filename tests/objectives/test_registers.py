"""Tiles of vector registers do what NumPy says, at every width and in both number types."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from wordkin.objectives.cpu.layout import Layout, choose_layout
from wordkin.objectives.cpu.registers import (
    TileShape,
    add_dots,
    add_outer,
    add_rows,
    add_scaled,
    add_to_rows,
    any_equal,
    breadth,
    exp_of_negative,
    filled,
    height,
    highest,
    host_lanes,
    larger,
    load,
    load_row,
    logistic_step,
    prefetch,
    register_budget,
    store,
    store_totals,
    total,
    transpose,
    zeros,
)

LANES = {"float32": (4, 8, 16), "float64": (2, 4, 8)}
WIDTHS = [(dtype, lanes) for dtype, widths in LANES.items() for lanes in widths]
EPSILON = {"float32": float(np.finfo(np.float32).eps), "float64": float(np.finfo(np.float64).eps)}
PANEL = 3  # registers in a row of the tiles below
OFFSET = 1  # arrays are read from here on, so that nothing is aligned


def layout_of(dtype: str, lanes: int) -> Layout:
    layout = choose_layout(PANEL * lanes, dtype, lanes)
    assert layout.shapes.panel == TileShape(np.dtype(dtype), lanes, 1, PANEL)
    return layout


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(dtype)


@njit
def move(shapes, source, row_size, moved, one_row, squares, table, row_ids):
    """Load and store tiles; return their measures."""
    prefetch(source, 0, source.size)
    store(load(shapes.update, source, 1, row_size), moved, 1, row_size)
    store(load_row(shapes.update, source, 1), one_row, 0, 0)
    store(filled(shapes.vector, 1.5), one_row, breadth(shapes.update), 0)
    store(zeros(shapes.vector), one_row, breadth(shapes.update) + breadth(shapes.vector), 0)
    transpose(shapes.square, source, 1, row_size, squares, 0, breadth(shapes.vector))
    add_to_rows(load(shapes.update, source, 1, row_size), table, row_ids, 1, table.shape[1], 2)
    return height(shapes.update), breadth(shapes.update)


@pytest.mark.parametrize(("dtype", "lanes"), WIDTHS)
def test_tiles_are_moved(dtype: str, lanes: int) -> None:
    shapes = layout_of(dtype, lanes).shapes
    rows, columns = shapes.update.rows, PANEL * lanes
    row_size = columns + 5  # rows of the tile lie apart
    source = numbers(dtype, 17, row_size)
    moved, squares = np.zeros_like(source), np.zeros((lanes, lanes), dtype)
    one_row = np.full(columns + 2 * lanes, 7, dtype)
    table = numbers(dtype, 6, columns + 3)
    row_ids = np.array([5, 4, 1, 4, 0, 3, 4, 2, 1, 0], np.int32)
    expected_table = table.copy()
    tile = np.lib.stride_tricks.as_strided(source.ravel()[OFFSET:], (rows, columns), source.strides)
    for row in range(rows):
        expected_table[row_ids[OFFSET + row], 2 : 2 + columns] += tile[row]
    assert move(shapes, source, row_size, moved, one_row, squares, table, row_ids) == (rows, columns)
    expected = np.zeros_like(source)
    expected[:rows, OFFSET : OFFSET + columns] = tile
    np.testing.assert_array_equal(moved, expected)
    np.testing.assert_array_equal(one_row, [*tile[0], *[1.5] * lanes, *[0] * lanes])
    np.testing.assert_array_equal(squares, source[:lanes, OFFSET : OFFSET + lanes].T)
    np.testing.assert_array_equal(table, expected_table)


@njit
def combine(shapes, a, b, coefficients, stride, outer, sums, elementwise, ids, wanted):
    """Arithmetic on tiles; return the sum and the maximum of one, and whether ids are found."""
    lanes, columns = breadth(shapes.vector), breadth(shapes.panel)
    first, second = load_row(shapes.panel, a, 1), load_row(shapes.panel, b, 1)
    tile = add_outer(zeros(shapes.update), coefficients, 1, stride, first)
    store(add_outer(tile, coefficients, 2, stride, second), outer, 0, columns)
    store(add_scaled(first, -2.5, second), elementwise, 0, 0)
    store(larger(first, second), elementwise, columns, 0)
    store(add_rows(first, coefficients, 1, stride, load(shapes.update, outer, 0, columns)), elementwise, 2 * columns, 0)
    one = load_row(shapes.vector, a, 1)
    two, three = load_row(shapes.vector, a, 1 + lanes), load_row(shapes.vector, b, 1)
    store_totals(one, two, three, add_dots(one, first, second), sums, 0, 0)
    return total(first), highest(one), any_equal(shapes.vector, ids, 1, wanted)


@pytest.mark.parametrize(("dtype", "lanes"), WIDTHS)
def test_tiles_are_combined(dtype: str, lanes: int) -> None:
    shapes = layout_of(dtype, lanes).shapes
    rows, columns, stride = shapes.update.rows, PANEL * lanes, 3
    both = numbers(dtype, 2, columns + 1)
    a, b = both[:, OFFSET:]
    coefficients = numbers(dtype, 2 + stride * rows)
    outer, sums = np.zeros((rows, columns), dtype), np.zeros(6, dtype)
    elementwise = np.zeros(3 * columns, dtype)
    ids = np.arange(100, 102 + lanes, dtype=np.int32)
    summed, largest, found = combine(
        shapes, both[0], both[1], coefficients, stride, outer, sums, elementwise, ids, np.int32(100 + lanes)
    )
    assert found
    tolerance = {"rtol": 8 * EPSILON[dtype], "atol": 8 * EPSILON[dtype]}
    expected = np.outer(coefficients[1::stride][:rows], a) + np.outer(coefficients[2::stride][:rows], b)
    np.testing.assert_allclose(outer, expected, **tolerance)
    np.testing.assert_allclose(elementwise[:columns], a - 2.5 * b, **tolerance)
    np.testing.assert_array_equal(elementwise[columns : 2 * columns], np.maximum(a, b))
    np.testing.assert_allclose(elementwise[2 * columns :], a + coefficients[1::stride][:rows] @ outer, **tolerance)
    one = a[:lanes].sum()
    totals = [one, a[lanes : 2 * lanes].sum(), b[:lanes].sum(), one + a @ b, 0, 0]
    np.testing.assert_allclose(sums, totals, rtol=1e-5 if dtype == "float32" else 1e-13, atol=16 * EPSILON[dtype])
    assert summed == pytest.approx(float(a.sum()), rel=1e-5)
    assert largest == a[:lanes].max()


@pytest.mark.parametrize(("dtype", "lanes"), WIDTHS)
def test_ids_are_found_among_the_lanes_and_nowhere_else(dtype: str, lanes: int) -> None:
    shapes = layout_of(dtype, lanes).shapes
    both, ids = numbers(dtype, 2, PANEL * lanes + 1), np.arange(100, 102 + lanes, dtype=np.int32)
    coefficients, outer = numbers(dtype, 32), np.zeros((8, PANEL * lanes), dtype)

    def found(wanted: int) -> bool:
        buffers = np.zeros(4, dtype), np.zeros(3 * PANEL * lanes, dtype)
        return bool(combine(shapes, *both, coefficients, 3, outer, *buffers, ids, np.int32(wanted))[2])

    assert [wanted for wanted in range(98, 104 + lanes) if found(wanted)] == list(range(101, 101 + lanes))


@njit
def logistic(shape, scores, labels, errors, losses, powers):
    """Errors and losses of scores, and e^-|score|."""
    for place in range(0, scores.shape[0], breadth(shape)):
        score = load_row(shape, scores, place)
        error, loss = logistic_step(score, load_row(shape, labels, place))
        store(error, errors, place, 0)
        store(loss, losses, place, 0)
        lower = add_scaled(zeros(shape), -1.0, larger(score, add_scaled(zeros(shape), -1.0, score)))
        store(exp_of_negative(lower), powers, place, 0)


def logistic_results(dtype: str, lanes: int, scores: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    results = [np.zeros_like(scores) for _ in range(3)]
    logistic(layout_of(dtype, lanes).shapes.vector, scores, labels, *results)
    return results


@pytest.mark.parametrize("dtype", LANES)
def test_the_logistic_function_is_exact_and_the_same_at_every_width(dtype: str) -> None:
    scores = np.concatenate([np.linspace(-200, 200, 8001), np.linspace(-1e-3, 1e-3, 301), [-1e4, 1e4]]).astype(dtype)
    scores = np.resize(scores, 16 * 520)
    labels = np.resize([1.0, -1.0, -0.15625, 2.0, 0.0], len(scores)).astype(dtype)
    by_width = [logistic_results(dtype, lanes, scores, labels) for lanes in LANES[dtype]]
    for others in by_width[1:]:
        for ours, theirs in zip(by_width[0], others, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    errors, losses, powers = by_width[0]
    s, a = scores.astype(np.float64), labels.astype(np.float64)
    x = -np.copysign(1.0, a) * s
    power = np.exp(-np.minimum(np.abs(s), 700))
    tolerance = {"rtol": 4 * EPSILON[dtype], "atol": 1e-37 if dtype == "float32" else 1e-300}
    np.testing.assert_allclose(powers, power, **tolerance)
    np.testing.assert_allclose(errors, a * np.where(x < 0, power, 1) / (1 + power), **tolerance)
    np.testing.assert_allclose(losses, np.abs(a) * (np.maximum(x, 0) + np.log1p(power)), **tolerance)


def test_the_widths_of_this_processor_are_known() -> None:
    assert host_lanes() in LANES["float32"]
    assert register_budget() >= 8
