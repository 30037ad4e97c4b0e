"""Hierarchical softmax is a probability distribution over the words, for any tree and any vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.objectives import reference
from wordkin.objectives.reference import Tables
from wordkin.vocabulary.huffman import HuffmanTree


def random_output(size: int, scale: float, biased: bool, seed: int) -> tuple[Tables, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = scale * random.normal(size=(size - 1, 6))
    bias = scale * random.normal(size=size - 1) if biased else None
    return Tables(np.zeros((size, 6)), rows, None, bias), random.normal(size=6)


@given(
    counts=st.lists(st.one_of(st.integers(1, 5), st.integers(1, 10**9)), min_size=1, max_size=80),
    scale=st.sampled_from([0.0, 0.1, 1.0, 5.0, 50.0]),
    biased=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_probabilities_of_all_words_sum_to_one(counts: list[int], scale: float, biased: bool, seed: int) -> None:
    tables, hidden = random_output(len(counts), scale, biased, seed)
    probabilities = reference.tree_probabilities(tables, hidden, HuffmanTree.from_counts(counts))
    assert abs(probabilities.sum() - 1) <= 1e-12
    assert (probabilities >= 0).all()


def test_the_deepest_tree_sums_to_one_too() -> None:
    counts = [1, 1]
    while len(counts) < 90:
        counts.append(counts[-1] + counts[-2])
    tables, hidden = random_output(90, 1.0, True, seed=1)
    probabilities = reference.tree_probabilities(tables, hidden, HuffmanTree.from_counts(counts))
    assert abs(probabilities.sum() - 1) <= 1e-12


def test_zero_vectors_give_each_word_two_to_the_minus_its_code_length() -> None:
    tree = HuffmanTree.from_counts([5, 2, 1, 1])
    tables = Tables(np.zeros((4, 2)), np.zeros((3, 2)))
    probabilities = reference.tree_probabilities(tables, np.ones(2), tree)
    np.testing.assert_allclose(probabilities, 2.0**-tree.lengths, rtol=1e-15)


def test_one_word_is_certain() -> None:
    tree = HuffmanTree.from_counts([7])
    tables = Tables(np.ones((1, 2)), np.zeros((0, 2)))
    scored = reference.hierarchical_softmax(tables, np.ones(2), *tree.path(0))
    assert scored.loss == 0
    assert reference.tree_probabilities(tables, np.ones(2), tree).tolist() == [1.0]


def test_probability_is_the_product_of_the_branches() -> None:
    tree = HuffmanTree.from_counts([5, 2, 1, 1])
    tables, hidden = random_output(4, 1.0, True, seed=8)
    for word_id in range(4):
        node_ids, bits = tree.path(word_id)
        scored = reference.hierarchical_softmax(tables, hidden, node_ids, bits)
        product = np.prod(
            [left if bit == 0 else 1 - left for left, bit in zip(scored.probabilities, bits, strict=True)]
        )
        assert np.exp(-scored.loss) == pytest.approx(product, rel=1e-12)
