"""The stated updates are minus the gradient of the stated losses: two-sided differences over every parameter."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from wordkin.objectives import reference
from wordkin.objectives.reference import Scored, Tables
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import noise_probabilities

STEP = 1e-5
OBJECTIVES = ("softmax", "sampled-softmax", "hierarchical-softmax", "negative-sampling")


@dataclass(frozen=True)
class Case:
    """A centre and its context in a vocabulary of ``size`` words, with noise words drawn."""

    size: int
    centre: int
    context: tuple[int, ...]
    noise: tuple[int, ...]


CASES = {
    "plain": Case(7, 2, (0, 1, 4, 5), (3, 6, 1)),
    "a word repeated in the window": Case(5, 1, (0, 3, 0, 0), (4, 2)),
    "the centre in its own window": Case(5, 1, (1, 3, 1), (4, 2)),
    "one noise word drawn twice": Case(6, 2, (0, 5), (4, 4, 1, 4)),
    "noise equal to centre and context": Case(6, 2, (0, 5), (2, 0, 5, 2, 3)),
    "nothing but ignored noise": Case(4, 1, (0,), (0, 0)),
    "a window of one word": Case(6, 3, (5,), (0, 1)),
    "two words": Case(2, 0, (1, 1, 0), (1, 0, 1)),
    "one word": Case(1, 0, (0, 0), (0,)),
}


def random_tables(size: int, rows: int, biases: bool, vector_size: int = 4, seed: int = 3) -> Tables:
    random = np.random.default_rng(seed)
    return Tables(
        random.normal(size=(size, vector_size)),
        random.normal(size=(rows, vector_size)),
        random.normal(size=vector_size) if biases else None,
        random.normal(size=rows) if biases else None,
    )


def differences(loss: Callable[[Tables], float], tables: Tables) -> Tables:
    """The gradient of a loss by two-sided differences."""
    found = tables.zeros()
    for name, array in tables.arrays().items():
        for place in np.ndindex(array.shape):
            moved = tables.copy()
            moved.arrays()[name][place] += STEP
            above = loss(moved)
            moved.arrays()[name][place] -= 2 * STEP
            found.arrays()[name][place] = (above - loss(moved)) / (2 * STEP)
    return found


def examples(case: Case, architecture: str, objective: str) -> list[tuple[list[int], list[int]]]:
    """(input words, output words) of one window; only the full softmax takes several outputs at once."""
    window = reference.Window(case.centre, list(case.context))
    if architecture == "cbow" or objective == "softmax":
        return [window.example("cbow" if architecture == "cbow" else "skip-gram")]
    pairs = window.pairs(transposed=architecture == "skip-gram transposed")
    return [([input_id], [output_id]) for input_id, output_id in pairs]


def score(tables: Tables, hidden: np.ndarray, objective: str, case: Case, output_ids: list[int]) -> Scored:
    if objective == "softmax":
        return reference.full_softmax(tables, hidden, output_ids)
    if objective == "sampled-softmax":
        chances = noise_probabilities(np.arange(1, case.size + 1))
        return reference.sampled_softmax(tables, hidden, output_ids[0], case.noise, chances)
    if objective == "negative-sampling":
        return reference.negative_sampling(tables, hidden, output_ids[0], case.noise)
    tree = HuffmanTree.from_counts(np.arange(case.size, 0, -1) ** 2)
    return reference.hierarchical_softmax(tables, hidden, *tree.path(output_ids[0]))


@pytest.mark.parametrize("biases", [False, True], ids=["no biases", "biases"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    ("architecture", "combine"),
    [("skip-gram", "mean"), ("skip-gram transposed", "mean"), ("cbow", "mean"), ("cbow", "sum")],
)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_updates_are_minus_the_gradient(
    case: Case, architecture: str, combine: str, objective: str, biases: bool
) -> None:
    rows = case.size - 1 if objective == "hierarchical-softmax" else case.size
    tables = random_tables(case.size, rows, biases)
    for input_ids, output_ids in examples(case, architecture, objective):

        def scored(at: Tables, inputs: list[int] = input_ids, outputs: list[int] = output_ids) -> Scored:
            return score(at, reference.hidden_vector(at, inputs, combine), objective, case, outputs)

        towards = reference.direction(tables, input_ids, scored(tables), combine, "exact")
        numeric = differences(lambda at: scored(at).loss, tables)
        for name, expected in numeric.arrays().items():
            np.testing.assert_allclose(-towards.arrays()[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_small_step_along_the_direction_lowers_the_loss_as_predicted(objective: str) -> None:
    case = CASES["plain"]
    tables = random_tables(case.size, case.size - (objective == "hierarchical-softmax"), biases=True)

    def scored(at: Tables) -> Scored:
        return score(at, reference.hidden_vector(at, case.context), objective, case, [case.centre])

    towards = reference.direction(tables, case.context, scored(tables))
    slope = sum(float((array**2).sum()) for array in towards.arrays().values())
    fall = scored(tables).loss - scored(tables.moved(towards, 1e-7)).loss
    assert fall == pytest.approx(1e-7 * slope, rel=1e-4)


def test_the_word2vec_gradient_of_a_mean_is_not_divided() -> None:
    tables = random_tables(5, 5, biases=True)
    context = [0, 3, 0]
    scored = reference.negative_sampling(tables, reference.hidden_vector(tables, context), 1, [2, 4])
    exact = reference.direction(tables, context, scored, "mean", "exact")
    undivided = reference.direction(tables, context, scored, "mean", "word2vec")
    np.testing.assert_allclose(undivided.input_vectors, 3 * exact.input_vectors, rtol=1e-14)
    np.testing.assert_array_equal(undivided.output_vectors, exact.output_vectors)
    np.testing.assert_array_equal(undivided.projection_bias, exact.projection_bias)


def test_both_orientations_hold_the_same_pairs() -> None:
    window = reference.Window(2, [0, 1, 1])
    assert window.pairs() == [(2, 0), (2, 1), (2, 1)]
    assert window.pairs(transposed=True) == [(0, 2), (1, 2), (1, 2)]


def test_ignored_noise_changes_nothing() -> None:
    tables = random_tables(5, 5, biases=True)
    hidden = reference.hidden_vector(tables, [0])
    with_target = reference.negative_sampling(tables, hidden, 1, [1, 2, 1])
    without = reference.negative_sampling(tables, hidden, 1, [2])
    assert with_target.loss == without.loss
    assert with_target.row_ids.tolist() == [1, 2]


def test_full_softmax_of_several_outputs_is_the_sum_over_them() -> None:
    tables = random_tables(6, 6, biases=True)
    hidden = reference.hidden_vector(tables, [2])
    together = reference.full_softmax(tables, hidden, [0, 5, 0])
    apart = [reference.full_softmax(tables, hidden, [output_id]) for output_id in (0, 5, 0)]
    assert together.loss == pytest.approx(sum(each.loss for each in apart), rel=1e-14)
    np.testing.assert_allclose(together.residuals, sum(each.residuals for each in apart), atol=1e-15)
    assert together.probabilities.sum() == pytest.approx(1, abs=1e-14)


def test_sampled_softmax_has_the_full_normaliser_on_average() -> None:
    tables = random_tables(3, 3, biases=True)
    hidden = reference.hidden_vector(tables, [0])
    chances = np.array([0.5, 0.3, 0.2])
    full = reference.full_softmax(tables, hidden, [1])
    mean_normaliser = 0.0
    for first in range(3):
        for second in range(3):
            sampled = reference.sampled_softmax(tables, hidden, 1, [first, second], chances)
            mean_normaliser += chances[first] * chances[second] * np.exp(sampled.scores).sum()
    assert mean_normaliser == pytest.approx(np.exp(full.scores).sum(), rel=1e-14)


def test_nothing_overflows_at_huge_scores() -> None:
    scores = np.array([-1e4, -800.0, 0.0, 800.0, 1e4])
    assert reference.sigmoid(scores).tolist() == [0, 0, 0.5, 1, 1]
    np.testing.assert_allclose(reference.negative_log_sigmoid(scores), [1e4, 800, np.log(2), 0, 0], rtol=1e-15)
    assert reference.log_sum_exp(scores) == 1e4
    assert reference.softmax(scores).tolist() == [0, 0, 0, 0, 1]


def test_sigmoids_of_opposite_scores_sum_to_one() -> None:
    scores = np.linspace(-40, 40, 1001)
    np.testing.assert_allclose(reference.sigmoid(scores) + reference.sigmoid(-scores), 1, rtol=1e-15)
    np.testing.assert_allclose(np.exp(-reference.negative_log_sigmoid(scores)), reference.sigmoid(scores), rtol=1e-12)
