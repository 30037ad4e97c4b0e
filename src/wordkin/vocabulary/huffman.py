"""The Huffman tree of a vocabulary: short paths for frequent words (Huffman 1952)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class HuffmanTree:
    """Paths from the root to each of V words, as ragged arrays.

    The path of word w is the slice ``offsets[w]:offsets[w + 1]`` of ``node_ids`` and ``bits``: the inner nodes on the
    path, root first, and the branch taken at each (0 = left, to the lighter child). Inner nodes 0 … V-2 are numbered by
    descending weight. So node 0 is the root, a node precedes its children, and frequently visited nodes are adjacent
    in memory.

    Attributes
    ----------
    offsets : ndarray of shape (V + 1,), int64
        Start of each path; the last entry is the total length.
    node_ids : ndarray of shape (total path length,), int32
        Inner nodes of all paths.
    bits : ndarray of shape (total path length,), uint8
        Branches of all paths.
    """

    offsets: NDArray[np.int64]
    node_ids: NDArray[np.int32]
    bits: NDArray[np.uint8]

    @classmethod
    def from_counts(cls, counts: ArrayLike) -> HuffmanTree:
        """Build the tree of V ≥ 1 words from their counts, shape (V,), all positive, with a sum below 2⁶³.

        Several trees can be optimal. The result depends on the counts only: among equal weights, words precede inner
        nodes, words are ordered by id, and inner nodes by creation.

        >>> tree = HuffmanTree.from_counts([5, 2, 1, 1])
        >>> tree.lengths
        array([1, 2, 3, 3])
        >>> tree.path(1)
        (array([0, 1], dtype=int32), array([0, 0], dtype=uint8))
        """
        weights = np.asarray(counts, dtype=np.int64)
        if not weights.size:
            raise ConfigError("counts", "must hold at least one word", [])
        if weights.min() <= 0:
            raise ConfigError("counts", "must all be positive", int(weights.min()))
        if weights.sum(dtype=np.float64) >= 2.0**63:
            raise ConfigError("counts", "must have a sum below 2^63", float(weights.sum(dtype=np.float64)))
        children = _merge(weights)
        return cls(*_paths(children, len(weights)))

    def __len__(self) -> int:
        """Number of words, V."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of inner nodes on the path to each word, shape (V,)."""
        return np.diff(self.offsets)

    def path(self, word_id: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the inner nodes from the root to a word, and the branch taken at each (0 = left)."""
        span = slice(self.offsets[word_id], self.offsets[word_id + 1])
        return self.node_ids[span], self.bits[span]


def _merge(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Build the tree: return the left and right child of every inner node, shape (V-1, 2); row i belongs to node i.

    A child below V is a word; other children are V + node id. The lightest items are paired many at a time: in each
    round, all items not heavier than the sum of the two lightest, because no node made in this round can be lighter
    than these. The sum at least doubles every two rounds, so there are O(log Σ counts) rounds.
    """
    size = len(weights)
    words = np.argsort(weights, kind="stable")
    word_weights = weights[words]
    node_weights = np.empty(max(size - 1, 0), dtype=np.int64)  # in order of creation, never decreasing
    children = np.empty((max(size - 1, 0), 2), dtype=np.int64)
    word, node, made = 0, 0, 0  # number of words and of nodes that have a parent; number of nodes created
    while made < size - 1:
        front = np.sort(np.concatenate((word_weights[word : word + 2], node_weights[node : min(node + 2, made)])))
        limit = front[0] + front[1]
        next_words = np.searchsorted(word_weights[word:], limit, side="right")
        next_nodes = np.searchsorted(node_weights[node:made], limit, side="right")
        items = np.concatenate((words[word : word + next_words], np.arange(node, node + next_nodes) + size))
        item_weights = np.concatenate((word_weights[word : word + next_words], node_weights[node : node + next_nodes]))
        order = np.argsort(item_weights, kind="stable")  # words precede nodes in items, so they win ties
        order = order[: len(order) // 2 * 2]
        pairs = len(order) // 2
        children[made : made + pairs] = items[order].reshape(pairs, 2)
        node_weights[made : made + pairs] = item_weights[order].reshape(pairs, 2).sum(axis=1)
        taken_words = int((order < next_words).sum())
        word, node, made = word + taken_words, node + len(order) - taken_words, made + pairs
    # The last node created is the heaviest: reverse the order, so that the root becomes node 0.
    children = children[::-1]
    return np.where(children < size, children, size + (size - 2) - (children - size))


def _paths(children: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8]]:
    """Follow the path of each of ``size`` words; return ``offsets``, ``node_ids`` and ``bits`` of the tree."""
    parents = np.empty(2 * size - 1, dtype=np.int32)
    branches = np.empty(2 * size - 1, dtype=np.uint8)
    node_ids = np.arange(size - 1, dtype=np.int32)
    for branch in (0, 1):
        parents[children[:, branch]] = node_ids
        branches[children[:, branch]] = branch
    depths = np.zeros(2 * size - 1, dtype=np.int64)
    level = children[:1].ravel()  # all items at the current depth, starting with the children of the root
    depth = 1
    while level.size:
        depths[level] = depth
        level = children[level[level >= size] - size].ravel()
        depth += 1
    offsets = np.concatenate(([0], np.cumsum(depths[:size])))
    path_nodes = np.empty(offsets[-1], dtype=np.int32)
    path_bits = np.empty(offsets[-1], dtype=np.uint8)
    items = np.arange(size) if size > 1 else np.empty(0, dtype=np.int64)
    ends = offsets[1:][: len(items)] - 1
    while items.size:  # climb from all words in parallel, filling each path from its end
        above = parents[items]
        path_nodes[ends] = above
        path_bits[ends] = branches[items]
        climbing = above > 0
        items, ends = above[climbing].astype(np.int64) + size, ends[climbing] - 1
    return offsets, path_nodes, path_bits
