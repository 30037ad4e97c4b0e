"""Elements that several pages of the lesson use."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from nicegui import ui

from wordkin.lesson import ObjectiveView, OutputRow, Step
from wordkin.lesson.equations import equations, notation_of
from wordkin.objectives import reference
from wordkin.objectives.reference import FloatArray
from wordkin.studio.lesson.html import bar_cell, cell, drawing, label, line, plain, row, shown, table, text
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.live import LiveHtml
from wordkin.studio.widgets import marked, notice

T = TypeVar("T")
_RAISED = {"u": "ᵘ", "s": "ˢ"}  # symbols of a score as exponents
_TREE = "hierarchical-softmax"
_MOST_CHECKED = 6  # rows of a check
_NUDGE = 0.001  # by how much a score is raised to show what the loss does


def live(make: Callable[[], str]) -> Update:
    """Add an element whose HTML ``make`` returns. Return a function that updates it to the current step."""
    element = LiveHtml().classes("stack")

    def update() -> None:
        element.show(make())

    return update


def slow(tab: Tab, make: Callable[[], T], then: Callable[[T], None]) -> None:
    """Call the slow function ``make`` in a thread, show a notice meanwhile, and call ``then`` with the result."""
    with marked("div") as waiting:
        notice(tab.text("preparing"))

    async def begin() -> None:
        made = await asyncio.to_thread(make)
        waiting.delete()
        then(made)

    ui.timer(0, begin, once=True)


def folded(title: str, *paragraphs: str) -> None:
    """Add paragraphs that only some readers need; they are hidden until the title is clicked."""
    inside = "".join(f"<p>{text(each)}</p>" for each in paragraphs)
    ui.html(f'<details class="folded"><summary>{text(title)}</summary>{inside}</details>', sanitize=False)


def drawn_twice_html(tab: Tab, view: ObjectiveView, *, chosen: bool = False) -> str:
    """Return a note on each noise word that was drawn or chosen several times; "" if there is none.

    The note says that the steps for this word are added.
    """
    if view.objective != "negative-sampling":
        return ""
    times = Counter(each.output for each in view.rows if not each.label and not each.ignored)
    key = "chosen_twice" if chosen or tab.choices.noise else "drawn_twice"
    said = [tab.text(key, word=word, count=count) for word, count in times.items() if count > 1]
    return "".join(f'<p class="small">{text(each)}</p>' for each in said)


def symbols(tab: Tab) -> dict[str, str]:
    """Return the symbols of the chosen notation, as a dict from the names that the texts of the lesson use for them."""
    marks = notation_of(tab.choices.notation, tab.choices.architecture)
    return {
        "h": marks.hidden, "s": marks.score, "eta": marks.rate, "t": marks.label, "e": marks.error,
        "v": marks.output_symbol, "eh": marks.hidden_gradient, "w": "x" if marks.name == "theta" else "v",
        "exp": f"e{_RAISED[marks.score]}", "exp_minus": f"e⁻{_RAISED[marks.score]}",
    }  # fmt: skip


def climbs(tab: Tab) -> bool:
    """Return whether the chosen notation maximises log p. Errors and gradients then have the opposite sign."""
    return notation_of(tab.choices.notation).ascent


def output_rows(tab: Tab) -> int:
    """Return the number of rows of W′: one per word or, with hierarchical softmax, one per inner node of the tree."""
    size = len(tab.overview.words)
    return size - 1 if tab.choices.objective == _TREE else size


def why_error_html(tab: Tab, objective: str = "", step: Step | None = None) -> str:
    """Return the derivation of the error of an output row from its loss, in the chosen notation.

    If ``step`` is given, its output rows are used for a check: how the loss changes if a score is raised a little.
    """
    is_softmax = (objective or tab.choices.objective) == "softmax"
    marks = notation_of(tab.choices.notation, tab.choices.architecture)
    values = {**symbols(tab), "p": "y" if is_softmax else f"σ({marks.score})"}
    lines = ["softmax", "softmax_slope"] if is_softmax else ["slope", "label1", "label0"]
    lines += ["ascent", "vectors_ascent"] if marks.ascent else ["both", "vectors"]
    if marks.ascent and (objective or tab.choices.objective) == _TREE:
        lines.append("code")
    said = (text(tab.text(f"why_error.{each}", **values)).replace("\n", "<br>") for each in lines)
    listed = "".join(f"<li>{each}</li>" for each in said)
    left, right = (values["t"], values["p"]) if marks.ascent else (values["p"], values["t"])
    heading = tab.text("why_error", error=f"{marks.error} = {left} − {right}")
    numbers = "" if step is None else f"{_check_html(tab, step)}{_gradient_html(tab, step)}"
    return (
        f"<h3>{text(heading)}</h3><p>{text(tab.text('why_error.intro', **values))}</p>"
        f"<ol class='how'>{listed}</ol>{numbers}"
    )


def _check_html(tab: Tab, step: Step) -> str:
    """Return a table of the errors of rows, each beside the change of the loss if the score is raised a little."""
    view, marks = step.objectives[0], notation_of(tab.choices.notation, tab.choices.architecture)
    is_softmax, sign = view.objective == "softmax", -1.0 if marks.ascent else 1.0
    several = is_softmax and len(view.outputs) > 1
    rows = []
    for index, each in _rows_to_check(view):
        before, after = _nudged(view, each)
        assert each.error is not None and each.expected is not None
        sides = [shown(each.expected), str(each.times if is_softmax else each.label)]
        cells = [
            plain(" − ".join(reversed(sides) if marks.ascent else sides)),
            cell(sign * each.error + 0.0, f"check.{index}.error", scale=1.0),
            cell(sign * before, digits=6), cell(sign * after, digits=6),
            cell(sign * (after - before) / _NUDGE + 0.0, f"check.{index}.slope", scale=1.0),
        ]  # fmt: skip
        rows.append(row(each.output, cells, classes="true" if each.times and view.objective != _TREE else ""))
    p, t = (
        ("C·y" if several else "y") if is_softmax else f"σ({marks.score})",
        f"Σ{marks.label}" if several else marks.label,
    )
    loss = "log p" if marks.ascent else "E"
    raised = tab.text("why_error.raised", loss=loss, s=marks.score, nudge=_NUDGE)
    heads = [tab.text("output"), f"{t} − {p}" if marks.ascent else f"{p} − {t}", marks.error, loss, raised]
    heads.append(tab.text("why_error.change", nudge=_NUDGE))
    said = tab.text("why_error.check", s=marks.score, loss=loss, e=marks.error, nudge=_NUDGE)
    return f"<p>{text(said)}</p>{table(heads, rows)}"


def _rows_to_check(view: ObjectiveView) -> list[tuple[int, OutputRow]]:
    """Return the output rows to show in a check, as (index, row).

    For a softmax, these are the rows of the true words and of the most probable other words; otherwise, the first rows.
    """
    used = [(index, each) for index, each in enumerate(view.rows) if not each.ignored]
    if view.objective == "softmax":
        used.sort(key=lambda each: (-min(1, each[1].times), -(each[1].probability or 0.0)))
    return used[:_MOST_CHECKED]


def _nudged(view: ObjectiveView, row: OutputRow) -> tuple[float, float]:
    """Return the loss that depends on the score of a row, before and after the score is raised a little."""
    assert row.score is not None and row.probability is not None and row.loss is not None
    if view.objective == "softmax":
        grown = len(view.outputs) * math.log1p(row.probability * math.expm1(_NUDGE))
        return view.loss, view.loss + grown - row.times * _NUDGE
    score = row.score + _NUDGE
    return row.loss, float(reference.negative_log_sigmoid(score if row.label else -score))


def _gradient_html(tab: Tab, step: Step) -> str:
    """Return the gradients of an output row and of the hidden vector, with numbers, for their first component."""
    view = step.objectives[0]
    usual = next((index for index, each in enumerate(view.rows) if each.times), 0)
    found = [
        each for each in equations(step, view.objective, row=usual, notation=tab.choices.notation)
        if each.name in ("hidden_gradient", "output_update")
    ] if view.rows else []  # fmt: skip
    listed = "".join(f"<div data-equation='{each.name}'>{each.to_mathml()}</div>" for each in found)
    return f"<p>{text(tab.text('why_error.numbers'))}</p><div class='formulas' tabindex='0'>{listed}</div>"


def word_probabilities(tab: Tab, hidden: FloatArray) -> list[float]:
    """Return p(word | h) of every word under the objective of the lesson. The sum is 1.

    Negative sampling defines no such probabilities. For it, the softmax of the scores is used, and the page says so.
    """
    objective = tab.choices.objective
    tables = tab.taken.before[objective]
    if objective == _TREE:
        assert tab.course.text.tree is not None
        return list(map(float, reference.tree_probabilities(tables, hidden, tab.course.text.tree)))
    scores = reference.row_scores(tables, hidden, range(len(tables.output_vectors)))
    return list(map(float, reference.softmax(scores)))


def ranked_html(tab: Tab, probabilities: list[float], true: list[int], name: str, most: int = 12) -> str:
    """Return a table of the ``most`` most probable words, by decreasing probability.

    True words are marked, and are shown even if other words are more probable.
    """
    order = sorted(range(len(probabilities)), key=lambda word_id: -probabilities[word_id])
    listed = [word_id for rank, word_id in enumerate(order) if rank < most or word_id in true]
    scale = max(probabilities)
    rows = []
    for word_id in listed:
        word = tab.overview.words[word_id].word
        share = probabilities[word_id]
        cells = bar_cell(share / scale * 0.9, classes="mark" if word_id in true else "")
        value = f'<td><span class="num" data-name="{name}.{word_id}" data-value="{share!r}">{share:.4f}</span></td>'
        bars = cells.split('<span class="num"')[0] + "</td>"
        mark = plain("✓" if word_id in true else "", "left")
        rows.append(
            row(f"{order.index(word_id) + 1}. {word}", [bars, value, mark], classes="true" if word_id in true else "")
        )
    return table(["", "p", "", ""], rows)


def network_html(tab: Tab) -> str:
    """Return a drawing of the network: input words, hidden vector, output words."""
    step = tab.step
    inputs = [each.word for each in step.inputs]
    outputs = list(dict.fromkeys(name for view in step.objectives for name in view.outputs))
    if tab.choices.architecture == "skip-gram":
        outputs = [pair.output for pair in step.pairs]
    height = max(len(inputs), len(outputs), 2) * 44 + 40
    middle = height / 2

    def places(count: int) -> list[float]:
        return [middle + (index - (count - 1) / 2) * 44 for index in range(count)]

    parts = [line(140, y, 250, middle, "edge on") for y in places(len(inputs))]
    current = (
        {pair.output for pair in step.pairs if pair.current}
        if tab.choices.architecture == "skip-gram"
        else set(outputs)
    )
    for name, y in zip(outputs, places(len(outputs)), strict=True):
        parts.append(line(330, middle, 440, y, "edge on" if name in current else "edge"))
    for name, y in zip(inputs, places(len(inputs)), strict=True):
        parts.append(f'<rect x="20" y="{y - 15:.1f}" width="120" height="30" rx="6" class="box on"/>')
        parts.append(label(80, y + 5, name))
    parts.append(f'<rect x="250" y="{middle - 26:.1f}" width="80" height="52" rx="8" class="box on"/>')
    parts.append(label(290, middle + 5, f"{symbols(tab)['h']} ({len(step.hidden)})"))
    for name, y in zip(outputs, places(len(outputs)), strict=True):
        on = " on" if name in current else ""
        parts.append(f'<rect x="440" y="{y - 15:.1f}" width="120" height="30" rx="6" class="box{on}"/>')
        parts.append(label(500, y + 5, name))
    v, n = len(tab.overview.words), len(step.hidden)
    parts.append(label(195, 14, f"W  {v}×{n}", classes="small"))
    nodes = f" ({tab.text('network.nodes')})" if tab.choices.objective == _TREE else ""
    parts.append(label(395, 14, f"W′  {output_rows(tab)}×{n}{nodes}", classes="small"))
    return drawing("".join(parts), 580, int(height), tab.text("network"))
