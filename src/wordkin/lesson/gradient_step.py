"""One gradient step of a lesson, computed with the reference implementation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wordkin.lesson.text import Example, Text
from wordkin.objectives import reference
from wordkin.objectives.reference import FloatArray, Scored, Tables
from wordkin.training.tables import initial_input_rows, output_rows


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The arrays of one step: the tables before and after it, and the values computed between them."""

    example: Example
    before: dict[str, Tables]  # this and the following dicts have objectives as keys
    hidden: FloatArray
    scored: dict[str, Scored]
    exact: dict[str, Tables]  # minus the gradient
    direction: dict[str, Tables]  # the step divided by the learning rate
    after: dict[str, Tables]


def initial_tables(text: Text) -> dict[str, Tables]:
    """Return a dict from each objective to its initial tables, as in training. All objectives share W and b."""
    config, size = text.config, len(text.vocabulary)
    length = config.vector_size
    input_vectors = np.concatenate([rows for _, rows in initial_input_rows(config, size)]).astype(np.float64)
    projection_bias = np.zeros(length) if config.projection_bias else None
    tables = {}
    for objective in config.objectives:
        rows = output_rows(objective, size)
        output_bias = np.zeros(rows) if config.output_bias else None
        tables[objective] = Tables(input_vectors, np.zeros((rows, length)), projection_bias, output_bias)
    return tables


def take_step(text: Text, tables: dict[str, Tables], example: Example) -> Taken:
    """Take one step from the given tables and return its arrays. The given tables do not change."""
    config = text.config
    hidden, scored = judge(text, tables, example)

    def directions(cbow_gradient: str) -> dict[str, Tables]:
        return _together(
            {
                name: reference.direction(each, example.inputs, scored[name], config.cbow_combine, cbow_gradient)
                for name, each in tables.items()
            }
        )

    exact = directions("exact")
    direction = exact if config.cbow_gradient == "exact" else directions(config.cbow_gradient)
    after = {name: tables[name].moved(direction[name], example.where.learning_rate) for name in tables}
    return Taken(example, tables, hidden, scored, exact, direction, after)


def judge(text: Text, tables: dict[str, Tables], example: Example) -> tuple[FloatArray, dict[str, Scored]]:
    """Return the hidden vector of an example, and a dict from each objective to the scores of the outputs."""
    shared = next(iter(tables.values()))  # all objectives share W and b
    hidden = reference.hidden_vector(shared, example.inputs, text.config.cbow_combine)
    return hidden, {name: _SCORE[name](text, each, hidden, example) for name, each in tables.items()}


def _score_softmax(text: Text, tables: Tables, hidden: FloatArray, example: Example) -> Scored:
    return reference.full_softmax(tables, hidden, example.outputs)


def _score_negative_sampling(text: Text, tables: Tables, hidden: FloatArray, example: Example) -> Scored:
    return reference.negative_sampling(tables, hidden, example.outputs[0], example.noise[0])


def _score_hierarchical_softmax(text: Text, tables: Tables, hidden: FloatArray, example: Example) -> Scored:
    assert text.tree is not None  # built for this objective
    return reference.hierarchical_softmax(tables, hidden, *text.tree.path(example.outputs[0]))


_SCORE: dict[str, Callable[[Text, Tables, FloatArray, Example], Scored]] = {
    "softmax": _score_softmax,
    "negative-sampling": _score_negative_sampling,
    "hierarchical-softmax": _score_hierarchical_softmax,
}


def _together(towards: dict[str, Tables]) -> dict[str, Tables]:
    """Add up the changes of W and b over all objectives, which share these two tables.

    ``towards`` holds the direction of the step of each objective; in the result, all have the sums for W and b.
    """
    input_vectors = np.sum([each.input_vectors for each in towards.values()], axis=0)
    biases = [each.projection_bias for each in towards.values() if each.projection_bias is not None]
    projection_bias = np.sum(biases, axis=0) if biases else None
    return {
        name: dataclasses.replace(each, input_vectors=input_vectors, projection_bias=projection_bias)
        for name, each in towards.items()
    }
