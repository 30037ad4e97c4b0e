"""Binary trees to compare: Huffman's tree, a complete tree, a tree made by halving the counts, and the deepest tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ConfigError
from wordkin.vocabulary.huffman import HuffmanTree

TREES = ("huffman", "complete", "full", "fibonacci")
_MOST_FIBONACCI = 80  # words; with more, the sum of the Fibonacci numbers would exceed 64 bits


def build_tree(kind: str, counts: NDArray[np.int64]) -> HuffmanTree:
    """Build a tree with one leaf per word. Every inner node has two children.

    Parameters
    ----------
    kind : {"huffman", "complete", "full", "fibonacci"}
        Kind of tree.

        - "huffman": the mean path, weighted by the counts, is as short as in any tree (Huffman 1952).
        - "complete": the lengths of any two paths differ by at most one node. The rarest words have the longer paths.
        - "full": the words, in order of their ids, are split into two groups whose total counts differ as little as
          possible. Each group is split in the same way (Shannon-Fano). If several splits are equally good, the one with
          the smallest first group is used.
        - "fibonacci": the Huffman tree for Fibonacci numbers instead of the counts. It is as deep as possible: each
          inner node has a leaf as a child, and the longest path has V - 1 nodes.
    counts : ndarray of int64, shape (V,)
        The count of each word, above 0.

    Returns
    -------
    HuffmanTree
        The tree.

    Raises
    ------
    ConfigError
        The kind is unknown, or the kind is "fibonacci" and there are more than 80 words.

    >>> counts = np.array([5, 2, 1, 1])
    >>> {kind: build_tree(kind, counts).lengths.tolist() for kind in TREES}
    {'huffman': [1, 2, 3, 3], 'complete': [2, 2, 2, 2], 'full': [1, 2, 3, 3], 'fibonacci': [1, 2, 3, 3]}
    """
    match kind:
        case "huffman":
            return HuffmanTree.from_counts(counts)
        case "complete":
            return _complete(counts)
        case "full":
            return _by_splitting(counts)
        case "fibonacci":
            return HuffmanTree.from_counts(_fibonacci(len(counts)))
    raise ConfigError("tree", "must be one of " + ", ".join(f'"{each}"' for each in TREES), kind)


def mean_length(tree: HuffmanTree, counts: NDArray[np.int64]) -> float:
    """Return the mean number of inner nodes on the path to a word, where each word is weighted by its count.

    Parameters
    ----------
    tree : HuffmanTree
        The tree.
    counts : ndarray of int64, shape (V,)
        The count of each word, above 0.

    Returns
    -------
    float
        The mean.

    >>> counts = np.array([15, 7, 6, 6, 5])
    >>> {kind: round(mean_length(build_tree(kind, counts), counts), 3) for kind in TREES}
    {'huffman': 2.231, 'complete': 2.282, 'full': 2.282, 'fibonacci': 2.333}
    """
    return float(counts @ tree.lengths / counts.sum())


def entropy(counts: NDArray[np.int64]) -> float:
    """Return the entropy of the counts in bits.

    The mean path is at least this long in any tree, and less than 1 longer than this in Huffman's tree.

    Parameters
    ----------
    counts : ndarray of int64, shape (V,)
        The count of each word, above 0.

    Returns
    -------
    float
        The entropy, from 0 to log₂ V. It is log₂ V if all counts are equal.

    >>> counts = np.array([4, 2, 1, 1])
    >>> entropy(counts), mean_length(build_tree("huffman", counts), counts)
    (1.75, 1.75)
    """
    shares = counts / counts.sum()
    return 0.0 - float(shares @ np.log2(shares))


def _fibonacci(size: int) -> NDArray[np.int64]:
    """Return ``size`` Fibonacci numbers in descending order, because the first words are the most frequent ones."""
    if size > _MOST_FIBONACCI:
        raise ConfigError(
            "tree", f'must not be "fibonacci" with more than {_MOST_FIBONACCI} words', size,
            "choose another tree, or use a shorter text",
        )  # fmt: skip
    numbers = [1, 1]
    while len(numbers) < size:
        numbers.append(numbers[-1] + numbers[-2])
    return np.array(numbers[:size][::-1], dtype=np.int64)


def _complete(counts: NDArray[np.int64]) -> HuffmanTree:
    """Return the complete tree.

    Nodes and leaves are numbered together, nodes first. The children of node i have the numbers 2i + 1 and 2i + 2.
    Leaves with higher numbers may be one level deeper, so the most frequent words get the leaves with the lowest
    numbers.
    """
    inner = len(counts) - 1
    paths: list[list[tuple[int, int]]] = [[] for _ in counts]
    for leaf, word_id in enumerate(np.argsort(-counts, kind="stable").tolist(), inner):
        item = leaf
        while item:
            paths[word_id].insert(0, ((item - 1) // 2, (item - 1) % 2))
            item = (item - 1) // 2
    return _of_paths(paths)


def _by_splitting(counts: NDArray[np.int64]) -> HuffmanTree:
    paths: list[list[tuple[int, int]]] = [[] for _ in counts]
    waiting = [(0, len(counts))] if len(counts) > 1 else []
    node_id = 0
    while waiting:
        begin, end = waiting.pop(0)  # nodes are numbered level by level, so a node comes before its children
        before = np.cumsum(counts[begin : end - 1])
        middle = begin + 1 + int(np.argmin(np.abs(2 * before - counts[begin:end].sum())))
        for word_id in range(begin, end):
            paths[word_id].append((node_id, int(word_id >= middle)))
        waiting += [span for span in ((begin, middle), (middle, end)) if span[1] - span[0] > 1]
        node_id += 1
    return _of_paths(paths)


def _of_paths(paths: list[list[tuple[int, int]]]) -> HuffmanTree:
    """Return the tree in which the path to each word has these nodes and bits: a list of (node, bit) for each word."""
    return HuffmanTree(
        offsets=np.cumsum([0, *map(len, paths)], dtype=np.int64),
        node_ids=np.array([node for path in paths for node, _ in path], dtype=np.int32),
        bits=np.array([bit for path in paths for _, bit in path], dtype=np.uint8),
    )
