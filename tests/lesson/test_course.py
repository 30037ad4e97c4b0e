"""A lesson is what training computes, step by step, in numbers that agree with one another."""

import itertools
import json
from collections.abc import Iterator

import numpy as np
import pytest

from wordkin import lesson
from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.errors import ConfigError, CorpusError, EmptyVocabularyError
from wordkin.lesson import RowChange, Step, TableView

TEXT = "the fat cat sat on the mat"
COMBINATIONS = list(itertools.product(ARCHITECTURES, OBJECTIVES))


def taken(text: str = TEXT, first: int = 1, limit: int | None = None, **options: object) -> list[Step]:
    config = lesson.lesson_config(**{"epochs": 1, **options})
    return list(lesson.steps(text, config, first=first, limit=limit))


def table(step: Step, name: str, objective: str | None = None) -> TableView:
    return next(view for view in step.tables if (view.name, view.objective) == (name, objective))


def changes(steps: list[Step]) -> Iterator[tuple[Step, RowChange]]:
    return ((step, change) for step in steps for view in step.tables for change in view.changes)


def numbers_in(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from numbers_in(each)
    else:
        yield value


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_each_step_starts_where_the_last_one_ended(architecture: str, objective: str) -> None:
    steps = taken(architecture=architecture, objective=objective, projection_bias=True, output_bias=True, epochs=2)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert {step.epoch for step in steps} == {1, 2}
    for before, after in itertools.pairwise(steps):
        for old, new in zip(before.tables, after.tables, strict=True):
            assert (old.name, old.objective) == (new.name, new.objective)
            after = {change.row_id: change.after for change in old.changes}
            for change in new.changes:
                assert after.get(change.row_id, change.before) == change.before


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_tables_move_against_the_gradient_by_the_learning_rate(architecture: str, objective: str) -> None:
    steps = taken(architecture=architecture, objective=objective, projection_bias=True, output_bias=True,
                  cbow_gradient="exact", epochs=2)  # fmt: skip
    for step, change in changes(steps):
        before, gradient, moved, after = map(np.array, (change.before, change.gradient, change.step, change.after))
        np.testing.assert_allclose(after, before - step.learning_rate * gradient, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(after, before + moved, rtol=1e-12, atol=1e-15)


def test_the_word2vec_gradient_moves_context_words_further_than_the_exact_one() -> None:
    step = taken(architecture="cbow", dynamic_window=False, epochs=2)[10]
    assert len(step.inputs) > 1
    for change in table(step, "input_vectors").changes:
        expected = -step.learning_rate * np.array(change.gradient) * len(step.inputs)
        np.testing.assert_allclose(change.step, expected, rtol=1e-9, atol=1e-15)
        np.testing.assert_array_equal(np.array(change.before) + change.step, change.after)


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_every_view_is_ready_for_json(architecture: str, objective: str) -> None:
    config = lesson.lesson_config(architecture=architecture, objective=objective)
    for view in (lesson.overview(TEXT, config), *lesson.steps(TEXT, config, limit=3)):
        data = view.to_dict()
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        assert {type(value) for value in numbers_in(data)} <= {int, float, str, bool, type(None)}


def test_the_window_rows_and_inputs_agree_in_skip_gram() -> None:
    for step in taken(architecture="skip-gram"):
        window = step.window
        centre = window.sentence[window.centre]
        assert all(0 < abs(position - window.centre) <= window.reach for position in window.context)
        assert [row.inputs for row in step.pairs] == [[centre]] * len(window.context)
        assert [row.output for row in step.pairs] == [window.sentence[position] for position in window.context]
        (current,) = [row for row in step.pairs if row.current]
        assert step.objectives[0].outputs == [current.output]
        (row,) = step.inputs
        assert row.word == centre
        assert row.row == step.hidden
        for change in table(step, "input_vectors").changes:
            assert (change.row, change.row_id, change.before) == (row.word, row.word_id, row.row)


@pytest.mark.parametrize("combine", ["mean", "sum"])
def test_the_window_rows_and_inputs_agree_in_cbow(combine: str) -> None:
    steps = taken(architecture="cbow", cbow_combine=combine, epochs=1)
    assert len(steps) == 7
    for step in steps:
        words = [step.window.sentence[position] for position in step.window.context]
        (pair,) = step.pairs
        assert (pair.inputs, pair.output, pair.current) == (words, step.window.sentence[step.window.centre], True)
        rows = np.array([row.row for row in step.inputs])
        np.testing.assert_allclose(step.hidden, getattr(rows, combine)(axis=0), rtol=1e-14)


def test_negative_sampling_shows_one_true_row_and_the_noise_drawn() -> None:
    ignored = 0
    for step in taken(negative=4, epochs=3):
        (view,) = step.objectives
        assert [row.label for row in view.rows] == [1, 0, 0, 0, 0]
        assert view.rows[0].output == view.outputs[0]
        assert step.comparisons[0].samples == [row.output for row in view.rows[1:]]
        loss = 0.0
        for row in view.rows:
            assert row.ignored == (row.label == 0 and row.output == view.outputs[0])
            if row.score is not None and row.probability is not None and row.error is not None:
                assert row.probability == pytest.approx(1 / (1 + np.exp(-row.score)))
                assert row.error == pytest.approx(row.probability - row.label)
                assert row.loss == pytest.approx(-np.log(row.probability if row.label else 1 - row.probability))
                loss += row.loss
            ignored += row.ignored
        assert step.loss == view.loss == pytest.approx(loss)
        assert view.probability is None
    assert ignored > 0


def test_hierarchical_softmax_shows_the_path_and_its_product() -> None:
    start = lesson.overview(TEXT, lesson.lesson_config(objective="hierarchical-softmax"))
    codes = {row.word: row.code for row in start.words}
    word_ids = {row.word: row.word_id for row in start.words}
    nodes = {node.name: node for node in start.tree}
    assert start.tree[0].weight == 7
    for step in taken(objective="hierarchical-softmax", epochs=2):
        (view,) = step.objectives
        (word,) = view.outputs
        assert "".join(str(node.bit) for node in view.path) == codes[word]
        place, product = "node 0", 1.0
        for node, row in zip(view.path, view.rows, strict=True):
            assert node.node == row.output == place
            assert node.turn == ("right" if node.bit else "left")
            assert node.branch_probability == pytest.approx(node.right if node.bit else node.left)
            assert node.left + node.right == pytest.approx(1)
            product *= node.branch_probability
            assert node.product == pytest.approx(product)
            place = getattr(nodes[place], node.turn)
        assert place == word
        assert view.probability == pytest.approx(product)
        assert step.loss == pytest.approx(-np.log(product))
        assert step.comparisons == []
        assert sum(view.probabilities) == pytest.approx(1, abs=1e-12)
        assert view.probabilities[word_ids[word]] == pytest.approx(product)
        assert [node.node_id for node in view.nodes] == list(range(len(nodes)))
        assert view.nodes[0].reached == 1.0
        assert table(step, "output_vectors", "hierarchical-softmax").rows == len(nodes)


def test_full_softmax_in_skip_gram_serves_the_whole_window_with_one_softmax() -> None:
    steps = taken(objective="softmax", epochs=1)
    assert len(steps) == 7
    for step in steps:
        (view,) = step.objectives
        assert view.outputs == [row.output for row in step.pairs]
        assert all(row.current for row in step.pairs)
        assert sum(row.times for row in view.rows) == len(view.outputs)
        assert {row.label for row in view.rows} <= {0, 1}
        assert sum(row.probability or 0.0 for row in view.rows) == pytest.approx(1)
        for row in view.rows:
            assert row.expected == pytest.approx(len(view.outputs) * view.probabilities[row.row_id])
            assert row.error == pytest.approx(row.expected - view.outputs.count(row.output))
        assert sum(view.output_losses) == pytest.approx(view.loss)
        assert step.comparisons == []


def test_the_comparison_leads_from_full_softmax_to_negative_sampling() -> None:
    repeated = 0
    for step in taken(negative=3):
        (comparison,) = step.comparisons
        used = [word for word in comparison.samples if word != comparison.output]
        assert [word.word for word in comparison.words] == [comparison.output, *dict.fromkeys(used)]
        assert [word.times for word in comparison.words[1:]] == [used.count(word) for word in dict.fromkeys(used)]
        assert comparison.words[0].times == 1
        assert sum(word.full_softmax for word in comparison.words) <= 1 + 1e-12
        repeated += len(set(used)) < len(used)
        assert [each.method for each in comparison.methods] == ["softmax", "sampled softmax", "negative sampling"]
        full, sampled, negative = comparison.methods
        assert (full.rows, sampled.rows, negative.rows) == (6, len(comparison.words), len(comparison.words))
        assert [word.is_output for word in comparison.words] == [True] + [False] * (len(comparison.words) - 1)
        true = comparison.words[0]
        assert full.loss == pytest.approx(-np.log(true.full_softmax))
        assert sampled.loss == pytest.approx(-np.log(true.sampled_softmax))
        assert negative.loss == step.loss
        assert sum(word.sampled_softmax for word in comparison.words) == pytest.approx(1)
    assert repeated


def test_several_objectives_share_the_input_table_and_add_their_gradients() -> None:
    both = ("hierarchical-softmax", "negative-sampling")
    steps = taken(objective=both, projection_bias=True, output_bias=True, epochs=2)
    assert [view.objective for view in steps[0].objectives] == list(both)
    assert [(view.name, view.objective) for view in steps[0].tables] == [
        ("input_vectors", None),
        ("projection_bias", None),
        ("output_vectors", "hierarchical-softmax"),
        ("output_bias", "hierarchical-softmax"),
        ("output_vectors", "negative-sampling"),
        ("output_bias", "negative-sampling"),
    ]
    for step, change in changes(steps):
        before, gradient, after = map(np.array, (change.before, change.gradient, change.after))
        np.testing.assert_allclose(after, before - step.learning_rate * gradient, rtol=1e-12, atol=1e-15)
    for step in steps:
        assert step.loss == pytest.approx(sum(view.loss for view in step.objectives))
        for change in table(step, "projection_bias").changes:
            np.testing.assert_allclose(change.gradient, step.hidden_gradient)


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_the_loss_falls_over_a_lesson(architecture: str, objective: str) -> None:
    steps = taken(architecture=architecture, objective=objective, epochs=40, learning_rate=0.3, seed=3)
    by_epoch = [[step.loss for step in steps if step.epoch == epoch] for epoch in (1, 2, 39, 40)]
    assert np.mean(by_epoch[2] + by_epoch[3]) < np.mean(by_epoch[0] + by_epoch[1])


def test_the_learning_rate_falls_linearly_with_the_text() -> None:
    rates = [step.learning_rate for step in taken(architecture="cbow", learning_rate=0.7, epochs=1)]
    np.testing.assert_allclose(rates, [0.7 - 0.1 * place for place in range(7)], atol=1e-4)


def test_the_seed_decides_and_limit_only_cuts() -> None:
    whole = [step.to_dict() for step in taken(seed=4)]
    assert [step.to_dict() for step in taken(seed=4)] == whole
    assert [step.to_dict() for step in taken(seed=5)] != whole
    assert [step.to_dict() for step in taken(seed=4, limit=3)] == whole[:3]
    assert [step.to_dict() for step in taken(seed=4, first=5, limit=2)] == whole[4:6]


def test_windows_do_not_cross_lines_and_lines_become_sentences() -> None:
    text = "one two\n\nthree four"
    start = lesson.overview(text, lesson.lesson_config())
    assert start.sentences == [["one", "two"], ["three", "four"]]
    pairs = {(step.inputs[0].word, step.objectives[0].outputs[0]) for step in taken(text, window=5)}
    assert pairs == {("one", "two"), ("two", "one"), ("three", "four"), ("four", "three")}


def test_subsampled_words_are_shown_as_dropped() -> None:
    text = "a b a c a d a e a f a g"
    steps = taken(text, subsample=0.02, seed=2)
    assert any(step.window.dropped for step in steps)
    for step in steps:
        window = step.window
        assert not {window.centre, *window.context} & set(window.dropped)
        assert len(window.context) == len(step.pairs)


def test_text_options_are_honoured() -> None:
    config = lesson.lesson_config(tokenizer="whitespace", lowercase=True, min_count=2)
    start = lesson.overview("The cat. the CAT. dog", config)
    assert start.sentences == [["the", "cat.", "the", "cat."]]
    start = lesson.overview("a-b a", lesson.lesson_config(tokenizer=lambda line: line.split("-")))
    assert start.sentences == [["a", "b a"]]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_text_of_one_repeated_word_works(objective: str) -> None:
    steps = taken("ha ha ha", objective=objective)
    assert steps
    assert all(np.isfinite(step.loss) for step in steps)


def test_texts_that_teach_nothing_are_refused() -> None:
    with pytest.raises(EmptyVocabularyError, match="the text has no word: pass a sentence of at least two words"):
        taken(" \n ")
    with pytest.raises(
        CorpusError, match="no sentence of the text has two words: pass a sentence of at least two words"
    ):
        taken("alone\napart")
    with pytest.raises(ConfigError, match="text must have at most 500 different words in a lesson; got 501"):
        taken(" ".join(f"word{number}" for number in range(501)))
    with pytest.raises(ConfigError, match="limit must be a whole number from 1 up; got 0"):
        taken(limit=0)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="windo is not an option of training"):
        lesson.lesson_config(windo=3)


@pytest.mark.parametrize(("architecture", "objective"), COMBINATIONS)
def test_pairs_of_a_window_have_the_noise_of_their_own_steps(architecture: str, objective: str) -> None:
    course = lesson.Course(TEXT, lesson.lesson_config(architecture=architecture, objective=objective, epochs=2))
    seen = []
    for number in range(1, course.count() + 1):
        pairs = course.window_pairs(number)
        assert number in [pair.number for pair in pairs]
        step = course.step(number)
        here = [pair for pair in pairs if pair.number == number]
        assert [pair.output for pair in here] == [each.output for each in step.pairs if each.current]
        if objective == "negative-sampling":
            used = [row.output for row in step.objectives[0].rows[1:] if not row.ignored]
            assert [pair.noise for pair in here] == [used]
            assert [pair.inputs for pair in here] == [[row.word for row in step.inputs]]
        assert [(pair.inputs, pair.output) for pair in pairs] == [(each.inputs, each.output) for each in step.pairs]
        seen += [pairs] if pairs not in seen else []
    assert sum(map(len, seen)) == sum(len(course.step(pairs[0].number).pairs) for pairs in seen)
    with pytest.raises(ConfigError, match="step must be a whole number from 1"):
        course.window_pairs(0)


def test_a_step_of_negative_sampling_is_tried_from_the_same_tables() -> None:
    course = lesson.Course(TEXT, lesson.lesson_config(epochs=4))
    before = course.step(40)
    assert course.sampled_step(40) == before
    tried = course.sampled_step(40, ["mat", "mat", "the"])
    assert tried.hidden == before.hidden
    assert tried.objectives[0].rows[0].score == before.objectives[0].rows[0].score
    assert [row.output for row in tried.objectives[0].rows[1:]] == ["mat", "mat", "the"]
    assert tried.comparisons[0].chosen and not before.comparisons[0].chosen
    assert course.step(41).inputs == lesson.Course(TEXT, course.config).step(41).inputs
    with pytest.raises(ConfigError, match="noise must be words of the text; got 'cheese'"):
        course.sampled_step(40, ["cheese"])
    with pytest.raises(ConfigError, match="noise must hold at least one word"):
        course.sampled_step(40, [])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_full_softmax_is_compared_with_negative_sampling_on_its_own_scores(architecture: str) -> None:
    course = lesson.Course(TEXT, lesson.lesson_config(architecture=architecture, objective="softmax", epochs=4))
    step, tried = course.step(12), course.sampled_step(12)
    assert tried.hidden == step.hidden
    scores = {row.output: row.score for row in step.objectives[0].rows}
    (comparison,) = tried.comparisons
    assert comparison.output == step.objectives[0].outputs[0]
    assert len(comparison.samples) == course.config.negative
    probabilities = dict(zip(scores, step.objectives[0].probabilities, strict=True))
    for word in comparison.words:
        assert word.score == pytest.approx(scores[word.word], abs=1e-12)
        assert word.full_softmax == pytest.approx(probabilities[word.word], abs=1e-12)


def test_a_tree_has_no_rows_of_words_to_compare() -> None:
    course = lesson.Course(TEXT, lesson.lesson_config(objective="hierarchical-softmax", epochs=1))
    with pytest.raises(ConfigError, match="objective must have an output row for each word; got"):
        course.sampled_step(1)
