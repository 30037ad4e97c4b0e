"""A lesson as tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordkin.cli.output import print_table, printable

if TYPE_CHECKING:
    from wordkin.lesson import Comparison, ObjectiveView, Overview, Step, TableView, WindowView

_WIDEST_ONE_HOT = 24  # longer one-hot vectors are told in words: no terminal has room for them


def print_overview(start: Overview) -> None:
    """Print the vocabulary, the one-hot vectors with the rows they select, and the tree."""
    has_tree = bool(start.tree) or start.words[0].code is not None
    columns = ["id", "word", "count", "share", "kept", "drawn as noise"] + (["code"] if has_tree else [])
    rows = [
        [
            row.word_id, row.word, row.count, f"{row.share:.3f}", f"{row.keep_probability:.3f}",
            f"{row.noise_probability:.3f}", *([row.code] if has_tree else []),
        ]
        for row in start.words
    ]  # fmt: skip
    print_table(columns, rows, title="Vocabulary", right=columns[2:6])
    print()
    table = [
        [row.word, _one_hot(hot), *_numbers(vector)]
        for row, hot, vector in zip(start.words, start.one_hot, start.input_vectors, strict=True)
    ]
    names = _columns_of(start.input_vectors[0])
    print_table(["word", "one-hot", *names], table, title="One-hot vectors, and the rows of W they select", right=names)
    if start.tree:
        print()
        nodes = [[node.name, node.weight, node.left, node.right] for node in start.tree]
        print_table(["node", "weight", "0 = left", "1 = right"], nodes, title="Huffman tree")


def print_step(step: Step) -> None:
    """Print one gradient step from its window to the rows it changed."""
    print()
    _print_heading(f"Step {step.number} (epoch {step.epoch}, learning rate {step.learning_rate:.4g})")
    print(_sentence(step.window))
    print()
    pairs = [[" + ".join(pair.inputs), pair.label, "this step" if pair.current else ""] for pair in step.pairs]
    print_table(["input", "label", ""], pairs, title="Rows of the window")
    print()
    names = _columns_of(step.hidden)
    inputs = [[row.word, _one_hot(row.one_hot), *_numbers(row.row)] for row in step.inputs]
    hidden = ["hidden vector h", "", *_numbers(step.hidden)]
    print_table(
        ["input", "one-hot", *names], [*inputs, hidden], title="From the input to the hidden vector", right=names
    )
    for objective in step.objectives:
        print()
        _print_objective(objective)
    for comparison in step.comparisons:
        print()
        _print_comparison(comparison)
    print()
    _print_changes(step)


def _print_heading(text: str) -> None:
    print(text)
    print("=" * len(text))


def _sentence(window: WindowView) -> str:
    """The sentence with its centre in [brackets], the context in (parentheses), lost words struck ~out~."""
    marks = dict.fromkeys(window.context, "()") | dict.fromkeys(window.dropped, "~~") | {window.centre: "[]"}
    words = [
        f"{marks[place][0]}{word}{marks[place][1]}" if place in marks else word
        for place, word in enumerate(map(printable, window.sentence))
    ]
    return f"{' '.join(words)}    centre in [], context in (), window {window.reach}"


def _print_objective(view: ObjectiveView) -> None:
    outputs = ", ".join(view.outputs)
    if view.path:
        columns = ["node", "turn", "score", "σ(score)", "of this turn", "product"]
        rows: list[list[object]] = [
            [node.node, f"{node.bit} = {node.turn}", node.score, node.sigmoid, node.branch_probability, node.product]
            for node in view.path
        ]
        print_table(columns, rows, title=f"{view.objective}: the way to {outputs}")
    columns = ["output", "label", "score", "probability", "label - probability", ""]
    rows = [
        [
            row.output,
            row.label,
            row.score,
            row.probability,
            row.residual,
            "ignored: the true word" if row.ignored else "",
        ]
        for row in view.rows
    ]  # fmt: skip
    if view.path:
        print()
    print_table(columns, rows, title=f"{view.objective}: output rows that take part")
    probability = "" if view.probability is None else f", p({outputs}) = {view.probability:.4f}"
    print(f"loss {view.loss:.4f}{probability}")


def _print_comparison(comparison: Comparison) -> None:
    columns = ["word", "", "score", "full softmax", "sampled score", "sampled softmax", "σ(score)"]
    rows = [
        [
            word.word, "true" if word.is_output else "noise", word.score, word.full_softmax, word.sampled_score,
            word.sampled_softmax, word.negative_sampling,
        ]
        for word in comparison.words
    ]  # fmt: skip
    print_table(columns, rows, title="The same scores under three objectives")
    print_table(["", "output rows", "loss"], [[each.method, each.rows, each.loss] for each in comparison.methods])


def _print_changes(step: Step) -> None:
    names = _columns_of(step.hidden)
    rows: list[list[object]] = [["h", "", "gradient", *_numbers(step.hidden_gradient)]]
    for table in step.tables:
        for row in table.changed_rows:
            rows += _changed_row(table, row)
    print_table(["table", "row", "", *names], rows, title="Gradients, and what the step changes", right=names)


def _changed_row(table: TableView, row: int) -> list[list[object]]:
    lines = (("before", table.before), ("gradient", table.gradient), ("after", table.after))
    return [
        [table.symbol if place == 0 else "", table.row_names[row] if place == 0 else "", name, *_numbers(values[row])]
        for place, (name, values) in enumerate(lines)
    ]


def _columns_of(vector: Sequence[float]) -> list[str]:
    return [str(position + 1) for position in range(len(vector))]


def _numbers(vector: Sequence[float]) -> list[str]:
    return [f"{value:.4f}" for value in vector]


def _one_hot(vector: Sequence[int]) -> str:
    if len(vector) > _WIDEST_ONE_HOT:
        return f"1 at {vector.index(1)} of 0 to {len(vector) - 1}"
    return " ".join(map(str, vector))
