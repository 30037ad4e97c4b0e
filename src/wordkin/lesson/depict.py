"""Turn numbers into the views of a lesson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.lesson.views import (
    ComparedMethod,
    ComparedWord,
    Comparison,
    InputRow,
    InputTarget,
    ObjectiveView,
    OutputRow,
    PathNode,
    TableView,
    TreeNode,
    WordRow,
)
from wordkin.objectives import reference
from wordkin.objectives.reference import FloatArray, Scored, Tables, Window
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree

_TURNS = ("left", "right")
_SYMBOLS = {"input_vectors": "W", "projection_bias": "b", "output_vectors": "W′", "output_bias": "b′"}


def node_name(node_id: int) -> str:
    """What an inner tree node is called wherever it is shown."""
    return f"node {node_id}"


def word_rows(
    vocabulary: Vocabulary,
    counts: NDArray[np.int64],
    keep: FloatArray,
    noise: FloatArray,
    tree: HuffmanTree | None,
) -> list[WordRow]:
    """One row for each word, by id."""
    return [
        WordRow(
            word=word,
            word_id=word_id,
            count=int(counts[word_id]),
            share=float(counts[word_id] / counts.sum()),
            keep_probability=float(keep[word_id]),
            noise_probability=float(noise[word_id]),
            code=None if tree is None else "".join(str(bit) for bit in tree.path(word_id)[1]),
        )
        for word_id, word in enumerate(vocabulary.words)
    ]


def tree_nodes(vocabulary: Vocabulary, counts: NDArray[np.int64], tree: HuffmanTree | None) -> list[TreeNode]:
    """The inner nodes, root first; none without a tree."""
    if tree is None:
        return []
    children: list[list[str]] = [["", ""] for _ in range(len(tree) - 1)]
    weights = [0] * len(children)
    for word_id, word in enumerate(vocabulary.words):
        node_ids, bits = tree.path(word_id)
        below = [*(node_name(node_id) for node_id in node_ids[1:]), word]
        for node_id, bit, child in zip(node_ids, bits, below, strict=False):  # the path of an only word is empty
            children[node_id][bit] = child
            weights[node_id] += int(counts[word_id])
    return [
        TreeNode(node_id, node_name(node_id), weights[node_id], left, right)
        for node_id, (left, right) in enumerate(children)
    ]


def input_targets(
    vocabulary: Vocabulary, window: Window, architecture: str, current: Sequence[int]
) -> list[InputTarget]:
    """The (input, label) rows of a window; ``current`` are the places of those being learned."""
    word = vocabulary.word
    if architecture == "cbow":
        rows = [([word(context_id) for context_id in window.context_ids], word(window.centre_id))]
    else:
        rows = [([word(input_id)], word(output_id)) for input_id, output_id in window.pairs()]
    return [InputTarget(inputs, label, place in current) for place, (inputs, label) in enumerate(rows)]


def input_rows(vocabulary: Vocabulary, tables: Tables, word_ids: Sequence[int]) -> list[InputRow]:
    """The input words, each with its one-hot vector and that vector's product with the input table."""
    rows = []
    for word_id in word_ids:
        one_hot = np.zeros(len(vocabulary), dtype=np.int64)
        one_hot[word_id] = 1
        rows.append(
            InputRow(vocabulary.word(word_id), word_id, one_hot.tolist(), (one_hot @ tables.input_vectors).tolist())
        )
    return rows


def objective(
    vocabulary: Vocabulary,
    name: str,
    scored: Scored,
    outputs: Sequence[int],
    noise: Sequence[int],
    tree: HuffmanTree | None,
) -> ObjectiveView:
    """Scores, probabilities and loss under one objective."""
    path: list[PathNode] = []
    if name == "negative-sampling":
        rows = _sampled_rows(vocabulary, scored, outputs[0], noise)
    elif name == "hierarchical-softmax" and tree is not None:
        bits = tree.path(outputs[0])[1].tolist()
        path = _path(scored, bits)
        names = [node_name(node_id) for node_id in scored.row_ids]
        rows = _output_rows(names, [1 - bit for bit in bits], scored)
    else:
        rows = _output_rows(list(vocabulary.words), [outputs.count(word_id) for word_id in scored.row_ids], scored)
    return ObjectiveView(
        objective=name,
        outputs=[vocabulary.word(output_id) for output_id in outputs],
        rows=rows,
        path=path,
        loss=scored.loss,
        probability=None if name == "negative-sampling" else float(np.exp(-scored.loss)),
    )


def _output_rows(names: list[str], labels: list[int], scored: Scored) -> list[OutputRow]:
    return [
        OutputRow(name, row_id, label, score, probability, residual, ignored=False)
        for name, row_id, label, score, probability, residual in zip(
            names,
            scored.row_ids.tolist(),
            labels,
            scored.scores.tolist(),
            scored.probabilities.tolist(),
            scored.residuals.tolist(),
            strict=True,
        )
    ]


def _sampled_rows(vocabulary: Vocabulary, scored: Scored, output_id: int, noise: Sequence[int]) -> list[OutputRow]:
    """The true word with label 1, then the noise words in the order drawn, the ignored ones among them."""
    names = [vocabulary.word(row_id) for row_id in scored.row_ids]
    true, *counted = _output_rows(names, [1] + [0] * (len(names) - 1), scored)
    remaining = iter(counted)
    ignored = OutputRow(vocabulary.word(output_id), output_id, 0, None, None, None, ignored=True)
    return [true, *(ignored if noise_id == output_id else next(remaining) for noise_id in noise)]


def _path(scored: Scored, bits: list[int]) -> list[PathNode]:
    nodes = []
    product = 1.0
    for node_id, bit, score, left in zip(
        scored.row_ids.tolist(), bits, scored.scores.tolist(), scored.probabilities.tolist(), strict=True
    ):
        branch = float(reference.sigmoid(-score)) if bit else left
        product *= branch
        nodes.append(PathNode(node_name(node_id), node_id, bit, _TURNS[bit], score, left, branch, product))
    return nodes


def comparison(
    vocabulary: Vocabulary,
    tables: Tables,
    hidden: FloatArray,
    output_id: int,
    samples: Sequence[int],
    sample_probabilities: FloatArray,
) -> Comparison:
    """Full softmax, sampled softmax and negative sampling of one true word on the same scores."""
    full = reference.full_softmax(tables, hidden, [output_id])
    sampled = reference.sampled_softmax(tables, hidden, output_id, samples, sample_probabilities)
    negative = reference.negative_sampling(tables, hidden, output_id, samples)
    words = [
        ComparedWord(
            word=vocabulary.word(word_id),
            is_output=word_id == output_id,
            score=float(negative.scores[place]),
            full_softmax=float(full.probabilities[word_id]),
            sampled_score=float(sampled.scores[place]),
            sampled_softmax=float(sampled.probabilities[place]),
            negative_sampling=float(negative.probabilities[place]),
        )
        for place, word_id in enumerate(sampled.row_ids.tolist())
    ]
    methods = [
        ComparedMethod(method, len(each.row_ids), each.loss)
        for method, each in (("softmax", full), ("sampled softmax", sampled), ("negative sampling", negative))
    ]
    return Comparison(vocabulary.word(output_id), [vocabulary.word(each) for each in samples], words, methods)


def tables(
    vocabulary: Vocabulary, before: dict[str, Tables], towards: dict[str, Tables], after: dict[str, Tables]
) -> list[TableView]:
    """Every table around a step, the shared ones once; ``towards`` is minus the exact gradient."""
    views = []
    for place, objective_name in enumerate(before):
        words = list(vocabulary.words)
        nodes = [node_name(node_id) for node_id in range(len(words) - 1)]
        outputs = nodes if objective_name == "hierarchical-softmax" else words
        for name, symbol in _SYMBOLS.items():
            is_output = name.startswith("output")
            if name not in before[objective_name].arrays() or (place > 0 and not is_output):
                continue
            old, push, new = (
                _as_matrix(each[objective_name].arrays()[name], name) for each in (before, towards, after)
            )
            row_names = outputs if is_output else ["b"] if name == "projection_bias" else words
            views.append(
                TableView(
                    name=name,
                    symbol=symbol,
                    objective=objective_name if is_output else None,
                    row_names=row_names,
                    before=old.tolist(),
                    gradient=(0.0 - push).tolist(),  # no negative zeros
                    after=new.tolist(),
                    changed_rows=np.flatnonzero((old != new).any(axis=1)).tolist(),
                )
            )
    return views


def _as_matrix(array: FloatArray, name: str) -> FloatArray:
    if name == "projection_bias":
        return array[np.newaxis, :]
    return array[:, np.newaxis] if name == "output_bias" else array
