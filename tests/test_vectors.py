"""Vectors scaled to length 1, for queries and for evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin import FormatError
from wordkin.vectors import unit_rows


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_get_length_one_in_float64(dtype):
    rows = np.array([[3, 4], [0, 0], [-6, 8]], dtype=dtype)
    units = unit_rows(rows)
    assert units.dtype == np.float64
    np.testing.assert_allclose(units, [[0.6, 0.8], [0, 0], [-0.6, 0.8]], rtol=1e-15)
    np.testing.assert_array_equal(rows, np.array([[3, 4], [0, 0], [-6, 8]], dtype=dtype))  # and are left as they were


def test_any_number_of_axes():
    rows = np.random.default_rng(1).normal(size=(2, 3, 5)).astype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(unit_rows(rows), axis=-1), 1, rtol=1e-15)
    assert unit_rows(np.empty((0, 4), np.float32)).shape == (0, 4)


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300])
def test_lengths_whose_squares_leave_the_range_of_float64(scale):
    np.testing.assert_allclose(unit_rows(np.array([[scale, scale]])), [[0.5**0.5, 0.5**0.5]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(dtype, value):
    with pytest.raises(FormatError, match=r"must hold finite numbers, but 1 of \d+ hold infinite"):
        unit_rows(np.array([[1, 2], [value, 1]], dtype=dtype))
