"""Pages about the result of training: both tables and their cosines, and a sheet to print."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nicegui import ui

from wordkin.objectives.reference import FloatArray
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.flow import (
    BLOCKS,
    formulas_html,
    hidden_html,
    legend_html,
    scores_html,
    update_html,
    window_html,
)
from wordkin.studio.lesson.html import curve, drawing, grid, label, line, number, plain, row, shown, table, text
from wordkin.studio.lesson.parts import live, slow, symbols
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.lesson.topics.trees import path_and_leaves_html
from wordkin.studio.widgets import button, heading, marked, paragraph

_POINTS = 40  # of the curve of the loss


@dataclass(frozen=True)
class _WholeRun:
    """The whole training: the mean loss over ranges of steps, and both tables after the last step."""

    loss: list[tuple[float, float]]
    spacing: int  # steps of a range
    rows: FloatArray


def _whole_run(choices: Choices, steps: int) -> _WholeRun:
    course = choices.course()
    spacing = max(1, steps // _POINTS)
    losses = [sum(scored.loss for scored in course.taken(number).scored.values()) for number in range(1, steps + 1)]
    stretches = [(begin, losses[begin : begin + spacing]) for begin in range(0, steps, spacing)]
    loss = [(begin + (len(part) + 1) / 2, float(np.mean(part))) for begin, part in stretches]
    tables = course.tables(steps)[choices.objective]
    return _WholeRun(loss, spacing, np.concatenate([tables.input_vectors, tables.output_vectors]))


def tables(tab: Tab) -> Update:
    """Page on the two tables: cosines and products of rows, a plane with both tables, neighbours, and the loss."""
    paragraph(tab.text("tables.intro_tree" if tab.choices.objective == "hierarchical-softmax" else "tables.intro"))
    updates = [live(lambda: _grids_html(tab))]
    heading(tab.text("tables.neighbours"), 3)
    updates.append(live(lambda: _neighbours_html(tab)))
    heading(tab.text("tables.loss"), 3)
    choices, steps = tab.choices, tab.steps
    with marked("div", "stack") as place:

        def show(run: _WholeRun) -> None:
            with place:
                later = [live(lambda: _loss_html(tab, run)), live(lambda: _plane_html(tab, run))]
            updates.extend(later)
            for each in later:
                each()

        slow(tab, lambda: _whole_run(choices, steps), show)

    def update() -> None:
        for each in updates:
            each()

    return update


def _arrays(tab: Tab, steps: int) -> tuple[FloatArray, FloatArray]:
    tables = tab.course.tables(steps)[tab.choices.objective]
    return tables.input_vectors, tables.output_vectors


def _grids_html(tab: Tab) -> str:
    state = tab.course.state(tab.number)
    first, second = (each for each in state.tables if each.name in ("input_vectors", "output_vectors"))
    is_tree = tab.choices.objective == "hierarchical-softmax"
    nodes = [f"n{index}" for index in range(len(second.row_names))] if is_tree else second.row_names
    parts = [
        grid(names, each.cosines, f"cos.{each.symbol}", caption=tab.text("tables.cosines", table=each.symbol))
        for each, names in ((first, first.row_names), (second, nodes))
    ]
    if not is_tree:
        inputs, outputs = _arrays(tab, tab.number)
        products = (inputs @ outputs.T).tolist()
        scale = max(1.0, float(np.abs(inputs @ outputs.T).max()))
        parts.append(
            grid(first.row_names, products, "dot", caption=tab.text("tables.scores", **symbols(tab)), scale=scale)
        )
    return '<div class="pair">' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def _plane_html(tab: Tab, run: _WholeRun) -> str:
    """Return a drawing of the rows of both tables, in the plane of the first two principal components.

    These are computed from the final rows.
    """
    final = run.rows
    directions = np.linalg.svd(final - final.mean(axis=0), full_matrices=False)[2]
    axes = np.zeros((2, final.shape[1]))
    axes[: min(2, len(directions))] = directions[:2]
    inputs, outputs = _arrays(tab, tab.number)
    reach = float(np.abs((np.concatenate([inputs, outputs]) - final.mean(axis=0)) @ axes.T).max(initial=0.0)) or 1.0
    width, height = 620, 400
    parts = [line(0, height / 2, width, height / 2, "edge"), line(width / 2, 0, width / 2, height, "edge")]
    names = [each.word for each in tab.overview.words]
    is_tree = tab.choices.objective == "hierarchical-softmax"
    for rows, classes, mark in ((outputs, "out", "" if is_tree else "′"), (inputs, "in", "")):
        words = [f"n{index}" for index in range(len(rows))] if is_tree and classes == "out" else names
        for name, point in zip(words, (rows - final.mean(axis=0)) @ axes.T, strict=True):
            x = width / 2 + float(point[0]) / reach * (width / 2 - 60)
            y = height / 2 - float(point[1]) / reach * (height / 2 - 20)
            parts.append(label(x, y, f"{name}{mark}", classes=classes))
    said = tab.text("tables.plane_tree" if is_tree else "tables.plane")
    return f"<p>{text(said)}</p>{drawing(''.join(parts), width, height, said)}"


def _neighbours_html(tab: Tab) -> str:
    """Return a table with the nearest words of several words, first those of the step.

    They are computed before training, after half of the steps up to the current one, and after the current one.
    """
    names = [each.word for each in tab.overview.words]
    moments = sorted({0, tab.number // 2, tab.number})
    rows = []
    for word_id in dict.fromkeys([*(each.word_id for each in tab.step.inputs), *range(len(names))]):
        cells = []
        for moment in moments:
            vectors = tab.course.tables(moment)[tab.choices.objective].input_vectors
            lengths = np.linalg.norm(vectors, axis=1)
            cosines = vectors @ vectors[word_id] / np.maximum(lengths * lengths[word_id], 1e-300)
            cosines[word_id] = -np.inf
            best = np.argsort(-cosines)[:2].tolist()
            cells.append(
                plain(
                    ", ".join(f"{names[each]} {shown(float(cosines[each]), 2)}" for each in best if each != word_id),
                    "left",
                )
            )
        rows.append(row(names[word_id], cells))
    return table(["", *(tab.text("tables.after", count=moment, number=f"{moment:,}") for moment in moments)], rows[:10])


def _loss_html(tab: Tab, run: _WholeRun) -> str:
    """Return a drawing of the loss over all steps, with a mark at the current step."""
    picture = curve(
        [("E", run.loss)], x_label=tab.text("step"), y_label=tab.text("loss"), label_text=tab.text("tables.loss"),
        mark_x=float(tab.number),
    )  # fmt: skip
    mean = tab.text("tables.loss_mean", count=run.spacing)
    now = f"{tab.text('step')} {tab.number:,}"
    return f"<p>{text(mean)}</p>{picture}<p>{text(now)}: E = {number(tab.step.loss, 'loss.now', 5)}</p>"


# -- the sheet -----------------------------------------------------------------------------------------


def sheet(tab: Tab) -> Update:
    """Page with the whole current step on one sheet to print."""
    paragraph(tab.text("sheet.intro"))
    with marked("div", "line"):
        button(tab.text("print"), lambda: ui.run_javascript("print()"))
    return live(lambda: _sheet_html(tab))


def _sheet_html(tab: Tab) -> str:
    step = tab.step
    title = f"{tab.text(f'architecture.{tab.choices.architecture}')} × {tab.text(f'objective.{tab.choices.objective}')}"
    names = [name for _, names in BLOCKS for name in names]
    number_of = tab.text("step_of", number=f"{step.number:,}", steps=f"{tab.steps:,}")
    tree = path_and_leaves_html(tab) if step.objectives[0].path else ""
    return (
        f"<h3>{text(title)}, {text(number_of)}</h3>{window_html(tab)}{hidden_html(tab)}{scores_html(tab)}"
        f"{tree}{update_html(tab)}<div class='small'>{legend_html(tab)}</div>{formulas_html(tab, names)}"
    )
