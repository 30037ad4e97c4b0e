"""What each page of the lesson says with the numbers of the step, read from its HTML without a browser."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
import json
import math
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wordkin.lesson import PRESETS
from wordkin.lesson.equations import NOTATIONS
from wordkin.lesson.trees import TREES, build_tree
from wordkin.objectives import reference
from wordkin.vocabulary.noise import noise_probabilities

pytest.importorskip("nicegui")
from wordkin.studio.catalogue import Texts
from wordkin.studio.lesson import flow, parts
from wordkin.studio.lesson import html as pieces
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.explain import equation_of
from wordkin.studio.lesson.tab import Tab, _first_shown
from wordkin.studio.lesson.topics import (
    TOPICS,
    architectures,
    exercises,
    noise,
    objectives,
    results,
    sampling,
    trees,
    words,
)


def at(number: int | None = None, *, preset: str = "cat", language: str = "en", **fields: Any) -> Tab:
    """A tab without a browser."""
    tab = copy.copy(made(dataclasses.replace(Choices.of_preset(PRESETS[preset]), **fields), language))
    tab.number = number or tab.number
    return tab


@functools.cache
def made(choices: Choices, language: str) -> Tab:
    """A tab whose course is made; tests that choose the same share the course, which is the same each time."""
    texts = Texts(language)
    say = lambda key, **values: texts.format(key, **values) if values else texts[key]  # noqa: E731
    view: Any = SimpleNamespace(state={}, texts=texts, text=say, remember=lambda **state: None)
    tab = Tab(view, tuple(TOPICS))
    asyncio.run(tab._make(choices))
    return tab


def values(html: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r'data-name="([^"]+)" data-value="([^"]+)"', html)}


def computed(formula: str) -> int:
    """The value of a formula of multiplications, from the numbers after its last equals sign."""
    total = 0.0
    times, _, terms = formula.rpartition("= ")[2].replace(",", "").removesuffix(")").rpartition("(")
    for term in terms.split(" + "):
        total += math.prod(map(float, term.split("·")))
    return round(float(times.rstrip("·") or 1) * total)


def cells(html: str) -> list[list[str]]:
    """The rows of all tables as texts."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html)
    return [[re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize(("language", "verdicts"), [("en", ("spam", "no spam")), ("ko", ("스팸", "정상"))])
def test_the_spam_filter_decides_by_counts(language: str, verdicts: tuple[str, str]) -> None:
    html = words._spam_html(at(language=language))
    assert html.count("✓") == 4 and "✗" not in html
    assert [row[-2] for row in cells(html)[1:5]] == [verdicts[0]] * 2 + [verdicts[1]] * 2


def test_inner_nodes_and_errors_are_named_in_the_language() -> None:
    tab = at(preset="weather-ko", objective="hierarchical-softmax", language="ko", vector_size=2)
    made = [
        flow.strip_html(tab), flow.scores_html(tab), flow.update_html(tab), flow.formulas_html(tab, ("score", "loss")),
        trees.tree_html(tab), trees.shape_html(tab, "huffman"), architectures._update_html(tab),
        results._grids_html(tab), *(each.prompt for each in exercises.questions(tab)),
    ]  # fmt: skip
    assert all("노드 " in html for html in made[:7])
    assert not any(re.search("node [0-9]", html) for html in made)
    for fields, said in (
        ({"text": "하나"}, "두 단어 이상인 문장이 없어"), ({"noise": "치즈"}, "“치즈”은(는) 글에 없습니다"),
        ({"subsample": 1e-9}, "t = 1e-09로"), ({"text": "가 " * 600}, "지금은 1200자"),
        ({"text": " ".join(map(str, range(41)))}, "지금은 41개"),
    ):  # fmt: skip
        other = copy.copy(tab)
        asyncio.run(other.change(**fields))
        assert said in other.error


def test_two_words_of_a_context_are_exchanged() -> None:
    tab = at(preset="fruit")
    html = words._exchanged_html(tab, tab.overview.sentences)
    first, second = re.findall(r"<p>(\w+) and (\w+) share", html)[0]
    sentences = [re.sub(r"<[^>]+>", "", each) for each in re.findall(r'<p class="sentence">(.*?)</p>', html)]
    swap = {first: second, second: first}
    originals = [" ".join(sentence) for sentence in tab.overview.sentences]
    assert sentences
    assert all(" ".join(swap.get(word, word) for word in each.split()) in originals for each in sentences)
    assert {first, second} == {"apple", "orange"}


@pytest.mark.parametrize(("preset", "shown"), [("cat", False), ("royal", True), ("hello", False)])
def test_a_text_too_short_for_the_distributional_hypothesis_is_not_taken_for_one(preset: str, shown: bool) -> None:
    tab = at(preset=preset)
    html = words._own_exchanged_html(tab)
    assert (tab.text("why.own") in html, tab.text("why.too_short") in html) == (shown, not shown)


def test_earlier_models_cost_more() -> None:
    rows = cells(words._history_html(at()))[1:]
    costs = [int(row[2].replace(",", "")) for row in rows]
    assert costs == [502_505_000, 500_005_000, 14_966, 8_000]
    assert [computed(row[3]) for row in rows] == costs
    assert rows[0][3] == "= C·N + C·N·H + H·V= 10·500 + 10·500·500 + 500·1,000,000"


def test_the_projection_lights_the_rows_of_the_step() -> None:
    tab = at(architecture="cbow")
    html = words._projection_html(tab)
    lit = re.findall(r'class="lit"><th scope="row">(\d+)</th><td class="left">([^<]+)<', html)
    assert sorted(word for count, word in lit for _ in range(int(count))) == sorted(row.word for row in tab.step.inputs)
    found = values(html)
    assert [found[f"projected.{i}"] for i in range(4)] == tab.step.hidden


def test_pair_tables_have_the_rows_of_the_notes() -> None:
    rows = cells(words._pairs_html(at(preset="cat")))
    first = [tuple(row) for row in rows if len(row) == 2][1:]
    assert first == [
        ("cat", "the"), ("cat", "fat"), ("cat", "sat"), ("cat", "on"),
        ("sat", "fat"), ("sat", "cat"), ("sat", "on"), ("sat", "the"),
    ]  # fmt: skip
    assert [tuple(row) for row in rows if len(row) == 3][1:] == [(a, b, "1") for a, b in first]


def test_three_readings_of_the_window() -> None:
    found = values(words._distance_html(at(window=4)))
    for distance in range(1, 5):
        assert found[f"reading.mean.{distance}"] == 1 / 8
        assert found[f"reading.weight.{distance}"] == 1 / distance
        assert found[f"reading.reach.{distance}"] == (4 - distance + 1) / 4


@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_the_gap_is_filled_by_rank(objective: str) -> None:
    tab = at(preset="ice-cream", objective=objective)
    html = architectures._cbow_html(tab)
    found = values(html)
    shares = [value for name, value in found.items() if name.startswith("cbow.p.")]
    assert "____" in html
    assert shares[:12] == sorted(shares[:12], reverse=True)
    centre = tab.taken.example.where.window.centre_id
    assert found["cbow.loss"] == pytest.approx(-math.log(found[f"cbow.p.{centre}"]), abs=1e-12)
    if objective == "softmax":
        assert found["cbow.loss"] == pytest.approx(tab.step.loss, abs=1e-12)


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
def test_the_network_has_the_words_of_the_step(architecture: str) -> None:
    tab = at(architecture=architecture)
    make = architectures._cbow_html if architecture == "cbow" else architectures._skip_gram_html
    picture = re.findall(r"<svg.*?</svg>", make(tab))[0]
    labels = re.findall(r">([^<>]+)</text>", picture)
    window = tab.step.window
    around = [window.sentence[position] for position in window.context]
    assert set(around) | {window.sentence[window.centre]} <= set(labels)
    assert "W  10×4" in labels and "W′  10×4" in labels


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
def test_errors_of_all_outputs_add_up(objective: str) -> None:
    tab = at(objective=objective)
    found = values(architectures._skip_gram_html(tab))
    window = tab.taken.example.where.window
    tables = tab.taken.before[objective]
    hidden = tables.input_vectors[window.centre_id]
    y = reference.softmax(tables.output_vectors @ hidden)
    for word_id, share in enumerate(y):
        error = len(window.context_ids) * share - window.context_ids.count(word_id)
        assert found[f"skip.EI.{word_id}"] == pytest.approx(error, abs=1e-12)
    assert found["skip.E"] == pytest.approx(sum(found[f"skip.L.{i}"] for i in range(len(window.context_ids))))
    if objective == "softmax":
        assert [found[f"skip.EH.{i}"] for i in range(4)] == pytest.approx(tab.step.hidden_gradient, abs=1e-12)


@pytest.mark.parametrize("gradient", ["word2vec", "exact"])
def test_the_step_of_word2vec_stands_beside_the_exact_one(gradient: str) -> None:
    tab = at(architecture="cbow", cbow_gradient=gradient)
    found = values(architectures._two_steps_html(tab))
    count = len(tab.step.inputs) if gradient == "word2vec" else 1
    taken = [value for name, value in found.items() if name.startswith("taken")]
    exact = [value for name, value in found.items() if name.startswith("exact")]
    assert taken == pytest.approx([count * value for value in exact], rel=1e-9)
    assert any(taken)


def test_cost_is_that_of_the_notes() -> None:
    html = objectives._cost_html(at(), {"C": 10, "N": 500, "V": 1_000_000, "K": 5})
    costs = [int(row[2].replace(",", "")) for row in cells(html)[1:]]
    assert costs == [500_005_000, 14_966, 8_000, 5_000_005_000, 104_658, 35_000]
    assert [row[4] for row in cells(html)[1:]] == ["1,000,000", "19.93", "6", "10,000,000", "199.32", "60"]
    assert [computed(row[3]) for row in cells(html)[1:]] == costs
    assert cells(html)[6][3] == "= C·(N + N·(K + 1))= 10·(500 + 500·6)"
    moved = cells(objectives._cost_html(at(), {"C": 3, "N": 77, "V": 5_000, "K": 11}))[1:]
    assert [computed(row[3]) for row in moved] == [int(row[2].replace(",", "")) for row in moved]
    natural = objectives.natural_html({"C": 10, "N": 500, "V": 1_000_000, "K": 5})
    assert round(values(natural)["cost.natural"]) == 11_908 and "11,908" in natural
    moving = cells(objectives._moving_html(at(objective="softmax")))
    assert [row[1] for row in moving[1:]] == ["1 / 10", "10 / 10"]


@pytest.mark.parametrize("kind", ["huffman", "complete", "full", "fibonacci"])
def test_the_tree_has_both_branches_and_all_leaves(kind: str) -> None:
    tab = at(objective="hierarchical-softmax", tree=kind)
    html = trees.tree_html(tab)
    found = values(html)
    leaves = [found[f"leaf.{word_id}"] for word_id in range(10)]
    assert sum(leaves) == pytest.approx(1, abs=1e-12)
    built = tab.course.text.tree
    assert built is not None
    expected = reference.tree_probabilities(tab.taken.before["hierarchical-softmax"], tab.taken.hidden, built)
    np.testing.assert_allclose(leaves, expected, atol=1e-12)
    for node in tab.step.objectives[0].path:
        assert found[f"node.{node.node_id}.left"] + found[f"node.{node.node_id}.right"] == pytest.approx(1)
    picture = re.findall(r"<svg.*?</svg>", html)[0]
    assert picture.count("<circle") == 9 and picture.count("<rect") == 10
    assert picture.count('class="edge') == 18
    assert picture.count('class="edge on"') == len(tab.step.objectives[0].path)


def test_the_tree_says_its_labels_its_loss_and_how_it_was_built() -> None:
    tab = at(preset="fruit", objective="hierarchical-softmax")
    view = tab.step.objectives[0]
    html = trees.tree_html(tab)
    turns = [row for row in cells(html) if row[0].startswith("node") and len(row) == 9]
    assert [row[5] for row in turns] == [str(each.label) for each in view.rows]
    assert {row[4][:1] for row in turns} == {"0", "1"}
    assert '<tr class="true"' not in html.partition(tab.text("tree.leaves"))[0]
    assert values(html)["tree.loss"] == pytest.approx(view.loss, abs=1e-12)
    assert f"{len(turns)} of the 9 rows" in html and "all 10 rows" in html
    leaves = {row[0]: row[1] for row in cells(html) if len(row) == 4}
    assert all(leaves[word.word] == str(word.count) for word in tab.overview.words)
    assert re.findall(r">(left|right|0\.[0-9]{3})</text>", html)[:4] == ["0.469", "left", "0.531", "right"]
    shape = trees.shape_html(tab, "huffman")
    assert "a (2) + an (3) → node 8 (5)" in shape
    assert "→ node" not in trees.shape_html(tab, "complete")
    assert tab.text("tree.label_note") in flow.scores_html(tab)


@pytest.mark.parametrize("preset", ["cat", "royal", "fruit", "ice-cream"])
def test_merges_join_the_two_rarest_each_time(preset: str) -> None:
    tab = at(preset=preset)
    found = re.findall(r"<li>(.+?) \((\d+)\) \+ (.+?) \((\d+)\) → (node \d+) \((\d+)\)", trees.joins_html(tab))
    left = dict(zip(tab.course.text.vocabulary.words, map(int, tab.course.text.counts), strict=True))
    assert len(found) == len(left) - 1
    for first, first_count, second, second_count, node, total in found:
        assert (left.pop(first), left.pop(second)) == (int(first_count), int(second_count))
        assert all(count >= int(second_count) for count in left.values())
        for chosen, count in ((first, first_count), (second, second_count)):
            if chosen.startswith("node "):  # of equal counts, words come first, then nodes in the order made
                rivals = [each for each, its_count in left.items() if its_count == int(count)]
                assert all(int(each.removeprefix("node ")) < int(chosen.removeprefix("node ")) for each in rivals)
        left[node] = int(total)
    assert left == {"node 0": sum(tab.course.text.counts)}


@pytest.mark.parametrize("order", ["count", "appearance"])
@pytest.mark.parametrize("preset", ["weather", "cat", "capitals"])
def test_four_trees_are_compared_by_their_numbers(preset: str, order: str) -> None:
    tab = at(preset=preset, order=order)
    html = trees.kinds_html(tab)
    counts = tab.course.text.counts
    found = values(html)
    means = [found[f"kind.{kind}.mean"] for kind in TREES]
    for kind, row, mean in zip(TREES, cells(html)[1:], means, strict=True):
        lengths = build_tree(kind, counts).lengths
        assert mean == pytest.approx(sum(counts * lengths) / sum(counts), abs=1e-12)
        assert row[2:] == [str(max(lengths)), str(lengths[int(np.argmax(counts))])]
        assert tab.text(f"tree.how_{kind}").split("'")[0] in html
    bits = -sum(count / sum(counts) * math.log2(count / sum(counts)) for count in counts)
    assert bits <= means[0] < bits + 1 and f"= {bits:.3f}, where" in html
    assert f"log₂ {len(counts)} = {math.log2(len(counts)):.3f}" in html
    best = re.findall(r'<td class="best"><span class="num" data-name="kind.(\w+).mean"', html)
    assert best == [kind for kind, mean in zip(TREES, means, strict=True) if mean == pytest.approx(min(means))]
    assert best[0] == "huffman"
    assert (preset != "weather" or order != "count") or (len(set(means)) == 4 and best == ["huffman"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"preset": "weather"}, ["“rain” (count 16) has the shortest path, 1 node, and “storm” (count 2) the longest",
                                 "2.641 nodes in Huffman's tree and 3.000 in a complete tree: 12 % less"]),
        ({"preset": "cat"}, ["“the” (count 2) has the shortest path, 3 nodes", "(count 1) the longest, 4 nodes",
                             "saves next to nothing: its mean path has 3.364", "counts range from 1 to 2"]),
        ({"text": "a b c d"}, ["all paths have the same length, 2 nodes."]),
        ({"text": "ha ha ha"}, []),
    ],
)  # fmt: skip
def test_the_shortest_and_the_longest_path_of_the_text_are_named(fields: dict[str, str], said: list[str]) -> None:
    html = trees.lengths_html(at(objective="hierarchical-softmax", **fields)).replace("&#x27;", "'")
    assert all(each in html for each in said) and bool(html) == bool(said)


def test_the_page_says_how_a_step_moves_the_nodes_of_its_path() -> None:
    for notation, signs in (("rong", ("below 0", "above 0")), ("theta", ("above 0", "below 0"))):
        tab = at(objective="hierarchical-softmax", notation=notation)
        said = re.findall("(label [01]\\)|below 0|above 0)", trees.tree_html(tab).partition("What the step does")[2])
        assert said[:4] == ["label 1)", signs[0], "label 0)", signs[1]]
        hidden = np.array(tab.step.hidden)
        moved = next(each for each in tab.step.tables if each.name == "output_vectors").changes
        labels = {each.row_id: each.label for each in tab.step.objectives[0].rows}
        assert all((np.dot(each.step, hidden) > 0) == bool(labels[each.row_id]) for each in moved)


@pytest.mark.parametrize(
    ("objective", "scored"),
    [("softmax", "{c}"), ("negative-sampling", "{c}\N{UNION}NEG(c)"), ("hierarchical-softmax", "path(c)")],
)
def test_the_triple_product_is_over_what_the_objective_scores(objective: str, scored: str) -> None:
    html = re.sub("<[^>]+>", "", architectures.product_html(objective)).replace("&#8746;", "\N{UNION}")
    product, total = (f"{sign}w{sign}c∈context(w){sign}z∈{scored}" for sign in "∏∑")
    assert html == f"{product}p(z | w){total}logp(z | w)"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_any_word_has_its_path_and_every_number_its_equation(notation: str) -> None:
    tab = at(preset="weather", objective="hierarchical-softmax", notation=notation)
    built = tab.course.text.tree
    assert built is not None
    before = tab.taken.before["hierarchical-softmax"]
    for word_id, word in enumerate(["rain", "sun"]):
        tab.leaf = word
        html = trees.tree_html(tab)
        found = values(html)
        scored = reference.hierarchical_softmax(before, tab.taken.hidden, *built.path(word_id))
        assert found["tree.loss"] == pytest.approx(scored.loss, abs=1e-12)
        for node_id, score in zip(scored.row_ids, scored.scores, strict=True):
            assert found[f"node.{node_id}.score"] == pytest.approx(score, abs=1e-12)
        assert len([row for row in cells(html) if row[0].startswith("node") and len(row) == 9]) == len(scored.row_ids)
        assert html.count('class="edge on"') == len(scored.row_ids)
        assert (tab.step.objectives[0].outputs[0] == word) != ("notice" in html)
        pointed = re.findall(r'data-equation-of="([^"]+)"><span class="[^>]*data-value="([^"]+)"', html)
        pointed += re.findall(
            r'data-equation-of="([^"]+)"><span class="share-bar[^>]*></span><span[^>]*"([^"]+)">', html
        )
        assert len(pointed) == 6 * len(scored.row_ids) + len(built)
        for key, value in pointed:
            equation = equation_of(tab, key)
            assert equation is not None
            assert abs(equation.value) == pytest.approx(abs(float(value)), abs=1e-12), key
            assert equation.value == pytest.approx(float(value), abs=1e-12) or "loss" in key


@pytest.mark.parametrize("key", ["path_leaf:99:0:0:0", "path_score:0:9:0:0", "path_oak:0:0:0:0", "path_leaf:0:0:0"])
def test_a_key_of_no_node_is_passed_over(key: str) -> None:
    assert equation_of(at(90, objective="hierarchical-softmax"), key) is None
    assert equation_of(at(90), "path_leaf:0:0:0:0") is None


@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_the_error_is_derived_in_each_notation(objective: str) -> None:
    said = {each: parts.why_error_html(at(objective=objective, notation=each)) for each in NOTATIONS}
    p = "y" if objective == "softmax" else "σ({})"
    assert f"EI = {p.format('u')} − t" in said["rong"] and "∂E/∂v′ = EI · h" in said["rong"]
    assert f"e = {p.format('s')} − t" in said["mikolov"] and "∂E/∂v′ = e · v" in said["mikolov"]
    assert f"g = I − {p.format('s')}" in said["theta"] and "∂log p/∂θ = g · x" in said["theta"]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_the_loss_changes_by_the_error_if_a_score_is_raised(architecture: str, objective: str, notation: str) -> None:
    tab = at(90, architecture=architecture, objective=objective, notation=notation, vector_size=2)
    html = parts.why_error_html(tab, step=tab.step)
    found = values(html)
    errors = {name.split(".")[1]: value for name, value in found.items() if name.endswith(".error")}
    for index, error in errors.items():
        row = tab.step.objectives[0].rows[int(index)]
        assert error == (0.0 - (row.error or 0.0) if notation == "theta" else row.error)
        assert found[f"check.{index}.slope"] == pytest.approx(error, abs=0.002)
    assert len(errors) >= 2 and all(errors.values())
    assert html.count("data-equation=") == 2


def test_one_softmax_for_several_outputs_explains_its_sums() -> None:
    tab = at(objective="softmax")
    row = next(each for each in tab.step.objectives[0].rows if each.times)
    html = flow.scores_html(tab)
    error = pieces.shown(row.error or 0.0)
    assert f"C·y = 4 · {row.probability:.4f} = {row.expected:.4f}, so EI = {row.expected:.4f} − 1 = {error}" in html
    assert "Σt (n in the formulas)" in html and "C·y" not in flow.scores_html(at())


def test_the_lesson_begins_after_the_steps_of_the_url_or_of_the_field() -> None:
    tab = at()
    assert tab.first > 1 and tab.begin is None
    tab = copy.copy(tab)
    tab.begin = 0
    asyncio.run(tab._make(dataclasses.replace(tab.choices, text="you say goodbye and i say hello")))
    assert (tab.number, tab.first) == (1, 1)
    remembered: dict[str, str | None] = {}
    tab.view = SimpleNamespace(remember=lambda **state: remembered.update(state))  # type: ignore[assignment]
    for count, first in ((25, 26), (99_999, tab.steps), (None, _first_shown(tab.course, tab.steps))):
        tab.begin_after(count)
        assert (tab.number, tab.first) == (first, first)
        assert remembered["begin"] == (None if count is None else str(min(count, tab.steps - 1)))


def test_a_lesson_with_subsampling_begins_at_a_sentence_with_a_dropped_word() -> None:
    assert at(preset="royal", subsample=0.03).step.window.dropped


def test_the_correction_has_a_worked_line() -> None:
    tab = at(noise="pizza,computer")
    html = re.sub(r"<[^>]+>", "", sampling.correction_html(tab, tab.step.comparisons[0]))
    found = re.findall(r"pizza: K = 2, q = ([\d.]+); u − log\(K·q\) = (\S+) − log\(2 · ([\d.]+)\) = (\S+)$", html)[0]
    p, score, again, corrected = (float(each.replace("−", "-")) for each in found)
    assert p == again
    assert score - math.log(2 * p) == pytest.approx(corrected, abs=0.002)
    assert tab.text("sampling.as_if_drawn") in html
    assert tab.text("sampling.as_if_drawn") not in sampling.correction_html(at(), at().step.comparisons[0])


def test_a_noise_word_drawn_or_chosen_twice_is_named_and_is_one_row() -> None:
    tab = at(noise="pizza pizza, computer")
    said = "pizza was chosen 2 times: its steps are added."
    html = sampling.recipe_html(tab, tab.step)
    assert said in html and said in flow.scores_html(tab)
    assert "3 of W′" in html and "K = 3 is the number of words chosen" in html
    compared = sampling.comparison_html(tab, tab.step)
    rows = [row[0] for row in cells(compared) if len(row) == 3]
    assert rows[1:4] == [tab.step.objectives[0].outputs[0], "pizza (2×)", "computer"]
    assert compared.count("3 output rows") == 2
    found = values(compared)
    assert sum(found[f"same.{i}.sampled"] for i in range(3)) == pytest.approx(1)
    assert "chosen 2" not in flow.scores_html(at(noise="pizza,computer"))
    drawn = at(preset="capitals", negative=5)
    for number in range(1, 200):
        drawn.number = number
        noise = [each.output for each in drawn.step.objectives[0].rows[1:] if not each.ignored]
        if len(set(noise)) < len(noise):
            break
    assert re.search(r"\w+ was drawn \d times", flow.scores_html(drawn))


def test_the_recipe_shows_the_step_or_the_one_tried_from_the_same_vectors() -> None:
    tab = at(noise="")
    step = tab.step
    found = values(sampling.recipe_html(tab, step))
    for index, each in enumerate(step.objectives[0].rows):
        if not each.ignored:
            assert found[f"recipe.{index}.score"] == each.score
            assert found[f"recipe.{index}.sigma"] == each.probability
            assert found[f"recipe.{index}.error"] == each.error
    assert found["loss.total"] == step.loss
    tried = sampling.sampled_step(tab, ["mighty", step.objectives[0].outputs[0]])
    html = sampling.recipe_html(tab, tried, tried=True)
    assert tab.text("sampling.tried") in html and "so as noise it is ignored" in html
    assert values(html)["recipe.0.score"] == found["recipe.0.score"]
    before = tab.taken.before["negative-sampling"]
    scored = reference.negative_sampling(before, tab.taken.hidden, tab.taken.example.outputs[0], [
        tab.course.text.vocabulary.id_of("mighty")
    ])  # fmt: skip
    assert values(html)["loss.total"] == pytest.approx(scored.loss, abs=1e-12)
    theta = at(noise="", notation="theta")
    again = values(sampling.recipe_html(theta, theta.step))
    assert again["recipe.0.error"] == -found["recipe.0.error"] > 0


@pytest.mark.parametrize("preset", ["cat", "cat-ko"])
def test_the_lesson_begins_with_noise_words_that_differ_and_are_not_in_the_window(preset: str) -> None:
    tab = at(preset=preset)
    rows, sentence, window = tab.step.objectives[0].rows, tab.step.window.sentence, tab.step.window
    around = {sentence[position] for position in (window.centre, *window.context)}
    assert len({each.output for each in rows}) == 3 and not any(each.ignored for each in rows)
    assert not around & {each.output for each in rows if not each.label}
    assert tab.text("sampling.ignored_true", word=rows[0].output) not in sampling.recipe_html(tab, tab.step)


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
def test_special_draws_are_explained_and_found(architecture: str) -> None:
    tab = at(architecture=architecture)
    html = noise.special_html(tab, tab.step)
    assert (tab.text("sampling.also_context") in html) == (architecture == "skip-gram")
    assert ("A word of the context" in html) == (architecture == "cbow")
    true = tab.step.comparisons[0].output
    count = {each.word: each.count for each in tab.overview.words}
    q = count[true] ** 0.75 / sum(each**0.75 for each in count.values())
    assert f"K = 2: 1 − (1 − {q:.4f})^2 = {1 - (1 - q) ** 2:.4f}" in html
    assert "1 − (1 − 0.9692)^2 = 0.9991" in html
    for fits in (noise.has_skipped_draw, noise.has_input_as_noise):
        found = noise.next_with_noise(tab, fits)
        assert found is not None
        there = copy.copy(tab)
        there.number = found
        rows = there.step.objectives[0].rows
        if fits is noise.has_skipped_draw:
            assert any(each.ignored for each in rows)
        else:
            assert {each.word for each in there.step.inputs} & {each.output for each in rows[1:] if not each.ignored}
    assert noise.next_with_noise(tab, lambda example: False) is None


def test_words_tried_stand_in_the_table_of_the_window() -> None:
    tab = at()
    true = tab.step.comparisons[0].output
    html = sampling.window_html(tab, {tab.number: ["pizza", true]})
    rows = [row for row in cells(html)[1:] if row[-1] == str(tab.number)]
    assert [row[1:3] for row in rows] == [[true, "1"], ["pizza", "0"]]
    assert tab.text("sampling.own_tried") in html
    assert tab.text("sampling.own_tried") not in sampling.window_html(tab, {tab.number + 1: ["pizza"]})


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("objective", ["negative-sampling", "softmax"])
def test_numbers_of_the_recipe_have_equations(objective: str, notation: str) -> None:
    tab = at(objective=objective, notation=notation)
    step = sampling.sampled_step(tab, ["pizza", "mighty"])
    found = POINTED.findall(sampling.recipe_html(tab, step, tried=True))
    assert len(found) == 3 * 4 + 1
    for key, value in found:
        equation = equation_of(tab, key, step)
        assert equation is not None
        if value:  # else the whole loss
            assert equation.value == pytest.approx(float(value), abs=1e-12), key


def test_the_recipe_says_what_a_step_is_and_what_moves() -> None:
    tab = at()
    html = sampling.recipe_html(tab, tab.step)
    assert "it has 4 pairs and 4 steps" in html and "no row of W moves" not in html
    first = at(1)
    assert "no row of W moves" in sampling.recipe_html(first, first.step)
    assert "no row of W moves" in architectures._two_steps_html(first)
    assert "<table" not in architectures._two_steps_html(first)
    of_cbow = at(architecture="cbow")
    assert "its 4 context words are the input together" in sampling.recipe_html(of_cbow, of_cbow.step)
    assert "by the whole −η · EH." in sampling.gradient_html(of_cbow, of_cbow.step)
    exact = at(architecture="cbow", cbow_gradient="exact")
    assert "by −η · EH / C, because" in sampling.gradient_html(exact, exact.step)
    assert "η · EH / 4 for a row of W" in flow.update_html(exact)
    assert "η · EH for a row of W" in flow.update_html(of_cbow)


@pytest.mark.parametrize(("preset", "rate"), [("cat", 0.3), ("royal", 0.001)])
def test_the_learning_rate_follows_from_the_numbers_beside_it(preset: str, rate: float) -> None:
    tab = at(preset=preset, learning_rate=rate)
    html = flow.window_html(tab)
    found = re.findall(r"η = ([\d.]+) − \(\1 − ([\d.]+)\) · ([\d,]+) / ([\d,]+) = ([\d.e-]+)\.", html)[0]
    start, end, passed, total, shown = (float(each.replace(",", "")) for each in found)
    assert (start, end) == (rate, pytest.approx(rate / 10_000))
    assert start - (start - end) * passed / total == pytest.approx(tab.step.learning_rate, rel=1e-9)
    assert shown == pytest.approx(tab.step.learning_rate, rel=1e-3)


def test_what_is_said_of_k_is_what_was_measured() -> None:
    shares = {name: float(value) for name, value in sampling._analogies_by_k().items()}
    for name in ("small", "large"):
        rise, rest = shares[f"{name}_5"] - shares[f"{name}_1"], shares[f"{name}_20"] - shares[f"{name}_5"]
        assert rise > 3 * abs(rest)
    assert shares["small_20"] < shares["small_10"]


@pytest.mark.parametrize("name", ["cat", "cat-ko"])
def test_letters_of_a_page_have_one_meaning(name: str) -> None:
    texts = Texts("ko" if name == "cat-ko" else "en")
    assert "w̃" not in texts["lesson.sampling.cases"]
    assert "<mi>u</mi>" not in noise._POWER and "u:" not in texts["lesson.noise.intro"]
    for notation, copied in (("rong", "h"), ("mikolov", "v"), ("theta", "x")):
        assert f"{copied} is a copy of it" in flow.hidden_html(at(notation=notation))


def test_full_softmax_is_compared_with_noise_that_is_not_trained() -> None:
    tab = at(objective="softmax")
    html = sampling.comparison_html(tab, sampling.sampled_step(tab))
    found = values(html)
    output = tab.taken.example.outputs[0]
    y = float(reference.full_softmax(tab.taken.before["softmax"], tab.taken.hidden, [output]).probabilities[output])
    assert found["same.0.full"] == pytest.approx(y, abs=1e-12)
    assert found["method.0.loss"] == pytest.approx(-math.log(y), abs=1e-12)


def test_noise_follows_the_pair_that_it_was_drawn_for() -> None:
    tab = at(text="a b a c a b a d e f", window=2)
    ignored = 0
    for number in range(1, 60):
        tab.number = number
        window = tab.taken.example.where
        rows = cells(sampling.window_html(tab))[1:]
        expected = []
        for step in (tab.course.step(other) for other in range(max(1, number - 4), number + 5)):
            if tab.course.taken(step.number).example.where is window:
                view = step.objectives[0]
                ignored += any(each.ignored for each in view.rows)
                expected += [[step.inputs[0].word, each.output, str(each.label), str(step.number)]
                             for each in view.rows if not each.ignored]  # fmt: skip
        assert rows == expected
        assert sampling.window_html(tab).count(" lit") == sum(row[-1] == str(number) for row in rows)
    assert ignored


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_outputs_are_judged_again_after_the_step(architecture: str, objective: str) -> None:
    tab = at(architecture=architecture, objective=objective)
    found = values(architectures._again_html(tab))
    taken = tab.taken
    after = taken.after[objective]
    hidden = reference.hidden_vector(after, taken.example.inputs)
    for index, each in enumerate(tab.step.objectives[0].rows):
        if not each.ignored:
            score = float(after.output_vectors[each.row_id] @ hidden)
            assert found[f"again.{index}.score"] == pytest.approx(score, abs=1e-12)
    assert found["again.loss"] < tab.step.loss


def test_the_three_ways_judge_the_same_scores_and_the_loss_has_two_parts() -> None:
    tab = at(noise="pizza,computer")
    view = tab.step.objectives[0]
    found = values(sampling.recipe_html(tab, tab.step))
    assert found["loss.plus"] + found["loss.minus"] == pytest.approx(view.loss)
    assert found["loss.plus"] == pytest.approx(-math.log(view.rows[0].probability or 0))
    found = values(sampling.comparison_html(tab, tab.step))
    assert sum(found[f"same.{i}.sampled"] for i in range(3)) == pytest.approx(1)


def test_three_noise_distributions() -> None:
    tab = at(preset="royal")
    counts = [row.count for row in tab.overview.words]
    for exponent in (1.0, 0.75, 0.0):
        spread = noise_probabilities(counts, exponent)
        assert spread.sum() == pytest.approx(1)
    html = noise.noise_html(tab)
    found = values(html)
    for word_id, share in enumerate(noise_probabilities(counts, 0.75)):
        assert found[f"noise.0.75.{word_id}"] == share
        assert found[f"noise.1.{word_id}"] == pytest.approx(counts[word_id] / sum(counts))
        assert found[f"noise.0.{word_id}"] == pytest.approx(1 / len(counts))


def test_the_step_stays_if_the_same_steps_are_trained_again() -> None:
    tab = at()
    tab.number = 329
    asyncio.run(tab._make(dataclasses.replace(tab.choices, noise="pizza computer")))
    assert tab.number == 329
    assert tab.step.comparisons[0].samples == ["pizza", "computer"]
    asyncio.run(tab._make(dataclasses.replace(tab.choices, text="you say goodbye and i say hello", noise="")))
    assert tab.number != 329


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_exponent_of_the_noise_changes_how_often_rare_words_are_drawn(language: str) -> None:
    tab = at(language=language)
    html = noise.example_html(tab, 0.5)
    found = values(html)
    expected = [1_000_000**0.5, 10_000**0.5, 10**0.5]
    shares = [found[f"example.chosen.{index}"] for index in range(3)]
    assert shares == pytest.approx([each / sum(expected) for each in expected], abs=1e-12)
    # 10 of 1,010,010 words; 10^¾ of 1,000,000^¾ + 10,000^¾ + 10^¾; and one of three words
    assert all(draws in html for draws in ("101,001", "5,802", f"{1 / shares[2]:,.0f}"))
    assert found["example.0.2"] == pytest.approx(1 / 3)


def test_subsampling_strikes_words_out() -> None:
    tab = at(preset="royal", subsample=0.02)
    found = values(objectives._subsampling_html(tab, 0.02))
    for row in tab.overview.words:
        assert found[f"keep.paper.{row.word_id}"] == pytest.approx(min(1, math.sqrt(0.02 / row.share)))
        kept = min(1, math.sqrt(0.02 / row.share) + 0.02 / row.share)
        assert found[f"keep.word2vec.{row.word_id}"] == pytest.approx(kept) == pytest.approx(row.keep_probability)
    dropped = sum(len(tab.course.step(number).window.dropped) for number in range(1, 60))
    assert dropped
    for number in range(1, 60):
        tab.number = number
        assert objectives._struck_html(tab).count('class="dropped"') == len(tab.step.window.dropped)


@pytest.mark.parametrize("name", ["subsample", "noise_large", "noise_small"])
def test_pages_show_what_was_measured(name: str) -> None:
    results = Path(__file__).parents[2] / "docs" / "results" / "guidance.json"
    measured = json.loads(results.read_text(encoding="utf-8"))["measurements"]
    scores: dict[str, list[float]] = {}
    for key, each in measured.items():
        table, _, rest = key.partition(": ")
        if table == name:
            scores.setdefault(rest.split(",")[0], []).append(each["value"]["scores"]["total"])
    shown = cells(objectives.measured_html(at(), name, "t"))[1:]
    assert [row[2] for row in shown] == [f"{100 * round(float(np.mean(each)), 4):.1f} %" for each in scores.values()]
    values_shown = [row[0] for row in shown]
    assert values_shown == [key.replace("no subsampling", "none") for key in scores]


def test_what_was_learned_is_drawn() -> None:
    tab = at(60)
    run = results._whole_run(tab.choices, tab.steps)
    assert len(run.loss) >= results._POINTS
    assert np.mean([loss for _, loss in run.loss[-5:]]) < np.mean([loss for _, loss in run.loss[:5]])
    picture = results._plane_html(tab, run)
    assert picture.count("<text") == 20
    assert 'class="now"' in results._loss_html(tab, run)
    found = values(results._grids_html(tab))
    rows = tab.course.tables(60)["negative-sampling"]
    vectors = rows.input_vectors / np.linalg.norm(rows.input_vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(
        [[found[f"cos.W.{i}.{j}"] for j in range(10)] for i in range(10)], vectors @ vectors.T, atol=1e-12
    )
    products = rows.input_vectors @ rows.output_vectors.T
    np.testing.assert_allclose([[found[f"dot.{i}.{j}"] for j in range(10)] for i in range(10)], products, atol=1e-12)
    assert len(cells(results._neighbours_html(tab))) == 11


def test_all_six_combinations_stand_side_by_side() -> None:
    tab = at(100, epochs=10)
    runs = architectures._six_runs(tab.choices)
    found = values(architectures._six_html(tab, runs))
    for run in runs:
        number = max(1, round(100 / tab.steps * run.steps))
        assert found[f"six.{run.architecture}.{run.objective}.loss"] == run.course.step(number).loss
        name = f"six.{run.architecture}.{run.objective}"
        assert [found[f"{name}.h.{i}"] for i in range(4)] == run.course.step(number).hidden
    assert len(runs) == 6


def test_the_sheet_has_all_of_the_step() -> None:
    tab = at(objective="softmax")
    html = results._sheet_html(tab)
    found = values(html)
    assert {"loss", "h.0", "EH.0"} <= set(found)
    assert html.count("<math") >= 14


@pytest.mark.parametrize(
    ("answer", "begin", "given", "reply"),
    [
        (-0.25, 0.0, "0.25", "sign"), (-0.25, 0.0, " -0.25 ", "right"), (-0.25, 0.0, "−0,25", "right"),
        (-0.25, 0.0, "0.26", "wrong"), (-0.25, 0.0, "x", "no_number"), (-0.25, 0.0, "", "no_number"),
        (0.0004, 0.0, "0", "wrong"), (0.0004, 0.0, "-0.0004", "sign"), (0.0004, 0.0, "0.0004", "right"),
        (0.161703, 0.1645, "0.1617", "right"), (0.161703, 0.1645, "0.1631", "wrong"),
        (0.161703, 0.1645, "0.1645", "wrong"), (0.161703, 0.1645, "0.1673", "sign_of_step"),
        (0.3, 0.29999, "0.29999", "wrong"), ("101", 0.0, "1 0 1", "right"), ("101", 0.0, "010", "wrong"),
        ("101", 0.0, "", "no_bits"), ("101", 0.0, "1o1", "no_bits"),
    ],
)  # fmt: skip
def test_answers_are_judged(answer: float | str, begin: float, given: str, reply: str) -> None:
    tab = at()
    question = exercises.Question("output_update" if begin else "score", "", answer, begin)
    if isinstance(answer, str):
        question = exercises.Question("code", "", answer)
    said = exercises.verdict(tab, question, given)
    value = answer if isinstance(answer, str) else pieces.shown(answer, 6)
    hint = tab.text(f"exercises.hint.{question.kind}", right=0, given=len(given))
    expected = {"right": {"value": value}, "wrong": {"hint": hint}}.get(reply, {})
    assert said == tab.text(f"exercises.{reply}", **expected)


@pytest.mark.parametrize("notation", ["rong", "theta"])
@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_questions_do_not_give_the_answer_away(architecture: str, objective: str, notation: str) -> None:
    tab = at(objective=objective, architecture=architecture, notation=notation)
    asked = exercises.questions(tab)
    assert len(asked) >= 6
    for each in asked:
        assert "?" in each.prompt
        assert f'data-value="{each.answer!r}"' not in each.prompt
        right = tab.text("exercises.right", value="").strip()
        assert exercises.verdict(tab, each, exercises._answer(each)).startswith(right), each.name
        wrong = "0" * 9 if isinstance(each.answer, str) else "77"
        assert exercises.verdict(tab, each, wrong).startswith("Not yet. "), each.name
    if objective != "softmax":  # the error is asked for both labels
        sign = -1 if notation == "theta" else 1
        errors = [sign * float(each.answer) for each in asked if each.name.startswith("error")]
        assert len(errors) == 2 and errors[0] < 0 < errors[1]


@pytest.mark.parametrize(
    ("name", "answer", "given", "hint"),
    [
        ("code", "0110", "011", "counted from the root: 3 of your 3."),
        ("code", "0110", "0010", "counted from the root: 1 of your 4."),
        ("new_code", "110", "010", "counted from the root: 0 of your 3. Join the two smallest counts"),
        ("label", 0.0, "1", "label = 1 − code bit: 1 if the path to the word turns left"),
        ("error node 2", -0.4, "0.6", "EI = σ(u) − t. Here t = 1 if the path to the word turns left at this node"),
        ("p", 0.2, "0.5", "Multiply the probabilities of all branches"),
        ("rest", 0.2, "0.9", "All leaves together have the probability 1."),
        ("new_mean", 2.5, "1", "Multiply the count of each letter by the number of nodes"),
    ],
)
def test_a_wrong_answer_gets_a_hint_of_its_kind(name: str, answer: float | str, given: str, hint: str) -> None:
    tab = at(objective="hierarchical-softmax")
    said = exercises.verdict(tab, exercises.Question(name, "", answer), given)
    assert said.startswith("Not yet. ") and hint in said
    theta = at(objective="negative-sampling", notation="theta")
    said = exercises.verdict(theta, exercises.Question("error cat", "", 0.25), "0.5")
    assert "g = I − σ(s). Here I = 1 for the true word" in said


def test_a_new_tree_has_one_answer_only() -> None:
    tab = at(preset="weather", objective="hierarchical-softmax")
    for number in range(90, 98):
        tab.number = number
        asked = {each.name: each for each in exercises.questions(tab)}
        code, mean = asked["new_code"], asked["new_mean"]
        left = {letter: int(count) for letter, count in re.findall("([A-E]) ([0-9]+)", code.prompt)}
        assert len(left) == 5 and all(f"{letter} {count}" in mean.prompt for letter, count in left.items())
        codes, total, made = dict.fromkeys(left, ""), sum(left.values()), 0
        while len(left) > 1:
            assert len(set(left.values())) == len(left)
            (light, first), (heavy, second) = sorted(left.items(), key=lambda each: each[1])[:2]
            codes = {
                each: ("0" if each in light else "1" if each in heavy else "") + old for each, old in codes.items()
            }
            del left[light], left[heavy]
            left[light + heavy] = first + second
            made += first + second
        assert code.answer == codes[re.findall("code of ([A-E])", code.prompt)[0]]
        assert mean.answer == pytest.approx(made / total)


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_no_question_shows_the_answer_of_one_that_is_open(architecture: str, objective: str) -> None:
    tab = at(objective=objective, architecture=architecture)
    tab.solved = set()
    asked, veiled = exercises.questions(tab), 0
    for index, each in enumerate(asked):
        waiting = exercises.open_before(tab, asked, index)
        html = exercises.prompt_html(tab, asked, index)
        veiled += bool(waiting)
        for other in asked[index + 1 :]:
            assert not each.needs(other), (each.name, other.name)
        numbers = {abs(float(value)) for value in re.findall(r'data-value="([^"]+)"', html)}
        for other in asked:
            if other is not each and not isinstance(other.answer, str) and other.answer not in (0, 1):
                answers = abs(other.answer), 1 - abs(other.answer)
                assert not any(each == pytest.approx(shown, abs=1e-9) for each in answers for shown in numbers)
        tab.solved |= {exercises._key(tab, asked[number]) for number in waiting}
        assert exercises.prompt_html(tab, asked, index) == f"<p><b>{index + 1}</b></p>{each.prompt}"
        tab.solved = set()
    assert veiled >= 2
    assert len({each.name for each in asked}) == len(asked)


def test_exercises_of_negative_sampling_ask_for_rows_noise_and_a_step() -> None:
    tab = at(333)  # one of the noise words drawn is "the", the word to be predicted
    asked = {each.name: each for each in exercises.questions(tab)}
    rows = asked["rows"]
    assert rows.answer == "the, sat" and "“the”" in rows.prompt and "sat, the" in rows.prompt
    right = tab.text("exercises.right", value=rows.answer)
    assert exercises.verdict(tab, rows, "Sat the") == right
    assert "skipped" in exercises.verdict(tab, rows, "the, sat, cat")
    word = re.findall("is “(.+?)” drawn", asked["q"].prompt)[0]
    count = {each.word: each.count for each in tab.overview.words}
    assert asked["q"].answer == pytest.approx(count[word] ** 0.75 / sum(each**0.75 for each in count.values()))
    step, noise = tab.step, tab.step.objectives[0].rows[1]
    moved = next(each for each in step.tables[1].changes if each.row_id == noise.row_id)
    assert asked["output_step"].answer in moved.step
    assert asked["output_step"].needs(asked["error sat"])
    tab.topic = "exercises"
    assert "W′ the" not in flow.strip_html(tab)


def test_exercises_on_the_tree_ask_for_what_the_tree_gives() -> None:
    tab = at(preset="weather", objective="hierarchical-softmax")
    asked = {each.name: each for each in exercises.questions(tab)}
    assert {"code", "label", "p", "rest", "mean", "loss", "output_update"} <= set(asked)
    assert asked["mean"].answer == pytest.approx(103 / 39)
    codes = {each.word: each.code for each in tab.overview.words}
    word = re.findall("“(.+?)”", asked["code"].prompt)[0]
    assert asked["code"].answer == codes[word]
    shares = {each.word: tab.step.objectives[0].probabilities[each.word_id] for each in tab.overview.words}
    assert asked["p"].answer == shares[re.findall("“(.+?)”", asked["p"].prompt)[0]]
    rest = float(re.findall(r"add up to (\d\.\d+)", asked["rest"].prompt)[0])
    assert asked["rest"].answer == pytest.approx(1 - rest, abs=1e-5)
    assert "rain 16, sun 5" in exercises._tree_html(tab)
    assert exercises._tree_html(at()) == ""


def test_the_table_of_outputs_has_the_size_of_the_objective() -> None:
    for objective, rows in (("softmax", 10), ("hierarchical-softmax", 9)):
        tab = at(objective=objective)
        name = f"W′  {rows}×4" + (" (inner nodes)" if rows == 9 else "")
        assert name in re.findall(r">([^<>]+)</text>", architectures._skip_gram_html(tab))
        assert parts.output_rows(tab) == len(tab.taken.before[objective].output_vectors)
        plane = results._plane_html(tab, results._whole_run(tab.choices, 20))
        labels = re.findall(r">([^<>]+)</text>", plane)
        assert ("n8" in labels, "cat′" in labels) == (rows == 9, rows == 10)


POINTED = re.compile(r'<(?:td|span)[^>]*data-equation-of="([^"]+)"[^>]*>(?:<span class="share-bar[^>]*></span>)?'
                     r'(?:<span[^>]*data-value="([^"]+)")?')  # fmt: skip


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_the_equation_of_a_number_ends_in_that_number(architecture: str, objective: str, notation: str) -> None:
    tab = at(90, architecture=architecture, objective=objective, notation=notation, vector_size=2)
    checked = 0
    for make in (flow.hidden_html, flow.scores_html, flow.update_html):
        for key, value in POINTED.findall(make(tab)):
            if not value:  # the whole loss, whose element is the number itself
                assert key.startswith("loss:")
                continue
            equation = equation_of(tab, key)
            assert equation is not None, key
            assert equation.value == pytest.approx(float(value), abs=1e-12), key
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("objective", ["hierarchical-softmax", "negative-sampling"])
def test_formulas_show_an_output_with_each_label(objective: str) -> None:
    tab = at(objective=objective)
    labels = [row.label for row in tab.step.objectives[0].rows if not row.ignored]
    assert set(labels) == {0, 1}
    html = flow.formulas_html(tab, ("score", "probability", "loss", "error"))
    names = re.findall(r'data-equation="(\w+)"', html)
    assert {name: names.count(name) for name in names} == {"score": 2, "probability": 2, "loss": 1, "error": 2}
    bold = flow.scores_html(tab).count('class="true"')
    assert bold == (0 if objective == "hierarchical-softmax" else 1)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_legend_and_the_heads_follow_the_notation(language: str) -> None:
    for notation, inside, outside in (
        ("rong", {"u = v′ · h", "EH", "η"}, {"α", "θ"}),
        ("mikolov", {"s = v′ · v", "α", "∂E/∂v"}, {"EI", "EH", "η"}),
        ("theta", {"s = θ · x", "g = I − σ", "∂log p/∂x"}, {"EI", "EH", "α"}),
    ):
        tab = at(notation=notation, language=language, objective="hierarchical-softmax")
        said = re.sub(r"</?b>", "", flow.legend_html(tab))
        heads = re.sub(r"<[^>]+>", " ", flow.scores_html(tab) + flow.update_html(tab))
        assert all(each in said for each in inside), said
        assert not any(each in said + heads for each in outside)


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_no_symbol_of_the_legend_has_two_meanings(notation: str, architecture: str) -> None:
    html = flow.legend_html(at(notation=notation, architecture=architecture))
    terms = re.findall("<li><b>(.+?)</b>", html)
    assert len(set(terms)) == len(terms) >= 12
    assert ("x" if notation == "theta" else "v") + "<sub>the</sub>" in terms


def test_a_first_step_that_moves_no_row_of_w_says_so() -> None:
    assert "EH = 0, because" in flow.update_html(at(1))
    assert "EH = 0, because" not in flow.update_html(at(90))


def test_what_was_typed_survives_a_change_of_another_option() -> None:
    tab = copy.copy(at(epochs=5))
    tab.draft = ("sun moon sun", "moon")
    asyncio.run(tab.change(window=1))
    assert tab.draft == ("sun moon sun", "moon")
    asyncio.run(tab.change(text="alone"))
    assert "two words" in tab.error and tab.draft
    asyncio.run(tab.change(text="sun moon sun", preset="", noise="moon"))
    assert (tab.draft, tab.error) == (None, "")


def test_no_choice_is_lost_while_another_is_in_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    tab = copy.copy(at(epochs=5))
    tab._waiting, tab._turn, seen = [], asyncio.Lock(), []
    tab.begin = 0  # at the first step, which is computed quickly
    tab.view = SimpleNamespace(remember=lambda **state: seen.append(state), text=tab.view.text)  # type: ignore
    make = Choices.course

    def slow(choices: Choices) -> Any:
        time.sleep(0.1 if choices.tree == "huffman" else 0.0)
        return make(choices)

    monkeypatch.setattr(Choices, "course", slow)

    async def choose_twice() -> None:
        first = asyncio.create_task(tab.choose_preset("weather"))
        await asyncio.sleep(0.02)
        assert (seen[-1]["preset"], seen[-1]["tree"], tab.choices.preset) == ("weather", None, "cat")
        second = asyncio.create_task(tab.change(objective="hierarchical-softmax", tree="fibonacci"))
        await asyncio.sleep(0.02)  # a page that is loaded again now has both
        assert (seen[-1]["preset"], seen[-1]["tree"], seen[-1]["step"]) == ("weather", "fibonacci", None)
        await asyncio.gather(first, second, tab.change(text="alone"))

    asyncio.run(choose_twice())
    assert (tab.choices.preset, tab.choices.tree, tab.choices.objective) == (
        "weather",
        "fibonacci",
        "hierarchical-softmax",
    )
    assert "rain" in tab.course.text.vocabulary and tab.course.text.tree is not None
    assert max(tab.course.text.tree.lengths) == 7
    assert (seen[-1]["preset"], seen[-1]["tree"], seen[-1]["step"]) == ("weather", "fibonacci", str(tab.number))
    assert "two words" in tab.error


def test_losses_under_the_tree_add_up_and_pages_say_what_they_compute() -> None:
    tab = at(objective="hierarchical-softmax")
    found = values(architectures._skip_gram_html(tab))
    count = len(tab.taken.example.where.window.context_ids)
    assert found["skip.E"] == pytest.approx(sum(found[f"skip.L.{index}"] for index in range(count)))
    sums = [row[2] for row in cells(architectures._skip_gram_html(tab)) if row[2:3] and row[2].endswith("=")]
    for index, summed in enumerate(sums):
        assert sum(map(float, summed.rstrip(" =").split(" + "))) == pytest.approx(found[f"skip.L.{index}"], abs=0.003)
    assert len(sums) == count
    sheet = results._sheet_html(tab)
    assert {"leaf.sum", "tree.loss", "loss"} <= set(values(sheet)) and "<svg" in sheet
    assert flow.legend_html(tab) in sheet
    assert "sentence 1 of 2" in flow.window_html(tab)
    tab.topic = "exercises"
    assert "E =" not in flow.strip_html(tab)


def test_heads_are_aligned_as_the_cells_below_them() -> None:
    cells_of_a = [pieces.cell(1.0), pieces.bar_cell(0.5), pieces.plain("b", "left")]
    made = pieces.table(["", "x", "y", "z"], [pieces.row("a", cells_of_a)])
    assert re.findall(r'<th scope="col"( class=left)?>', made) == [" class=left", "", " class=left", " class=left"]


def test_words_are_escaped_everywhere() -> None:
    tab = at(5, text="<img src=x onerror=alert(1)> says <img src=x onerror=alert(1)> hello")
    words_shown = [row.word for row in tab.overview.words]
    assert {"<", ">"} <= set(words_shown)  # the splitter keeps punctuation as words
    made = [
        words._projection_html(tab), words._pairs_html(tab), architectures._cbow_html(tab),
        words._exchanged_html(tab, tab.overview.sentences),
        architectures._skip_gram_html(tab), architectures._update_html(tab), sampling.recipe_html(tab, tab.step),
        sampling.comparison_html(tab, tab.step),
        trees.shape_html(tab, "huffman"), results._grids_html(tab), results._sheet_html(tab),
    ]  # fmt: skip
    for html in made:
        assert "&lt;" in html
        assert not re.search(r"<\s*img|>\s*<\s*</", html)


@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
def test_a_text_of_one_word_has_all_pages(objective: str) -> None:
    tab = at(3, text="ha ha ha", objective=objective)
    for make in (
        words._projection_html, words._pairs_html, architectures._cbow_html, architectures._skip_gram_html,
        architectures._update_html, objectives._moving_html, results._grids_html, results._sheet_html,
        results._neighbours_html, noise.noise_html,
    ):  # fmt: skip
        assert make(tab)
    if objective == "hierarchical-softmax":
        assert "ha" in trees.tree_html(tab)
    assert results._plane_html(tab, results._whole_run(tab.choices, 5))
    assert words._exchanged_html(tab, tab.overview.sentences) == ""
    exercises.questions(tab)


@pytest.mark.parametrize(
    "key", ["", "x", "score:0:0:0", "score:99:0:0:0", "score:0:0:0:7", "hidden:0:9:0:0", "score:²:0:0:0"]
)
def test_a_key_of_no_equation_is_passed_over(key: str) -> None:
    assert equation_of(at(90), key) is None
