"""Pages about objectives: cost, sampled softmax and negative sampling, noise, subsampling."""

from __future__ import annotations

import functools
import json
import math
from importlib.resources import files
from typing import Any

import numpy as np
from nicegui import ui

from wordkin.lesson import Comparison, ObjectiveView
from wordkin.studio.lesson.html import bar_cell, cell, curve, number, plain, row, table, text
from wordkin.studio.lesson.parts import drawn_twice_html, live
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import button, heading, marked, paragraph
from wordkin.vocabulary.noise import noise_probabilities
from wordkin.vocabulary.subsampling import keep_probabilities

_NOTES = ("softmax", "sampled", "negative")  # keys of the notes on the three methods, in order


def cost(tab: Tab) -> Update:
    """Page on the cost of one example, with sliders for C, N, V and K."""
    paragraph(tab.text("cost.intro"))
    values = {"C": 10, "N": 500, "V": 1_000_000, "K": 5}
    element = ui.html(sanitize=False)

    def show() -> None:
        element.set_content(_cost_html(tab, values))

    def slider(name: str, low: float, high: float) -> None:
        with marked("div", "line"):
            made = ui.slider(min=low, max=high, step=0.01, value=math.log10(values[name])).style("width:16rem")
            made.props["aria-label"] = name
            shown = ui.label(f"{name} = {values[name]:,}")

        def change(value: float) -> None:
            values[name] = max(1, round(10**value))
            shown.text = f"{name} = {values[name]:,}"
            show()

        made.on_value_change(lambda event: change(event.value))

    with marked("div", "pair"):
        for name, low, high in (("C", 0, 1.5), ("N", 1, 3), ("V", 1, 7), ("K", 0, 2)):
            slider(name, low, high)
    show()
    paragraph(tab.text("cost.notes"))
    paragraph(tab.text("cost.overfit"), "notice")
    heading(tab.text("cost.moving"), 3)
    return live(lambda: _moving_html(tab))


def _cost_html(tab: Tab, values: dict[str, int]) -> str:
    c, n, v, k = (values[name] for name in "CNVK")
    outputs = (("softmax", v), ("hierarchical-softmax", math.log2(v)), ("negative-sampling", k + 1))
    costs = [
        (f"{tab.text(f'architecture.{architecture}')} × {tab.text(f'objective.{objective}')}", amount, rows)
        for architecture in ("cbow", "skip-gram")
        for objective, rows in outputs
        for amount in [n * (c + rows) if architecture == "cbow" else c * n * (1 + rows)]
    ]
    most = math.log10(max(amount for _, amount, _ in costs))
    rows = [
        row(name, [bar_cell(math.log10(amount), of=most), plain(f"{amount:,.0f}"), plain(f"{touched:,.0f}")])
        for name, amount, touched in costs
    ]
    natural = n * (c + math.log(v))
    return (
        table(["", tab.text("log_scale"), tab.text("multiplications"), tab.text("cost.rows")], rows)
        + f"<p>CBOW, C·N + N·ln V = {number(natural, 'cost.natural', 0)}</p>"
    )


def _moving_html(tab: Tab) -> str:
    rows = [
        row(
            view.symbol,
            [plain(f"{len(view.changes)} / {view.rows}"), plain(", ".join(c.row for c in view.changes), "left")],
        )
        for view in tab.step.tables
    ]
    return table(["", tab.text("cost.rows"), ""], rows)


def sampling(tab: Tab) -> Update:
    """Page that compares sampled softmax and negative sampling on the same scores, with chosen or drawn noise words."""
    paragraph(tab.text("sampling.why"))
    paragraph(tab.text("sampling.intro"))
    if tab.choices.objective != "negative-sampling":
        paragraph(tab.text("sampling.not_trained"), "notice")
        button(tab.text("sampling.train"), lambda: tab.change(objective="negative-sampling"))
        return lambda: None
    words = [each.word for each in tab.overview.words]
    with marked("div", "line"):
        chosen = ui.select(words, multiple=True, label=tab.text("noise_by_hand"),
                           value=[word for word in tab.choices.noise.split(",") if word in words])  # fmt: skip
        chosen.props("outlined dense use-chips behavior=menu").style("min-width:18rem")
        button(tab.text("sampling.take"), lambda: tab.change(noise=",".join(chosen.value or [])))
        button(tab.text("sampling.draw"), lambda: tab.change(noise=""), "quiet")
    paragraph(tab.text("sampling.by_hand"), "small muted")
    update = live(lambda: _sampling_html(tab))
    heading(tab.text("sampling.corpus"), 3)
    paragraph(tab.text("sampling.corpus_text"))
    paragraph(tab.text("sampling.cases"))
    paragraph(tab.text("sampling.slip"), "notice")
    paragraph(tab.text("sampling.k"))
    ui.html(measured_html(tab, "noise_small", "K") + measured_html(tab, "noise_large", "K"), sanitize=False)
    return update


def _sampling_html(tab: Tab) -> str:
    comparison, view = tab.step.comparisons[0], tab.step.objectives[0]
    how = tab.text("sampling.chosen" if comparison.chosen else "sampling.drawn")
    return (
        f"<p>{text(how)}</p>{drawn_twice_html(tab, view)}<h3>{text(tab.text('sampling.same'))}</h3>"
        f"{_three_ways_html(tab, comparison)}<p>{text(tab.text('sampling.losses'))}</p>"
        f"{_correction_html(tab, comparison)}{_loss_parts_html(tab, view)}{_labelled_html(tab)}"
    )


def _three_ways_html(tab: Tab, comparison: Comparison) -> str:
    """Return a small table for each method; the tables are side by side if the page is wide enough."""
    compared = list(enumerate(comparison.words))
    others = len(tab.overview.words) - len({each.word for each in comparison.words})
    columns = (
        (("s", "e^s / Σ"), [
            [cell(each.score, f"same.{i}.score"), bar_cell(each.full_softmax, f"same.{i}.full")] for i, each in compared
        ]),
        (("s − log(K·q)", "e^… / Σ"), [
            [cell(each.sampled_score, f"same.{i}.corrected"), bar_cell(each.sampled_softmax, f"same.{i}.sampled")]
            for i, each in compared
        ]),
        ((tab.text("label"), "s", "σ(s)"), [
            [plain(int(each.is_output)), cell(each.score), bar_cell(each.negative_sampling, f"same.{i}.sigma")]
            for i, each in compared
        ]),
    )  # fmt: skip
    parts = []
    for index, (method, (heads, filled)) in enumerate(zip(comparison.methods, columns, strict=True)):
        rows = [
            row(each.word, cells, classes="true" if each.is_output else "")
            for (_, each), cells in zip(compared, filled, strict=True)
        ]
        note = tab.text(f"sampling.note_{_NOTES[index]}", **({"others": others} if index == 0 else {}))
        count = tab.text("sampling.rows", count=method.rows)
        parts.append(
            f"<div>{table(['', *heads], rows, caption=tab.text(f'method.{method.method}'))}"
            f'<p class="small">{text(note)}</p><p class="small">{text(count)}; {text(tab.text("loss"))} '
            f"{number(method.loss, f'method.{index}.loss')}</p></div>"
        )
    return f'<div class="three">{"".join(parts)}</div>'


def _correction_html(tab: Tab, comparison: Comparison) -> str:
    """Explain why sampled softmax corrects scores, with the numbers of the first noise word."""
    heading_of = f"<h3>{text(tab.text('sampling.correction'))}</h3><p>{text(tab.text('sampling.correction_text'))}</p>"
    sample = next((each for each in comparison.words if not each.is_output), None)
    if sample is None:
        return heading_of
    drawn = next(each.noise_probability for each in tab.overview.words if each.word == sample.word)
    return (
        f"{heading_of}<p><b>{text(sample.word)}</b>: K = {len(comparison.samples)}, q = {number(drawn)}; "
        f"s − log(K·q) = {number(sample.score)} − log({len(comparison.samples)} · {number(drawn)}) = "
        f"{number(sample.sampled_score)}</p>"
    )


def _loss_parts_html(tab: Tab, view: ObjectiveView) -> str:
    """Return both parts of the loss of negative sampling, with formulas and numbers."""
    true, counted = view.rows[0], [each for each in view.rows[1:] if not each.ignored]
    minus = math.fsum(each.loss or 0.0 for each in counted)
    parts = " + ".join(f"{number(each.loss, digits=5)} ({text(each.output)})" for each in counted)
    summed = f"{parts} = {number(minus, 'loss.minus', 5)}" if len(counted) > 1 else number(minus, "loss.minus", 5)
    return (
        f"<p>{text(tab.text('sampling.split'))}</p><ul class='plain'>"
        f"<li><b>Loss₊ = −log σ(s₊)</b> = −log {number(true.probability)} = {number(true.loss, 'loss.plus', 5)}</li>"
        f"<li><b>Loss₋ = −Σ log σ(−s₋)</b> = {summed}</li>"
        f"<li><b>Loss = Loss₊ + Loss₋</b> = {number(view.loss, 'loss.total', 5)}</li></ul>"
    )


def _labelled_html(tab: Tab) -> str:
    """Return the rows (input 1, input 2, label) of the centre of the window, with noise pairs after each true pair."""
    step = tab.step
    centre = step.window.sentence[step.window.centre]
    rows = []
    noise = [each for each in step.objectives[0].rows[1:] if not each.ignored]
    for pair in step.pairs:
        source = " + ".join(pair.inputs)
        rows.append(row(source, [plain(pair.output, "left"), plain(1)], classes="true"))
        if pair.current or tab.choices.noise:
            rows += [row(source, [plain(each.output, "left"), plain(0)]) for each in noise]
    heads = [tab.text("input1"), tab.text("input2"), tab.text("label")]
    return table(heads, rows, caption=tab.text("sampling.table", word=centre), classes="words")


def noise(tab: Tab) -> Update:
    """Page on the distribution of noise words, with three exponents."""
    paragraph(tab.text("noise.intro"))
    ui.html(noise_html(tab), sanitize=False)
    ui.html(_POWER, sanitize=False)
    return lambda: None


_POWER = (
    '<math displaystyle="true"><mrow><mi>q</mi><mo>(</mo><mi>w</mi><mo>)</mo><mo>=</mo><mfrac><msup><mi>count(w)</mi>'
    "<mn>3/4</mn></msup><mrow><mo>∑</mo><msup><mi>count(u)</mi><mn>3/4</mn></msup></mrow></mfrac></mrow></math>"
)


def noise_html(tab: Tab) -> str:
    """Return a table of words with their counts and their noise probabilities with the exponents 1, 3/4 and 0."""
    counts = tab.course.text.counts
    spread = {exponent: noise_probabilities(counts, exponent).tolist() for exponent in (1.0, 0.75, 0.0)}
    most = max(max(values) for values in spread.values())
    rows = []
    for each in tab.overview.words:
        cells = [plain(each.count)]
        for exponent, values in spread.items():
            share = values[each.word_id]
            bars = f'<span class="share-bar" style="--share:{share / most * 0.9:.4f}"></span>'
            cells.append(f'<td class="barred">{bars}{number(share, f"noise.{exponent:g}.{each.word_id}")}</td>')
        rows.append(row(each.word, cells))
    heads = ["", tab.text("count"), tab.text("noise.unigram"), tab.text("noise.power"), tab.text("noise.uniform")]
    return table(heads, rows)


def subsampling(tab: Tab) -> Update:
    """Page on subsampling: keep probabilities under both formulas, and the words that one pass drops."""
    paragraph(tab.text("subsampling.intro"))
    exponent = {"t": math.log10(tab.choices.subsample or 10**-1.5)}

    def show() -> None:
        element.set_content(_subsampling_html(tab, 10 ** exponent["t"]))

    def change(value: float) -> None:
        exponent["t"] = value
        show()

    with marked("div", "line"):
        slider = ui.slider(min=-5, max=-0.3, step=0.1, value=exponent["t"]).style("width:20rem; max-width:100%")
        slider.props["aria-label"] = "t"
        slider.on_value_change(lambda event: change(event.value))
        button(tab.text("subsampling.train"), lambda: tab.change(subsample=float(f"{10 ** exponent['t']:.2g}")))
        if tab.choices.subsample:
            button(tab.text("subsampling.stop"), lambda: tab.change(subsample=0.0), "quiet")
    element = ui.html(sanitize=False).classes("stack")
    show()
    update = live(lambda: _struck_html(tab))
    paragraph(tab.text("subsampling.best"))
    ui.html(measured_html(tab, "subsample", "t"), sanitize=False)
    return update


@functools.cache
def _measured() -> dict[str, list[dict[str, Any]]]:
    """Read the measurements of benchmarks/guidance.py from the file that benchmarks/report.py writes."""
    found: dict[str, list[dict[str, Any]]] = json.loads(
        (files("wordkin.studio.lesson") / "measured.json").read_text(encoding="utf-8")
    )
    return found


def measured_html(tab: Tab, name: str, symbol: str) -> str:
    """Return a table of scores on real text: analogies, and the correlation with human ratings of word pairs."""
    found = _measured()[name]
    most, closest = (max(each[score] for each in found) for score in ("total", "wordsim353"))
    rows = [
        row(
            tab.text("measured.none") if each["value"].startswith("no ") else each["value"],
            [
                bar_cell(each["total"], of=most),
                plain(f"{100 * each['total']:.1f} %", "best" if each["total"] == most else ""),
                plain(f"{each['wordsim353']:.3f}", "best" if each["wordsim353"] == closest else ""),
            ],
        )
        for each in found
    ]
    return table(
        [symbol, tab.text("measured.analogies"), "", "WordSim-353"], rows, caption=tab.text(f"measured.{name}")
    )


def _subsampling_html(tab: Tab, threshold: float) -> str:
    shares = np.logspace(-6, 0, 60)
    by_formula = {
        formula: [
            float(keep_probabilities([share * 1e12, (1 - share) * 1e12], threshold, formula)[0]) for share in shares
        ]
        for formula in ("word2vec", "paper")
    }
    logs = np.log10(shares).tolist()
    series = [
        (tab.text(f"subsampling.{formula}"), list(zip(logs, values, strict=True)))
        for formula, values in by_formula.items()
    ]
    discard = (tab.text("subsampling.discard"), [(x, 1 - y) for x, y in series[1][1]])
    picture = curve([*series, discard], x_label="log₁₀ f", y_label="p", label_text=tab.text("topic.subsampling"))
    counts = tab.course.text.counts
    keep = keep_probabilities(counts, threshold, "word2vec").tolist()
    paper = keep_probabilities(counts, threshold, "paper").tolist()
    rows = [
        row(each.word, [cell(each.share), bar_cell(keep[each.word_id], f"keep.word2vec.{each.word_id}"),
                        bar_cell(paper[each.word_id], f"keep.paper.{each.word_id}"), cell(1 - paper[each.word_id])])
        for each in tab.overview.words
    ]  # fmt: skip
    heads = ["", "f", tab.text("subsampling.word2vec"), tab.text("subsampling.paper"), "1 − √(t/f)"]
    return f"<p><b>t = {threshold:.2g}</b></p>{picture}{table(heads, rows)}"


def _struck_html(tab: Tab) -> str:
    from wordkin.studio.lesson.flow import sentence_html

    key = "off" if not tab.choices.subsample else "struck" if tab.step.window.dropped else "whole"
    note = tab.text(f"subsampling.{key}")
    return f"<p>{text(note)}</p>{sentence_html(tab)}"
