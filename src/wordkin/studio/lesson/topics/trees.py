"""Page about the tree of hierarchical softmax: the path to a word, the sum over all leaves, and four kinds of trees."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import numpy as np
from nicegui import ui

from wordkin.lesson import PRESETS, PathNode, WordRow, depict
from wordkin.lesson.trees import TREES, build_tree, entropy, mean_length
from wordkin.objectives import reference
from wordkin.studio.lesson.explain import Explanation, path_key
from wordkin.studio.lesson.html import bar_cell, cell, drawing, label, line, number, plain, row, table, text
from wordkin.studio.lesson.parts import climbs, live, symbols, why_error_html
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import button, heading, inline, marked, paragraph, select
from wordkin.vocabulary.huffman import HuffmanTree

_TURNS = ("left", "right")  # by code bit
_LEVEL, _RADIUS, _GAP = 74, 16, 8  # of a drawing: height of a level, radius of a node, space between leaves
_NARROWEST, _PER_CHARACTER = 72, 10  # width of a leaf
# Sends the id of the word whose leaf was clicked.
_TELL_LEAF = "(event) => { const leaf = event.target.closest?.('[data-leaf]'); if (leaf) emit(leaf.dataset.leaf); }"
# Scrolls wide drawings to the marked leaf, after the browser has shown the step.
_SHOW_LEAF = """setTimeout(() => {
  for (const leaf of document.querySelectorAll('.lesson-topic svg .box.on')) {
    const around = leaf.closest('.scroll-x'), outside = around.getBoundingClientRect();
    const box = leaf.getBoundingClientRect();
    around.scrollLeft += (box.left + box.right - outside.left - outside.right) / 2;
  }
}, 60)"""


def tree(tab: Tab) -> Update:
    """Page on the tree: a drawing with both branches of every node and the probability of every leaf."""
    paragraph(tab.text("tree.intro", **symbols(tab)))
    ui.html(lengths_html(tab), sanitize=False).classes("stack")
    _offer_unequal_counts(tab)
    if tab.choices.objective == "hierarchical-softmax":
        update = _trained(tab)
    else:
        paragraph(tab.text("tree.not_trained"), "notice")
        with marked("div", "line"):
            button(tab.text("tree.train"), lambda: tab.change(objective="hierarchical-softmax"))
        update = _nothing
    _kinds(tab)
    heading(tab.text("tree.notation"), 3)
    paragraph(tab.text(f"tree.notation_{tab.choices.notation}", **symbols(tab)))
    return update


def lengths_html(tab: Tab) -> str:
    """Return sentences about the shortest and the longest path in Huffman's tree, and about what the tree saves."""
    counts, words = tab.course.text.counts, tab.course.text.vocabulary.words
    built = build_tree("huffman", counts)
    lengths = built.lengths
    if len(built) < 2:
        return ""
    first, last = int(np.lexsort((-counts, lengths))[0]), int(np.lexsort((counts, -lengths))[0])
    shortest, longest = (tab.text("tree.nodes", count=int(lengths[each])) for each in (first, last))
    said = tab.text("tree.even" if lengths[first] == lengths[last] else "tree.frequent",
                    first=words[first], first_count=int(counts[first]), shortest=shortest,
                    last=words[last], last_count=int(counts[last]), longest=longest)  # fmt: skip
    huffman, complete = (mean_length(each, counts) for each in (built, build_tree("complete", counts)))
    share = round(100 * (1 - huffman / complete))
    saved = tab.text("tree.saves" if share else "tree.saves_little", huffman=f"{huffman:.3f}", share=share,
                     complete=f"{complete:.3f}", least=int(counts.min()), most=int(counts.max()))  # fmt: skip
    return "".join(f"<p>{text(each)}</p>" for each in (said, tab.text("tree.follows"), saved))


def _offer_unequal_counts(tab: Tab) -> None:
    """Add a button that opens an example text with more different counts, unless the lesson has this text already."""
    example = PRESETS["weather-ko" if tab.view.texts.language == "ko" else "weather"]
    if tab.choices.text != example.text:
        with marked("div", "line"):
            button(tab.text("tree.unequal", title=example.title), lambda: tab.choose_preset(example.name), "quiet")


def _nothing() -> None:
    """Do nothing. If no tree is trained, the page does not depend on the step."""


def _trained(tab: Tab) -> Update:
    """Add the path to a word that the user can choose, and a table of all leaves."""
    words = [each.word for each in tab.overview.words]

    def choose(word: str) -> None:
        if word != tab.leaf:
            tab.leaf = word
            tab.remember()
            chosen.value = word
            tab.refresh()

    def clicked(sent: Any) -> None:
        if isinstance(sent, str) and sent.isdecimal() and len(sent) < 4 and int(sent) < len(words):
            choose(words[int(sent)])

    with marked("div", "line"):
        names = {"": tab.text("tree.true_word"), **{word: word for word in words}}
        chosen = select(names, tab.leaf, tab.text("tree.choose"), choose).style("min-width:14rem")
        inline(tab.text("tree.click"), "small muted")
    with marked("div", "stack") as part:
        show = live(lambda: tree_html(tab))
    part.on("click", lambda event: clicked(event.args), js_handler=_TELL_LEAF)
    explanation = Explanation(tab, part)
    if tab.choices.architecture == "cbow" and tab.choices.cbow_gradient == "word2vec":
        with marked("div", "line"):
            paragraph(tab.text("tree.undivided", sign="" if climbs(tab) else "−", **symbols(tab)))
            page = f"{tab.topics.index('update') + 1}. {tab.text('topic.update')}"
            button(page, lambda: tab.show_topic("update"), "quiet")

    def update() -> None:
        show()
        explanation.show()
        ui.run_javascript(_SHOW_LEAF)

    return update


def tree_html(tab: Tab) -> str:
    """Return the drawing of the tree, the path to the chosen word, the derivation of its errors, and all leaves."""
    view = tab.step.objectives[0]
    true = view.outputs[0]
    word = tab.leaf or true
    other = "" if word == true else f'<p class="notice">{text(tab.text("tree.other", word=true, chosen=word))}</p>'
    saving = tab.text("tree.saving", count=len(view.path), nodes=len(view.nodes), words=len(view.probabilities))
    moves = tab.text("tree.moves_ascent" if climbs(tab) else "tree.moves", **symbols(tab))
    return (
        f"{_picture_html(tab, word)}{other}{_path_html(tab, word)}<p>{text(moves)}</p>"
        f"<div class='side'><div>{_leaves_html(tab, word)}</div>"
        f"<div class='said stack'>{_sum_html(tab)}<p>{text(tab.text('tree.sum_text'))}</p><p>{text(saving)}</p></div>"
        "</div>"
        f"{why_error_html(tab, step=tab.step)}"
    )


def path_and_leaves_html(tab: Tab) -> str:
    """Return the tree of the step on one sheet: the drawing, the path to the true word, and all leaves."""
    true = tab.step.objectives[0].outputs[0]
    return f"{_picture_html(tab, true)}{_path_html(tab, true)}{_leaves_html(tab, true)}{_sum_html(tab)}"


def _picture_html(tab: Tab, word: str) -> str:
    built, nodes = tab.course.text.tree, tab.step.objectives[0].nodes
    assert built is not None
    on_path = {node.node_id for node in _path(tab, word)}
    return drawn_tree(tab, built, on_path, word, [(each.left, each.right) for each in nodes])


def _word_id(tab: Tab, word: str) -> int:
    return next(each.word_id for each in tab.overview.words if each.word == word)


def _path(tab: Tab, word: str) -> list[PathNode]:
    built = tab.course.text.tree
    assert built is not None
    return tab.named(depict.path_to(tab.step.objectives[0].nodes, built, _word_id(tab, word)))


def _leaves_html(tab: Tab, word: str) -> str:
    """Return a table of all leaves with their probabilities."""
    shares = tab.step.objectives[0].probabilities
    leaves = [_leaf(each, shares[each.word_id], each.word == word, len(shares)) for each in tab.overview.words]
    return table(["", tab.text("count"), tab.text("tree.code"), "p"], leaves, caption=tab.text("tree.leaves"))


def _sum_html(tab: Tab) -> str:
    total = math.fsum(tab.step.objectives[0].probabilities)
    return f"<p><b>{text(tab.text('tree.sum'))} {number(total, 'leaf.sum', 10)}</b></p>"


def _path_html(tab: Tab, word: str) -> str:
    """Return a table of the nodes on the path to a word. The sum of their losses is -log p(word | h)."""
    word_id, path = _word_id(tab, word), _path(tab, word)
    losses = [float(reference.negative_log_sigmoid(-node.score if node.bit else node.score)) for node in path]
    rows = [
        row(node.node, [
            cell(node.score, f"node.{node.node_id}.score", equation=path_key("score", word_id, index), first=not index),
            cell(node.left, f"node.{node.node_id}.left", equation=path_key("left", word_id, index)),
            cell(node.right, f"node.{node.node_id}.right", equation=path_key("right", word_id, index)),
            plain(f"{node.bit} = {tab.text(f'turn.{node.turn}')}", "left"), plain(1 - node.bit),
            cell(node.branch_probability, equation=path_key(node.turn, word_id, index)),
            cell(node.product, f"node.{node.node_id}.product", equation=path_key("product", word_id, index)),
            cell(loss, f"node.{node.node_id}.loss", equation=path_key("node_loss", word_id, index)),
        ])
        for index, (node, loss) in enumerate(zip(path, losses, strict=True))
    ]  # fmt: skip
    names = ("tree.left", "tree.right", "tree.turn", "tree.label", "tree.branch", "tree.product", "loss")
    score = f"{tab.text('score')} {symbols(tab)['s']}"
    heads = ["", score, *(tab.text(name, **symbols(tab)) for name in names)]
    made = table(heads, rows, caption=tab.text("tree.path", word=word, count=len(path)))
    summed = " + ".join(number(loss, digits=5) for loss in losses)
    minus_log = (
        f"<p><b>−log p({text(word)})</b> = −log {number(path[-1].product)} = {summed} = "
        f"{number(math.fsum(losses), 'tree.loss', 5)}: {text(tab.text('tree.minus_log'))}</p>"
    ) if path else ""  # fmt: skip
    return f"{made}<p>{text(tab.text('tree.label_note'))}</p>{minus_log}"


def _leaf(word: WordRow, share: float, marked_word: bool, size: int) -> str:
    equation = path_key("leaf", word.word_id) if size > 1 else ""
    bars = bar_cell(share, f"leaf.{word.word_id}", classes="mark" if marked_word else "", equation=equation)
    cells = [plain(word.count), plain(word.code or "", "left"), bars]
    return row(word.word, cells, classes="true" if marked_word else "", leaf=word.word_id)


# -- kinds of trees ------------------------------------------------------------------------------------


def _kinds(tab: Tab) -> None:
    """Add a table of the four kinds of trees for the words of the lesson, and a drawing of one of them."""
    heading(tab.text("tree.kinds"), 3)
    paragraph(tab.text("tree.kinds_text"))
    ui.html(kinds_html(tab), sanitize=False)
    kind = {"shown": tab.choices.tree}

    def show(chosen: str) -> None:
        kind["shown"] = chosen
        shape.set_content(shape_html(tab, chosen))
        is_trained = tab.choices.objective == "hierarchical-softmax" and tab.choices.tree == chosen
        train.set_visibility(not is_trained)

    with marked("div", "line"):
        names = {name: tab.text(f"tree.{name}") for name in TREES}
        select(names, tab.choices.tree, tab.text("tree.compare"), show).style("min-width:18rem")
        train = button(
            tab.text("tree.train_this"),
            lambda: tab.change(objective="hierarchical-softmax", tree=kind["shown"]),
            "quiet",
        )
        _offer_unequal_counts(tab)
    shape = ui.html(sanitize=False).classes("stack")
    show(tab.choices.tree)


def kinds_html(tab: Tab) -> str:
    """Return a table of the four kinds of trees, with the lengths of their paths and how each tree is built."""
    counts = tab.course.text.counts
    built = {kind: build_tree(kind, counts) for kind in TREES}
    means = {kind: mean_length(each, counts) for kind, each in built.items()}
    least, frequent = min(means.values()), int(counts.argmax())
    rows = []
    for kind, each in built.items():
        best = math.isclose(means[kind], least)
        rows.append(
            row(
                tab.text(f"tree.{kind}"),
                [
                    f'<td class="{"best" if best else ""}">{number(means[kind], f"kind.{kind}.mean", 3)}</td>',
                    plain(int(each.lengths.max())),
                    plain(int(each.lengths[frequent])),
                ],
            )
        )
    first = tab.text("tree.first", word=tab.overview.words[frequent].word, count=int(counts[frequent]))
    made = table(["", tab.text("tree.mean"), tab.text("tree.longest"), first], rows, classes="kinds")
    least_possible = tab.text("tree.entropy", entropy=f"{entropy(counts):.3f}", size=len(counts),
                              log=f"{math.log2(len(counts)):.3f}")  # fmt: skip
    how = "".join(
        f"<li><b>{text(tab.text(f'tree.{kind}'))}</b>: {text(tab.text(f'tree.how_{kind}'))}</li>" for kind in TREES
    )
    return f'{made}<ul class="how">{how}</ul><p>{text(least_possible)}</p>'


def shape_html(tab: Tab, kind: str) -> str:
    """Return the drawing of one kind of tree with its code bits.

    For Huffman's tree, the steps in which it is built are added.
    """
    built = build_tree(kind, tab.course.text.counts)
    joins = joins_html(tab) if kind == "huffman" and len(built) > 1 else ""
    digits = f'<p class="small">{text(tab.text("tree.digits"))}</p>'
    return f"{drawn_tree(tab, built, set(), '', [])}{digits}{joins}"


def joins_html(tab: Tab) -> str:
    """Return the steps of Huffman's method. Each step joins two words or nodes to a new node; the last is the root."""
    course = tab.course.text
    built = HuffmanTree.from_counts(course.counts)
    nodes = tab.named(depict.tree_nodes(course.vocabulary, course.counts, built))
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


# -- drawing -------------------------------------------------------------------------------------------


def _width(word: str) -> int:
    """Return the width of a leaf with this word. Hangul and Han characters count twice."""
    columns = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in word)
    return max(_NARROWEST, _PER_CHARACTER * columns + 12)


def drawn_tree(tab: Tab, built: HuffmanTree, path: set[int], word: str, branches: list[tuple[float, float]]) -> str:
    """Draw a tree with its root at the top; the leaves are in the order of their codes.

    The nodes of ``path`` and the leaf ``word`` are marked. Branches have their probabilities, or their code bits if
    ``branches`` is empty.
    """
    vocabulary = tab.course.text.vocabulary
    nodes = depict.tree_nodes(vocabulary, tab.course.text.counts, built)
    words = list(vocabulary.words)
    if not nodes:
        return ""
    at, width = _positions(built, words, nodes)
    edges, dots = [], []
    for node in nodes:
        x, y = at[node.name]
        for bit, child in enumerate((node.left, node.right)):
            below = child == word or any(depict.node_name(each) == child for each in path)
            on = " on" if node.node_id in path and below else ""
            edges.append(line(x, y, *at[child], f"edge{on}"))
            middle = (x + 2 * at[child][0]) / 3, (y + 2 * at[child][1]) / 3
            # Two short lines, because a long one would overlap with the leaves of neighbouring nodes.
            lines = [tab.text(f"turn.{_TURNS[bit]}"), f"{branches[node.node_id][bit]:.3f}"] if branches else [str(bit)]
            for index, each in enumerate(reversed(lines)):
                edges.append(label(middle[0] + (-6 if bit == 0 else 6), middle[1] - 4 - 15 * index, each,
                                   anchor="end" if bit == 0 else "start", classes="small"))  # fmt: skip
        on = " on" if node.node_id in path else ""
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" class="dot{on}"/>')
        dots.append(label(x, y + 5, node.node_id, classes="small"))
    dots += [_drawn_leaf(word_id, each, at[each], each == word) for word_id, each in enumerate(words)]
    height = 60 + _LEVEL * int(built.lengths.max())
    return drawing("".join(edges + dots), width, height, tab.text("topic.tree"), least=width, classes="tree")


def _positions(built: HuffmanTree, words: list[str], nodes: list[Any]) -> tuple[dict[str, tuple[float, float]], int]:
    """Return a dict from the name of each leaf and node to its centre, and the width of the drawing."""
    ordered = sorted(range(len(words)), key=lambda word_id: built.path(word_id)[1].tolist())
    at: dict[str, tuple[float, float]] = {}
    end = 20.0
    for word_id in ordered:
        wide = _width(words[word_id]) + _GAP
        at[words[word_id]] = end + wide / 2, 30.0 + _LEVEL * len(built.path(word_id)[0])
        end += wide
    level = {node: index for word_id in ordered for index, node in enumerate(built.path(word_id)[0].tolist())}
    for node in reversed(nodes):  # children come after their node
        at[node.name] = (at[node.left][0] + at[node.right][0]) / 2, 30.0 + _LEVEL * level[node.node_id]
    return at, int(end + 20)


def _drawn_leaf(word_id: int, word: str, at: tuple[float, float], marked_word: bool) -> str:
    width, on = _width(word), " on" if marked_word else ""
    box = f'<rect x="{at[0] - width / 2:.1f}" y="{at[1] - 15:.1f}" width="{width}" height="30" rx="6" class="box{on}"/>'
    return f'<g data-leaf="{word_id}">{box}{label(at[0], at[1] + 6, word)}</g>'
