"""Create the views of a lesson, which are data classes of words and lists, from its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.lesson.gradient_step import Taken, judge
from wordkin.lesson.text import Example, Text
from wordkin.lesson.views import (
    ComparedMethod,
    ComparedWord,
    Comparison,
    InputRow,
    InputTarget,
    NodeView,
    ObjectiveView,
    OutputRow,
    PathNode,
    RowChange,
    State,
    Step,
    TableRows,
    TableView,
    TreeNode,
    WordRow,
)
from wordkin.objectives import reference
from wordkin.objectives.reference import FloatArray, Scored, Tables
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree

_TURNS = ("left", "right")
_SYMBOLS = {"input_vectors": "W", "projection_bias": "b", "output_vectors": "W′", "output_bias": "b′"}


def node_name(node_id: int) -> str:
    """Return the name of an inner tree node."""
    return f"node {node_id}"


def word_rows(text: Text) -> list[WordRow]:
    """Return a :class:`WordRow` for each word, in order of the ids."""
    return [
        WordRow(
            word=word,
            word_id=word_id,
            count=int(text.counts[word_id]),
            share=float(text.counts[word_id] / text.counts.sum()),
            appearance=int(text.appearance[word_id]),
            keep_probability=float(text.keep[word_id]),
            noise_probability=float(text.noise[word_id]),
            code=None if text.tree is None else "".join(str(bit) for bit in text.tree.path(word_id)[1]),
        )
        for word_id, word in enumerate(text.vocabulary.words)
    ]


def tree_nodes(vocabulary: Vocabulary, counts: NDArray[np.int64], tree: HuffmanTree | None) -> list[TreeNode]:
    """Return a view of each inner node of the tree, root first; [] if no tree is trained."""
    if tree is None:
        return []
    children: list[list[str]] = [["", ""] for _ in range(len(tree) - 1)]
    weights = [0] * len(children)
    for word_id, word in enumerate(vocabulary.words):
        node_ids, bits = tree.path(word_id)
        below = [*(node_name(node_id) for node_id in node_ids[1:]), word]
        for node_id, bit, child in zip(
            node_ids, bits, below, strict=False
        ):  # if there is only one word, its path is empty
            children[node_id][bit] = child
            weights[node_id] += int(counts[word_id])
    return [
        TreeNode(node_id, node_name(node_id), weights[node_id], left, right)
        for node_id, (left, right) in enumerate(children)
    ]


# -- whole tables --------------------------------------------------------------------------------------


def state(vocabulary: Vocabulary, steps: int, tables: dict[str, Tables]) -> State:
    """Return the view of all tables after ``steps`` steps, given as arrays in ``tables``."""
    return State(
        steps,
        [
            TableRows(
                name=name,
                symbol=_SYMBOLS[name],
                objective=objective,
                row_names=_row_names(vocabulary, name, objective),
                rows=_as_matrix(array, name).tolist(),
                cosines=cosines(array) if array.ndim == 2 else [],
            )
            for objective, name, array in _each_table(tables)
        ],
    )


def cosines(rows: FloatArray) -> list[list[float | None]]:
    """Return the cosine of each pair of n rows, as n lists of n; None where one of the two rows is all zeros."""
    lengths = np.sqrt((rows * rows).sum(axis=1))
    directions = rows / np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
    values: list[list[float]] = np.clip(directions @ directions.T, -1.0, 1.0).tolist()
    known = (lengths > 0).tolist()
    return [
        [value if known[first] and known[second] else None for second, value in enumerate(row)]
        for first, row in enumerate(values)
    ]


def _each_table(tables: dict[str, Tables]) -> list[tuple[str | None, str, FloatArray]]:
    """Return (objective, name, array) for every table.

    A table that all objectives share occurs once, with None as objective.
    """
    found: list[tuple[str | None, str, FloatArray]] = []
    for index, (objective, each) in enumerate(tables.items()):
        arrays = each.arrays()
        for name in _SYMBOLS:
            is_output = name.startswith("output")
            if name in arrays and (index == 0 or is_output):
                found.append((objective if is_output else None, name, arrays[name]))
    return found


def _row_names(vocabulary: Vocabulary, name: str, objective: str | None) -> list[str]:
    if name == "projection_bias":
        return ["b"]
    if objective == "hierarchical-softmax":
        return [node_name(node_id) for node_id in range(len(vocabulary) - 1)]
    return list(vocabulary.words)


def _as_matrix(array: FloatArray, name: str) -> FloatArray:
    if name == "projection_bias":
        return array[np.newaxis, :]
    return array[:, np.newaxis] if name == "output_bias" else array


# -- one step ------------------------------------------------------------------------------------------


def step(text: Text, number: int, taken: Taken) -> Step:
    """Return the view of one step, given its arrays."""
    vocabulary, example, config = text.vocabulary, taken.example, text.config
    shared = next(iter(taken.before.values()))
    judged = taken.before.get("negative-sampling")
    objectives = [_objective(text, name, taken) for name in taken.before]
    return Step(
        number=number,
        epoch=example.where.epoch + 1,
        learning_rate=example.where.learning_rate,
        window=example.where.view,
        pairs=_input_targets(vocabulary, example, config.architecture),
        inputs=[
            InputRow(vocabulary.word(word_id), word_id, shared.input_vectors[word_id].tolist())
            for word_id in example.inputs
        ],
        hidden=taken.hidden.tolist(),
        objectives=objectives,
        hidden_gradient=np.sum([each.hidden_gradient for each in objectives], axis=0).tolist(),
        loss=sum(each.loss for each in objectives),
        comparisons=[
            _comparison(vocabulary, judged, taken.hidden, output_id, noise, text.noise, example.noise_is_chosen)
            for output_id, noise in zip(example.outputs, example.noise, strict=True)
            if judged is not None
        ],
        tables=_changes(vocabulary, taken),
    )


def judged_after(text: Text, taken: Taken) -> list[ObjectiveView]:
    """Return the outputs of a step with the scores, probabilities and losses that they have after the step."""
    hidden, scored = judge(text, taken.after, taken.example)
    again = dataclasses.replace(taken, before=taken.after, hidden=hidden, scored=scored)
    return [_objective(text, name, again) for name in again.before]


def _input_targets(vocabulary: Vocabulary, example: Example, architecture: str) -> list[InputTarget]:
    """Return the (input, output) pairs of the window of a step."""
    word, window = vocabulary.word, example.where.window
    if architecture == "cbow":
        rows = [([word(context_id) for context_id in window.context_ids], word(window.centre_id))]
    else:
        rows = [([word(input_id)], word(output_id)) for input_id, output_id in window.pairs()]
    return [InputTarget(inputs, output, index in example.pairs) for index, (inputs, output) in enumerate(rows)]


def _objective(text: Text, name: str, taken: Taken) -> ObjectiveView:
    """Return the view of one objective in a step: its scores, probabilities and loss."""
    vocabulary, scored, outputs = text.vocabulary, taken.scored[name], taken.example.outputs
    path: list[PathNode] = []
    nodes: list[NodeView] = []
    probabilities: list[float] = []
    output_losses = [scored.loss]
    if name == "negative-sampling":
        rows = _sampled_rows(vocabulary, scored, outputs[0], taken.example.noise[0])
    elif name == "hierarchical-softmax" and text.tree is not None:
        bits = text.tree.path(outputs[0])[1].tolist()
        nodes = _nodes(taken.before[name], taken.hidden, text.tree)
        path = path_to(nodes, text.tree, outputs[0])
        probabilities = reference.tree_probabilities(taken.before[name], taken.hidden, text.tree).tolist()
        names = [node_name(node_id) for node_id in scored.row_ids]
        losses = [-float(np.log(node.branch_probability)) for node in path]
        rows = _output_rows(names, [1 - bit for bit in bits], scored, losses, 1)
    else:
        probabilities = scored.probabilities.tolist()
        output_losses = [-float(np.log(probabilities[output_id])) for output_id in outputs]
        times = [outputs.count(word_id) for word_id in scored.row_ids]
        losses = [0.0 - n * float(np.log(y)) if n else 0.0 for n, y in zip(times, probabilities, strict=True)]
        rows = _output_rows(list(vocabulary.words), times, scored, losses, len(outputs))
    return ObjectiveView(
        objective=name,
        outputs=[vocabulary.word(output_id) for output_id in outputs],
        rows=rows,
        path=path,
        nodes=nodes,
        probabilities=probabilities,
        output_losses=output_losses,
        loss=scored.loss,
        probability=None if name == "negative-sampling" else float(np.exp(-scored.loss)),
        hidden_gradient=(0.0 - reference.hidden_direction(taken.before[name], scored)).tolist(),
    )


def _output_rows(
    names: list[str], times: list[int], scored: Scored, losses: list[float], outputs: int
) -> list[OutputRow]:
    return [
        OutputRow(
            output=name,
            row_id=row_id,
            label=min(n, 1),
            times=n,
            score=score,
            probability=probability,
            expected=outputs * probability,
            error=0.0 - residual,
            loss=loss,
            ignored=False,
        )
        for name, row_id, n, score, probability, residual, loss in zip(
            names,
            scored.row_ids.tolist(),
            times,
            scored.scores.tolist(),
            scored.probabilities.tolist(),
            scored.residuals.tolist(),
            losses,
            strict=True,
        )
    ]


def _sampled_rows(vocabulary: Vocabulary, scored: Scored, output_id: int, noise: Sequence[int]) -> list[OutputRow]:
    """Return the output rows of one step of negative sampling: the true word, then the noise words in the order drawn.

    Noise words that are ignored because they equal the true word are included.
    """
    names = [vocabulary.word(row_id) for row_id in scored.row_ids]
    labels = [1] + [0] * (len(names) - 1)
    signs = 2.0 * np.array(labels) - 1.0
    losses = reference.negative_log_sigmoid(signs * scored.scores).tolist()
    true, *counted = _output_rows(names, labels, scored, losses, 1)
    remaining = iter(counted)
    ignored = OutputRow(
        vocabulary.word(output_id), output_id, 0, 0, None, None, None, None, None, ignored=True
    )  # fmt: skip
    return [true, *(ignored if noise_id == output_id else next(remaining) for noise_id in noise)]


def path_to(nodes: Sequence[NodeView], tree: HuffmanTree, word_id: int) -> list[PathNode]:
    """Return views of the inner nodes from the root to a word, with their scores and probabilities in a step.

    Parameters
    ----------
    nodes : sequence of NodeView
        All inner nodes, in order of their ids.
    tree : HuffmanTree
        The tree.
    word_id : int
        Id of the word, which need not be the true word of the step.

    Returns
    -------
    list of PathNode
        The nodes of its path.
    """
    path = []
    product = 1.0
    for node_id, bit in zip(*(each.tolist() for each in tree.path(word_id)), strict=True):
        node = nodes[node_id]
        branch = node.right if bit else node.left
        product *= branch
        path.append(
            PathNode(node_name(node_id), node_id, bit, _TURNS[bit], node.score, node.left, node.right, branch, product)
        )
    return path


def _nodes(tables: Tables, hidden: FloatArray, tree: HuffmanTree) -> list[NodeView]:
    """Return a view of each inner node, in order of the ids, scored with the hidden vector."""
    scores = reference.row_scores(tables, hidden, range(len(tree) - 1))
    left, right = reference.sigmoid(scores).tolist(), reference.sigmoid(-scores).tolist()
    reached = [1.0] * len(scores)
    for word_id in range(len(tree)):
        node_ids, bits = tree.path(word_id)
        product = 1.0
        for node_id, bit in zip(node_ids.tolist(), bits.tolist(), strict=True):
            reached[node_id] = product
            product *= right[node_id] if bit else left[node_id]
    return [
        NodeView(node_id, score, *branches)
        for node_id, (score, *branches) in enumerate(zip(scores.tolist(), left, right, reached, strict=True))
    ]


def _comparison(
    vocabulary: Vocabulary,
    tables: Tables,
    hidden: FloatArray,
    output_id: int,
    samples: Sequence[int],
    sample_probabilities: FloatArray,
    chosen: bool,
) -> Comparison:
    """Compare full softmax, sampled softmax and negative sampling for one true word, computed from the same scores."""
    full = reference.full_softmax(tables, hidden, [output_id])
    sampled = reference.sampled_softmax(tables, hidden, output_id, samples, sample_probabilities)
    negative = reference.negative_sampling(tables, hidden, output_id, samples)
    draws = sampled.row_ids.tolist()  # the true word, then every noise word as often as it was drawn
    words = [
        ComparedWord(
            word=vocabulary.word(word_id),
            is_output=word_id == output_id,
            times=draws.count(word_id),
            score=float(negative.scores[draws.index(word_id)]),
            full_softmax=float(full.probabilities[word_id]),
            sampled_score=float(sampled.scores[draws.index(word_id)]),
            sampled_softmax=float(sampled.probabilities[sampled.row_ids == word_id].sum()),
            negative_sampling=float(negative.probabilities[draws.index(word_id)]),
        )
        for word_id in dict.fromkeys(draws)
    ]
    methods = [
        ComparedMethod(method, len(set(each.row_ids.tolist())), each.loss)
        for method, each in (("softmax", full), ("sampled softmax", sampled), ("negative sampling", negative))
    ]
    return Comparison(vocabulary.word(output_id), [vocabulary.word(each) for each in samples], chosen, words, methods)


def _changes(vocabulary: Vocabulary, taken: Taken) -> list[TableView]:
    """Return a view of each table with the rows that change in the step or have a nonzero gradient."""
    views = []
    for objective, name, _ in _each_table(taken.before):
        tables = objective or next(iter(taken.before))
        old, exact, direction, new = (
            _as_matrix(each[tables].arrays()[name], name)
            for each in (taken.before, taken.exact, taken.direction, taken.after)
        )
        moved = taken.example.where.learning_rate * direction
        row_names = _row_names(vocabulary, name, objective)
        changed = np.flatnonzero((exact != 0).any(axis=1) | (old != new).any(axis=1))
        changes = [
            RowChange(
                row=row_names[row_id],
                row_id=row_id,
                before=old[row_id].tolist(),
                gradient=(0.0 - exact[row_id]).tolist(),  # no negative zeros
                step=moved[row_id].tolist(),
                after=new[row_id].tolist(),
            )
            for row_id in changed.tolist()
        ]
        views.append(TableView(name, _SYMBOLS[name], objective, len(old), changes))
    return views
