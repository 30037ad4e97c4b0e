"""Pages about words: why vectors, one-hot vectors, the projection, windows and pairs."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from nicegui import ui

from wordkin.lesson import PRESETS
from wordkin.studio.lesson.html import bar_cell, cell, formula_cell, grid, number, plain, row, table, text
from wordkin.studio.lesson.parts import folded, live, output_rows, symbols
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import heading, paragraph

_MOST_DIGITS = 24  # of a one-hot vector; a longer one ends with dots


def why(tab: Tab) -> Update:
    """Page on the purpose of vectors: word counts can classify texts, but cannot tell how similar two words are."""
    paragraph(tab.text("why.intro"))
    heading(tab.text("why.spam"), 3)
    paragraph(tab.text("why.spam_text"))
    ui.html(_spam_html(tab), sanitize=False)
    heading(tab.text("why.hypothesis"), 3)
    example = PRESETS["fruit-ko" if tab.view.texts.language == "ko" else "fruit"]
    paragraph(tab.text("why.hypothesis_text", title=example.title))
    ui.html(_exchanged_html(tab, [line.split() for line in example.text.splitlines()]), sanitize=False)
    if tab.choices.text != example.text:
        ui.html(_own_exchanged_html(tab), sanitize=False)
    heading(tab.text("why.history"), 3)
    paragraph(tab.text("why.history_text"))
    ui.html(_history_html(tab), sanitize=False)
    paragraph(tab.text("why.objectives"))
    return lambda: None


def _spam_html(tab: Tab) -> str:
    """Return a spam filter that uses word counts, as a table of log odds. One is added to each count."""
    kinds = (("why.messages_spam", True), ("why.messages_ham", False))
    messages = [(message, is_spam) for key, is_spam in kinds for message in tab.text(key).splitlines()]
    words = list(dict.fromkeys(word for message, _ in messages for word in message.split()))
    spam = Counter(word for message, is_spam in messages if is_spam for word in message.split())
    ham = Counter(word for message, is_spam in messages if not is_spam for word in message.split())
    totals = spam.total() + len(words), ham.total() + len(words)
    weights = {word: math.log((spam[word] + 1) / totals[0] * totals[1] / (ham[word] + 1)) for word in words}
    rows = []
    for message, is_spam in messages:
        counts = Counter(message.split())
        score = sum(weights[word] * count for word, count in counts.items())
        verdict = tab.text("why.is_spam" if score > 0 else "why.is_ham")
        rows.append(
            row(
                message,
                [
                    *(plain(counts[word]) for word in words),
                    cell(score, scale=3.0, digits=2),
                    plain(verdict, "left"),
                    plain("✓" if (score > 0) == is_spam else "✗"),
                ],
            )
        )
    rows.append(row(tab.text("why.weight"), [cell(weights[word], scale=2.0, digits=2) for word in words]))
    return table(["", *words, "Σ", "", ""], rows)


def _own_exchanged_html(tab: Tab) -> str:
    """Return two words of the lesson exchanged with each other, as :func:`_exchanged_html` does.

    Only words that occur twice or more are used. If there are no such words, a note says so.
    """
    made = _exchanged_html(tab, tab.overview.sentences, least=2)
    return f"<p>{text(tab.text('why.own'))}</p>{made}" if made else f"<p>{text(tab.text('why.too_short'))}</p>"


def _exchanged_html(tab: Tab, sentences: Sequence[Sequence[str]], *, least: int = 1) -> str:
    """Return the sentences of two similar words, with these words exchanged.

    The words are those that share the largest fraction of the words near them. Words that occur less than ``least``
    times are left out. Returns "" if no two words have a word near them in common.
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    around: dict[str, set[str]] = {}
    for sentence in sentences:
        for position, word in enumerate(sentence):
            if counts[word] >= least:
                window = [*sentence[max(0, position - 2) : position], *sentence[position + 1 : position + 3]]
                around.setdefault(word, set()).update(window)

    def alike(pair: tuple[str, str]) -> float:
        return len(around[pair[0]] & around[pair[1]]) / len(around[pair[0]] | around[pair[1]])

    first, second = max(itertools.combinations(around, 2), key=alike, default=("", ""))
    if not first or not alike((first, second)):
        return ""
    shared = ", ".join(sorted(around[first] & around[second]))
    parts = [f"<p>{text(tab.text('why.shared', first=first, second=second, shared=shared))}</p>"]
    for sentence in sentences:
        if first in sentence or second in sentence:
            words = []
            for word in sentence:
                swapped = {first: second, second: first}.get(word)
                words.append(text(word) if swapped is None else f'<span class="swapped">{text(swapped)}</span>')
            parts.append(f'<p class="sentence">{" ".join(words)}</p>')
    return "".join(parts[:5])


def _history_html(tab: Tab) -> str:
    c, n, hidden, v, k = 10, 500, 500, 1_000_000, 5
    models = (
        ("why.model_nnlm", c * n + c * n * hidden + hidden * v,
         "C·N + C·N·H + H·V", f"{c}·{n} + {c}·{n}·{hidden} + {hidden}·{v:,}"),
        ("why.model_cbow", c * n + n * v, "C·N + N·V", f"{c}·{n} + {n}·{v:,}"),
        ("why.model_tree", c * n + n * math.log2(v), "C·N + N·log₂ V", f"{c}·{n} + {n}·{math.log2(v):.4f}"),
        ("why.model_noise", c * n + n * (k + 1), "C·N + N·(K + 1)", f"{c}·{n} + {n}·{k + 1}"),
    )  # fmt: skip
    biggest = math.log10(models[0][1])
    rows = [
        row(tab.text(name), [
            bar_cell(math.log10(cost), of=biggest), plain(f"{cost:,.0f}"), formula_cell(formula, filled),
        ])
        for name, cost, formula, filled in models
    ]  # fmt: skip
    return table(["", *map(tab.text, ("log_scale", "multiplications", "formula"))], rows)


def one_hot(tab: Tab) -> Update:
    """Page on one-hot vectors: their cosines, and their size for larger vocabularies."""
    paragraph(tab.text("onehot.intro"))
    words = [each.word for each in tab.overview.words]
    order = tab.text(f"order.{tab.choices.order}")
    heads = ["", *map(str, range(1, len(words) + 1))]
    rows = [
        row(word, [f'<td class="{"pos" if bit else ""}" style="--share:{bit}">{bit}</td>' for bit in hot])
        for word, hot in zip(words, tab.overview.one_hot, strict=True)
    ]
    caption = tab.text("onehot.caption", size=len(words), order=order)
    ui.html(table(heads, rows, caption=caption), sanitize=False)
    paragraph(tab.text("onehot.cosines"))
    ui.html(grid(words, tab.overview.cosines, "onehot", caption=tab.text("onehot.grid"), digits=0), sanitize=False)
    heading(tab.text("onehot.grows"), 3)
    paragraph(tab.text("onehot.grows_text"))
    length = ui.html(sanitize=False)

    def show(size: float) -> None:
        whole = round(10**size)
        zeros = min(whole, _MOST_DIGITS) - 1
        about = tab.text("onehot.length", zeros=f"{whole - 1:,}", numbers=tab.choices.vector_size)
        digits = " ".join(
            [*["0"] * (zeros // 2), "1", *["0"] * (zeros - zeros // 2), *(["…"] if whole > _MOST_DIGITS else [])]
        )
        length.set_content(f'<p><b>V = {whole:,}</b>: {text(about)}</p><p class="muted">{digits}</p>')

    slider = ui.slider(min=0.5, max=6, step=0.1, value=math.log10(len(words)))
    slider.on_value_change(lambda event: show(event.value))
    slider.props["aria-label"] = "V"
    show(math.log10(len(words)))
    return lambda: None


def projection(tab: Tab) -> Update:
    """Page on the projection: a one-hot vector times W selects one row."""
    paragraph(tab.text("projection.intro"))
    shapes = {"v": len(tab.overview.words), "n": tab.choices.vector_size, "rows": output_rows(tab)}
    hidden = _hidden_symbol(tab)
    ui.html(
        f"<math displaystyle='true'><mrow><mi>{hidden}</mi><mo>=</mo>"
        "<msup><mi>W</mi><mi>T</mi></msup><mi>x</mi></mrow></math>",
        sanitize=False,
    )
    key = "projection.shapes_tree" if tab.choices.objective == "hierarchical-softmax" else "projection.shapes"
    paragraph(tab.text(key, **shapes))
    update = live(lambda: _projection_html(tab))
    paragraph(tab.text("projection.matrix", h=hidden))
    folded(tab.text("for_readers"), tab.text("projection.slip"))
    return update


def _hidden_symbol(tab: Tab) -> str:
    """Return the symbol of the hidden vector on this page.

    The notation with θ calls it x, but on this page x is the one-hot vector.
    """
    return "x_w" if tab.choices.notation == "theta" else symbols(tab)["h"]


def _projection_html(tab: Tab) -> str:
    step = tab.step
    inputs = [each.word_id for each in step.inputs]
    tables = tab.taken.before[tab.course.config.objectives[0]].input_vectors
    scale = float(abs(tables).max()) or 1.0
    heads = ["x", "W", *map(str, range(1, tables.shape[1] + 1))]
    rows = []
    for word_id, vector in enumerate(tables.tolist()):
        times = inputs.count(word_id)
        cells = [cell(value, f"W.{word_id}.{i}", scale=scale) for i, value in enumerate(vector)]
        word = tab.overview.words[word_id].word
        rows.append(row(times, [plain(word, "left"), *cells], classes="lit" if times else ""))
    mean = [cell(value, f"projected.{i}", scale=scale) for i, value in enumerate(step.hidden)]
    rows.append(row("", [plain(_hidden_symbol(tab), "left"), *mean], classes="true"))
    return table(heads, rows)


def windows(tab: Tab) -> Update:
    """Page on windows: the windows of the text, the tables of pairs, and the effect of distance."""
    paragraph(tab.text("windows.intro"))
    update = live(lambda: _pairs_html(tab))
    heading(tab.text("windows.distance"), 3)
    paragraph(tab.text("windows.distance_text"))
    ui.html(_distance_html(tab), sanitize=False).classes("stack")
    folded(tab.text("for_readers"), tab.text("windows.slip"))
    return update


def _pairs_html(tab: Tab) -> str:
    """Return two tables of the pairs: as (input, output), and as (input, output, label) with the label 1."""
    centres = list(dict.fromkeys(tab.overview.sentences[0][2:4])) or None
    pairs = [each for each in tab.course.labelled_pairs(centres) if each.label]
    current = {(pair.inputs[0], pair.output) for pair in tab.step.pairs if pair.current and len(pair.inputs) == 1}
    first = [
        row(each.input, [plain(each.output, "left")], classes="lit" if (each.input, each.output) in current else "")
        for each in pairs
    ]
    second = [row(each.input, [plain(each.output, "left"), plain(1)]) for each in pairs]
    predicted = table(
        [tab.text("input"), tab.text("output")], first, caption=tab.text("windows.table1"), classes="pairs"
    )
    heads = [tab.text("input1"), tab.text("input2"), tab.text("label")]
    asked = table(heads, second, caption=tab.text("windows.table2"), classes="pairs")
    change = "".join(f"<p>{text(each)}</p>" for each in tab.text("windows.change").splitlines())
    return f"<div class='side'><div>{predicted}</div><div>{asked}</div><div class='said stack'>{change}</div></div>"


def _distance_html(tab: Tab) -> str:
    """Explain three meanings of "1 / n": the mean over n context words, a weight at distance n, a random width."""
    window = tab.choices.window
    context = 2 * window
    rows = [
        row(
            distance,
            [
                bar_cell(1 / context, f"reading.mean.{distance}"),
                bar_cell(1 / distance, f"reading.weight.{distance}"),
                bar_cell((window - distance + 1) / window, f"reading.reach.{distance}"),
            ],
        )
        for distance in range(1, window + 1)
    ]
    heads = [tab.text("distance"), tab.text("windows.mean"), tab.text("windows.weight"), tab.text("windows.reach")]
    note = tab.text("windows.used", used=tab.text("window.drawn" if tab.choices.dynamic_window else "window.fixed"))
    share = f"{1 / window:.3g}"
    example = tab.text("windows.reach_example", window=window, share=share)
    return f"{table(heads, rows)}<p>{text(example)}</p><p>{text(note)} {number(1 / context, 'reading.mean')}</p>"
