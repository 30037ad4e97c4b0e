"""Rows of replicas merged stripe by stripe: the order of the replicas, and the share of their changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wordkin.objectives.cpu.layout import choose_layout
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.merging import STRIPE_ROWS, ChangedRows, Merger, owner_of
from wordkin.training.cluster.replica import mean_square

LAYOUT = choose_layout(5)
ROWS = (10, 0, 6)  # input rows, no projection bias, fewer output rows


def rows_of(values: np.ndarray) -> np.ndarray:
    """Rows with one number in all columns."""
    return np.repeat(values.astype(np.float32)[:, None], LAYOUT.row_size, axis=1)


def changed(values: dict[int, float], pull: float) -> ChangedRows:
    ids = np.array(sorted(values), np.int32)
    rows = rows_of(np.array([values[row] for row in sorted(values)]))
    return ChangedRows(ids, rows, np.full(len(ids), pull, np.float32))


def merged(replicas: list[dict[int, float]], pull: float) -> dict[int, float]:
    """The input rows that come of row r = r, when replicas made other rows of some."""
    merger = Merger(LAYOUT, ROWS)
    before = [rows_of(np.arange(count)) for count in ROWS]
    for _ in range(2):  # what was merged before leaves no trace
        changes = [[changed(values, pull), changed({}, pull), changed({2: 5.0}, pull)] for values in replicas]
        inputs, bias, outputs = merger.merge(before, changes)
    assert len(bias.ids) == 0
    assert outputs.ids.tolist() == [2]
    assert (inputs.rows == inputs.rows[:, :1]).all()
    return dict(zip(inputs.ids.tolist(), inputs.rows[:, 0].tolist(), strict=True))


def test_changes_of_rows_that_are_updated_little_add_up() -> None:
    assert merged([{3: 4.0, 7: 9.0}, {7: 7.5}, {}, {0: -1.0, 3: 4.0}], 1e-9) == {0: -1.0, 3: 5.0, 7: 9.5}


def test_rows_that_every_replica_moves_far_become_their_mean() -> None:
    found = merged([{3: 4.0}, {3: 5.0}, {3: 9.0}], 1e3)
    assert found[3] == pytest.approx(6.0)


def test_between_them_a_share_is_added() -> None:
    found = merged([{3: 4.0}] * 4, 0.5)
    assert found[3] == pytest.approx(3 + 4 * -math.expm1(-4 * 0.5) / (-4 * math.expm1(-0.5)), rel=1e-5)


def test_a_row_of_one_replica_is_what_it_made_of_it() -> None:
    assert merged([{3: 4.0}, {4: 1.0}], 1e3) == {3: 4.0, 4: 1.0}


def test_changes_are_added_in_the_order_of_the_replicas() -> None:
    values = [1e6, -1e6, 1.0, 1e-3]
    expected = np.float32(3)
    for value in values:
        expected += np.float32(value) - np.float32(3)
    assert merged([{3: value} for value in values], 0.0)[3] == expected


def test_rows_of_a_whole_table_need_no_copy() -> None:
    before = rows_of(np.arange(10))
    replicas = [{3: 4.0, 7: 9.0}, {7: 7.5, 8: 1.0}, {3: 1.0, 7: 0.5}]
    listed = [[changed(values, 0.5)] for values in replicas]
    whole = []
    for (each,) in listed:
        table = rows_of(np.full(10, np.nan))
        table[each.ids] = each.rows
        whole.append([each._replace(rows=table, whole=True)])
    mixed = [whole[0], listed[1], whole[2]]
    expected, *others = (Merger(LAYOUT, (10,)).merge([before], changes)[0] for changes in (listed, whole, mixed))
    assert expected.ids.tolist() == [3, 7, 8]
    for found in others:
        assert found.ids.tolist() == expected.ids.tolist()
        assert found.rows.tobytes() == expected.rows.tobytes()


def test_reserved_memory_is_used_for_every_merge() -> None:
    before = [rows_of(np.arange(2500))]
    merger = Merger(LAYOUT, (2500,))
    merger.reserve([2000])
    first, second = (merger.merge(before, [[changed(dict.fromkeys(range(count), 1.0), 0.5)]])[0] for count in (3, 2000))
    assert first.rows.ctypes.data == second.rows.ctypes.data
    assert merger.merge(before, [[changed(dict.fromkeys(range(2500), 1.0), 0.5)]])[0].rows.shape == (2500, 8)
    buffer = Buffer()
    buffer.reserve(1000)
    small, large = (buffer.rows(count, 8, np.float32).ctypes.data for count in (2, 31))
    assert small == large
    assert buffer.rows(40, 8, np.float32).shape == (40, 8)


def test_owners_share_stripes_and_each_row_has_one() -> None:
    rows = np.arange(5 * STRIPE_ROWS + 5)
    owners = owner_of(rows, 2)
    assert [int(owners[stripe * STRIPE_ROWS]) for stripe in range(6)] == [0, 1, 0, 1, 0, 1]
    assert (np.diff(owners) != 0).sum() == 5


def test_tables_of_any_length_are_merged() -> None:
    merger = Merger(LAYOUT, (2500, 0, 6))
    before = [rows_of(np.zeros(count)) for count in (2500, 0, 6)]
    first, second = {3: 4.0, 1024: 1.0, 2499: 9.0}, {3: 1.0, 2048: 7.0}
    changes = [[changed(each, 1e-9), changed({}, 1.0), changed({2: 5.0}, 1e-9)] for each in (first, second)]
    inputs, bias, outputs = merger.merge(before, changes)
    assert dict(zip(inputs.ids.tolist(), inputs.rows[:, 0].tolist(), strict=True)) == {
        3: 5.0, 1024: 1.0, 2048: 7.0, 2499: 9.0
    }  # fmt: skip
    assert (len(bias.ids), outputs.ids.tolist(), outputs.rows[:, 0].tolist()) == (0, [2], [10.0])
    assert inputs.ids.dtype == np.int32
    nothing = merger.merge(before, [[changed({}, 1.0)] * 3] * 2)
    assert [len(each.ids) for each in nothing] == [0, 0, 0]


def test_the_mean_square_counts_rows_as_often_as_they_were_updated() -> None:
    rows = rows_of(np.array([1.0, 2.0, 5.0]))
    updates = np.array([3.0, 1.0, 0.0], np.float32)
    assert mean_square(rows, updates) == pytest.approx((3 * 1 + 4) / 4 * LAYOUT.row_size)
    assert mean_square(rows, np.zeros(3, np.float32)) == 0
    assert mean_square(rows[:0], updates[:0]) == 0
