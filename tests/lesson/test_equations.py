"""Formulas: what comes out of the numbers shown is the number of the step."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree

import pytest

from wordkin import lesson
from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.errors import ConfigError
from wordkin.lesson import depict
from wordkin.lesson.equations import NOTATIONS, Equation, Term, cell_equations, equations, number_text, path_equations

COMBINATIONS = list(itertools.product(ARCHITECTURES, OBJECTIVES, NOTATIONS))


def python_of(term: Term) -> str:
    """A formula of numbers as a Python expression in full precision."""
    if term.kind == "number":
        return f"({term.value!r})"
    if term.kind == "fraction":
        return f"(({python_of(term.parts[0])})/({python_of(term.parts[1])}))"
    if term.kind == "power":
        assert term.parts[0].symbol == "e"
        return f"math.exp({python_of(term.parts[1])})"
    if term.kind == "row":
        text = "".join(map(python_of, term.parts))
        return re.sub(r"log (\(-?[^()]+\))", r"math.log(\1)", text)
    return {"−": "-", "·": "*"}.get(term.symbol, term.symbol)


def made(architecture: str, objective: str, style: str, **options: object) -> list[Equation]:
    config = lesson.lesson_config(architecture=architecture, objective=objective, vector_size=3, seed=2, **options)
    course = lesson.Course("the fat cat sat on the mat", config)
    found = []
    for number in (1, course.warm_start(), course.warm_start() + 2):
        step = course.step(number)
        rows = [index for index, row in enumerate(step.objectives[0].rows) if not row.ignored]
        for row, component in itertools.product(rows, range(3)):
            found += equations(
                step, objective, row=row, component=component, notation=style, cbow_combine=config.cbow_combine
            )
    return found


@pytest.mark.parametrize(("architecture", "objective", "style"), COMBINATIONS)
def test_the_numbers_give_the_result(architecture: str, objective: str, style: str) -> None:
    found = made(architecture, objective, style)
    assert {each.name for each in found} >= {
        "hidden", "score", "probability", "loss", "error", "hidden_gradient", "output_update", "input_update",
    }  # fmt: skip
    for each in found:
        value = eval(python_of(each.numbers), {"math": math})
        assert value == pytest.approx(each.value, rel=1e-9, abs=1e-12), each.to_text()


@pytest.mark.parametrize(("architecture", "objective", "style"), COMBINATIONS)
def test_parts_of_a_row_have_equations_of_their_own(architecture: str, objective: str, style: str) -> None:
    config = lesson.lesson_config(architecture=architecture, objective=objective, vector_size=3, seed=2)
    step = lesson.Course("the fat cat sat on the mat", config).step(60)
    view = step.objectives[0]
    changes = {(table.name, change.row_id): change for table in step.tables for change in table.changes}
    for index, row in enumerate(view.rows):
        if row.ignored:
            continue
        found = {each.name: each for each in cell_equations(step, objective, row=index, component=1, notation=style)}
        for each in found.values():
            assert eval(python_of(each.numbers), {"math": math}) == pytest.approx(each.value, rel=1e-9, abs=1e-12)
        if row.loss or objective != "softmax":
            assert abs(found["row_loss"].value) == row.loss
        change = changes["output_vectors", row.row_id]
        assert (found["output_before"].value, found["output_step"].value) == (change.before[1], change.step[1])
        moved = changes["input_vectors", min(each.word_id for each in step.inputs)]
        assert (found["input_before"].value, found["input_step"].value) == (moved.before[1], moved.step[1])


@pytest.mark.parametrize("style", NOTATIONS)
def test_nodes_of_any_path_have_equations(style: str) -> None:
    course = lesson.Course("the fat cat sat on the mat", lesson.lesson_config(objective="hierarchical-softmax"))
    step, tree = course.step(60), course.text.tree
    assert tree is not None
    rows = course.tables(59)["hierarchical-softmax"].output_vectors
    for word_id, word in enumerate(course.text.vocabulary.words):
        path = depict.path_to(step.objectives[0].nodes, tree, word_id)
        vectors = [rows[node.node_id].tolist() for node in path]
        for index in range(len(path)):
            found = {each.name: each for each in path_equations(step, word, path, vectors, index, style)}
            assert list(found) == ["score", "left", "right", "node_loss", "product", "leaf"]
            assert found["leaf"].value == pytest.approx(step.objectives[0].probabilities[word_id], abs=1e-12)
            for each in found.values():
                assert eval(python_of(each.numbers), {"math": math}) == pytest.approx(each.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("options", [
    {"projection_bias": True, "output_bias": True},
    {"cbow_gradient": "exact", "dynamic_window": False},
    {"cbow_combine": "sum"},
])  # fmt: skip
def test_options_are_in_the_formulas(options: dict[str, object]) -> None:
    for each in made("cbow", "negative-sampling", "rong", **options):
        value = eval(python_of(each.numbers), {"math": math})
        assert value == pytest.approx(each.value, rel=1e-9, abs=1e-12), each.to_text()


@pytest.mark.parametrize(("architecture", "objective", "style"), COMBINATIONS)
def test_mathml_is_well_formed_and_holds_full_precision(architecture: str, objective: str, style: str) -> None:
    for each in made(architecture, objective, style)[:20]:
        tree = ElementTree.fromstring(f"<div>{each.to_mathml()}</div>")
        values = [float(number.attrib["data-value"]) for number in tree.iter("mn") if "data-value" in number.attrib]
        assert values[-1] == each.value


def test_a_number_that_is_only_copied_is_written_once() -> None:
    hidden = made("skip-gram", "softmax", "rong")[0]
    assert hidden.to_text() == f"h₁ = v_the,1 = {number_text(hidden.value)}"
    assert hidden.to_mathml().count("data-value") == 1


def test_words_are_escaped() -> None:
    config = lesson.lesson_config(tokenizer="whitespace")
    step = lesson.Course("<b>a</b> x&y <b>a</b>", config).step(5)
    for each in equations(step, "negative-sampling"):
        ElementTree.fromstring(f"<div>{each.to_mathml()}</div>")
        assert "<b>" not in each.to_mathml()


def test_each_notation_has_its_symbols() -> None:
    texts = {style: " ".join(e.to_text() for e in made("skip-gram", "negative-sampling", style)) for style in NOTATIONS}
    assert "EH₁ = EI_" in texts["rong"] and "− η · EI_" in texts["rong"]
    assert "− α · e_" in texts["mikolov"]
    assert "+ η · g_" in texts["theta"] and "θ^" in texts["theta"] and "log p = " in texts["theta"]
    with pytest.raises(ConfigError, match='notation must be one of "rong", "mikolov", "theta"; got \'latin\''):
        made("cbow", "softmax", "latin")
