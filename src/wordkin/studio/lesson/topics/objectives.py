"""Pages about cost and subsampling, and the table of measurements on real text."""

from __future__ import annotations

import functools
import json
import math
from importlib.resources import files
from typing import Any

import numpy as np
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from wordkin.studio.lesson.html import bar_cell, cell, curve, formula_cell, plain, row, table, text
from wordkin.studio.lesson.parts import live
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import button, heading, inline, marked, paragraph
from wordkin.vocabulary.subsampling import keep_probabilities


def cost(tab: Tab) -> Update:
    """Page on the cost of training on one example, with sliders for C, N, V and K."""
    paragraph(tab.text("cost.intro"))
    paragraph(tab.text("cost.counted"))
    values = {"C": 10, "N": 500, "V": 1_000_000, "K": 5}

    def show() -> None:
        element.set_content(_cost_html(tab, values))
        natural.set_content(natural_html(values))

    def slider(name: str, low: float, high: float) -> None:
        with marked("div"):
            shown = ui.label(f"{name} = {values[name]:,}")
            made = ui.slider(min=low, max=high, step=0.01, value=math.log10(values[name]))
            made.props["aria-label"] = name

        def change(value: float) -> None:
            values[name] = max(1, round(10**value))
            shown.text = f"{name} = {values[name]:,}"
            show()

        made.on_value_change(lambda event: change(event.value))

    with marked("div", "sliders"):
        for name, low, high in (("C", 0, 1.5), ("N", 1, 3), ("V", 1, 7), ("K", 0, 2)):
            slider(name, low, high)
    element = ui.html(sanitize=False)
    paragraph(tab.text("cost.tree_note"))
    paragraph(tab.text("cost.skip_gram"))
    paragraph(tab.text("cost.overfit"), "notice")
    with marked("details", "folded"):
        TextElement(tag="summary", text=tab.text("for_readers"))
        paragraph(tab.text("cost.notes"))
        natural = ui.html(sanitize=False)
    show()
    heading(tab.text("cost.moving"), 3)
    return live(lambda: _moving_html(tab))


def _cost_html(tab: Tab, values: dict[str, int]) -> str:
    c, n, v, k = (values[name] for name in "CNVK")
    outputs = (
        ("softmax", v, "V", f"{v:,}"),
        ("hierarchical-softmax", math.log2(v), "log₂ V", f"{math.log2(v):.4f}"),
        ("negative-sampling", k + 1, "(K + 1)", f"{k + 1}"),
    )
    costs = []
    for architecture, of_cbow in (("cbow", True), ("skip-gram", False)):
        for objective, rows, symbol, filled in outputs:
            name = f"{tab.text(f'architecture.{architecture}')} × {tab.text(f'objective.{objective}')}"
            amount, used = (n * (c + rows), rows) if of_cbow else (c * n * (1 + rows), c * rows)
            formula = (
                (f"C·N + N·{symbol}", f"{c}·{n} + {n}·{filled}") if of_cbow
                else (f"C·(N + N·{symbol})", f"{c}·({n} + {n}·{filled})")
            )  # fmt: skip
            costs.append((name, amount, used, formula))
    most = math.log10(max(amount for _, amount, _, _ in costs))
    made = [
        row(name, [
            bar_cell(math.log10(amount), of=most), plain(f"{amount:,.0f}"), formula_cell(*formula),
            plain(f"{used:,.2f}".removesuffix(".00")),
        ])
        for name, amount, used, formula in costs
    ]  # fmt: skip
    heads = ("log_scale", "multiplications", "formula", "cost.rows")
    return table(["", *map(tab.text, heads)], made)


def natural_html(values: dict[str, int]) -> str:
    """Return the cost of CBOW with hierarchical softmax if a path had ln V nodes: C·N + N·ln V."""
    cost = values["N"] * (values["C"] + math.log(values["V"]))
    shown = f'<span class="num" data-name="cost.natural" data-value="{cost!r}">{cost:,.0f}</span>'
    return f"<p>CBOW, C·N + N·ln V = {shown}</p>"


def _moving_html(tab: Tab) -> str:
    rows = [
        row(
            view.symbol,
            [plain(f"{len(view.changes)} / {view.rows}"), plain(", ".join(c.row for c in view.changes), "left")],
        )
        for view in tab.step.tables
    ]
    return table(["", tab.text("cost.moved"), ""], rows)


def subsampling(tab: Tab) -> Update:
    """Page on subsampling: the probabilities of keeping words by both formulas, and the words that one epoch drops."""
    paragraph(tab.text("subsampling.intro"))
    exponent = {"t": math.log10(tab.choices.subsample or 10**-1.5)}

    def threshold() -> float:
        return float(f"{10 ** exponent['t']:.3g}")  # as shown

    def show() -> None:
        element.set_content(_subsampling_html(tab, threshold()))
        shown.text = f"t = {threshold():.3g}"

    def change(value: float) -> None:
        exponent["t"] = value
        show()

    with marked("div", "line"):
        slider = ui.slider(min=-5, max=-0.3, step=0.1, value=exponent["t"]).style("width:15rem; max-width:100%")
        slider.props["aria-label"] = "t"
        slider.on_value_change(lambda event: change(event.value))
        shown = inline("", "strong")
        button(tab.text("subsampling.train"), lambda: tab.change(subsample=threshold()))
        if tab.choices.subsample:
            button(tab.text("subsampling.stop"), lambda: tab.change(subsample=0.0), "quiet")
    element = ui.html(sanitize=False).classes("stack")
    show()
    update = live(lambda: _struck_html(tab))
    paragraph(tab.text("subsampling.best"))
    ui.html(measured_html(tab, "subsample", "t"), sanitize=False)
    paragraph(tab.text("measured.terms"), "small")
    return update


@functools.cache
def _all_measured() -> dict[str, list[dict[str, Any]]]:
    """Read the results of benchmarks/guidance.py from the file in which benchmarks/report.py stores them."""
    found: dict[str, list[dict[str, Any]]] = json.loads(
        (files("wordkin.studio.lesson") / "measured.json").read_text(encoding="utf-8")
    )
    return found


def measured(name: str) -> list[dict[str, Any]]:
    """Return the scores of the series ``name`` on real text: one dict for each value of the option that it varies."""
    return _all_measured()[name]


def measured_html(tab: Tab, name: str, symbol: str) -> str:
    """Return a table of scores on real text: of analogies, and of the correlation with human ratings of word pairs."""
    found = measured(name)
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
    return f"{picture}{table(heads, rows)}"


def _struck_html(tab: Tab) -> str:
    from wordkin.studio.lesson.flow import sentence_html

    key = "off" if not tab.choices.subsample else "struck" if tab.step.window.dropped else "whole"
    note = tab.text(f"subsampling.{key}")
    return f"<p>{text(note)}</p>{sentence_html(tab)}"
