"""Local numbers for the rows that one shard reads, so that it can be trained on copies of just those."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.objectives.cpu.drafts import number_paths, number_rows
from wordkin.objectives.cpu.hierarchical_softmax import Tree


class Rows(NamedTuple):
    """Rows of a table in the order of their local numbers: int32 ids, and float32 how often each is updated."""

    ids: NDArray[np.int32]
    updates: NDArray[np.float32]

    def times(self, updates: float) -> Rows:
        """The same rows, updated so many times as often."""
        return self._replace(updates=self.updates * np.float32(updates))


class Numbering:
    """Local numbers by order of appearance, and how often each row was seen."""

    def __init__(self, rows: int) -> None:
        self._local_ids, self._row_ids = (np.zeros(rows, np.int32) for _ in range(2))
        self._seen = np.zeros(rows, np.float32)
        self._count = 0

    def restart(self, *, all_rows: bool = False) -> None:
        """Forget all numbers; with ``all_rows`` every row then keeps the number it has."""
        self._count = 0
        if all_rows:
            self.number(np.arange(len(self._row_ids), dtype=np.int32), 0.0)

    def number(self, ids: NDArray[np.int32], weight: float = 1.0) -> None:
        """Replace row ids by local numbers, in place; each counts as seen so many times."""
        self._count = number_rows(ids, weight, self._local_ids, self._row_ids, self._seen, self._count)

    def number_paths(self, tree: Tree, words: Rows) -> Tree:
        """The paths of some words; the nodes on them are numbered from 0 and seen as often as the words."""
        length = int((tree.offsets[words.ids + 1] - tree.offsets[words.ids]).sum())
        paths = Tree(np.empty(len(words.ids) + 1, np.int64), np.empty(length, np.int32), np.empty(length, np.uint8))
        self._count = number_paths(tree, *words, paths, self._local_ids, self._row_ids, self._seen)
        return paths

    def rows(self) -> Rows:
        """Copies of what was numbered, updated as often as seen."""
        return Rows(self._row_ids[: self._count].copy(), self._seen[: self._count].copy())


class Numberings(NamedTuple):
    """What one worker needs to number what a shard reads."""

    words: Numbering
    nodes: Numbering


def make_numberings(vocabulary_size: int) -> Numberings:
    """Memory is touched where it is used only, so this costs little where nothing is numbered."""
    return Numberings(words=Numbering(vocabulary_size), nodes=Numbering(vocabulary_size - 1))
