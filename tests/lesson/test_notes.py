"""The tables of the teaching notes, row by row, and what the notes say of trees and words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wordkin import lesson
from wordkin.errors import ConfigError
from wordkin.lesson.trees import TREES, _fibonacci, build_tree, entropy, mean_length

CAT = "The fat cat sat on the mat\npizza computer cute mighty"


def course(text: str = CAT, **more: object) -> lesson.Course:
    names = {name: more.pop(name) for name in ("noise", "order", "tree") if name in more}
    config = lesson.lesson_config(**{"dynamic_window": False, "negative": 2, **more})
    return lesson.Course(text, config, **names)  # type: ignore[arg-type]


def rows(noise: object = None, centres: tuple[str, ...] = ("cat", "sat")) -> list[tuple[str, str, int]]:
    made = course(noise=noise).labelled_pairs(list(centres))
    return [(row.input, row.output, row.label) for row in made]


TRUE = [
    ("cat", "The"), ("cat", "fat"), ("cat", "sat"), ("cat", "on"),
    ("sat", "fat"), ("sat", "cat"), ("sat", "on"), ("sat", "the"),
]  # fmt: skip


def test_pair_table_1_has_exactly_the_eight_rows_of_the_notes() -> None:
    assert [(source, output) for source, output, _ in rows()] == TRUE


def test_pair_table_2_asks_whether_a_pair_is_true() -> None:
    assert rows() == [(source, output, 1) for source, output in TRUE]


def test_pair_tables_3_and_4_have_noise_between_the_true_pairs_with_label_0() -> None:
    noise = {("cat", "fat"): ["pizza", "computer"], ("cat", "on"): ["cute", "mighty"]}
    assert rows(noise, ("cat",)) == [
        ("cat", "The", 1), ("cat", "fat", 1), ("cat", "pizza", 0), ("cat", "computer", 0),
        ("cat", "sat", 1), ("cat", "on", 1), ("cat", "cute", 0), ("cat", "mighty", 0),
    ]  # fmt: skip


def test_chosen_noise_is_what_a_step_trains() -> None:
    chosen = course(noise=["pizza", "computer"])
    for number in (1, 7, chosen.count()):
        step = chosen.step(number)
        assert [row.output for row in step.objectives[0].rows][1:] == ["pizza", "computer"]
        assert step.comparisons[0].chosen
    drawn = course().step(7)
    assert not drawn.comparisons[0].chosen


@pytest.mark.parametrize(("noise", "message"), [
    (["pizza", "cheese"], "noise must be words of the text; got 'cheese': add a line with the word to the text"),
    ([], "noise must hold at least one word; got []: leave noise out to draw noise words at random"),
    ("pizza", "noise must be a list of words, or such a list for each (input, output) pair; got 'pizza'"),
])  # fmt: skip
def test_noise_that_cannot_be_is_refused(noise: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        course(noise=noise)
    assert str(caught.value) == message


def test_ids_by_appearance_are_those_of_the_notes() -> None:
    start = course("You say goodbye and I say hello.", order="appearance").overview()
    by_word = {row.word: start.one_hot[row.word_id] for row in start.words}
    assert by_word["You"] == [1, 0, 0, 0, 0, 0, 0]
    assert by_word["goodbye"] == [0, 0, 1, 0, 0, 0, 0]
    assert all(row.appearance == row.word_id for row in start.words)
    by_count = course("You say goodbye and I say hello.").overview()
    assert by_count.words[0].word == "say"
    assert [row.appearance for row in by_count.words if row.word == "say"] == [1]
    with pytest.raises(ConfigError, match='order must be one of "count", "appearance"; got \'size\''):
        course(order="size")


@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 30])
def test_all_trees_are_full_and_their_leaves_sum_to_1(kind: str, size: int) -> None:
    counts = np.arange(size, 0, -1)
    tree = build_tree(kind, counts)
    assert len(tree) == size
    paths = {tuple(tree.path(word_id)[1].tolist()) for word_id in range(size)}
    assert len(paths) == size
    assert sum(0.5 ** len(path) for path in paths) == pytest.approx(1)  # no branch ends without a leaf
    nodes = [tree.path(word_id)[0].tolist() for word_id in range(size)]
    assert sorted({node for path in nodes for node in path}) == list(range(size - 1))
    assert all(path == sorted(path) and path[:1] in ([], [0]) for path in nodes)


def test_trees_have_the_shape_of_their_name() -> None:
    counts = np.array([40, 20, 10, 5, 2, 1, 1])
    assert max(build_tree("complete", counts).lengths) - min(build_tree("complete", counts).lengths) <= 1
    assert max(build_tree("fibonacci", counts).lengths) == len(counts) - 1
    assert build_tree("full", np.array([15, 8, 15])).lengths.tolist() == [1, 2, 2]  # 15 | 23 and 23 | 15: the earlier
    huffman = counts @ build_tree("huffman", counts).lengths
    assert all(huffman <= counts @ build_tree(kind, counts).lengths for kind in TREES)
    with pytest.raises(
        ConfigError, match='tree must be one of "huffman", "complete", "full", "fibonacci"; got \'oak\''
    ):
        build_tree("oak", counts)
    with pytest.raises(ConfigError, match='tree must not be "fibonacci" with more than 80 words; got 81: choose'):
        build_tree("fibonacci", np.ones(81, dtype=np.int64))


@pytest.mark.parametrize("size", range(1, 20))
def test_the_deeper_leaves_of_the_complete_tree_are_those_of_the_rarest_words(size: int) -> None:
    counts = np.random.default_rng(size).integers(1, 9, size)
    lengths = build_tree("complete", counts).lengths
    depth = math.floor(math.log2(size))
    deeper = np.flatnonzero(lengths > depth)
    assert set(lengths.tolist()) <= {depth, depth + 1} and len(deeper) == 2 * (size - 2**depth)
    assert max(counts[deeper], default=0) <= min(np.delete(counts, deeper), default=9)
    assert mean_length(build_tree("complete", np.ones(size)), np.ones(size)) - math.log2(size) < 0.09


@pytest.mark.parametrize("size", range(2, 30))
def test_a_sum_of_fibonacci_numbers_is_1_less_than_the_number_after_the_next(size: int) -> None:
    numbers = _fibonacci(size + 2)[::-1]
    assert numbers[:size].sum() == numbers[size + 1] - 1
    paths = [build_tree("fibonacci", np.ones(size)).path(word_id)[0].tolist() for word_id in range(size)]
    assert paths == [*(list(range(length + 1)) for length in range(size - 1)), list(range(size - 1))]


@pytest.mark.parametrize("seed", range(8))
def test_huffman_is_less_than_1_above_the_entropy_and_no_tree_is_below(seed: int) -> None:
    counts = np.sort(np.random.default_rng(seed).zipf(1.5, 3 + 4 * seed).clip(1, 10**6))[::-1]
    least = entropy(counts)
    assert 0 <= least <= math.log2(len(counts)) + 1e-12
    assert mean_length(build_tree("huffman", counts), counts) < least + 1
    assert all(mean_length(build_tree(kind, counts), counts) >= least - 1e-12 for kind in TREES)
    assert entropy(np.array([4, 2, 1, 1])) == 1.75 and entropy(np.array([3])) == 0
    assert entropy(np.full(8, 5)) == 3


@pytest.mark.parametrize("kind", TREES)
def test_a_lesson_takes_each_tree(kind: str) -> None:
    step = course(objective="hierarchical-softmax", tree=kind).step(40)
    assert sum(step.objectives[0].probabilities) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", lesson.PRESETS)
def test_presets_teach(name: str) -> None:
    preset = lesson.PRESETS[name]
    made = lesson.Course(preset.text, lesson.lesson_config(**preset.options), noise=preset.noise or None)
    assert made.step(made.warm_start()).loss > 0
    assert 5 <= len(made.overview().words) <= 40
    assert preset.language in ("en", "ko")
    if preset.language == "en":
        assert f"{name}-ko" in lesson.PRESETS
