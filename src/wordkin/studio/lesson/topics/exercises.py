"""Page with exercises: numbers of the current step to compute by hand; the page checks the answers."""

from __future__ import annotations

import itertools
import operator
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from nicegui import ui

from wordkin.lesson import ObjectiveView, OutputRow, depict
from wordkin.lesson.equations import Equation, cell_equations, equations
from wordkin.lesson.trees import mean_length
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.html import shown, text
from wordkin.studio.lesson.parts import climbs, symbols
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.lesson.topics.trees import drawn_tree
from wordkin.studio.widgets import button, marked, notice, paragraph
from wordkin.vocabulary.huffman import HuffmanTree


@dataclass(frozen=True)
class Question:
    """One exercise.

    Attributes
    ----------
    name : str
        Name of the equation or kind of question, and what it is about, such as "error node 2".
    prompt : str
        The question as HTML, without the answer.
    answer : float or str
        A number, the bits of a code, or words between commas.
    begin : float, default 0.0
        For an update, the value before the update, so that the change can be judged. Otherwise 0.
    veiled : str, default ""
        The question without the numbers that may be answers of other questions; "" if it has no such numbers.
    given : tuple of float, default ()
        These numbers.
    """

    name: str
    prompt: str
    answer: float | str
    begin: float = 0.0
    veiled: str = ""
    given: tuple[float, ...] = ()

    def needs(self, other: Question) -> bool:
        """Return whether the prompt shows the answer of another question.

        1 minus the answer, and either of them with the other sign, count as shown answers as well. Answers 0 and 1 are
        passed over, because these numbers are in many formulas.
        """
        if self is other or isinstance(other.answer, str) or other.answer in (0, 1):
            return False
        answer = abs(other.answer)
        return any(min(abs(abs(each) - answer), abs(1 - abs(each) - answer)) < 1e-9 for each in self.given)

    @property
    def kind(self) -> str:
        """The first word of the name, such as "error"."""
        return self.name.partition(" ")[0]


def exercises(tab: Tab) -> Update:
    """Page with exercises: the reader computes numbers of a training step by hand, and the page checks the answers."""
    paragraph(tab.text("exercises.intro"))
    tree = ui.html(sanitize=False).classes("stack")
    with marked("div", "stack") as place:
        pass
    shown_for = [0]

    def fill() -> None:
        if shown_for[0] == tab.number or tab.playing:
            return
        shown_for[0] = tab.number
        tree.set_content(_tree_html(tab))
        place.clear()
        asked = questions(tab)
        shows: list[Callable[[], None]] = []

        def show() -> None:
            for each in shows:
                each()

        with place:
            shows.extend(_ask(tab, asked, index, show) for index in range(len(asked)))
        show()

    return fill


def questions(tab: Tab) -> list[Question]:
    """Return the exercises for the current step.

    They are ordered so that, if possible, no exercise shows the answer of a later one.
    """
    left, ordered = _unordered(tab), []
    while left:
        free = next((each for each in left if not any(each.needs(other) for other in left)), left[0])
        left.remove(free)
        ordered.append(free)
    return ordered


def open_before(tab: Tab, asked: Sequence[Question], index: int) -> list[int]:
    """Return the indices of earlier exercises that are not solved yet and whose answers exercise ``index`` shows."""
    return [
        number for number, other in enumerate(asked[:index])
        if asked[index].needs(other) and _key(tab, other) not in tab.solved
    ]  # fmt: skip


def _key(tab: Tab, question: Question) -> tuple[Choices, int, str]:
    return tab.choices, tab.number, question.name


def _unordered(tab: Tab) -> list[Question]:
    step = tab.step
    view = step.objectives[0]
    generator = random.Random(tab.number)
    usable = [index for index, each in enumerate(view.rows) if not each.ignored]
    row_index = generator.choice(usable or [0])
    component = generator.randrange(len(step.hidden))
    is_tree = bool(view.path)
    asked = [
        _of_equation(each)
        for each in equations(step, view.objective, row=row_index, component=component, notation=tab.choices.notation)
        if not (is_tree and each.name in ("probability", "error"))  # the drawing shows σ
        and not (each.name == "error" and view.objective == "negative-sampling")
    ]
    # If the answer is one of the numbers shown, as in y - 0, there is nothing to compute.
    asked = [each for each in asked if f'data-value="{each.answer!r}"' not in each.prompt]
    if is_tree:
        return [*_of_tree(tab, view, generator), *_of_new_tree(tab, generator), *asked]
    if view.objective == "negative-sampling":
        asked += [_of_error(tab, view.rows[index], view.outputs[0]) for index in _one_of_each_label(view)]
        asked += _of_noise(tab, view, generator, component)
    return asked


def _of_noise(tab: Tab, view: ObjectiveView, generator: random.Random, component: int) -> list[Question]:
    """Ask which rows of W′ move, for the noise probability of a word, and for the step of the row of a noise word."""
    used = list(dict.fromkeys(each.output for each in view.rows if not each.ignored))
    drawn = ", ".join(each.output for each in view.rows if not each.label)
    rows = tab.text("exercises.rows", word=view.outputs[0], noise=drawn)
    word = generator.choice(tab.overview.words)
    counts = ", ".join(f"{each.word} {each.count}" for each in tab.overview.words)
    q = tab.text("exercises.q", counts=counts, word=word.word)
    asked = [Question("rows", _said(rows), ", ".join(used)), Question("q", _said(q), word.noise_probability)]
    noise = next((index for index, each in enumerate(view.rows) if not each.label and not each.ignored), None)
    steps = [] if noise is None else cell_equations(
        tab.step, view.objective, row=noise, component=component, notation=tab.choices.notation
    )  # fmt: skip
    return [*asked, *(_of_equation(each) for each in steps if each.name == "output_step")]


def _one_of_each_label(view: ObjectiveView) -> list[int]:
    found = {each.label: index for index, each in reversed(list(enumerate(view.rows))) if not each.ignored}
    return [found[label] for label in sorted(found, reverse=True)]


def _of_equation(equation: Equation) -> Question:
    begin = 0.0
    if equation.name.endswith("_update"):
        begin = equation.numbers.parts[0].value
    prompt, veiled = (
        f'<div class="formulas" tabindex="0"><div>{each}</div></div>'
        for each in (equation.to_mathml_question(), equation.to_mathml_symbols())
    )
    given = tuple(map(float, re.findall(r'data-value="([^"]+)"', prompt)))
    return Question(equation.name, prompt, equation.value, begin, veiled, given)


def _of_error(tab: Tab, row: OutputRow, word: str) -> Question:
    """Return the question for the error of an output row, given its score."""
    marks = symbols(tab)
    assert row.error is not None and row.score is not None
    name = f"{marks['e']}_{row.output}"
    score = f"{marks['s']}_{row.output}"
    prompts = []
    for value in (shown(row.score, 5), "…"):
        prompt = _said(tab.text("exercises.error", word=word, score=score, value=value, error=name))
        for symbol in (marks["s"], marks["e"]):  # the indices are written below the line
            plain_name = text(f"{symbol}_{row.output}")
            prompt = prompt.replace(plain_name, f"<i>{text(symbol)}</i><sub>{text(row.output)}</sub>")
        prompts.append(prompt)
    answer = 0.0 - row.error if climbs(tab) else row.error
    return Question(f"error {row.output}", prompts[0], answer, veiled=prompts[1], given=(row.score,))


def _of_tree(tab: Tab, view: ObjectiveView, generator: random.Random) -> list[Question]:
    """Return questions about a tree: for codes, labels, errors and probabilities of words, and for the mean path."""
    built, counts = tab.course.text.tree, tab.course.text.counts
    assert built is not None
    words = [each.word for each in tab.overview.words]
    first, second, third = (generator.randrange(len(words)) for _ in range(3))
    path = tab.named(depict.path_to(view.nodes, built, second))
    node = generator.choice(path)
    code = "".join(str(each.bit) for each in depict.path_to(view.nodes, built, first))
    share = view.probabilities
    return [
        Question("code", _said(tab.text("exercises.code", word=words[first])), code),
        Question("label", _said(tab.text("exercises.label", word=words[second], node=node.node)), float(1 - node.bit)),
        Question("p", _said(tab.text("exercises.probability", word=words[second])), share[second]),
        Question(
            "rest", _said(tab.text("exercises.rest", word=words[third], rest=shown(1 - share[third], 5))), share[third]
        ),
        *(_of_error(tab, each, word) for word, each in _rows_of_each_label(tab, view)),
        Question("mean", _said(tab.text("exercises.mean")), mean_length(built, counts)),
    ]


def _of_new_tree(tab: Tab, generator: random.Random) -> list[Question]:
    """Return two questions about Huffman's tree for new counts: for the code of a word, and for the mean path.

    The counts are such that Huffman's method never has a choice.
    """
    letters = "ABCDE"
    while True:
        counts = sorted(generator.sample(range(1, 25), len(letters)), reverse=True)
        if _joins_are_certain(counts):
            break
    built = HuffmanTree.from_counts(counts)
    asked = generator.randrange(1, len(letters))
    code = "".join(map(str, built.path(asked)[1].tolist()))
    listed = ", ".join(f"{letter} {count}" for letter, count in zip(letters, counts, strict=True))
    mean = mean_length(built, np.array(counts))
    return [
        Question("new_code", _said(tab.text("exercises.new_code", counts=listed, word=letters[asked])), code),
        Question("new_mean", _said(tab.text("exercises.new_mean", counts=listed)), mean),
    ]


def _joins_are_certain(counts: list[int]) -> bool:
    """Return whether Huffman's method never has a choice, because all counts are different before each join."""
    left = sorted(counts)
    while len(left) > 1:
        if len(set(left)) < len(left):
            return False
        left = sorted([left[0] + left[1], *left[2:]])
    return True


def _rows_of_each_label(tab: Tab, view: ObjectiveView) -> list[tuple[str, OutputRow]]:
    """Return the output row of a node with label 1 and of a node with label 0, as (word, row).

    The word is one whose path has the node and this label there. If possible, it is the true word of the step.
    """
    built = tab.course.text.tree
    assert built is not None
    order = sorted(tab.overview.words, key=lambda each: each.word not in view.outputs)
    found = []
    for label in (1, 0):
        word, node = next(
            (each.word, node) for each in order for node in tab.named(depict.path_to(view.nodes, built, each.word_id))
            if node.bit == 1 - label
        )  # fmt: skip
        row = OutputRow(
            node.node, node.node_id, label, label, node.score, node.left, node.left, node.left - label, None, False
        )
        found.append((word, row))
    return found


def _said(prompt: str) -> str:
    return f"<p>{text(prompt)}</p>"


def _tree_html(tab: Tab) -> str:
    """Return the tree with the probabilities of its branches and the counts of the words; "" without a tree."""
    view, built = tab.step.objectives[0], tab.course.text.tree
    if built is None or not view.path:
        return ""
    counts = ", ".join(f"{each.word} {each.count}" for each in tab.overview.words)
    picture = drawn_tree(tab, built, set(), "", [(each.left, each.right) for each in view.nodes])
    return f"<p>{text(tab.text('exercises.tree', counts=counts))}</p>{picture}"


def _ask(tab: Tab, asked: Sequence[Question], index: int, solved: Callable[[], None]) -> Callable[[], None]:
    """Add an exercise. Call ``solved`` when its answer is known. Return a function that shows or hides its numbers."""
    question = asked[index]
    key = _key(tab, question)
    with marked("div", "panel"):
        prompt = ui.html(sanitize=False).classes("stack")
        with marked("div", "line"):
            answer = ui.input(tab.text("exercises.answer"), value=tab.answers.get(key, ""))
            answer.props("outlined dense").style("width:10rem")
            answer.on_value_change(lambda: tab.answers.update({key: answer.value or ""}))
            with marked("div", "stack") as reply:
                pass

            def say(said: str, *, known: bool) -> None:
                reply.clear()
                with reply:
                    notice(said)
                if known:
                    tab.solved.add(key)
                    solved()

            def check() -> None:
                given = answer.value or ""
                say(verdict(tab, question, given), known=is_right(question, given))

            answer.on("keydown.enter", check)
            button(tab.text("exercises.check"), check, label=f"{tab.text('exercises.check')}: {question.name}")
            button(
                tab.text("exercises.show"), lambda: say(_answer(question), known=True), "quiet",
                label=f"{tab.text('exercises.show')}: {question.name}",
            )  # fmt: skip

    def show() -> None:
        prompt.set_content(prompt_html(tab, asked, index))

    return show


def prompt_html(tab: Tab, asked: Sequence[Question], index: int) -> str:
    """Return an exercise with its number. While it shows answers of others that are open, it has symbols only."""
    waiting = open_before(tab, asked, index)
    number = f"<p><b>{index + 1}</b></p>"
    if not waiting:
        return number + asked[index].prompt
    numbers = ", ".join(str(each + 1) for each in waiting)
    return (
        f"{number}{asked[index].veiled}<p class='small muted'>{text(tab.text('exercises.veiled', numbers=numbers))}</p>"
    )


def _answer(question: Question) -> str:
    if isinstance(question.answer, str):
        return question.answer
    return str(int(question.answer)) if question.name == "label" else shown(question.answer, 6)


def is_right(question: Question, given: str) -> bool:
    """Return whether an answer is right.

    A number may differ from the right one by 1 percent or 0.001, whichever is more. For an update, the change may
    differ by 5 percent or 0.00005, whichever is more. Four decimals are therefore enough. A difference of more than a
    quarter of the right number or change is always wrong.
    """
    if question.kind == "rows":
        words = [set(each.replace(",", " ").casefold().split()) for each in (given, str(question.answer))]
        return words[0] == words[1]
    if isinstance(question.answer, str):
        return given.replace(" ", "") == question.answer
    answer = _number_in(given)
    return answer is not None and abs(answer - question.answer) <= _tolerance(question, question.answer)


def verdict(tab: Tab, question: Question, given: str) -> str:
    """Return the reply to an answer."""
    if is_right(question, given):
        return tab.text("exercises.right", value=_answer(question))
    if question.kind == "rows":
        return _wrong(tab, question)
    if isinstance(question.answer, str):
        return _reply_to_wrong_code(tab, question, question.answer, given.replace(" ", ""))
    answer = _number_in(given)
    if answer is None:
        return tab.text("exercises.no_number")
    change = question.answer - question.begin
    if abs(answer - question.begin + change) <= _tolerance(question, question.answer):
        return tab.text("exercises.sign_of_step" if _is_update(question) else "exercises.sign")
    return _wrong(tab, question)


def _number_in(given: str) -> float | None:
    try:
        return float(given.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None


def _is_update(question: Question) -> bool:
    return question.name.endswith(("_update", "_step"))


def _tolerance(question: Question, answer: float) -> float:
    """Return by how much a number may differ from the right ``answer``; see :func:`is_right`."""
    change = abs(answer - question.begin)
    close = max(0.00005, 0.05 * change) if _is_update(question) else max(0.001, 0.01 * change)
    return min(close, 0.25 * change) if change else close


def _reply_to_wrong_code(tab: Tab, question: Question, code: str, bits: str) -> str:
    if not bits or set(bits) - {"0", "1"}:
        return tab.text("exercises.no_bits")
    right = sum(itertools.takewhile(bool, map(operator.eq, bits, code)))
    return _wrong(tab, question, right=right, given=len(bits))


def _wrong(tab: Tab, question: Question, **values: object) -> str:
    """Return the reply to a wrong answer, with a hint for this kind of question."""
    kind, marks = question.kind, symbols(tab)
    if kind == "error":
        kind = f"error_{tab.choices.objective}"
    sides = [marks["t"], f"σ({marks['s']})"]
    error = f"{marks['e']} = {' − '.join(sides if climbs(tab) else reversed(sides))}"
    return tab.text("exercises.wrong", hint=tab.text(f"exercises.hint.{kind}", error=error, **marks, **values))
