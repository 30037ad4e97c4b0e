"""Pages about negative sampling: the recipe, its gradient, the comparison with the softmax; and the noise words."""

from __future__ import annotations

import math

from nicegui import ui

from wordkin.lesson import Comparison, ObjectiveView, Step
from wordkin.lesson.equations import notation_of
from wordkin.studio.lesson.html import bar_cell, cell, number, plain, row, table, text
from wordkin.studio.lesson.parts import drawn_twice_html, folded, live, symbols, why_error_html
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.lesson.topics.objectives import measured_html
from wordkin.studio.widgets import button, heading, marked, paragraph
from wordkin.vocabulary.noise import noise_probabilities

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
    paragraph(tab.text("sampling.k"))
    ui.html(measured_html(tab, "noise_small", "K") + measured_html(tab, "noise_large", "K"), sanitize=False)
    paragraph(tab.text("measured.terms"), "small")
    return update


def _nothing() -> None:
    """Do nothing: the output rows of a tree belong to its nodes, so there are no scores of words to show."""


def gradient_html(tab: Tab, step: Step | None = None) -> str:
    """Return the derivation of the gradient, with the numbers of a step if there is one, and what it does to rows."""
    ascent = notation_of(tab.choices.notation, tab.choices.architecture).ascent
    pull = tab.text("sampling.pull_ascent" if ascent else "sampling.pull", **symbols(tab))
    why = "".join(f"<p>{text(each)}</p>" for each in tab.text("sampling.why").splitlines())
    return (
        f"{why_error_html(tab, _NEGATIVE, step)}<h3>{text(tab.text('sampling.effect'))}</h3><p>{text(pull)}</p>"
        f"<h3>{text(tab.text('sampling.why_noise'))}</h3>{why}"
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

    def step() -> Step:
        return sampled_step(tab, trial.get(tab.number))

    show = live(lambda: recipe_html(tab, step(), tried=tab.number in trial))
    with marked("div", "line"):
        chosen = ui.select(words, multiple=True, label=tab.text("noise_by_hand"),
                           value=[word for word in tab.choices.noise_words() if word in words])  # fmt: skip
        chosen.props("outlined dense use-chips behavior=menu").style("min-width:18rem")
        button(tab.text("sampling.take"), lambda: tab.change(noise=",".join(chosen.value or [])))
        button(tab.text("sampling.once"), attempt, "quiet")
        button(tab.text("sampling.draw"), lambda: tab.change(noise=""), "quiet")
    paragraph(tab.text("sampling.by_hand"), "small muted")
    others = [live(lambda: gradient_html(tab, step())), live(lambda: _table_html(tab)),
              live(lambda: comparison_html(tab, step()))]  # fmt: skip

    def update() -> None:
        show()
        for each in others:
            each()

    return update


def sampled_step(tab: Tab, noise: list[str] | None = None) -> Step:
    """Return the current step of negative sampling, or the one that these noise words would give."""
    if noise is None and tab.choices.objective == _NEGATIVE:
        return tab.step
    return tab.course.sampled_step(tab.number, noise)


def recipe_html(tab: Tab, step: Step, *, tried: bool = False) -> str:
    """Return the recipe with the numbers of a step: pair, noise words, scores, loss and update."""
    comparison, view = step.comparisons[0], step.objectives[0]
    inputs = " + ".join(each.word for each in step.inputs)
    used = {each.row_id for each in view.rows if not each.ignored}
    values = {
        **symbols(tab), "input": inputs, "output": comparison.output, "noise": ", ".join(comparison.samples),
        "k": len(comparison.samples), "inputs": len({each.word_id for each in step.inputs}), "outputs": len(used),
        "others": len(tab.overview.words) - len(used),
    }  # fmt: skip
    second = "recipe.chosen" if comparison.chosen else "recipe.drawn"
    listed = "".join(
        f"<li>{text(tab.text(f'sampling.{each}', **values))}</li>"
        for each in ("recipe.pair", second, "recipe.score", "recipe.loss", "recipe.update")
    )
    return (
        f"<h3>{text(tab.text('sampling.recipe'))}</h3><ol class='how'>{listed}</ol>{_source_html(tab, step, tried)}"
        f"{_rows_html(tab, view)}{drawn_twice_html(tab, view, chosen=comparison.chosen)}{_loss_parts_html(tab, view)}"
    )


def _source_html(tab: Tab, step: Step, tried: bool) -> str:
    """Say where the noise words come from, and which of them are ignored."""
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
    """Return the output rows of the step: label, score, probability of yes, error, loss, and where the row moves."""
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
            plain(each.label), cell(each.score, f"recipe.{index}.score"),
            bar_cell(each.probability, f"recipe.{index}.sigma"),
            cell(0.0 - each.error if marks.ascent else each.error, f"recipe.{index}.error", scale=1.0),
            cell(each.loss, f"recipe.{index}.loss"), plain(moved, "left"),
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
        f"<li><b>Loss = Loss₊ + Loss₋</b> = {number(view.loss, 'loss.total', 5)}</li></ul>"
    )


def _table_html(tab: Tab) -> str:
    return window_html(tab) if tab.choices.objective == _NEGATIVE else ""


def window_html(tab: Tab) -> str:
    """Return the rows (input 1, input 2, label) of the window: each pair, followed by the noise words of its step."""
    rows = []
    for pair in tab.course.window_pairs(tab.number):
        source = " + ".join(pair.inputs)
        lit = " lit" if pair.number == tab.number else ""
        for output, label in ((pair.output, 1), *((word, 0) for word in pair.noise)):
            cells = [plain(output, "left"), plain(label), plain(f"{pair.number:,}")]
            rows.append(row(source, cells, classes=("true" if label else "") + lit))
    window = tab.step.window
    heads = [tab.text("input1"), tab.text("input2"), tab.text("label"), tab.text("step")]
    caption = tab.text("sampling.table", word=window.sentence[window.centre])
    return (
        f"{table(heads, rows, caption=caption, classes='pairs')}<p class='small'>{text(tab.text('sampling.own'))}</p>"
    )


# -- the comparison with the softmax -------------------------------------------------------------------


def comparison_html(tab: Tab, step: Step) -> str:
    """Return the same scores under full softmax, sampled softmax and negative sampling."""
    comparison, named = step.comparisons[0], symbols(tab)
    return (
        f"<h3>{text(tab.text('sampling.same'))}</h3><p>{text(tab.text('sampling.three', **named))}</p>"
        f"{_three_ways_html(tab, comparison)}<p>{text(tab.text('sampling.losses'))}</p>"
        f"<p>{text(tab.text('sampling.estimates', **named))}</p>{correction_html(tab, comparison)}"
    )


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
    """Explain why sampled softmax corrects scores, with the numbers of the first noise word."""
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


# -- the noise distribution ----------------------------------------------------------------------------


def noise(tab: Tab) -> Update:
    """Page on the distribution of noise words, with three exponents and one to choose."""
    paragraph(tab.text("noise.intro"))
    ui.html(_POWER, sanitize=False)
    paragraph(tab.text("noise.exponents"))
    heading(tab.text("noise.why"), 3)
    paragraph(tab.text("noise.why_text"))
    with marked("div", "line"):
        slider = ui.slider(min=0, max=1, step=0.05, value=_SHOWN_FIRST).style("width:16rem; max-width:100%")
        slider.props["aria-label"] = tab.text("noise.exponent")
        shown = ui.label(f"{tab.text('noise.exponent')} = {_SHOWN_FIRST:.2f}")
    element = ui.html(sanitize=False).classes("stack")

    def change(exponent: float) -> None:
        shown.text = f"{tab.text('noise.exponent')} = {exponent:.2f}"
        element.set_content(
            f"{example_html(tab, exponent)}<h3>{text(tab.text('noise.here'))}</h3>{noise_html(tab, exponent)}"
        )

    slider.on_value_change(lambda event: change(float(event.value)))
    change(_SHOWN_FIRST)
    folded(tab.text("for_readers"), tab.text("noise.letters"))
    return lambda: None


_POWER = (
    '<math displaystyle="true"><mrow><mi>q</mi><mo stretchy="false">(</mo><mi>w</mi><mo stretchy="false">)</mo>'
    "<mo>=</mo><mfrac><mrow><mi>count</mi><msup><mrow><mo>(</mo><mi>w</mi><mo>)</mo></mrow><mn>3/4</mn></msup></mrow>"
    "<mrow><mo>∑</mo><mi>count</mi><msup><mrow><mo>(</mo><mi>u</mi><mo>)</mo></mrow><mn>3/4</mn></msup></mrow></mfrac>"
    "</mrow></math>"
)
_SHOWN_FIRST = 0.5  # the exponent of the slider
_EXAMPLE_COUNTS = (1_000_000, 10_000, 10)


def example_html(tab: Tab, exponent: float) -> str:
    """Return the noise probabilities of three words whose counts differ much, and how often the rarest is drawn."""
    words = [each.strip() for each in tab.text("noise.example_words").split(",")]
    rarest = {each: 1 / noise_probabilities(_EXAMPLE_COUNTS, each)[-1] for each in (1.0, 0.75, 0.0, exponent)}
    often = "; ".join(
        tab.text("noise.once", exponent=f"{power:g}", draws=f"{draws:,.0f}") for power, draws in rarest.items()
    )
    made = _shares_html(tab, words, _EXAMPLE_COUNTS, exponent, "example")
    return f"{made}<p>{text(tab.text('noise.rarest', word=words[-1], often=often))}</p>"


def noise_html(tab: Tab, exponent: float = 0.75) -> str:
    """Return a table of the words of the lesson with their counts and their noise probabilities."""
    return _shares_html(
        tab, [each.word for each in tab.overview.words], [each.count for each in tab.overview.words], exponent, "noise"
    )


def _shares_html(tab: Tab, words: list[str], counts: tuple[int, ...] | list[int], exponent: float, name: str) -> str:
    """Return noise probabilities with the exponents 1, 3/4 and 0, and with a chosen one."""
    spread = [(power, noise_probabilities(counts, power).tolist()) for power in (1.0, 0.75, 0.0)]
    titles = ["noise.unigram", "noise.power", "noise.uniform"]
    heads = ["", tab.text("count"), *map(tab.text, titles), tab.text("noise.chosen", exponent=f"{exponent:g}")]
    chosen = noise_probabilities(counts, exponent).tolist()
    most = max(chosen + [share for _, values in spread for share in values])
    rows = []
    for index, (word, count) in enumerate(zip(words, counts, strict=True)):
        shares = [(f"{name}.{power:g}.{index}", values[index]) for power, values in spread]
        cells = [_bar_of(share, most, named) for named, share in [*shares, (f"{name}.chosen.{index}", chosen[index])]]
        rows.append(row(word, [plain(f"{count:,}"), *cells]))
    return table(heads, rows)


def _bar_of(share: float, most: float, name: str) -> str:
    bars = f'<span class="share-bar" style="--share:{share / most * 0.6:.4f}"></span>'
    return f'<td class="barred">{bars}{number(share, name)}</td>'
