"""Numbers, within a shard of text, for the table rows that training on the shard reads, and counts of their updates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.objectives.cpu.copies import number_paths, number_rows, renumber
from wordkin.objectives.cpu.hierarchical_softmax import Tree


class LocalIds(NamedTuple):
    """The int32 arrays of one worker that map each of V words and each of V - 1 tree nodes to a local number.

    Parts of them that are never used take no memory.
    """

    words: NDArray[np.int32]
    nodes: NDArray[np.int32]


def make_local_ids(vocabulary_size: int) -> LocalIds:
    return LocalIds(np.zeros(vocabulary_size, np.int32), np.zeros(vocabulary_size - 1, np.int32))


def renumbered(numbers: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return ``numbers[ids]``, the number of each id."""
    found = np.empty_like(ids)
    renumber(numbers, ids, found)
    return found


class RowSet:
    """The rows of a table that a shard of text reads, in order of first use. The index of a row is its local number.

    Parameters
    ----------
    ids : ndarray of shape (capacity,), int32
        Buffer for the row ids.
    updates : ndarray of shape (capacity,), float32
        Buffer for the number of updates of each row.
    count : ndarray of shape (1,), int64
        Buffer for the number of rows.
    """

    def __init__(self, ids: NDArray[np.int32], updates: NDArray[np.float32], count: NDArray[np.int64]) -> None:
        self._ids, self._updates, self._count = ids, updates, count

    @property
    def count(self) -> int:
        return int(self._count[0])

    @property
    def ids(self) -> NDArray[np.int32]:
        return self._ids[: self.count]

    @property
    def updates(self) -> NDArray[np.float32]:
        return self._updates[: self.count]

    def restart(self) -> None:
        """Remove all rows, so that the rows of another shard can be numbered."""
        self._count[0] = 0

    def restart_with(self, ids: NDArray[np.int32], updates: ArrayLike) -> None:
        """Replace all rows by ``ids``, numbered in this order, with the update counts ``updates``."""
        self._count[0] = len(ids)
        self.ids[:], self.updates[:] = ids, updates

    def number(self, ids: NDArray[np.int32], weight: float, local_ids: NDArray[np.int32]) -> None:
        """Replace row ids by local numbers in place; rows that have none yet are appended.

        Each occurrence of a row adds ``weight`` to its number of updates. ``local_ids`` maps rows to local numbers; it
        must be the array with which the rows of this set were numbered.
        """
        self._count[0] = number_rows(ids, weight, local_ids, self._ids, self._updates, self.count)

    def number_paths(self, tree: Tree, words: RowSet, weight: float, local_ids: NDArray[np.int32]) -> Tree:
        """Return the tree paths of ``words`` with local node numbers; the nodes are added to this set.

        Each path adds ``weight`` times the number of updates of its word to those of its nodes. Before the call, this
        set must hold the first nodes of the tree, in order.
        """
        length = int((tree.offsets[words.ids + 1] - tree.offsets[words.ids]).sum())
        paths = Tree(np.empty(words.count + 1, np.int64), np.empty(length, np.int32), np.empty(length, np.uint8))
        weights = words.updates * np.float32(weight)
        self._count[0] = number_paths(tree, words.ids, weights, paths, local_ids, self._ids, self._updates, self.count)
        return paths
