"""The flow of one training step: its window, the hidden vector, the scores and the loss, and the changed rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from nicegui import ui
from nicegui.element import Element

from wordkin.lesson import ObjectiveView, OutputRow
from wordkin.lesson.equations import equations
from wordkin.studio.lesson.explain import Explanation, equation_key, usual_row
from wordkin.studio.lesson.html import cell, number, plain, row, share_cell, shown, table, text
from wordkin.studio.lesson.parts import climbs, drawn_twice_html, symbols
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.live import LiveHtml
from wordkin.studio.widgets import button, marked, panel, paragraph

# Blocks of the flow, each with the names of its formulas.
BLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("window", ()),
    ("hidden", ("hidden",)),
    ("scores", ("score", "probability", "loss", "error")),
    ("update", ("hidden_gradient", "output_update", "input_update")),
)
_ANSWERS = ("scores", "update")  # blocks that hold answers of the exercises
_OF_A_ROW = ("score", "probability", "error", "output_update")  # formulas that differ between output rows
_PARTS = {"before": "before", "step": "step", "after": "update"}  # lines of a changed row: names of their equations


def build_flow(tab: Tab) -> Update:
    """Build the flow. Return a function that updates it to the current step."""
    makers: dict[str, Callable[[Tab], str]] = {
        "window": window_html, "hidden": hidden_html, "scores": scores_html, "update": update_html,
    }  # fmt: skip
    parts: list[tuple[LiveHtml, Callable[[Tab], str]]] = []
    formulas: list[tuple[ui.expansion, LiveHtml, tuple[str, ...]]] = []
    blocks: dict[str, Element] = {}
    with marked("section", "lesson-flow", label=tab.text("flow")) as flow:
        ui.html(legend_html(tab), sanitize=False).classes("small terms")
        paragraph(tab.text("flow.point"), "small terms")
        for name, found in BLOCKS:
            with panel(tab.text(f"flow.{name}"), level=2) as block:
                block.props["id"] = f"flow-{name}"
                blocks[name] = block
                parts.append((LiveHtml(), makers[name]))
                if found:
                    expansion = ui.expansion(tab.text("formulas"), on_value_change=lambda: update())
                    with expansion:
                        formulas.append((expansion, LiveHtml(), found))
        _hide_answers(tab, blocks)
    explanation = Explanation(tab, flow)

    def update() -> None:
        for element, make in parts:
            element.show(make(tab))
        for expansion, element, names in formulas:
            if expansion.value:
                element.show(formulas_html(tab, names))
        explanation.show()

    return update


def _hide_answers(tab: Tab, blocks: dict[str, Element]) -> None:
    """Hide the blocks that hold answers to the exercises, if the page shows exercises, until the user asks for them."""

    def show() -> None:
        tab.answers_shown = True
        tab.redraw()

    if answers_hidden(tab):
        for name in _ANSWERS:
            blocks[name].set_visibility(False)
        button(tab.text("exercises.reveal"), show, "quiet")


def answers_hidden(tab: Tab) -> bool:
    """Return whether the numbers of the step that answer the exercises are hidden."""
    return tab.topic == "exercises" and not tab.answers_shown


def legend_html(tab: Tab) -> str:
    """Return a list of the symbols of the chosen notation and their meanings."""
    marks = symbols(tab)
    errors = tab.text("flow.errors_ascent" if climbs(tab) else "flow.errors", **marks)
    items = []
    hidden = tab.text(f"flow.hidden_{tab.choices.architecture}")
    example = tab.overview.words[0].word
    *lines, colours = tab.text("flow.terms", errors=errors, hidden=hidden, word=example, **marks).splitlines()
    for line in (*lines, *tab.text("flow.sizes").splitlines(), colours):
        term, colon, meaning = line.partition(": ")
        symbol, _, index = term.partition("_")
        shown_term = f"{text(symbol)}<sub>{text(index)}</sub>" if index else text(symbol)
        items.append(f"<li><b>{shown_term}</b>: {text(meaning)}</li>" if colon else f"<li>{text(line)}</li>")
    return f'<ul class="meanings">{"".join(items)}</ul>'


def strip_html(tab: Tab) -> str:
    """Return the whole flow as one line, which every page shows. Each part of the line links to its block."""
    step = tab.step
    window = step.window
    words = [f"<b>{text(word)}</b>" if position == window.centre
             else f"<u>{text(word)}</u>" if position in window.context else text(word)
             for position, word in enumerate(window.sentence)]  # fmt: skip
    nearby = words[max(0, window.centre - 4) : window.centre + 5]
    scale = max((abs(value) for value in step.hidden), default=0.0) or 1.0
    squares = "".join(
        f'<i class="{"neg" if value < 0 else "pos"}" style="--share:{min(1.0, abs(value) / scale):.3f}"></i>'
        for value in step.hidden
    )
    judged = [each for view in step.objectives for each in view.rows if not each.ignored]
    if step.objectives[0].objective != "hierarchical-softmax":  # nodes keep the order of the path
        judged.sort(key=lambda each: -each.times)
    symbol = "y" if step.objectives[0].objective == "softmax" else "σ"
    scores = ", ".join(f"{text(each.output)} {shown(each.probability or 0.0, 2)}" for each in judged[:3])
    more = ", …" if len(judged) > 3 else ""
    moved = [(view.symbol, [change.row for change in view.changes]) for view in step.tables if view.changes]
    rows = "; ".join(
        f"{text(symbol)} {text(', '.join(names[:3]))}{'…' if len(names) > 3 else ''}" for symbol, names in moved
    )
    parts = (
        ("window", " ".join(nearby)),
        ("hidden", f'<span class="squares">{squares}</span>'),
        ("scores", "…" if answers_hidden(tab) else f"{symbol}: {scores}{more} · E = {shown(step.loss, 3)}"),
        ("update", "…" if answers_hidden(tab) else rows),
    )
    links = "".join(
        f'<li><a href="#flow-{name}"><small>{text(tab.text(f"flow.{name}"))}{text(subject)}</small>'
        f"<span>{content}</span></a></li>"
        for (name, content), subject in zip(parts, (f": {sentence_of(tab)}", "", "", ""), strict=True)
    )
    return f'<ol class="flow-strip" aria-label="{text(tab.text("flow"))}">{links}</ol>'


def sentence_of(tab: Tab) -> str:
    """Return a text that says which sentence the window is in, such as "sentence 2 of 5".

    If several sentences are equal, it names the first of them.
    """
    sentences = tab.overview.sentences
    return tab.text("sentence_of", number=sentences.index(tab.step.window.sentence) + 1, sentences=len(sentences))


def sentence_html(tab: Tab) -> str:
    """Return the sentence with marks for centre and context words. Words that subsampling dropped are crossed out."""
    window = tab.step.window
    classes = dict.fromkeys(window.context, "context") | dict.fromkeys(window.dropped, "dropped")
    classes[window.centre] = "centre"
    words = [
        f'<span class="{classes.get(position, "")}">{text(word)}</span>'
        for position, word in enumerate(window.sentence)
    ]
    return f'<p class="sentence">{" ".join(words)}</p>'


def window_html(tab: Tab) -> str:
    """Return the sentence of the window, and a table of the pairs of the window."""
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
    rate = tab.text("rate", eta=symbols(tab)["eta"], **_rate_facts(tab))
    head = [tab.text("input"), "", tab.text("output"), ""]
    subject = tab.text("text_now", title=tab.title.rstrip("."))
    said = f"{subject}, {sentence_of(tab)}. {epoch}"
    return (
        f'{sentence_html(tab)}<p class="muted small">{text(said)}</p>{table(head, rows)}'
        f'<p class="muted small">{text(rate)}</p>'
    )


def _rate_facts(tab: Tab) -> dict[str, str]:
    """Return the numbers from which the learning rate of the step is computed."""
    config, text_read = tab.course.config, tab.course.text
    return {
        "start": _plainly(config.starting_learning_rate), "end": _plainly(config.final_learning_rate),
        "passed": f"{tab.taken.example.where.words_before:,}",
        "total": f"{len(text_read.word_ids) * config.epochs:,}", "rate": f"{tab.step.learning_rate:.4g}",
    }  # fmt: skip


def _plainly(value: float) -> str:
    """Format a small positive number as a decimal number, without an exponent such as e-05."""
    return str(np.format_float_positional(value, precision=4, fractional=False, trim="-"))


def hidden_html(tab: Tab) -> str:
    """Return a table of the input rows of the step and its hidden vector."""
    step = tab.step
    scale = max((abs(value) for each in step.inputs for value in each.row), default=1.0) or 1.0
    heads = ["", *map(str, range(1, len(step.hidden) + 1))]
    rows = [
        row(each.word, [cell(value, f"in.{index}.{i}", scale=scale) for i, value in enumerate(each.row)],
            key=f"w{each.word_id}")
        for index, each in enumerate(step.inputs)
    ]  # fmt: skip
    sources = " ".join(f"w{each.word_id}" for each in step.inputs)
    usual = usual_row(step.objectives[0])
    hidden = [
        cell(value, f"h.{i}", came_from=sources, scale=scale, first=i == 0,
             equation=equation_key("hidden", row=usual, component=i))
        for i, value in enumerate(step.hidden)
    ]  # fmt: skip
    rows.append(row(symbols(tab)["h"], hidden, key="h", classes="true"))
    how = "hidden.copy" if len(step.inputs) == 1 else "hidden.mean"
    return f'<p class="small">{text(tab.text(how, count=len(step.inputs), **symbols(tab)))}</p>{table(heads, rows)}'


def scores_html(tab: Tab) -> str:
    """Return tables of the output rows that the step uses, and the loss."""
    parts = [_objective_html(tab, view, which) for which, view in enumerate(tab.step.objectives)]
    key = equation_key("loss", row=usual_row(tab.step.objectives[0]))
    shown_loss = number(tab.step.loss, "loss", 6, equation=key if len(tab.step.objectives) == 1 else "")
    total = f"<p><b>{text(tab.text('loss'))} E{' = −log p' if climbs(tab) else ''} = {shown_loss}</b></p>"
    return "".join(parts) + total


def _objective_html(tab: Tab, view: ObjectiveView, which: int) -> str:
    several = view.objective == "softmax" and len(view.outputs) > 1
    probability = "y" if view.objective == "softmax" else "σ"
    marks = symbols(tab)
    expected, true = ("C·y", f"Σ{marks['t']}") if several else (probability, marks["t"])
    error = f"{true} − {expected}" if climbs(tab) else f"{expected} − {true}"
    label = f"Σ{marks['t']}" if several else f"{tab.text('label')} {marks['t']}"
    heads = [tab.text("output"), label, f"{tab.text('score')} {marks['s']}", probability]
    heads += ["C·y"] if several else []
    heads += [f"{marks['e']} = {error}", tab.text("loss")]
    rows = [_output_row(tab, view, index, several, which) for index in range(len(view.rows))]
    note = ""
    if view.objective == "hierarchical-softmax":
        note = f'<p class="small">{text(tab.text("tree.label_note"))}</p>'
    elif several:
        note = f'<p class="small">{text(_sums_of(tab, view))}</p>'
    made = table(heads, rows, caption=tab.text(f"objective.{view.objective}"))
    return f"{made}{note}{drawn_twice_html(tab, view)}"


def _sums_of(tab: Tab, view: ObjectiveView) -> str:
    """Explain C · y and Σt with the numbers of the step.

    If one softmax serves C outputs, they replace the probability y and the label t.
    """
    each = next(row for row in view.rows if row.times)
    assert each.probability is not None and each.expected is not None
    sides = [shown(each.expected), str(each.times)]
    return tab.text(
        "flow.several", **symbols(tab), count=len(view.outputs), outputs=", ".join(view.outputs), word=each.output,
        y=shown(each.probability), expected=sides[0], error=shown(signed_error(tab, each)),
        difference=" − ".join(reversed(sides) if climbs(tab) else sides),
    )  # fmt: skip


def signed_error(tab: Tab, row: OutputRow) -> float:
    """Return the error of an output row with the sign of the chosen notation."""
    return 0.0 - (row.error or 0.0) if climbs(tab) else row.error or 0.0


def _output_row(tab: Tab, view: ObjectiveView, index: int, several: bool, which: int) -> str:
    each = view.rows[index]
    if each.ignored:
        ignored = text(tab.text("ignored"))
        return row(each.output, [plain(0), f'<td class="left" colspan="6">{ignored}</td>'], classes="ignored")
    name = f"row.{index}"
    source = f"h o{each.row_id}"

    def key(equation: str) -> str:
        return equation_key(equation, row=index, objective=which)

    share = f"{name}.probability"
    cells = [
        plain(each.times if several else each.label),
        cell(each.score, f"{name}.score", came_from=source, equation=key("score"), first=index == 0),
        share_cell(each.probability or 0.0, share, came_from=source, equation=key("probability")),
    ]
    if several:
        cells.append(cell(each.expected, f"{name}.expected"))
    error, part = signed_error(tab, each), "g" if climbs(tab) else "error"
    has_loss = view.objective != "softmax" or each.times
    cells += [
        cell(error, f"{name}.{part}", scale=1.0, came_from=source, equation=key("error")),
        cell(each.loss, f"{name}.loss", came_from=source, equation=key("row_loss") if has_loss else ""),
    ]
    # A node with label 1 is not the right answer: the path turns left there, nothing more.
    is_true = each.times and view.objective != "hierarchical-softmax"
    return row(each.output, cells, classes="true" if is_true else "")


def update_html(tab: Tab) -> str:
    """Return tables of the gradient EH and of each row that changes: its old values, the step and its new values."""
    step = tab.step
    heads = ["", "", *map(str, range(1, len(step.hidden) + 1))]
    outputs = " ".join(f"o{each.row_id}" for view in step.objectives for each in view.rows if not each.ignored)
    row_of = {
        each.row_id: index for index, each in reversed(list(enumerate(step.objectives[0].rows))) if not each.ignored
    }
    usual = usual_row(step.objectives[0])
    marks = symbols(tab)
    signed = [0.0 - value if climbs(tab) else value for value in step.hidden_gradient]
    gradient = [
        cell(value, f"{'g' if climbs(tab) else 'EH'}.{i}", came_from=outputs, first=i == 0,
             equation=equation_key("hidden_gradient", row=usual, component=i))
        for i, value in enumerate(signed)
    ]  # fmt: skip
    meaning = f"∂E/∂{marks['h']}" if marks["eh"] == "EH" else ""
    rows = [row(marks["eh"], [plain(meaning, "left"), *gradient], key="eh", classes="true")]
    for view in step.tables:
        for index, change in enumerate(view.changes):
            key = f"{'o' if view.name.startswith('output') else 'w'}{change.row_id}"
            is_input = view.name == "input_vectors"
            source = "eh" if is_input else "h"
            for part in ("before", "step", "after"):
                values = getattr(change, part)
                name = f"{view.symbol}.{change.row_id}.{part}"
                cells = [plain(tab.text(f"part.{part}"), "left")]
                for i, value in enumerate(values):
                    equation = (
                        equation_key(f"input_{_PARTS[part]}", row=usual, component=i, input_row=index) if is_input
                        else equation_key(
                            f"output_{_PARTS[part]}", row=row_of.get(change.row_id, usual), component=i
                        )
                    )  # fmt: skip
                    came_from = source if part != "before" else ""
                    cells.append(cell(value, f"{name}.{i}", came_from=came_from, equation=equation, digits=5))
                head = f"{view.symbol} {change.row}" if part == "before" else ""
                rows.append(
                    row(head, cells, key=key if part == "before" else "", classes="lit" if part == "step" else "")
                )
    sign = "" if climbs(tab) else "−"
    divided = tab.choices.cbow_gradient == "exact" and len(step.inputs) > 1
    marks["eh"] += f" / {len(step.inputs)}" if divided else ""
    rule = tab.text("flow.step_rule", rate=f"{step.learning_rate:.4g}", sign=sign, **marks)
    unmoved = (
        "" if any(step.hidden_gradient) else f'<p class="small">{text(tab.text("flow.unmoved", **symbols(tab)))}</p>'
    )
    return f'<p class="small">{text(rule)}</p>{unmoved}{table(heads, rows)}'


def formulas_html(tab: Tab, names: Sequence[str]) -> str:
    """Return the equations with these names for the first component of the vectors, with symbols and with numbers.

    Equations of an output row are shown twice: for the first row with label 1 and for the first one with label 0.
    """
    parts = []
    for view in tab.step.objectives:
        labels = {each.label: index for index, each in reversed(list(enumerate(view.rows))) if not each.ignored}
        rows = [labels[label] for label in (1, 0) if label in labels] or [0]
        found = [equations(tab.step, view.objective, row=index, notation=tab.choices.notation) for index in rows]
        for name in names:
            of_rows = [each for made in found for each in made if each.name == name]
            shown_of = of_rows if name in _OF_A_ROW else of_rows[:1]
            parts += [f'<div data-equation="{name}">{each.to_mathml()}</div>' for each in shown_of]
    return f'<div class="formulas" tabindex="0">{"".join(parts)}</div>'
