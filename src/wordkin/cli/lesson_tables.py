"""Print a lesson as tables in a terminal."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordkin.cli.output import print_table, printable

if TYPE_CHECKING:
    from wordkin.lesson import (
        ComparedWord,
        Comparison,
        ObjectiveView,
        OutputRow,
        Overview,
        State,
        Step,
        TreeNode,
        WindowView,
    )

_WIDEST_ONE_HOT = 24  # components; longer one-hot vectors are described in words
_WIDEST_COSINES = 14  # words; larger matrices of cosines are shown only by --json
_MOST_DECIMALS = 9
_BAR = 20  # characters of the bar for probability 1
_DEEPEST_DRAWN = 24  # nodes; the leaves of deeper trees are printed as a table

_ERRORS = {"softmax": "y - label", "negative-sampling": "σ - label", "hierarchical-softmax": "σ - label"}


def print_overview(start: Overview, state: State) -> None:
    """Print the vocabulary, the one-hot vectors with the rows that they select, and the cosines of these rows."""
    objectives = _objectives(start)
    columns, rows = _vocabulary(start, objectives)
    print_table(columns, rows, title="Vocabulary", right=columns[2:])
    print()
    inputs = state.tables[0]
    labels = [[row.word, _one_hot(hot)] for row, hot in zip(start.words, start.one_hot, strict=True)]
    after = f" after {state.steps} steps" if state.steps else " before training"
    print_vectors(
        ["word", "one-hot"], labels, inputs.rows, title=f"One-hot vectors, and the rows of W{after} they select"
    )
    _print_cosines(start, state)


def _objectives(start: Overview) -> list[str]:
    objective = start.config["objective"]
    return [objective] if isinstance(objective, str) else list(objective)


def _vocabulary(start: Overview, objectives: list[str]) -> tuple[list[str], list[list[object]]]:
    columns = ["id", "word", "count", "share"]
    has_code = start.words[0].code is not None
    columns += ["kept"] if start.config["subsample"] else []
    columns += ["drawn as noise"] if "negative-sampling" in objectives else []
    columns += ["code"] if has_code else []
    rows: list[list[object]] = []
    for row in start.words:
        cells: list[object] = [row.word_id, row.word, row.count, f"{row.share:.3f}"]
        cells += [f"{row.keep_probability:.3f}"] if "kept" in columns else []
        cells += [f"{row.noise_probability:.3f}"] if "drawn as noise" in columns else []
        cells += [row.code] if has_code else []
        rows.append(cells)
    return columns, rows


def _print_cosines(start: Overview, state: State) -> None:
    if len(start.words) > _WIDEST_COSINES:
        return
    print()
    words = [row.word for row in start.words]
    _print_grid("Cosines of one-hot vectors", words, start.cosines)
    if not state.steps:
        return
    for table in state.tables:
        if table.cosines:
            print()
            name = f"{table.symbol} ({table.objective})" if table.objective else table.symbol
            _print_grid(f"Cosines of the rows of {name} after {state.steps} steps", table.row_names, table.cosines)


def _print_grid(title: str, names: list[str], grid: Sequence[Sequence[float | None]]) -> None:
    rows = [
        [name, *("-" if cell is None else f"{cell:.2f}" for cell in row)] for name, row in zip(names, grid, strict=True)
    ]
    print_table(["", *names], rows, title=title, right=names)


def print_step(start: Overview, step: Step, notation: str) -> None:
    """Print one gradient step: its window, pairs, hidden vector, losses, gradients and changed rows."""
    print()
    _print_heading(f"Step {step.number} (epoch {step.epoch}, learning rate {step.learning_rate:.4g})")
    print(_sentence(step.window))
    print()
    pairs = [[" + ".join(pair.inputs), pair.output, "this step" if pair.current else ""] for pair in step.pairs]
    print_table(["input", "output", ""], pairs, title="Pairs of the window")
    print()
    labels = [[row.word, _one_hot(start.one_hot[row.word_id])] for row in step.inputs]
    print_vectors(
        ["input", "one-hot"],
        [*labels, ["hidden vector h", ""]],
        [*(row.row for row in step.inputs), step.hidden],
        title="From the input to the hidden vector",
    )
    for objective in step.objectives:
        print()
        _print_objective(start, objective)
    for comparison in step.comparisons:
        print()
        _print_comparison(comparison)
    print()
    _print_changes(step)
    _print_equations(start, step, notation)


def _print_heading(text: str) -> None:
    print(text)
    print("=" * len(text))


def _sentence(window: WindowView) -> str:
    """Format a sentence: the centre word in [brackets], context words in (parentheses), dropped words in ~tildes~.

    Subsampling dropped these words.
    """
    marks = dict.fromkeys(window.context, "()") | dict.fromkeys(window.dropped, "~~") | {window.centre: "[]"}
    words = [
        f"{marks[position][0]}{word}{marks[position][1]}" if position in marks else word
        for position, word in enumerate(map(printable, window.sentence))
    ]
    dropped = ", dropped by subsampling ~~" if window.dropped else ""
    return f"{' '.join(words)}    centre in [], context in (){dropped}, window {window.reach}"


def _print_objective(start: Overview, view: ObjectiveView) -> None:
    outputs = ", ".join(view.outputs)
    if view.path:
        columns = ["node", "turn", "score", "p(left) = σ", "p(right) = 1 - σ", "of this turn", "product"]
        rows: list[list[object]] = [
            [node.node, f"{node.bit} = {node.turn}", node.score, node.left, node.right, node.branch_probability,
             node.product]
            for node in view.path
        ]  # fmt: skip
        print_table(columns, rows, title=f"{view.objective}: the path to {outputs}")
        print()
        _print_tree(start, view)
        print()
    _print_rows(view)
    probability = "" if view.probability is None else f", p({outputs}) = {view.probability:.6f}"
    parts = " + ".join(f"{loss:.6f}" for loss in view.output_losses)
    total = f"{parts} = " if len(view.output_losses) > 1 else ""
    print(f"loss {total}{view.loss:.6f}{probability}")


def _print_rows(view: ObjectiveView) -> None:
    several = view.objective == "softmax" and len(view.outputs) > 1
    probability = "y" if view.objective == "softmax" else "p(left) = σ" if view.path else "σ(score)"
    columns = ["output", "label", "score", probability]
    columns += ["Σt", "C·y", "EI = C·y - Σt"] if several else [f"EI = {_ERRORS[view.objective]}"]
    columns += ["loss", ""]
    rows = [_row_cells(row, several) for row in view.rows]
    title = f"{view.objective}: output rows in this step"
    if several:
        title += f"; one softmax for C = {len(view.outputs)} outputs, Σt of them this word"
    print_table(columns, rows, title=title)


def _row_cells(row: OutputRow, several: bool) -> list[object]:
    cells: list[object] = [row.output, row.label, row.score, row.probability]
    cells += [row.times, row.expected, row.error] if several else [row.error]
    return [*cells, row.loss, "ignored: the true word" if row.ignored else ""]


def _print_tree(start: Overview, view: ObjectiveView) -> None:
    """Print the tree with the probability of each branch and leaf; mark the path of the true word."""
    leaves = {row.word: view.probabilities[row.word_id] for row in start.words}
    if max(len(row.code or "") for row in start.words) > _DEEPEST_DRAWN:
        rows = [[word, f"{p:.6f}", _bar(p)] for word, p in leaves.items()]
        print_table(["leaf", "probability", ""], rows, title="The leaves")
    else:
        print("The tree: probability of each branch, and of each leaf (* the path)")
        nodes = {node.name: node for node in start.tree}
        on_path = {node.node for node in view.path} | set(view.outputs)
        lines = _tree_lines(nodes, view, leaves)
        width = max(len(line) for line, _, _ in lines)
        for line, name, share in lines:
            mark = "*" if name in on_path else " "
            leaf = "" if share is None else f"   {share:.6f} {_bar(share)}"
            print(f"{mark} {line.ljust(width) if leaf else line}{leaf}")
    print(f"sum over the leaves {math.fsum(leaves.values()):.12f}")


def _tree_lines(
    nodes: dict[str, TreeNode], view: ObjectiveView, leaves: dict[str, float]
) -> list[tuple[str, str, float | None]]:
    """Return (line to print, name, probability) for each node, depth-first, left before right."""
    lines: list[tuple[str, str, float | None]] = []
    root = next(iter(nodes))
    stack = [(root, "", "")]
    while stack:
        name, lead, turn = stack.pop()
        node = nodes.get(name)
        shown = printable(name)
        lines.append((f"{lead}{turn}{shown}", name, None if node else leaves[name]))
        if node is None:
            continue
        numbers = view.nodes[node.node_id]
        below = lead + ("" if not turn else "   " if turn.startswith("└") else "│  ")
        stack.append((node.right, below, f"└─ 1 ({numbers.right:.4f}) "))
        stack.append((node.left, below, f"├─ 0 ({numbers.left:.4f}) "))
    return lines


def _bar(share: float) -> str:
    return "█" * round(share * _BAR)


def _print_comparison(comparison: Comparison) -> None:
    columns = ["word", "", "score", "full softmax", "sampled score", "sampled softmax", "σ(score)"]
    rows = [
        [
            word.word, _kind(word), word.score, word.full_softmax, word.sampled_score,
            word.sampled_softmax, word.negative_sampling,
        ]
        for word in comparison.words
    ]  # fmt: skip
    how = "chosen" if comparison.chosen else "drawn"
    print_table(columns, rows, title=f"The same scores under three objectives, noise words {how}")
    print_table(["", "output rows", "loss"], [[each.method, each.rows, each.loss] for each in comparison.methods])


def _kind(word: ComparedWord) -> str:
    """Return "true" or "noise". If a noise word was drawn several times, "noise" is followed by how often."""
    return "true" if word.is_output else "noise" if word.times == 1 else f"noise, {word.times}×"


def _print_changes(step: Step) -> None:
    labels = [["EH", "", "gradient"]]
    vectors = [step.hidden_gradient]
    for table in step.tables:
        for change in table.changes:
            lines = (("before", change.before), ("gradient", change.gradient), ("step", change.step),
                     ("after", change.after))  # fmt: skip
            for index, (name, values) in enumerate(lines):
                labels.append([table.symbol if index == 0 else "", change.row if index == 0 else "", name])
                vectors.append(values)
    print_vectors(
        ["table", "row", ""], labels, vectors, title="Gradients, and the step taken: after = before + step",
        decimals=_decimals(step),
    )  # fmt: skip
    print(_step_formula(step))


def _step_formula(step: Step) -> str:
    """Return the formula of the step. If word2vec's step differs from the gradient's in W, the text says how."""
    for table in step.tables:
        for change in table.changes:
            for gradient, moved in zip(change.gradient, change.step, strict=True):
                if table.name == "input_vectors" and abs(moved + step.learning_rate * gradient) > 1e-9 * abs(moved):
                    count = len(step.inputs)
                    return (
                        f"step = -η · gradient with η = {step.learning_rate:.6g}; in W, word2vec's step is C = {count} "
                        "times as large, because EH is added to each context word without division by C"
                    )
    return f"step = -η · gradient with η = {step.learning_rate:.6g}"


def _decimals(step: Step) -> int:
    """Return how many decimals are needed to show two significant digits of the smallest change."""
    sizes = [abs(value) for table in step.tables for change in table.changes for value in change.step if value]
    if not sizes:
        return 4
    return min(_MOST_DECIMALS, max(4, 1 - math.floor(math.log10(min(sizes)))))


def _print_equations(start: Overview, step: Step, notation: str) -> None:
    from wordkin.lesson.equations import equations

    for objective in step.objectives:
        if not objective.rows:  # in a vocabulary of one word, the path is empty
            continue
        print()
        row = next((index for index, each in enumerate(objective.rows) if each.times), 0)
        output = printable(objective.rows[row].output)
        print(f"{objective.objective}: formulas with numbers, for the output {output} and the first component")
        for equation in equations(
            step, objective.objective, row=row, notation=notation, cbow_combine=start.config["cbow_combine"]
        ):
            print(_folded(printable(equation.to_text())))


def _folded(line: str) -> str:
    """Wrap a long formula to the width of the terminal and indent its continuation lines."""
    width = max(40, shutil.get_terminal_size((100, 24)).columns)
    return textwrap.fill(line, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)


def print_vectors(
    heads: Sequence[str],
    labels: Sequence[Sequence[object]],
    vectors: Sequence[Sequence[float]],
    *,
    title: str,
    decimals: int = 4,
) -> None:
    """Print vectors as table rows. Vectors too long for the terminal are split into several tables.

    Parameters
    ----------
    heads : sequence of str
        Headings of the label columns.
    labels : sequence of sequence of object
        The labels of each vector: one label for each heading.
    vectors : sequence of sequence of float
        The vectors; they may differ in length.
    title : str
        The title above the table.
    decimals : int, default 4
        Digits after the decimal point.
    """
    size = max(map(len, vectors))
    width = shutil.get_terminal_size((100, 24)).columns
    taken = sum(max([len(head), *(len(str(row[index])) for row in labels)]) + 3 for index, head in enumerate(heads))
    fitting = max(1, (width - taken) // (decimals + 6))
    for begin in range(0, size, fitting):
        names = [str(component + 1) for component in range(begin, min(begin + fitting, size))]
        rows = [
            [*label, *(f"{value:.{decimals}f}" for value in vector[begin : begin + fitting])]
            + [""] * max(0, len(names) - len(vector[begin : begin + fitting]))
            for label, vector in zip(labels, vectors, strict=True)
        ]
        if begin:
            print()
        part = f" (components {names[0]} to {names[-1]})" if size > fitting else ""
        print_table([*heads, *names], rows, title=title + part, right=names)


def _one_hot(vector: Sequence[int]) -> str:
    if len(vector) > _WIDEST_ONE_HOT:
        return f"1 at {vector.index(1)} of 0 to {len(vector) - 1}"
    return " ".join(map(str, vector))
