"""Local numbers for the rows that one shard reads: which rows they are, and how often each is updated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.objectives.cpu.copies import number_paths, number_rows, renumber
from wordkin.objectives.cpu.hierarchical_softmax import Tree


class LocalIds(NamedTuple):
    """What one worker needs to number rows, int32 [V] and [V - 1]; memory is touched only where it is used."""

    words: NDArray[np.int32]
    nodes: NDArray[np.int32]


def make_local_ids(vocabulary_size: int) -> LocalIds:
    return LocalIds(np.zeros(vocabulary_size, np.int32), np.zeros(vocabulary_size - 1, np.int32))


def renumbered(numbers: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """The number of each id."""
    found = np.empty_like(ids)
    renumber(numbers, ids, found)
    return found


class RowSet:
    """Rows of a table in the order in which one shard reads them first.

    Parameters
    ----------
    ids, updates : int32 and float32 [room], to be filled with the rows and how often each is updated.
    count : int64 [1], to be filled with how many there are.
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
        """Forget all rows."""
        self._count[0] = 0

    def restart_with(self, ids: NDArray[np.int32], updates: ArrayLike) -> None:
        """Rows that are numbered first, in this order."""
        self._count[0] = len(ids)
        self.ids[:], self.updates[:] = ids, updates

    def number(self, ids: NDArray[np.int32], weight: float, local_ids: NDArray[np.int32]) -> None:
        """Replace row ids by local numbers, in place; each is updated so many times more.

        ``local_ids`` numbered all rows that are here already.
        """
        self._count[0] = number_rows(ids, weight, local_ids, self._ids, self._updates, self.count)

    def number_paths(self, tree: Tree, words: RowSet, weight: float, local_ids: NDArray[np.int32]) -> Tree:
        """The paths of some words, nodes by local numbers; each is updated ``weight`` times as often as the words.

        The nodes that are here already must be the first of the tree, in their order.
        """
        length = int((tree.offsets[words.ids + 1] - tree.offsets[words.ids]).sum())
        paths = Tree(np.empty(words.count + 1, np.int64), np.empty(length, np.int32), np.empty(length, np.uint8))
        weights = words.updates * np.float32(weight)
        self._count[0] = number_paths(tree, words.ids, weights, paths, local_ids, self._ids, self._updates, self.count)
        return paths
