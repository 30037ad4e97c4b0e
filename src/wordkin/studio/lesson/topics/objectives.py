"""Pages about objectives: cost, the tree, sampled softmax and negative sampling, noise, subsampling."""

from __future__ import annotations

import functools
import json
import math
from importlib.resources import files
from typing import Any

import numpy as np
from nicegui import ui

from wordkin.errors import ConfigError
from wordkin.lesson import Comparison, ObjectiveView, WordRow, depict
from wordkin.lesson.trees import TREES, build_tree
from wordkin.studio.lesson.html import bar_cell, cell, curve, drawing, label, line, number, plain, row, table, text
from wordkin.studio.lesson.parts import drawn_twice_html, live
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import button, heading, marked, paragraph, select
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import noise_probabilities
from wordkin.vocabulary.subsampling import keep_probabilities

_TURNS = ("left", "right")  # by code bit
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


# -- the tree ------------------------------------------------------------------------------------------


def tree(tab: Tab) -> Update:
    """Page on the tree: a drawing with both branches of every node and the probability of every leaf."""
    paragraph(tab.text("tree.intro"))
    trained = tab.choices.objective == "hierarchical-softmax"
    if not trained:
        paragraph(tab.text("tree.not_trained"), "notice")
        button(tab.text("tree.train"), lambda: tab.change(objective="hierarchical-softmax"))
    updates = [live(lambda: _tree_html(tab))] if trained else []
    heading(tab.text("tree.kinds"), 3)
    paragraph(tab.text("tree.kinds_text"))

    def show(kind: str) -> None:
        shape.set_content(_shape_html(tab, kind))

    names = {kind: tab.text(f"tree.{kind}") for kind in TREES}
    select(names, tab.choices.tree, tab.text("tree"), show).style("width:18rem")
    shape = ui.html(sanitize=False).classes("stack")
    show(tab.choices.tree)
    heading(tab.text("tree.notation"), 3)
    paragraph(tab.text(f"tree.notation_{tab.choices.notation}"))
    return updates[0] if updates else lambda: None


def _tree_html(tab: Tab) -> str:
    view = tab.step.objectives[0]
    built = tab.course.text.tree
    assert built is not None
    path = {node.node_id for node in view.path}
    word = view.outputs[0]
    picture = _drawn(tab, built, path, word, [(node.left, node.right) for node in view.nodes])
    rows = [
        row(node.node, [
            plain(f"{node.bit} = {tab.text(f'turn.{node.turn}')}", "left"), plain(1 - node.bit),
            cell(node.score, f"node.{node.node_id}.score"),
            cell(node.left, f"node.{node.node_id}.left"), cell(node.right, f"node.{node.node_id}.right"),
            cell(node.branch_probability), cell(node.product, f"node.{node.node_id}.product"),
        ], classes="true")
        for node in view.path
    ]  # fmt: skip
    heads = [
        "",
        tab.text("tree.turn"),
        tab.text("tree.label"),
        tab.text("score"),
        tab.text("tree.left"),
        tab.text("tree.right"),
    ]
    heads += [tab.text("tree.branch"), tab.text("tree.product")]
    leaves = [_leaf(each, view.probabilities[each.word_id], each.word == word) for each in tab.overview.words]
    total = math.fsum(view.probabilities)
    saving = tab.text("tree.saving", moved=len(view.path), nodes=len(view.nodes), words=len(leaves))
    return (
        f"{picture}{table(heads, rows, caption=tab.text('tree.path', word=word, count=len(view.path)))}"
        f"<p>{text(tab.text('tree.label_note'))}</p>{_minus_log_html(tab, view)}<p>{text(saving)}</p>"
        f"{table(['', tab.text('count'), tab.text('tree.code'), 'p'], leaves, caption=tab.text('tree.leaves'))}"
        f"<p><b>{text(tab.text('tree.sum'))} {number(total, 'leaf.sum', 10)}</b></p>"
        f"<p>{text(tab.text('tree.sum_text'))}</p>"
    )


def _minus_log_html(tab: Tab, view: ObjectiveView) -> str:
    """Return -log p of the true word as the sum of the losses of its nodes."""
    losses = " + ".join(number(each.loss, digits=5) for each in view.rows)
    if not losses:
        return ""
    word = text(view.outputs[0])
    return (
        f"<p><b>−log p({word})</b> = −log {number(view.probability)} = {losses} = {number(view.loss, 'tree.loss', 5)}: "
        f"{text(tab.text('tree.minus_log'))}</p>"
    )


def _leaf(word: WordRow, share: float, is_output: bool) -> str:
    bars = bar_cell(share, f"leaf.{word.word_id}", classes="mark" if is_output else "")
    return row(word.word, [plain(word.count), plain(word.code or ""), bars], classes="true" if is_output else "")


def _shape_html(tab: Tab, kind: str) -> str:
    try:
        built = build_tree(kind, tab.course.text.counts)
    except ConfigError as error:
        return f"<p>{text(error)}</p>"
    counts = tab.course.text.counts
    mean = float(counts @ built.lengths / counts.sum())
    facts = tab.text(
        "tree.facts", mean=f"{mean:.3f}", longest=int(built.lengths.max()), log=f"{math.log2(len(counts)):.2f}"
    )
    merges = _merges_html(tab) if kind == "huffman" and len(counts) > 1 else ""
    return f"{_drawn(tab, built, set(), '', [])}<p>{text(facts)}</p>{merges}"


def _merges_html(tab: Tab) -> str:
    """Return the merges of words and nodes in Huffman's method, from the first node to the root."""
    course = tab.course.text
    built = HuffmanTree.from_counts(course.counts)
    nodes = depict.tree_nodes(course.vocabulary, course.counts, built)
    count_of = {word: int(count) for word, count in zip(course.vocabulary.words, course.counts, strict=True)}
    count_of |= {node.name: node.weight for node in nodes}
    items = [
        tab.text(
            "tree.joined", left=node.left, left_count=count_of[node.left], right=node.right,
            right_count=count_of[node.right], node=node.name, sum=node.weight,
        )
        for node in reversed(nodes)
    ]  # fmt: skip
    listed = "".join(f"<li>{text(item)}</li>" for item in items)
    return f'<p>{text(tab.text("tree.merge"))}</p><ol class="merges">{listed}</ol>'


def _drawn(tab: Tab, built: HuffmanTree, path: set[int], word: str, branches: list[tuple[float, float]]) -> str:
    """Draw a tree with its root at the top; the leaves are in the order of their codes."""
    vocabulary = tab.course.text.vocabulary
    nodes = depict.tree_nodes(vocabulary, tab.course.text.counts, built)
    words = list(vocabulary.words)
    if not nodes:
        return ""
    ordered = sorted(range(len(words)), key=lambda word_id: built.path(word_id)[1].tolist())
    depth = int(built.lengths.max())
    spacing = max(64, 12 * max(len(each) for each in words))
    x = {words[word_id]: 40 + spacing * index + spacing / 2 - 30 for index, word_id in enumerate(ordered)}
    y = {words[word_id]: 30 + 62 * len(built.path(word_id)[0]) for word_id in ordered}
    level = {node: index for word_id in ordered for index, node in enumerate(built.path(word_id)[0].tolist())}
    for node in reversed(nodes):
        x[node.name] = (x[node.left] + x[node.right]) / 2
        y[node.name] = 30 + 62 * level[node.node_id]
    edges, dots = [], []
    for node in nodes:
        for bit, child in enumerate((node.left, node.right)):
            below = child == word or any(f"node {each}" == child for each in path)
            on = " on" if node.node_id in path and below else ""
            edges.append(line(x[node.name], y[node.name], x[child], y[child], f"edge{on}"))
            middle = ((x[node.name] + 2 * x[child]) / 3, (y[node.name] + 2 * y[child]) / 3)
            # Two short lines, because a long one would overlap with the leaves of neighbouring nodes.
            lines = [tab.text(f"turn.{_TURNS[bit]}"), f"{branches[node.node_id][bit]:.3f}"] if branches else [str(bit)]
            for index, each in enumerate(reversed(lines)):
                edges.append(label(middle[0] + (-5 if bit == 0 else 5), middle[1] - 4 - 12 * index, each,
                                   anchor="end" if bit == 0 else "start", classes="small"))  # fmt: skip
        on = " on" if node.node_id in path else ""
        dots.append(f'<circle cx="{x[node.name]:.1f}" cy="{y[node.name]:.1f}" r="13" class="dot{on}"/>')
        dots.append(label(x[node.name], y[node.name] + 4, node.node_id, classes="small"))
    for each in words:
        on = " on" if each == word else ""
        width = spacing - 8
        dots.append(
            f'<rect x="{x[each] - width / 2:.1f}" y="{y[each] - 12:.1f}" width="{width}" height="24" rx="5" '
            f'class="box{on}"/>'
        )
        dots.append(label(x[each], y[each] + 5, each))
    width = int(40 + spacing * len(words) + 40)
    return drawing("".join(edges + dots), width, 60 + 62 * depth, tab.text("tree"), least=round(width * 0.8))


# -- noise ---------------------------------------------------------------------------------------------


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
