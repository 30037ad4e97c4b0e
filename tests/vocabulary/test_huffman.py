import heapq
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError
from wordkin.vocabulary.huffman import HuffmanTree

COUNTS = st.lists(st.one_of(st.integers(1, 4), st.integers(1, 10**12)), min_size=1, max_size=60)


def heap_cost(counts: list[int]) -> int:
    """Sum of count times code length by the textbook: merge the two lightest until one is left."""
    heap = list(counts)
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


def codes(tree: HuffmanTree) -> list[str]:
    return ["".join(map(str, tree.path(word_id)[1])) for word_id in range(len(tree))]


def fibonacci(size: int) -> list[int]:
    numbers = [1, 1]
    while len(numbers) < size:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[::-1]


@given(COUNTS)
def test_cost_equals_that_of_a_heap(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    assert sum(c * int(n) for c, n in zip(counts, tree.lengths, strict=True)) == heap_cost(counts)


@given(COUNTS)
def test_mean_code_length_is_within_one_bit_of_the_entropy(counts: list[int]) -> None:
    shares = np.asarray(counts) / np.sum(counts)
    mean_length = float(shares @ HuffmanTree.from_counts(counts).lengths)
    entropy = float(-(shares * np.log2(shares)).sum())
    assert entropy - 1e-9 <= mean_length < entropy + 1


@given(COUNTS)
def test_codes_are_prefix_free_and_complete(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    ordered = sorted(codes(tree))
    assert not any(b.startswith(a) for a, b in pairwise(ordered))
    assert sum(2.0 ** -len(code) for code in ordered) == pytest.approx(1, abs=1e-12)  # Kraft, with equality: full tree


@given(COUNTS)
def test_nodes_are_numbered_by_falling_weight_and_children_follow_parents(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    weights = np.zeros(max(len(counts) - 1, 0), dtype=np.int64)
    place: dict[str, int] = {}  # a code prefix leads to one node
    for word_id, count in enumerate(counts):
        node_ids, bits = tree.path(word_id)
        weights[node_ids] += count
        assert (np.diff(node_ids) > 0).all()
        if len(node_ids):
            assert node_ids[0] == 0
        for depth, node_id in enumerate(node_ids):
            assert place.setdefault("".join(map(str, bits[:depth])), int(node_id)) == node_id
    assert (np.diff(weights) <= 0).all()
    assert len(set(place.values())) == len(place) == len(counts) - 1


@given(COUNTS)
def test_bit_zero_leads_to_the_lighter_child(counts: list[int]) -> None:
    tree = HuffmanTree.from_counts(counts)
    below = np.zeros((max(len(counts) - 1, 0), 2), dtype=np.int64)
    for word_id, count in enumerate(counts):
        node_ids, bits = tree.path(word_id)
        below[node_ids, bits] += count
    assert (below[:, 0] <= below[:, 1]).all()


def test_a_known_tree() -> None:
    # 1 + 1 = 2; then 2 (word) + 2 (node); then 4 (node) + 5 (word)
    tree = HuffmanTree.from_counts([5, 2, 1, 1])
    assert codes(tree) == ["1", "00", "010", "011"]
    assert [tree.path(w)[0].tolist() for w in range(4)] == [[0], [0, 1], [0, 1, 2], [0, 1, 2]]


def test_ties_are_broken_by_id_and_words_come_first() -> None:
    # 1 + 1 = 2 makes a node as heavy as the two words of count 2: those are joined with each other.
    assert codes(HuffmanTree.from_counts([2, 2, 1, 1])) == ["10", "11", "00", "01"]
    first, second = HuffmanTree.from_counts([3] * 11), HuffmanTree.from_counts([3] * 11)
    assert np.array_equal(first.node_ids, second.node_ids)
    assert np.array_equal(first.bits, second.bits)


def test_one_word_has_an_empty_path() -> None:
    tree = HuffmanTree.from_counts([7])
    assert len(tree) == 1
    assert tree.offsets.tolist() == [0, 0]
    assert tree.node_ids.size == tree.bits.size == 0


def test_two_words_share_the_root() -> None:
    tree = HuffmanTree.from_counts([2, 9])
    assert codes(tree) == ["0", "1"]
    assert tree.node_ids.tolist() == [0, 0]


def test_fibonacci_counts_make_the_deepest_tree() -> None:
    counts = fibonacci(90)
    tree = HuffmanTree.from_counts(counts)
    assert tree.lengths.max() == 89
    assert tree.lengths.tolist() == [*range(1, 90), 89]
    assert sum(c * int(n) for c, n in zip(counts, tree.lengths, strict=True)) == heap_cost(counts)


def test_a_large_vocabulary_matches_the_heap() -> None:
    counts = (10**7 // np.arange(1, 100_001)).tolist()
    tree = HuffmanTree.from_counts(counts)
    assert int(np.asarray(counts) @ tree.lengths) == heap_cost(counts)


def test_array_types_are_those_the_kernels_read() -> None:
    tree = HuffmanTree.from_counts([3, 2, 1])
    assert (tree.offsets.dtype, tree.node_ids.dtype, tree.bits.dtype) == (np.int64, np.int32, np.uint8)


def test_illegal_counts_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"counts must hold at least one word; got \[\]"):
        HuffmanTree.from_counts([])
    with pytest.raises(ConfigError, match=r"counts must all be positive; got -3"):
        HuffmanTree.from_counts([5, -3])
    with pytest.raises(ConfigError, match=r"counts must have a sum below 2\^63"):
        HuffmanTree.from_counts([2**62, 2**62])
