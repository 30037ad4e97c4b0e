"""The block step: the sum of plain steps from the tables at its start; with a tree, one plain step after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.errors import ConfigError
from wordkin.objectives import reference
from wordkin.objectives.reference import Block, Scored, Tables, Window
from wordkin.vocabulary.huffman import HuffmanTree

RATE = 0.3
OBJECTIVES = ("softmax", "hierarchical-softmax", "negative-sampling")
CENTRES, STARTS, STOPS = [1, 4, 7], [0, 3, 6], [3, 6, 8]
TEXTS = {"no row repeats": [3, 1, 4, 0, 5, 2, 6, 7], "rows repeat": [3, 1, 3, 1, 1, 3, 3, 1]}


def random_tables(size: int, rows: int, biases: bool, seed: int = 5) -> Tables:
    random = np.random.default_rng(seed)
    return Tables(
        random.normal(size=(size, 5)),
        random.normal(size=(rows, 5)),
        random.normal(size=5) if biases else None,
        random.normal(size=rows) if biases else None,
    )


def assert_equal(found: Tables, expected: Tables) -> None:
    assert found.arrays().keys() == expected.arrays().keys()
    for name, array in expected.arrays().items():
        np.testing.assert_allclose(found.arrays()[name], array, rtol=1e-12, atol=1e-12, err_msg=name)


def tree_of(size: int) -> HuffmanTree:
    return HuffmanTree.from_counts(np.arange(size, 0, -1))


def plain_examples(window: Window, architecture: str) -> list[tuple[list[int], int]]:
    if architecture == "cbow":
        return [(window.context_ids, window.centre_id)]
    return [([centre_id], context_id) for centre_id, context_id in window.pairs()]


def score(at: Tables, hidden: np.ndarray, objective: str, output_id: int, noise: list[int]) -> Scored:
    if objective == "softmax":
        return reference.full_softmax(at, hidden, [output_id])
    if objective == "negative-sampling":
        return reference.negative_sampling(at, hidden, output_id, noise)
    return reference.hierarchical_softmax(at, hidden, *tree_of(len(at.input_vectors)).path(output_id))


def sum_of_plain_steps(
    tables: Tables, examples: list[tuple[list[int], int]], objective: str, noise: list[int], projection: tuple[str, str]
) -> tuple[Tables, float]:
    """Every example steps from the tables as they were at the start."""
    after, loss = tables.copy(), 0.0
    for input_ids, output_id in examples:
        scored = score(tables, reference.hidden_vector(tables, input_ids, projection[0]), objective, output_id, noise)
        after = after.moved(reference.direction(tables, input_ids, scored, *projection), RATE)
        loss += scored.loss
    return after, loss


@pytest.mark.parametrize("biases", [False, True], ids=["no biases", "biases"])
@pytest.mark.parametrize("projection", [("mean", "exact"), ("mean", "word2vec"), ("sum", "word2vec")])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_block_is_the_sum_of_plain_steps(
    text: list[int], objective: str, architecture: str, projection: tuple[str, str], biases: bool
) -> None:
    tables = random_tables(8, 8, biases)
    noise = [2, 7, 2, 4]  # a repeated one, and some that equal outputs
    block = Block(text, CENTRES, STARTS, STOPS)
    step = reference.block_step(
        tables, block, architecture=architecture, objective=objective, learning_rate=RATE,
        noise_ids=noise, negative=len(noise), cbow_combine=projection[0], cbow_gradient=projection[1],
    )  # fmt: skip
    examples = [each for window in block.windows() for each in plain_examples(window, architecture)]
    expected, loss = sum_of_plain_steps(tables, examples, objective, noise, projection)
    assert_equal(step.tables, expected)
    assert step.loss == pytest.approx(loss, rel=1e-12)
    assert step.examples == len(examples)


@pytest.mark.parametrize("biases", [False, True], ids=["no biases", "biases"])
@pytest.mark.parametrize("projection", [("mean", "exact"), ("mean", "word2vec"), ("sum", "word2vec")])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_a_tree_block_is_one_plain_step_after_the_other(
    architecture: str, projection: tuple[str, str], biases: bool
) -> None:
    tables = random_tables(8, 7, biases)
    text, centres, starts, stops = [3, 1, 1, 0, 5, 1], [1, 3, 5], [0, 1, 3], [4, 5, 6]  # contexts with repeated words
    block = Block(text, centres, starts, stops)
    step = reference.block_step(
        tables, block, architecture=architecture, objective="hierarchical-softmax", learning_rate=RATE,
        tree=tree_of(8), cbow_combine=projection[0], cbow_gradient=projection[1],
    )  # fmt: skip
    expected, loss, count = tables, 0.0, 0
    for window in block.windows():
        if architecture == "cbow":
            examples = plain_examples(window, architecture)
        else:
            examples = [([input_id], output_id) for input_id, output_id in window.pairs(transposed=True)]
        for example in examples:
            expected, step_loss = sum_of_plain_steps(expected, [example], "hierarchical-softmax", [], projection)
            loss, count = loss + step_loss, count + 1
    assert_equal(step.tables, expected)
    assert step.loss == pytest.approx(loss, rel=1e-12)
    assert step.examples == count


def test_repeated_outputs_and_noise_in_numbers() -> None:
    tables = Tables(np.array([[1.0], [2.0]]), np.array([[0.5], [-1.0]]))
    block = Block([0, 1, 1], [0], [0], [3])  # centre 0, context 1 1
    step = reference.block_step(
        tables, block, architecture="skip-gram", objective="negative-sampling", learning_rate=0.1,
        noise_ids=[0], negative=2,
    )  # fmt: skip
    gain = 0.1 * (1 - 1 / (1 + np.exp(1)))  # both outputs score h · v′ = 1 · -1
    noise_gain = -0.1 * (2 / 1 * 2) / (1 + np.exp(-0.5))  # one draw in place of two for each of two outputs
    pull = 2 * gain * -1 + noise_gain * 0.5
    np.testing.assert_allclose(step.tables.output_vectors, [[0.5 + noise_gain], [-1 + 2 * gain]], rtol=1e-14)
    np.testing.assert_allclose(step.tables.input_vectors, [[1 + pull], [2]], rtol=1e-14)
    loss = 2 * np.log1p(np.exp(1)) + 4 * np.log1p(np.exp(0.5))
    assert step.loss == pytest.approx(loss, rel=1e-14)


def test_a_shared_noise_word_counts_for_the_outputs_it_does_not_equal() -> None:
    tables = random_tables(3, 3, biases=True)
    block = Block([0, 1, 2, 2], [0, 2], [0, 2], [2, 4])  # 0 -> 1, then 2 -> 2
    step = reference.block_step(
        tables, block, architecture="skip-gram", objective="negative-sampling", learning_rate=RATE,
        noise_ids=[1], negative=3,
    )  # fmt: skip
    first = reference.negative_sampling(tables, reference.hidden_vector(tables, [0]), 1, [1])
    second = reference.negative_sampling(tables, reference.hidden_vector(tables, [2]), 2, [1])
    residuals = second.residuals.copy()
    residuals[1:] *= 3  # one shared draw stands for three
    weighted = Scored(second.row_ids, second.scores, second.probabilities, residuals, 0.0)
    expected = tables.moved(reference.direction(tables, [0], first), RATE)
    moved = tables.moved(reference.direction(tables, [2], weighted), RATE)
    for name, array in expected.arrays().items():
        array += moved.arrays()[name] - tables.arrays()[name]
    assert_equal(step.tables, expected)


def test_shared_noise_costs_what_separate_draws_cost_on_average() -> None:
    tables = random_tables(4, 4, biases=True)
    block = Block([0, 1, 2], [1], [0], [3])
    chances = np.array([0.4, 0.3, 0.2, 0.1])

    def loss(noise: list[int], negative: int) -> float:
        return reference.block_step(
            tables, block, architecture="skip-gram", objective="negative-sampling", learning_rate=RATE,
            noise_ids=noise, negative=negative,
        ).loss  # fmt: skip

    shared = sum(chances[a] * chances[b] * loss([a, b], 5) for a in range(4) for b in range(4))
    positive = loss([], 0)
    hidden = reference.hidden_vector(tables, [1])
    one_draw_per_pair = sum(
        chances[n] * reference.negative_sampling(tables, hidden, o, [n]).loss for o in (0, 2) for n in range(4)
    )
    assert shared - positive == pytest.approx(5 * (one_draw_per_pair - positive), rel=1e-12)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_centres_without_context_are_skipped(architecture: str, objective: str) -> None:
    tables = random_tables(3, 3 - (objective == "hierarchical-softmax"), biases=True)
    step = reference.block_step(
        tables, Block([0, 1, 2], [0, 2], [0, 2], [1, 3]), architecture=architecture, objective=objective,
        learning_rate=RATE, noise_ids=[1], negative=5, tree=tree_of(3),
    )  # fmt: skip
    assert_equal(step.tables, tables)
    assert (step.loss, step.examples) == (0.0, 0)


@given(data=st.data(), objective=st.sampled_from(OBJECTIVES), architecture=st.sampled_from(["skip-gram", "cbow"]))
def test_any_block_leaves_its_tables_alone_and_its_result_finite(
    data: st.DataObject, objective: str, architecture: str
) -> None:
    size = data.draw(st.integers(2, 6))
    word_ids = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=12))
    reach = data.draw(st.integers(1, 4))
    centres = range(len(word_ids))
    block = Block(
        word_ids, centres, [max(0, c - reach) for c in centres], [min(len(word_ids), c + reach + 1) for c in centres]
    )
    noise = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5))
    tables = random_tables(size, size - (objective == "hierarchical-softmax"), biases=True)
    before = tables.copy()
    step = reference.block_step(
        tables, block, architecture=architecture, objective=objective, learning_rate=0.025, noise_ids=noise,
        negative=5, tree=tree_of(size),
    )  # fmt: skip
    assert_equal(tables, before)
    assert all(np.isfinite(array).all() for array in step.tables.arrays().values())
    assert step.loss >= 0
    windows = block.windows()
    assert step.examples == (len(windows) if architecture == "cbow" else sum(len(w.context_ids) for w in windows))


def test_hierarchical_softmax_without_a_tree_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'tree must be given with objective="hierarchical-softmax"; got None'):
        reference.block_step(
            random_tables(3, 2, biases=False), Block([0, 1], [0], [0], [2]), architecture="cbow",
            objective="hierarchical-softmax", learning_rate=RATE,
        )  # fmt: skip
