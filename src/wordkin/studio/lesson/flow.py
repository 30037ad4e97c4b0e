"""The flow of one step, always visible: window, hidden vector, scores and loss, what moves."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from wordkin.lesson import ObjectiveView, OutputRow
from wordkin.lesson.equations import equations
from wordkin.studio.lesson.html import bar, cell, marking_rules, number, plain, row, table, text
from wordkin.studio.lesson.parts import drawn_twice_html
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import marked, panel, paragraph

# Blocks of the flow, each with the formulas that it opens.
_BLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("window", ()),
    ("hidden", ("hidden",)),
    ("scores", ("score", "probability", "loss", "error")),
    ("update", ("hidden_gradient", "output_update", "input_update")),
)


def build_flow(tab: Tab) -> Update:
    """Build it; returns what shows another step."""
    makers: dict[str, Callable[[Tab], str]] = {
        "window": window_html, "hidden": hidden_html, "scores": scores_html, "update": update_html,
    }  # fmt: skip
    ui.html(f"<style>{marking_rules()}</style>", sanitize=False)
    parts: list[tuple[ui.html, Callable[[Tab], str]]] = []
    formulas: list[tuple[ui.expansion, ui.html, tuple[str, ...]]] = []
    with marked("section", "lesson-flow", label=tab.text("flow")):
        paragraph(tab.text("flow.terms"), "small terms")
        for name, shown in _BLOCKS:
            with panel(tab.text(f"flow.{name}"), level=2):
                parts.append((ui.html(sanitize=False), makers[name]))
                if shown:
                    expansion = ui.expansion(tab.text("formulas"), on_value_change=lambda: update())
                    with expansion:
                        formulas.append((expansion, ui.html(sanitize=False), shown))

    def update() -> None:
        for element, make in parts:
            element.set_content(make(tab))
        for expansion, element, names in formulas:
            if expansion.value:
                element.set_content(formulas_html(tab, names))

    return update


def sentence_html(tab: Tab) -> str:
    """The sentence with its centre and context marked, and dropped words struck out."""
    window = tab.step.window
    classes = dict.fromkeys(window.context, "context") | dict.fromkeys(window.dropped, "dropped")
    classes[window.centre] = "centre"
    words = [
        f'<span class="{classes.get(position, "")}">{text(word)}</span>'
        for position, word in enumerate(window.sentence)
    ]
    return f'<p class="sentence">{" ".join(words)}</p>'


def window_html(tab: Tab) -> str:
    """The sentence, and the pairs of its window."""
    step = tab.step
    rows = [
        row(
            " + ".join(pair.inputs),
            [plain("→"), plain(pair.output, "left"), plain("●" if pair.current else "", "left")],
            classes="lit" if pair.current else "",
        )
        for pair in step.pairs
    ]
    epoch = tab.text("epoch", epoch=step.epoch, rate=f"{step.learning_rate:.4g}")
    head = [tab.text("input"), "", tab.text("output"), ""]
    return f'{sentence_html(tab)}<p class="muted small">{text(epoch)}</p>{table(head, rows)}'


def hidden_html(tab: Tab) -> str:
    """The rows that the input words select, and the hidden vector."""
    step = tab.step
    scale = max((abs(value) for each in step.inputs for value in each.row), default=1.0) or 1.0
    heads = ["", *map(str, range(1, len(step.hidden) + 1))]
    rows = [
        row(each.word, [cell(value, f"in.{index}.{i}", scale=scale) for i, value in enumerate(each.row)],
            key=f"w{each.word_id}")
        for index, each in enumerate(step.inputs)
    ]  # fmt: skip
    sources = " ".join(f"w{each.word_id}" for each in step.inputs)
    hidden = [cell(value, f"h.{i}", came_from=sources, scale=scale) for i, value in enumerate(step.hidden)]
    rows.append(row("h", hidden, key="h", classes="true"))
    how = "hidden.copy" if len(step.inputs) == 1 else "hidden.mean"
    return f'<p class="small">{text(tab.text(how, count=len(step.inputs)))}</p>{table(heads, rows)}'


def scores_html(tab: Tab) -> str:
    """The output rows that take part, and the loss."""
    parts = [_objective_html(tab, view) for view in tab.step.objectives]
    total = f"<p><b>{text(tab.text('loss'))} E = {number(tab.step.loss, 'loss', 6)}</b></p>"
    return "".join(parts) + total


def _objective_html(tab: Tab, view: ObjectiveView) -> str:
    several = view.objective == "softmax" and len(view.outputs) > 1
    probability = "y" if view.objective == "softmax" else "σ"
    heads = [tab.text("output"), tab.text("label"), tab.text("score"), probability]
    heads += ["n", "C·y", "EI = C·y − n"] if several else [f"EI = {probability} − {tab.text('label')}"]
    heads.append(tab.text("loss"))
    rows = [_output_row(each, index, several, tab.text("ignored")) for index, each in enumerate(view.rows)]
    note = ""
    if view.objective == "hierarchical-softmax":
        note = f'<p class="small">{text(tab.text("tree.label_note"))}</p>'
    made = table(heads, rows, caption=tab.text(f"objective.{view.objective}"))
    return f"{made}{note}{drawn_twice_html(tab, view)}"


def _output_row(each: OutputRow, index: int, several: bool, ignored: str) -> str:
    if each.ignored:
        return row(each.output, [plain(0), f'<td class="left" colspan="6">{text(ignored)}</td>'], classes="ignored")
    name = f"row.{index}"
    source = f"h o{each.row_id}"
    cells = [
        plain(each.label),
        cell(each.score, f"{name}.score", came_from=source),
        f"<td>{bar((each.probability or 0.0) * 0.4)}{number(each.probability, f'{name}.probability')}</td>",
    ]
    if several:
        cells += [plain(each.times), cell(each.expected, f"{name}.expected")]
    cells += [cell(each.error, f"{name}.error", scale=1.0), cell(each.loss, f"{name}.loss")]
    return row(each.output, cells, classes="true" if each.times else "")


def update_html(tab: Tab) -> str:
    """EH, and every row that changes with its gradient and the step taken."""
    step = tab.step
    heads = ["", "", *map(str, range(1, len(step.hidden) + 1))]
    outputs = " ".join(f"o{each.row_id}" for view in step.objectives for each in view.rows if not each.ignored)
    rows = [
        row("EH", [plain("∂E/∂h", "left"),
                   *(cell(value, f"EH.{i}", came_from=outputs) for i, value in enumerate(step.hidden_gradient))],
            key="eh", classes="true")
    ]  # fmt: skip
    for view in step.tables:
        for change in view.changes:
            key = f"{'o' if view.name.startswith('output') else 'w'}{change.row_id}"
            source = "eh" if view.name == "input_vectors" else "h"
            for part in ("before", "step", "after"):
                values = getattr(change, part)
                name = f"{view.symbol}.{change.row_id}.{part}"
                cells = [plain(tab.text(f"part.{part}"), "left")] + [
                    cell(value, f"{name}.{i}", came_from=source if part == "step" else "", digits=5)
                    for i, value in enumerate(values)
                ]
                head = f"{view.symbol} {change.row}" if part == "before" else ""
                rows.append(
                    row(head, cells, key=key if part == "before" else "", classes="lit" if part == "step" else "")
                )
    return table(heads, rows)


def formulas_html(tab: Tab, names: tuple[str, ...]) -> str:
    """Formulas of the first component and of the first true output row, with symbols and with numbers."""
    parts = []
    for view in tab.step.objectives:
        index = next((index for index, each in enumerate(view.rows) if each.times), 0)
        found = equations(tab.step, view.objective, row=index, style=tab.choices.notation)
        parts += [f'<div data-equation="{each.name}">{each.to_mathml()}</div>' for each in found if each.name in names]
    return f'<div class="formulas" tabindex="0">{"".join(parts)}</div>'
