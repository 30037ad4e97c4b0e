"""Page about negative sampling: the recipe, its gradient, and the comparison with the softmax."""

from __future__ import annotations

import math
from typing import Any

from nicegui import ui

from wordkin.lesson import Comparison, ObjectiveView, Step
from wordkin.lesson.equations import notation_of
from wordkin.studio.lesson.explain import Explanation, equation_key, usual_row
from wordkin.studio.lesson.html import bar_cell, cell, number, plain, row, table, text
from wordkin.studio.lesson.parts import climbs, drawn_twice_html, folded, live, symbols, why_error_html
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.lesson.topics.noise import offer_special_steps, special_html
from wordkin.studio.lesson.topics.objectives import measured, measured_html
from wordkin.studio.widgets import button, heading, marked, paragraph

_NOTES = ("softmax", "sampled", "negative")  # keys of the notes on the three methods, in order
_NEGATIVE = "negative-sampling"


def sampling(tab: Tab) -> Update:
    """Page on negative sampling: its recipe with the numbers of the step, its gradient, and what it replaces."""
    paragraph(tab.text("sampling.intro"))
    if tab.choices.objective != _NEGATIVE:
        compared = tab.choices.objective == "softmax"
        paragraph(tab.text("sampling.from_softmax" if compared else "sampling.not_trained"), "notice")
        button(tab.text("sampling.train"), lambda: tab.change(objective=_NEGATIVE))
    if tab.choices.objective == "hierarchical-softmax":
        update = _nothing
        ui.html(gradient_html(tab), sanitize=False).classes("stack")
    else:
        update = _with_numbers(tab)
    named = symbols(tab)
    folded(tab.text("sampling.corpus"), tab.text("sampling.corpus_text", **named), tab.text("sampling.cases", **named))
    folded(tab.text("for_readers"), tab.text("sampling.slip"))
    heading(tab.text("sampling.how_many"), 3)
    for line in tab.text("sampling.k", **_analogies_by_k()).splitlines():
        paragraph(line)
    ui.html(measured_html(tab, "noise_small", "K") + measured_html(tab, "noise_large", "K"), sanitize=False)
    paragraph(tab.text("measured.terms"), "small")
    return update


def _analogies_by_k() -> dict[str, str]:
    """Return a dict from names such as "small_5" to percentages of analogies solved, for the text about K.

    "small_5" is the percentage on the small text with K = 5.
    """
    tables = {"small": measured("noise_small"), "large": measured("noise_large")}
    return {f"{name}_{each['value']}": f"{100 * each['total']:.1f}" for name, found in tables.items() for each in found}


def _nothing() -> None:
    """Do nothing: under a tree, output rows belong to inner nodes, so no words have scores that could be shown."""


def gradient_html(tab: Tab, step: Step | None = None) -> str:
    """Return the derivation of the gradient, and what a step along it does to the rows.

    If ``step`` is given, its numbers are shown as well.
    """
    ascent = climbs(tab)
    pull = f"<p>{text(tab.text('sampling.pull_ascent' if ascent else 'sampling.pull', **symbols(tab)))}</p>"
    moved = [tab.text("sampling.before", **symbols(tab))]
    if tab.choices.architecture == "cbow":
        signed = {**symbols(tab), "sign": "" if ascent else "−"}
        moved.append(tab.text(f"sampling.pull_cbow_{tab.choices.cbow_gradient}", **signed))
    pull += f"<p>{text(' '.join(moved))}</p>"
    return (
        f"{why_error_html(tab, _NEGATIVE, step)}<h3>{text(tab.text('sampling.effect'))}</h3>{pull}"
        f"<h3>{text(tab.text('sampling.why_noise'))}</h3><p>{text(tab.text('sampling.why'))}</p>"
        f"{special_html(tab, step)}"
    )


def _with_numbers(tab: Tab) -> Update:
    """Add the parts that follow the step, and the choice of noise words."""
    trial: dict[int, list[str]] = {}  # the words tried in one step, by its number
    words = [each.word for each in tab.overview.words]

    def attempt() -> None:
        trial.clear()
        if chosen.value:
            trial[tab.number] = list(chosen.value)
        update()

    def use(noise: list[str]) -> Any:
        """End the trial, and train with these noise words. Without any, train with words that are drawn."""
        trial.clear()
        chosen.value = noise
        update()
        return tab.change(noise=",".join(noise))

    def step() -> Step:
        return sampled_step(tab, trial.get(tab.number))

    with marked("div", "stack") as part:
        show = live(lambda: recipe_html(tab, step(), tried=tab.number in trial))
        paragraph(tab.text("sampling.point"), "small muted")
        with marked("div", "line"):
            chosen = ui.select(words, multiple=True, label=tab.text("noise_by_hand"),
                               value=[word for word in tab.choices.noise_words() if word in words])  # fmt: skip
            chosen.props("outlined dense use-chips behavior=menu").style("min-width:18rem")
            button(tab.text("sampling.take"), lambda: use(list(chosen.value or [])))
            button(tab.text("sampling.once"), attempt, "quiet")
            button(tab.text("sampling.draw"), lambda: use([]), "quiet")
        paragraph(tab.text("sampling.by_hand"), "small muted")
        others = [live(lambda: gradient_html(tab, step()))]
        if tab.choices.objective == _NEGATIVE and not tab.choices.noise:
            offer_special_steps(tab)
        others += [live(lambda: _table_html(tab, trial)), live(lambda: comparison_html(tab, step()))]
    explanation = Explanation(tab, part, step)

    def update() -> None:
        show()
        for each in others:
            each()
        explanation.show()

    return update


def sampled_step(tab: Tab, noise: list[str] | None = None) -> Step:
    """Return the current step as negative sampling takes it.

    With ``noise``, it is the step that these noise words would give.
    """
    if noise is None and tab.choices.objective == _NEGATIVE:
        return tab.step
    return tab.course.sampled_step(tab.number, noise)


def recipe_html(tab: Tab, step: Step, *, tried: bool = False) -> str:
    """Return the recipe of negative sampling with the numbers of a step: pair, noise words, scores, loss and update."""
    comparison, view = step.comparisons[0], step.objectives[0]
    inputs = " + ".join(each.word for each in step.inputs)
    used = {each.row_id for each in view.rows if not each.ignored}
    values = {
        **symbols(tab), "input": inputs, "output": comparison.output, "noise": ", ".join(comparison.samples),
        "k": len(comparison.samples), "inputs": len({each.word_id for each in step.inputs}), "outputs": len(used),
        "others": len(tab.overview.words) - len(used), "count": len(step.window.context),
        "centre": step.window.sentence[step.window.centre],
    }  # fmt: skip
    of_a_step = "recipe.one_centre" if tab.choices.architecture == "cbow" else "recipe.one_pair"
    second = "recipe.chosen" if comparison.chosen else "recipe.drawn"
    listed = "".join(
        f"<li>{text(tab.text(f'sampling.{each}', **values))}</li>"
        for each in ("recipe.pair", of_a_step, second, "recipe.score", "recipe.loss", "recipe.update")
    )
    unmoved = "" if any(step.hidden_gradient) else f"<p>{text(tab.text('flow.unmoved', **symbols(tab)))}</p>"
    return (
        f"<h3>{text(tab.text('sampling.recipe'))}</h3><ol class='how'>{listed}</ol>{unmoved}"
        f"{_source_html(tab, step, tried)}"
        f"{_rows_html(tab, view)}{drawn_twice_html(tab, view, chosen=comparison.chosen)}{_loss_parts_html(tab, view)}"
    )


def _source_html(tab: Tab, step: Step, tried: bool) -> str:
    """Return a text that says where the noise words come from, and which of them are ignored."""
    comparison = step.comparisons[0]
    if tried:
        said = [tab.text("sampling.tried")]
    else:
        said = [tab.text("sampling.chosen" if comparison.chosen else "sampling.drawn")]
    if comparison.chosen and len(comparison.samples) != tab.choices.negative:
        said.append(tab.text("sampling.other_k", k=len(comparison.samples), option=tab.choices.negative))
    if comparison.output in comparison.samples:
        said.append(tab.text("sampling.ignored_true", word=comparison.output))
    return f"<p>{text(' '.join(said))}</p>"


def _rows_html(tab: Tab, view: ObjectiveView) -> str:
    """Return a table of the output rows of the step.

    Its columns are label, score, probability of "yes", error, loss, and where the row moves.
    """
    marks = notation_of(tab.choices.notation, tab.choices.architecture)
    named = symbols(tab)
    p = f"σ({named['s']})"
    error = f"{named['e']} = {named['t']} − {p}" if marks.ascent else f"{named['e']} = {p} − {named['t']}"
    heads = [tab.text("output"), f"{tab.text('label')} {named['t']}", named["s"], p, error, tab.text("loss"), ""]
    rows = []
    for index, each in enumerate(view.rows):
        if each.ignored:
            ignored = f'<td class="left" colspan="5">{text(tab.text("ignored"))}</td>'
            rows.append(row(each.output, [plain(0), ignored], classes="ignored"))
            continue
        assert each.error is not None and each.probability is not None
        moved = tab.text("sampling.pulled" if each.label else "sampling.pushed", **named)
        cells = [
            plain(each.label),
            cell(each.score, f"recipe.{index}.score", equation=equation_key("score", row=index), first=index == 0),
            bar_cell(each.probability, f"recipe.{index}.sigma", equation=equation_key("probability", row=index)),
            cell(0.0 - each.error if marks.ascent else each.error, f"recipe.{index}.error", scale=1.0,
                 equation=equation_key("error", row=index)),
            cell(each.loss, f"recipe.{index}.loss", equation=equation_key("row_loss", row=index)),
            plain(moved, "left"),
        ]  # fmt: skip
        rows.append(row(each.output, cells, classes="true" if each.label else ""))
    return table(heads, rows)


def _loss_parts_html(tab: Tab, view: ObjectiveView) -> str:
    """Return both parts of the loss of negative sampling, with formulas and numbers."""
    true, counted = view.rows[0], [each for each in view.rows[1:] if not each.ignored]
    minus = math.fsum(each.loss or 0.0 for each in counted)
    parts = " + ".join(f"{number(each.loss, digits=5)} ({text(each.output)})" for each in counted)
    summed = f"{parts} = {number(minus, 'loss.minus', 5)}" if len(counted) > 1 else number(minus, "loss.minus", 5)
    s = symbols(tab)["s"]
    return (
        f"<p>{text(tab.text('sampling.split', s=s))}</p><ul class='plain'>"
        f"<li><b>Loss₊ = −log σ({s}₊)</b> = −log {number(true.probability)} = {number(true.loss, 'loss.plus', 5)}</li>"
        f"<li><b>Loss₋ = −Σ log σ(−{s}₋)</b> = {summed}</li>"
        f"<li><b>Loss = Loss₊ + Loss₋</b> = "
        f"{number(view.loss, 'loss.total', 5, equation=equation_key('loss', row=usual_row(view)))}</li></ul>"
    )


def _table_html(tab: Tab, trial: dict[int, list[str]]) -> str:
    return window_html(tab, trial) if tab.choices.objective == _NEGATIVE else ""


def window_html(tab: Tab, trial: dict[int, list[str]] | None = None) -> str:
    """Return a table of the pairs of the window, as (input 1, input 2, label).

    Each pair is followed by the noise words that its step uses. ``trial`` maps the number of a step to other noise
    words, which are shown instead.
    """
    rows, tried = [], trial or {}
    for pair in tab.course.window_pairs(tab.number):
        source = " + ".join(pair.inputs)
        lit = " lit" if pair.number == tab.number else ""
        noise = [word for word in tried.get(pair.number, pair.noise) if word != pair.output]
        for output, label in ((pair.output, 1), *((word, 0) for word in noise)):
            cells = [plain(output, "left"), plain(label), plain(f"{pair.number:,}")]
            rows.append(row(source, cells, classes=("true" if label else "") + lit))
    window = tab.step.window
    heads = [tab.text("input1"), tab.text("input2"), tab.text("label"), tab.text("step")]
    caption = tab.text("sampling.table", word=window.sentence[window.centre])
    said = [tab.text("sampling.own_cbow" if tab.choices.architecture == "cbow" else "sampling.own")]
    said += [tab.text("sampling.own_tried")] if tab.number in tried else []
    return f"{table(heads, rows, caption=caption, classes='pairs')}<p class='small'>{text(' '.join(said))}</p>"


# -- the comparison with the softmax -------------------------------------------------------------------


def comparison_html(tab: Tab, step: Step) -> str:
    """Return full softmax, sampled softmax and negative sampling, computed from the same scores."""
    comparison, named = step.comparisons[0], symbols(tab)
    return (
        f"<h3>{text(tab.text('sampling.same'))}</h3><p>{text(tab.text('sampling.three', **named))}</p>"
        f"{_three_ways_html(tab, comparison)}<p>{text(tab.text('sampling.losses'))}</p>"
        f"<p>{text(tab.text('sampling.estimates', **named))}</p>{_best_score_html(tab)}"
        f"{correction_html(tab, comparison)}"
    )


def _best_score_html(tab: Tab) -> str:
    """Return the derivation of the score at which the loss of negative sampling is smallest."""
    question, *lines, remark = map(text, tab.text("sampling.best_score", **symbols(tab)).splitlines())
    listed = "".join(f"<li>{each}</li>" for each in lines)
    return f"<p>{question}</p><ul class='plain'>{listed}</ul><p>{remark}</p>"


def _three_ways_html(tab: Tab, comparison: Comparison) -> str:
    """Return a small table for each method; the tables are side by side if the page is wide enough."""
    compared = list(enumerate(comparison.words))
    others = len(tab.overview.words) - len(compared)
    s = symbols(tab)["s"]
    columns = (
        ((s, f"{symbols(tab)['exp']} / Σ"), [
            [cell(each.score, f"same.{i}.score"), bar_cell(each.full_softmax, f"same.{i}.full")] for i, each in compared
        ]),
        ((f"{s} − log(K·q)", "exp(…) / Σ"), [
            [cell(each.sampled_score, f"same.{i}.corrected"), bar_cell(each.sampled_softmax, f"same.{i}.sampled")]
            for i, each in compared
        ]),
        ((tab.text("label"), s, f"σ({s})"), [
            [plain(int(each.is_output)), cell(each.score), bar_cell(each.negative_sampling, f"same.{i}.sigma")]
            for i, each in compared
        ]),
    )  # fmt: skip
    parts = []
    for index, (method, (heads, filled)) in enumerate(zip(comparison.methods, columns, strict=True)):
        rows = [
            row(each.word if each.times == 1 else f"{each.word} ({each.times}×)", cells,
                classes="true" if each.is_output else "")
            for (_, each), cells in zip(compared, filled, strict=True)
        ]  # fmt: skip
        note = tab.text(f"sampling.note_{_NOTES[index]}", **({"others": others} if index == 0 else {}))
        if index == 1 and any(each.times > 1 for each in comparison.words):
            note += " " + tab.text("sampling.note_twice")
        count = tab.text("sampling.rows", count=method.rows)
        parts.append(
            f"<div>{table(['', *heads], rows, caption=tab.text(f'method.{method.method}'))}"
            f'<p class="small">{text(note)}</p><p class="small">{text(count)}; {text(tab.text("loss"))} '
            f"{number(method.loss, f'method.{index}.loss')}</p></div>"
        )
    return f'<div class="three">{"".join(parts)}</div>'


def correction_html(tab: Tab, comparison: Comparison) -> str:
    """Explain why sampled softmax corrects its scores, with the numbers of the first noise word."""
    s = symbols(tab)["s"]
    said = [tab.text("sampling.correction_text", **symbols(tab))]
    if comparison.chosen:
        said.append(tab.text("sampling.as_if_drawn"))
    made = f"<h3>{text(tab.text('sampling.correction', s=s))}</h3><p>{text(' '.join(said))}</p>"
    sample = next((each for each in comparison.words if not each.is_output), None)
    if sample is None:
        return made
    drawn = next(each.noise_probability for each in tab.overview.words if each.word == sample.word)
    k = len(comparison.samples)
    return (
        f"{made}<p><b>{text(sample.word)}</b>: K = {k}, q = {number(drawn)}; "
        f"{s} − log(K·q) = {number(sample.score)} − log({k} · {number(drawn)}) = {number(sample.sampled_score)}</p>"
    )
