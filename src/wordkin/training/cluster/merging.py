"""How the rows of replicas come together: a function of the rows before, and of what each replica made of them.

The changes of a row are added in the order of the replicas, which is that of the text, as far as they should lead it
together. What that means is said, and done, where the parts of a round are merged: see
:mod:`wordkin.training.cpu.merging`. Here a replica takes the place of a part.

Rows are merged by *stripes*: neighbouring rows of all tables. One machine merges a stripe, its owner; stripes are dealt
to the machines in turn, so that each merges as many of the frequent rows, which come first, as the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.copies import claim_rows, merge_rows, take_rows
from wordkin.objectives.cpu.layout import Layout
from wordkin.training.cpu.merging import make_copies, row_set, slots_of

STRIPE_ROWS = 1024  # few enough that the frequent rows are merged on several machines

Rows: TypeAlias = NDArray[np.float32]
ScalarT = TypeVar("ScalarT", bound=np.generic)


class ChangedRows(NamedTuple):
    """Rows of one table that a replica has changed.

    ids : int32 [n], rising.
    rows : float32 [n, row_size], as they are now.
    pulls : float32 [n], updates of each times the share of the way that one goes, since the row was merged.
    """

    ids: NDArray[np.int32]
    rows: Rows
    pulls: NDArray[np.float32]


class MergedRows(NamedTuple):
    """Rows of one table after merging; ids as of :class:`ChangedRows`."""

    ids: NDArray[np.int32]
    rows: Rows


def owner_of(ids: NDArray[Any], owners: int) -> NDArray[Any]:
    """The number of the machine, of so many, that merges each of these rows."""
    numbers: NDArray[Any] = ids // STRIPE_ROWS % owners
    return numbers


def stripe_of(rows: NDArray[ScalarT], stripe: int) -> NDArray[ScalarT]:
    """The rows, or numbers one for each row, of a stripe; a view, empty behind the end of the table."""
    return rows[stripe * STRIPE_ROWS : (stripe + 1) * STRIPE_ROWS]


class Merger:
    """Merges one stripe after another, in buffers of its own.

    Parameters
    ----------
    layout : of the rows.
    rows : of each table.
    replicas : how many there are.
    """

    def __init__(self, layout: Layout, rows: Sequence[int], replicas: int) -> None:
        self._shapes = layout.shapes
        longest = [min(count, STRIPE_ROWS) for count in rows]
        self._tables = tuple(make_copies(count, layout.row_size, count, replicas) for count in longest)

    def merge_stripes(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """The rows that any replica has changed, merged; arguments as of :meth:`merge`, but of whole tables."""
        ids = [each.ids for changed in changes for each in changed]
        merged = []
        for stripe in np.unique(np.concatenate(ids) // STRIPE_ROWS):
            of_stripe = [[_within(each, stripe) for each in changed] for changed in changes]
            merged.append((stripe, self.merge([stripe_of(rows, stripe) for rows in before], of_stripe)))
        return [
            MergedRows(
                np.concatenate([np.empty(0, np.int32), *(each[table].ids + _first(stripe) for stripe, each in merged)]),
                np.concatenate([rows[:0], *(each[table].rows for _, each in merged)]),
            )
            for table, rows in enumerate(before)
        ]

    def merge(self, before: Sequence[Rows], changes: Sequence[Sequence[ChangedRows]]) -> list[MergedRows]:
        """The rows of a stripe that any replica has changed, merged; ids count from the first row of the stripe.

        Parameters
        ----------
        before : of each table, the rows of the stripe as they were when they were last merged.
        changes : of each replica, in the order of the replicas, the changed rows of each table.
        """
        for number, table in enumerate(self._tables):
            table.rows[: len(before[number])] = before[number]
            for replica, changed in enumerate(changes):
                row_set(table, replica).restart_with(changed[number].ids, changed[number].pulls)
            table.pulls[:] = 1.0
        for replica in range(len(changes)):
            claim_rows(self._tables, replica)
        for replica, changed in enumerate(changes):
            take_rows(self._shapes, self._tables, replica)
            for table, each in zip(self._tables, changed, strict=True):
                table.rows[table.numbers[slots_of(table, replica)][: len(each.ids)]] = each.rows
        merge_rows(self._shapes, self._tables, 0, 0, 1)
        merged = []
        for number, table in enumerate(self._tables):
            ids = np.unique(np.concatenate([changed[number].ids for changed in changes]))
            merged.append(MergedRows(ids, table.rows[ids]))
        return merged


def _first(stripe: int) -> np.int32:
    """The first row of a stripe."""
    return np.int32(stripe * STRIPE_ROWS)


def _within(changed: ChangedRows, stripe: int) -> ChangedRows:
    """Those of a stripe, counted from its first row."""
    first, stop = np.searchsorted(changed.ids, (_first(stripe), _first(stripe) + STRIPE_ROWS))
    return ChangedRows(changed.ids[first:stop] - _first(stripe), changed.rows[first:stop], changed.pulls[first:stop])
