"""Changes of rows in bfloat16: rounding, and what merging makes of rounded changes."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.objectives.cpu.bfloat16 import list_changes, set_changed_rows
from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cluster.merging import ChangedRows, Merger, read_only

IDS = read_only(np.arange(1, dtype=np.int32))


def rounded(numbers: np.ndarray) -> np.ndarray:
    """The nearest bfloat16 numbers, as float32."""
    found = np.zeros((1, len(numbers)), np.uint16)
    list_changes(numbers[None].astype(np.float32), np.zeros((1, len(numbers)), np.float32), IDS, found)
    return (found[0].astype(np.uint32) << 16).view(np.float32)


def short(values: list[float]) -> np.ndarray:
    """Rows of five equal numbers in bfloat16."""
    return (rounded(np.repeat(values, 5)).view(np.uint32) >> 16).astype(np.uint16).reshape(-1, 5)


def test_numbers_are_rounded_to_the_nearest() -> None:
    numbers = (np.random.default_rng(1).normal(size=4096) * 10.0 ** np.arange(-32, 32).repeat(64)).astype(np.float32)
    found = rounded(numbers)
    steps = 2.0 ** (np.floor(np.log2(np.abs(numbers))) - 7)  # between neighbours
    assert (np.abs(found - numbers) <= steps / 2).all()
    assert (rounded(found) == found).all()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1.0 + 2**-8, 1.0),  # halfway, to the even one below
        (1.0 + 3 * 2**-8, 1.0 + 2**-6),  # halfway, to the even one above
        (-1.0 - 2**-8 - 2**-20, -1.0 - 2**-7),
        (3.4e38, np.inf),
        (-np.inf, -np.inf),
        (0.0, 0.0),
        (2.0**-133, 2.0**-133),  # the smallest above 0
    ],
)
def test_rounding_of_special_numbers(number: float, expected: float) -> None:
    assert rounded(np.array([number]))[0] == expected


def test_what_is_not_a_number_remains_so() -> None:
    payloads = np.array([0x7FFFFFFF, 0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)
    assert np.isnan(rounded(payloads)).all()


def test_rounded_changes_are_added_to_the_rows_before() -> None:
    layout = choose_layout(5)
    before = np.zeros((4, layout.row_size), np.float32)
    before[:, :5] = 1000.0
    changes = [
        [ChangedRows(np.array(ids, np.int32), short(values), np.full(len(ids), 1e-9, np.float32))]
        for ids, values in (([0, 2], [0.5, 0.25]), ([2, 3], [0.125, -1 / 3]))
    ]
    (merged,) = Merger(layout, (4,), short_columns=5).merge([before], changes)
    assert merged.ids.tolist() == [0, 2, 3]
    after = np.full_like(before, 7.0)
    set_changed_rows(after, before, read_only(merged.ids), read_only(merged.rows))
    third = rounded(np.array([-1 / 3]))[0]
    assert after[[0, 2, 3], 0] == pytest.approx([1000.5, 1000.375, 1000 + third], abs=1e-3)
    assert (after[[0, 2, 3], :5] == after[[0, 2, 3], :1]).all()
    assert (after[:, 5:] == 7.0).all()
    assert (after[1] == 7.0).all()
