"""Pages about the two architectures: CBOW, skip-gram, one update, and all six combinations."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from nicegui import ui

from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.lesson import Course, depict
from wordkin.objectives import reference
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.html import bar_cell, cell, number, plain, row, shown, table, text
from wordkin.studio.lesson.parts import (
    climbs,
    folded,
    live,
    network_html,
    ranked_html,
    slow,
    symbols,
    why_error_html,
    word_probabilities,
)
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import heading, paragraph


def cbow(tab: Tab) -> Update:
    """Page on CBOW: the mean of the context predicts the missing word."""
    paragraph(tab.text("cbow.intro", **symbols(tab)))
    if tab.choices.architecture != "cbow":
        paragraph(tab.text("cbow.other"), "notice")
    return live(lambda: _cbow_html(tab))


def _cbow_html(tab: Tab) -> str:
    """Return the sentence of the step with a gap for the centre word, and how CBOW predicts this word."""
    window = tab.taken.example.where.window
    view = tab.step.window
    shown = [
        "<b>____</b>" if position == view.centre
        else f'<span class="{"context" if position in view.context else ""}">{text(word)}</span>'
        for position, word in enumerate(view.sentence)
    ]  # fmt: skip
    tables = tab.taken.before[tab.choices.objective]
    hidden = reference.hidden_vector(tables, window.context_ids)
    vectors = [tables.input_vectors[word_id].tolist() for word_id in window.context_ids]
    names = [tab.overview.words[word_id].word for word_id in window.context_ids]
    rows = [row(name, [cell(value) for value in vector]) for name, vector in zip(names, vectors, strict=True)]
    mean = [cell(value, f"cbow.h.{i}") for i, value in enumerate(hidden.tolist())]
    rows.append(row(f"{symbols(tab)['h']} = Σ / {len(names)}", mean, classes="true"))
    probabilities = word_probabilities(tab, hidden)
    loss = -float(np.log(probabilities[window.centre_id]))
    centre = tab.overview.words[window.centre_id].word
    note = "cbow.by_softmax" if tab.choices.objective == "negative-sampling" else f"objective.{tab.choices.objective}"
    network = network_html(tab) if tab.choices.architecture == "cbow" else ""
    return (
        f'{network}<p class="sentence">{" ".join(shown)}</p><div class="pair"><div>'
        f"{table(['', *map(str, range(1, len(hidden) + 1))], rows, caption=tab.text('cbow.mean'))}"
        f"<p>{text(tab.text('cbow.entropy', word=centre))} −log p = {number(loss, 'cbow.loss', 5)}</p></div>"
        f"<div><p><b>{text(tab.text('cbow.ranked'))}</b> ({text(tab.text(note))})</p>"
        f"{ranked_html(tab, probabilities, [window.centre_id], 'cbow.p')}</div></div>"
    )


def skip_gram(tab: Tab) -> Update:
    """Page on skip-gram: one centre predicts each of its context words, and their errors are added."""
    is_tree = tab.choices.objective == "hierarchical-softmax"
    paragraph(tab.text("skipgram.tree" if is_tree else "skipgram.intro", **symbols(tab)))
    if tab.choices.architecture != "skip-gram":
        paragraph(tab.text("skipgram.other"), "notice")
    update = live(lambda: _skip_gram_html(tab))
    heading(tab.text("skipgram.product"), 3)
    ui.html(product_html(tab.choices.objective), sanitize=False).classes("stack")
    paragraph(tab.text("skipgram.product_text"))
    folded(tab.text("for_readers"), tab.text("skipgram.letters", **symbols(tab)))
    return update


_SCORED = {  # the set of the z that an objective scores for a pair
    "softmax": "<mi>{c}</mi>",
    "negative-sampling": "<mi>{c}</mi><mo>&#8746;</mo><mi>NEG(c)</mi>",
    "hierarchical-softmax": "<mi>path(c)</mi>",
}


def product_html(objective: str) -> str:
    """Return the product over the text that training maximises, and its logarithm, which is a sum.

    Each has three signs: over all words, over the context of each word, and over the outputs that are scored.
    """

    def over(sign: str) -> str:
        sets = (
            "<mi>w</mi>", "<mi>c</mi><mo>∈</mo><mi>context(w)</mi>",
            f"<mi>z</mi><mo>∈</mo><mrow>{_SCORED[objective]}</mrow>",
        )  # fmt: skip
        return "".join(f"<munder><mo>{sign}</mo><mrow>{each}</mrow></munder>" for each in sets)

    formulas = (f"{over('∏')}<mi>p(z | w)</mi>", f"{over('∑')}<mi>log</mi><mspace width='0.2em'/><mi>p(z | w)</mi>")
    return "".join(f"<div><math displaystyle='true'><mrow>{each}</mrow></math></div>" for each in formulas)


def _skip_gram_html(tab: Tab) -> str:
    """Return tables of the outputs that skip-gram predicts from one centre word, with losses and errors.

    One softmax serves all outputs. The last columns show EI, the sum of the errors, and EH.
    """
    window = tab.taken.example.where.window
    network = network_html(tab) if tab.choices.architecture == "skip-gram" else ""
    if tab.choices.objective == "hierarchical-softmax":
        return f"{network}{_outputs_of_tree(tab)}"
    tables = tab.taken.before[tab.choices.objective]
    hidden = reference.hidden_vector(tables, [window.centre_id])
    scored = reference.full_softmax(tables, hidden, window.context_ids)
    y = scored.probabilities.tolist()
    names = [tab.overview.words[word_id].word for word_id in window.context_ids]
    losses = [-float(np.log(y[word_id])) for word_id in window.context_ids]
    outputs = [
        row(name, [cell(float(scored.scores[word_id])), bar_cell(y[word_id]), cell(loss, f"skip.L.{index}")])
        for index, (name, word_id, loss) in enumerate(zip(names, window.context_ids, losses, strict=True))
    ]
    marks, minus = symbols(tab), "−" if climbs(tab) else ""
    heads = ["", "y", *(f"y − t ({name})" for name in names), f"{minus}{marks['e']} = Σ"]
    rows = []
    for word_id, word in enumerate(tab.overview.words):
        errors = [y[word_id] - (word_id == output) for output in window.context_ids]
        total = 0.0 - float(scored.residuals[word_id])
        cells = [
            cell(y[word_id]),
            *(cell(error, scale=1.0) for error in errors),
            cell(total, f"skip.EI.{word_id}", scale=2.0),
        ]
        rows.append(row(word.word, cells, classes="true" if word_id in window.context_ids else ""))
    gradient = (0.0 - reference.hidden_direction(tables, scored)).tolist()
    title = f"{minus}{marks['eh']} = Σ {minus}{marks['e']} · {marks['v']}"
    eh = table(["", *map(str, range(1, len(gradient) + 1))],
               [row(title, [cell(value, f"skip.EH.{i}") for i, value in enumerate(gradient)])])  # fmt: skip
    note = "" if tab.choices.objective == "softmax" else f"<p class='muted'>{text(tab.text('skipgram.as_softmax'))}</p>"
    heads_of_losses = [tab.text("output"), marks["s"], "y", "Eⱼ = −log y"]
    losses_table = table(heads_of_losses, outputs, caption=tab.text("skipgram.outputs"))
    total_loss = f"<p><b>E = Σ Eⱼ = {number(scored.loss, 'skip.E', 5)}</b></p>"
    return (
        f"{network}{note}<div class='pair'><div>"
        f"{losses_table}{total_loss}</div>"
        f"<div>{table(heads, rows, caption=tab.text('skipgram.errors'))}{eh}</div></div>"
    )


def _outputs_of_tree(tab: Tab) -> str:
    window = tab.taken.example.where.window
    tables = tab.taken.before["hierarchical-softmax"]
    hidden = reference.hidden_vector(tables, [window.centre_id])
    p = word_probabilities(tab, hidden)
    built = tab.course.text.tree
    assert built is not None
    rows = []
    for index, word_id in enumerate(window.context_ids):
        scored = reference.hierarchical_softmax(tables, hidden, *built.path(word_id))
        turns = np.where(built.path(word_id)[1], -scored.scores, scored.scores)
        losses = " + ".join(shown(each, 3) for each in reference.negative_log_sigmoid(turns).tolist())
        cells = [bar_cell(p[word_id]), plain(f"{losses or 0} =", "left"), cell(scored.loss, f"skip.L.{index}")]
        rows.append(row(tab.overview.words[word_id].word, cells))
    total = -float(np.log([p[word_id] for word_id in window.context_ids]).sum())
    made = table([tab.text("output"), "p", "−Σ log p(z | w)", "Eⱼ = −log p"], rows)
    return f"{made}<p><b>E = Σ Eⱼ = {number(total, 'skip.E', 5)}</b></p>"


def update_page(tab: Tab) -> Update:
    """Page on one update: tables before and after as heatmaps, and word2vec's step compared with the exact one."""
    paragraph(tab.text("update.intro"))
    update = live(lambda: _update_html(tab))
    folded(tab.text("for_readers"), tab.text("update.ascent"))
    return update


def _update_html(tab: Tab) -> str:
    step, taken = tab.step, tab.taken
    objective = tab.choices.objective
    parts = ['<div class="pair narrow">']
    for name, symbol in (("input_vectors", "W"), ("output_vectors", "W′")):
        before = taken.before[objective].arrays()[name]
        after = taken.after[objective].arrays()[name]
        view = next(each for each in step.tables if each.name == name)
        changed = {change.row_id for change in view.changes}
        scale = float(max(abs(before).max(initial=0.0), abs(after).max(initial=0.0))) or 1.0
        nodes = name == "output_vectors" and objective == "hierarchical-softmax"
        names = (
            [tab.text("node", number=i) for i in range(len(before))]
            if nodes
            else [each.word for each in tab.overview.words]
        )
        for title, values in (("part.before", before), ("part.after", after)):
            rows = [
                row(
                    names[i],
                    [cell(v, f"{symbol}.{title[5:]}.{i}.{j}", scale=scale, digits=3) for j, v in enumerate(line)],
                    classes="chosen-word" if i in changed else "",
                )
                for i, line in enumerate(values.tolist())
            ]
            heads = ["", *map(str, range(1, before.shape[1] + 1))]
            parts.append(f"<div>{table(heads, rows, caption=f'{symbol} {tab.text(title)}', classes='heat')}</div>")
    heatmaps = "".join(parts) + "</div>"
    return _again_html(tab) + heatmaps + _two_steps_html(tab) + why_error_html(tab, step=step)


def _again_html(tab: Tab) -> str:
    """Return a table with the score, probability and loss of each output, before and after the step."""
    made = []
    for old, new in zip(tab.step.objectives, tab.named(depict.judged_after(tab.course.text, tab.taken)), strict=True):
        symbol = "y" if old.objective == "softmax" else "σ"
        nodes = old.objective == "hierarchical-softmax"
        heads = ["", tab.text("label")]
        for quantity in (tab.text("score"), symbol, tab.text("loss")):
            heads += [f"{quantity}, {tab.text('part.before')}", tab.text("part.after")]
        rows = [
            row(was.output, [
                plain(was.label),
                cell(was.score), cell(now.score, f"again.{index}.score"),
                cell(was.probability), cell(now.probability, f"again.{index}.probability"),
                cell(was.loss), cell(now.loss, f"again.{index}.loss"),
            ], classes="true" if was.label and not nodes else "")
            for index, (was, now) in enumerate(zip(old.rows, new.rows, strict=True)) if not was.ignored
        ]  # fmt: skip
        total = f"<p><b>E: {number(old.loss, digits=5)} → {number(new.loss, 'again.loss', 5)}</b></p>"
        made.append(table(heads, rows, caption=tab.text("update.again")) + total)
    return f'{"".join(made)}<p class="small">{text(tab.text("update.again_text"))}</p>'


def _two_steps_html(tab: Tab) -> str:
    """Return a table with two steps for each input row: the one that word2vec takes, and the exact one.

    The exact step is minus the learning rate times the gradient.
    """
    step = tab.step
    view = next(each for each in step.tables if each.name == "input_vectors")
    if not view.changes:
        unmoved = tab.text("flow.unmoved", **symbols(tab))
        return f"<h3>{text(tab.text('update.beside'))}</h3><p>{text(unmoved)}</p>"
    rows = []
    for change in view.changes:
        exact = [0.0 - step.learning_rate * value for value in change.gradient]
        taken = [cell(value, f"taken.{change.row_id}.{i}", digits=6) for i, value in enumerate(change.step)]
        beside = [cell(value, f"exact.{change.row_id}.{i}", digits=6) for i, value in enumerate(exact)]
        rows.append(row(f"W {change.row}", [plain(tab.text("update.taken"), "left"), *taken], classes="true"))
        rows.append(row("", [plain("−η · ∂E/∂v", "left"), *beside]))
    heads = ["", "", *map(str, range(1, len(step.hidden) + 1))]
    count = len(step.inputs)
    multiplied = count > 1 and tab.choices.cbow_gradient == "word2vec"
    note = tab.text("update.undivided", count=count) if multiplied else tab.text("update.same")
    return f"{table(heads, rows, caption=tab.text('update.beside'))}<p>{text(note)}</p>"


@dataclasses.dataclass(frozen=True)
class _Run:
    """One of the six combinations of architecture and objective: its course, its number of steps and its name."""

    architecture: str
    objective: str
    course: Course
    steps: int


def _six_runs(choices: Choices) -> list[_Run]:
    runs = []
    for architecture, objective in itertools.product(ARCHITECTURES, OBJECTIVES):
        wanted = dataclasses.replace(choices, architecture=architecture, objective=objective, tree="huffman")
        course = wanted.course()
        runs.append(_Run(architecture, objective, course, wanted.steps(course)))
    return runs


def six(tab: Tab) -> Update:
    """Page with all six combinations of architecture and objective.

    All are trained on the same text, and are shown after the same share of their training.
    """
    paragraph(tab.text("six.intro"))
    runs: list[_Run] = []
    choices = tab.choices

    def show(made: list[_Run]) -> None:
        runs.extend(made)
        update()

    slow(tab, lambda: _six_runs(choices), show)
    update = live(lambda: _six_html(tab, runs))
    return update


def _six_html(tab: Tab, runs: list[_Run]) -> str:
    if not runs:
        return ""
    rows, hidden = [], []
    for run in runs:
        number_there = max(1, round(tab.number / tab.steps * run.steps))
        step = run.course.step(number_there)
        moved = {view.name: view for view in step.tables}
        name = f"six.{run.architecture}.{run.objective}"
        scale = max(map(abs, step.hidden)) or 1.0
        cells = [
            plain(f"{number_there:,} / {run.steps:,}"),
            plain(" + ".join(each.word for each in step.inputs), "left"),
            plain(", ".join(step.objectives[0].outputs), "left"),
            cell(step.loss, f"{name}.loss"),
            plain(f"{len(moved['input_vectors'].changes)} / {moved['input_vectors'].rows}"),
            plain(f"{len(moved['output_vectors'].changes)} / {moved['output_vectors'].rows}"),
        ]
        title = f"{tab.text(f'architecture.{run.architecture}')} × {tab.text(f'objective.{run.objective}')}"
        rows.append(row(title, cells))
        hidden.append(row(title, [cell(v, f"{name}.h.{i}", scale=scale) for i, v in enumerate(step.hidden)]))
    titles = ["step", "input", "output", "loss", "six.rows_in", "six.rows_out"]
    components = ["", *map(str, range(1, tab.choices.vector_size + 1))]
    return table(["", *map(tab.text, titles)], rows) + table(components, hidden, caption=tab.text("six.hidden"))
