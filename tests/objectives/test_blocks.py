"""Block sizes keep what a block adds to one row within bounds, and the docs state the bounds as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.objectives.blocks import (
    MOST_EXAMPLES,
    SAME_ROW_LIMIT,
    SHARED_NOISE_LIMIT,
    SHARED_NOISE_WORDS,
    BlockSize,
    negative_sampling_block,
    softmax_block,
)

contexts = st.floats(1, 20_000)
rates = st.floats(1e-6, 10)
shares = st.floats(1e-9, 1)


def within_bounds(examples: int, contexts: float, negative: int, rate: float, likeliest: float) -> bool:
    steps = rate * examples * contexts
    shared = steps * negative / SHARED_NOISE_WORDS
    return shared <= SHARED_NOISE_LIMIT and steps * (negative + 1) * likeliest <= SAME_ROW_LIMIT


@given(contexts=contexts, negative=st.integers(1, 4096), rate=rates, likeliest=shares)
def test_negative_sampling_takes_the_largest_block_within_the_bounds(
    contexts: float, negative: int, rate: float, likeliest: float
) -> None:
    block = negative_sampling_block(contexts, negative, rate, likeliest)
    if block.pair_by_pair:
        assert block == BlockSize(examples=1, noise=negative, pair_by_pair=True)
        assert not within_bounds(1, contexts, negative, rate, likeliest)
    else:
        assert within_bounds(block.examples, contexts, negative, rate, likeliest)
        assert block.noise == SHARED_NOISE_WORDS
        larger = 2 * block.examples
        assert larger > MOST_EXAMPLES or not within_bounds(larger, contexts, negative, rate, likeliest)


@given(contexts=contexts, rate=rates, likeliest=shares)
def test_softmax_takes_the_largest_batch_within_the_bound(contexts: float, rate: float, likeliest: float) -> None:
    block = softmax_block(contexts, rate, likeliest)
    steps = rate * contexts * likeliest
    assert block.noise == 0
    if block.pair_by_pair:
        assert block.examples == 1
        assert steps > SAME_ROW_LIMIT
    else:
        assert block.examples * steps <= SAME_ROW_LIMIT
        assert block.examples == MOST_EXAMPLES or 2 * block.examples * steps > SAME_ROW_LIMIT


@pytest.mark.parametrize(("contexts", "rate"), [(6, 0.025), (1, 0.05)], ids=["skip-gram", "CBOW"])
def test_the_defaults_take_the_largest_blocks_on_a_large_vocabulary(contexts: float, rate: float) -> None:
    largest = BlockSize(MOST_EXAMPLES, SHARED_NOISE_WORDS, pair_by_pair=False)
    assert negative_sampling_block(contexts, 5, rate, likeliest=0.01) == largest


@pytest.mark.parametrize(
    ("contexts", "negative", "rate", "likeliest"),
    [(6, 5, 0.025, 1.0), (6, 5, 1.0, 0.1), (100, 64, 0.025, 0.05)],
    ids=["one word", "a learning rate of 1", "a large window and many noise words"],
)
def test_where_rows_repeat_too_often_training_goes_pair_by_pair(
    contexts: float, negative: int, rate: float, likeliest: float
) -> None:
    assert negative_sampling_block(contexts, negative, rate, likeliest) == BlockSize(1, negative, pair_by_pair=True)


def test_a_lower_learning_rate_never_makes_blocks_smaller() -> None:
    sizes = [negative_sampling_block(6, 5, rate, 0.02).examples for rate in (0.4, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.001)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_docs_state_the_rule_with_its_numbers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mathematics.md").read_text(encoding="utf-8")
    rule = page[page.index("### How large a block may be") : page.index("## 11.")]
    for statement in (
        f"with $M = {SHARED_NOISE_WORDS}$",
        f"up to {MOST_EXAMPLES} for which",
        rf"\frac{{K}}{{M}} \le {SHARED_NOISE_LIMIT:g}",
        rf"(K + 1)\, p \le {SAME_ROW_LIMIT:g}",
        rf"\eta\, T c\, p \le {SAME_ROW_LIMIT:g}",
    ):
        assert statement in rule
