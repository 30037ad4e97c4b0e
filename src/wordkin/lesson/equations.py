"""The equations of a step in three notations, with symbols and with the numbers of the step.

An equation is a tree of :class:`Term` objects. :func:`text_of` converts it to plain text and :func:`mathml_of` to
MathML. Equations show one component of each vector; the argument ``component`` selects it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from wordkin.errors import ConfigError
from wordkin.lesson.views import ObjectiveView, OutputRow, PathNode, RowChange, Step

NOTATIONS = ("rong", "mikolov", "theta")
_MOST_TERMS = 6  # a longer sum shows only its first terms, followed by dots
_BINARY = ("=", "+", "−", "·", "←")
_BREAKING = ("=", "+", "−", "←")
_MINUS = "-"  # the sign of a single term; no space around it, unlike the operator between two terms
_SHOWN = {_MINUS: "−"}
_NARROW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a formula; a whole formula is a term as well.

    Attributes
    ----------
    kind : {"symbol", "operator", "number", "result", "row", "sub", "power", "fraction"}
        Kind of term. A "number" is an operand and is written in parentheses if it is negative. A "result" is not.
    parts : tuple of Term
        Its parts, such as base and index for "sub"; empty for symbols, operators and numbers.
    symbol : str
        Characters of a symbol or operator.
    value : float
        Value of a number or result, in full precision.
    """

    kind: str
    parts: tuple[Term, ...] = ()
    symbol: str = ""
    value: float = 0.0


Piece = Term | str | float


def _term(piece: Piece) -> Term:
    if isinstance(piece, Term):
        return piece
    if isinstance(piece, str):
        return Term("symbol" if piece[0].isalnum() or piece[0] == "∂" else "operator", symbol=piece)
    return Term("number", value=float(piece))


def _row(*pieces: Piece) -> Term:
    return Term("row", tuple(map(_term, pieces)))


def _sub(base: Piece, *index: Piece) -> Term:
    return Term("sub", (_term(base), _row(*index)))


def _fraction(top: Piece, bottom: Piece) -> Term:
    return Term("fraction", (_term(top), _term(bottom)))


def _sum(terms: Sequence[Piece], sign: str = "+") -> Term:
    """Return the formula of terms joined by ``sign``. If there are many, dots replace the last ones."""
    shown: list[Piece] = []
    for term in terms[:_MOST_TERMS]:
        shown += [sign, term] if shown else [term]
    if len(terms) > _MOST_TERMS:
        shown += [sign, "…"]
    return _row(*shown)


# -- writing -------------------------------------------------------------------------------------------


def number_text(value: float) -> str:
    """Format a number with five significant digits."""
    shown = f"{value:.5g}"
    return shown.replace("-", "−")


def text_of(term: Term) -> str:
    """Format a formula as one line of text."""
    match term.kind:
        case "symbol":
            return term.symbol
        case "operator":
            return f" {term.symbol} " if term.symbol in _BINARY else _SHOWN.get(term.symbol, term.symbol)
        case "number":
            return number_text(term.value) if term.value >= 0 else f"({number_text(term.value)})"
        case "sub":
            index = text_of(term.parts[1])
            return text_of(term.parts[0]) + (index.translate(_NARROW) if index.isdigit() else f"_{index}")
        case "power":
            exponent = text_of(term.parts[1])
            bare = exponent.isalnum() or exponent.startswith("(")
            return f"{text_of(term.parts[0])}^{exponent if bare else f'({exponent})'}"
        case "fraction":
            top, bottom = map(text_of, term.parts)
            return f"{_grouped(top)} / {_grouped(bottom)}"
    return "".join(map(text_of, term.parts))


def _grouped(text: str) -> str:
    return f"({text})" if " " in text else text


def mathml_of(term: Term) -> str:
    """Format a formula as MathML. The attribute ``data-value`` holds the full precision of a number.

    Each term of a sum becomes a ``<math>`` element of its own, because browsers do not break lines inside of one.
    """
    made = [f'<math displaystyle="true"><mrow>{"".join(map(_mathml, each))}</mrow></math>' for each in _terms_of(term)]
    return f'<div class="formula">{" ".join(made)}</div>'


def _terms_of(term: Term) -> list[list[Term]]:
    """Split a formula into parts, each a list of terms, so that a line can break before each part.

    Parts begin at operators that are not inside parentheses.
    """
    pieces: list[Term] = []
    waiting = [term]
    while waiting:
        piece = waiting.pop()
        if piece.kind == "row":
            waiting += reversed(piece.parts)
        else:
            pieces.append(piece)
    parted: list[list[Term]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece.symbol == "(") - (piece.symbol == ")")
        if piece.symbol in _BREAKING and depth == 0 and parted[-1]:
            parted.append([])
        parted[-1].append(piece)
    return parted


def _mathml(term: Term) -> str:
    parts = [_mathml(part) for part in term.parts]
    match term.kind:
        case "symbol":
            space = '<mspace width="0.2em"/>' if term.symbol.endswith(" ") else ""
            return f"<mi>{escape(term.symbol.rstrip())}</mi>{space}"
        case "operator":
            # Browsers treat a plus at the start of <math> as a sign and omit the space after it; "infix" prevents this.
            fixed = ' stretchy="false"' if term.symbol in "()" else ' form="infix"' if term.symbol in _BREAKING else ""
            return f"<mo{fixed}>{escape(_SHOWN.get(term.symbol, term.symbol))}</mo>"
        case "number" | "result":
            number = f'<mn data-value="{term.value!r}">{number_text(abs(term.value))}</mn>'
            if term.kind == "result":
                return number if term.value >= 0 else f"<mrow><mo>−</mo>{number}</mrow>"
            return number if term.value >= 0 else f"<mrow><mo>(</mo><mo>−</mo>{number}<mo>)</mo></mrow>"
        case "sub":
            return f"<msub>{parts[0]}{parts[1]}</msub>"
        case "power":
            return f"<msup>{parts[0]}{parts[1]}</msup>"
        case "fraction":
            return f"<mfrac>{parts[0]}{parts[1]}</mfrac>"
    return f"<mrow>{''.join(parts)}</mrow>"


# -- notations -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notation:
    """The symbols that one publication uses for the quantities of a step.

    Attributes
    ----------
    name : str
        "rong" (Rong 2014), "mikolov" (Mikolov et al. 2013) or "theta" (θ and x, with gradient ascent).
    input_vector, output_vector : callable
        Functions of a name that return a term: the first for the input vector of a word, the second for the vector of
        an output row.
    hidden, score, rate : str
        Symbols of the hidden vector, of a score and of the learning rate.
    label : str
        Symbol of the label of an output row.
    error : str
        Symbol of the error of an output row: probability - label, or label - probability with ``ascent``.
    output_symbol : str
        Symbol of the vector of an output row, without an index.
    hidden_gradient : str
        Symbol of the gradient with respect to the hidden vector.
    ascent : bool
        True if updates add the learning rate times (label - probability), False if they subtract the learning rate
        times (probability - label).
    """

    name: str
    input_vector: Callable[[str], Term]
    output_vector: Callable[[str], Term]
    hidden: str
    score: str
    rate: str
    label: str
    error: str
    output_symbol: str
    hidden_gradient: str
    ascent: bool


def notation_of(name: str, architecture: str = "skip-gram") -> Notation:
    """Return the notation named "rong", "mikolov" or "theta".

    Raises
    ------
    ConfigError
        The name is unknown.
    """
    match name:
        case "rong":
            return Notation(
                name, lambda word: _sub("v", word), lambda row: _sub("v′", row), "h", "u", "η", "t", "EI", "v′", "EH",
                False,
            )  # fmt: skip
        case "mikolov":
            hidden = "v̄" if architecture == "cbow" else "v"
            return Notation(
                name, lambda word: _sub("v", word), lambda row: _sub("v′", row), hidden, "s", "α", "t", "e", "v′",
                f"∂E/∂{hidden}", False,
            )  # fmt: skip
        case "theta":
            return Notation(
                name, lambda word: _sub("x", word), lambda row: Term("power", (_term("θ"), _term(row))), "x", "s", "η",
                "I", "g", "θ", "∂log p/∂x", True,
            )  # fmt: skip
    raise ConfigError("notation", "must be one of " + ", ".join(f'"{each}"' for each in NOTATIONS), name)


def _at(vector: Term, component: int) -> Term:
    """Return the term for one component of a vector. ``component`` counts from 0; the index shown counts from 1."""
    return (
        _sub(_row("(", vector, ")"), str(component + 1)) if vector.kind == "power" else _with_index(vector, component)
    )


def _with_index(vector: Term, component: int) -> Term:
    if vector.kind == "sub":
        return Term("sub", (vector.parts[0], _row(vector.parts[1], ",", str(component + 1))))
    return _sub(vector, str(component + 1))


# -- the equations of a step ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation for one value of a step.

    Attributes
    ----------
    name : str
        "hidden", "score", "probability", "loss", "error", "hidden_gradient", "output_update" or "input_update".
    symbols : Term
        The equation with symbols.
    numbers : Term
        The right side of the equation with numbers.
    value : float
        The result.
    """

    name: str
    symbols: Term
    numbers: Term
    value: float

    def to_text(self) -> str:
        """Format the formula, the numbers and the result as one line of text."""
        numbers = "" if self._is_copy else f" = {text_of(self.numbers)}"
        return f"{text_of(self.symbols)}{numbers} = {number_text(self.value)}"

    def to_mathml(self) -> str:
        """Format the formula as MathML, followed by the numbers and the result."""
        numbers = () if self._is_copy else ("=", self.numbers)
        return mathml_of(self.symbols) + mathml_of(_row(*numbers, "=", Term("result", value=self.value)))

    @property
    def _is_copy(self) -> bool:
        """Return whether the right side is a single number. The equation then only repeats its result."""
        term = self.numbers
        while term.kind == "row" and len(term.parts) == 1:
            term = term.parts[0]
        return term.kind == "number" and term.value == self.value

    def to_mathml_question(self) -> str:
        """Format the equation like :meth:`to_mathml`, with a question mark in place of the result."""
        return mathml_of(self.symbols) + mathml_of(_row("=", self.numbers, "=", "?"))

    def to_mathml_symbols(self) -> str:
        """Return MathML of the equation with symbols only."""
        return mathml_of(self.symbols)


def equations(
    step: Step,
    objective: str,
    *,
    row: int = 0,
    component: int = 0,
    input_row: int = 0,
    notation: str = "rong",
    cbow_combine: str = "mean",
) -> list[Equation]:
    """Return the equations of a step for one output row and one component of the vectors.

    Parameters
    ----------
    step : Step
        A step of :class:`wordkin.lesson.Course`.
    objective : str
        One of the trained objectives.
    row : int, default 0
        Index of the output row among the rows that the step uses. The row must not be ``ignored`` (see
        :class:`wordkin.lesson.views.OutputRow`).
    component : int, default 0
        Index of the vector component, from 0.
    input_row : int, default 0
        Index of the row of W whose update is shown, among the changed rows.
    notation : {"rong", "mikolov", "theta"}, default "rong"
        The notation.
    cbow_combine : {"mean", "sum"}, default "mean"
        The value of this option in the lesson.

    Returns
    -------
    list of Equation
        The equations, from the hidden vector to the updates.
    """
    view = next(each for each in step.objectives if each.objective == objective)
    marks = notation_of(notation, "cbow" if len(step.inputs) > 1 else "skip-gram")
    if not view.rows:  # if there is only one word, its path in the tree is empty
        return [_hidden(step, component, marks, cbow_combine)]
    output = view.rows[row]
    outputs_before = {
        change.row_id: change
        for table in step.tables
        if table.name == "output_vectors" and table.objective == objective
        for change in table.changes
    }
    found = [_hidden(step, component, marks, cbow_combine)]
    if output.row_id in outputs_before:
        found.append(_score(step, output.output, output.score, outputs_before[output.row_id].before, marks))
    found += [_probability(view, output, marks), _loss(view, marks), _error(view, output, marks)]
    found.append(_hidden_gradient(view, {key: each.before for key, each in outputs_before.items()}, component, marks))
    if output.row_id in outputs_before:
        change = outputs_before[output.row_id]
        found.append(_output_update(step, view, output, change, component, marks))
    return [*found, *_input_update(step, component, input_row, marks)]


def _hidden(step: Step, component: int, marks: Notation, cbow_combine: str) -> Equation:
    left = _at(_term(marks.hidden), component)
    vectors = [_at(marks.input_vector(each.word), component) for each in step.inputs]
    numbers = [each.row[component] for each in step.inputs]
    symbols: Term = _sum(vectors)
    values: Term = _sum(numbers)
    if len(vectors) > 1 and cbow_combine == "mean":
        symbols, values = _fraction(symbols, float(len(vectors))), _fraction(values, float(len(vectors)))
    bias = step.hidden[component] - sum(numbers) / (len(numbers) if cbow_combine == "mean" else 1)
    if any(table.name == "projection_bias" for table in step.tables):
        symbols, values = _row(symbols, "+", _sub("b", str(component + 1))), _row(values, "+", bias)
    return Equation("hidden", _row(left, "=", symbols), values, step.hidden[component])


def _score(step: Step, name: str, score: float | None, vector: Sequence[float], marks: Notation) -> Equation:
    products = [_row(value, "·", hidden) for value, hidden in zip(vector, step.hidden, strict=True)]
    assert score is not None
    symbols = _row(_sub(marks.score, name), "=", marks.output_vector(name), "·", marks.hidden)
    numbers = _sum(products)
    bias = score - sum(value * hidden for value, hidden in zip(vector, step.hidden, strict=True))
    if any(table.name == "output_bias" for table in step.tables):
        symbols, numbers = _row(symbols, "+", _sub("b′", name)), _row(numbers, "+", bias)
    return Equation("score", symbols, numbers, score)


def _probability(view: ObjectiveView, output: OutputRow, marks: Notation) -> Equation:
    assert output.score is not None and output.probability is not None
    score = _sub(marks.score, output.output)
    if view.objective == "softmax":
        scores = [each.score for each in view.rows if each.score is not None]
        symbols = _fraction(_power("e", score), _row("Σ", _power("e", _sub(marks.score, "j"))))
        numbers = _fraction(_power("e", output.score), _sum([_power("e", value) for value in scores]))
        left = _sub("y", output.output)
        return Equation("probability", _row(left, "=", symbols), numbers, output.probability)
    return _sigmoid("probability", _row("σ", "(", score, ")"), score, output.score, output.probability)


def _sigmoid(name: str, left: Term, symbol: Term, score: float, value: float, *, opposite: bool = False) -> Equation:
    """Return the equation for σ(score), or for σ(-score) if ``opposite``."""
    sign: list[Piece] = [] if opposite else [_MINUS]
    symbols = _fraction(1.0, _row(1.0, "+", _power("e", _row(*sign, symbol))))
    numbers = _fraction(1.0, _row(1.0, "+", _power("e", _row(*sign, score))))
    return Equation(name, _row(left, "=", symbols), numbers, value)


def _power(base: Piece, exponent: Piece) -> Term:
    return Term("power", (_term(base), _term(exponent)))


def _loss(view: ObjectiveView, marks: Notation) -> Equation:
    terms = [_log_term(view, row, marks) for row in view.rows if _has_loss(view, row)]
    symbols, numbers = [each for each, _ in terms], [each for _, each in terms]
    left = _row("log ", "p") if marks.ascent else _row("E")
    sign: list[Piece] = [] if marks.ascent else [_MINUS]
    value = -view.loss if marks.ascent else view.loss
    joined, filled = _sum(symbols, "+" if marks.ascent else "−"), _sum(numbers, "+" if marks.ascent else "−")
    return Equation("loss", _row(left, "=", *sign, joined), _row(*sign, filled), value)


def _has_loss(view: ObjectiveView, row: OutputRow) -> bool:
    return row.probability is not None and (view.objective != "softmax" or row.times > 0)


def _log_term(view: ObjectiveView, row: OutputRow, marks: Notation) -> tuple[Term, Term]:
    """Return the logarithm that an output row contributes to the loss: a term with symbols and one with numbers."""
    assert row.probability is not None
    if view.objective == "softmax":
        mark, probability = _sub("y", row.output), row.probability
        factor: list[Piece] = [float(row.times)] if row.times > 1 else []
        return _row(*factor, "log ", mark), _row(*factor, "log ", probability)
    score = _sub(marks.score, row.output)
    mark = _row("σ", "(", score, ")") if row.label else _row("σ", "(", _MINUS, score, ")")
    return _row("log ", mark), _row("log ", row.probability if row.label else 1.0 - row.probability)


def _label_mark(view: ObjectiveView, output: OutputRow, marks: Notation) -> Term:
    if view.objective == "softmax" and len(view.outputs) > 1:
        return _sub("n", output.output)
    return _sub(marks.label, output.output)


def _expected_mark(view: ObjectiveView, output: OutputRow, marks: Notation) -> Term:
    if view.objective == "softmax":
        mark = _sub("y", output.output)
        return _row("C", "·", mark) if len(view.outputs) > 1 else mark
    return _row("σ", "(", _sub(marks.score, output.output), ")")


def _error_symbol(output: OutputRow, marks: Notation) -> Term:
    return _sub(marks.error, output.output)


def _signed(output: OutputRow, marks: Notation) -> float:
    assert output.error is not None
    return 0.0 - output.error if marks.ascent else output.error


def _error(view: ObjectiveView, output: OutputRow, marks: Notation) -> Equation:
    assert output.expected is not None
    label, expected = _label_mark(view, output, marks), _expected_mark(view, output, marks)
    left = _error_symbol(output, marks)
    if marks.ascent:
        symbols, numbers = _row(label, "−", expected), _row(float(output.times), "−", output.expected)
    else:
        symbols, numbers = _row(expected, "−", label), _row(output.expected, "−", float(output.times))
    return Equation("error", _row(left, "=", symbols), numbers, _signed(output, marks))


def _hidden_gradient(view: ObjectiveView, before: dict[int, list[float]], component: int, marks: Notation) -> Equation:
    counted = [row for row in view.rows if not row.ignored and row.row_id in before]
    symbols = [_row(_error_symbol(row, marks), "·", _at(marks.output_vector(row.output), component)) for row in counted]
    numbers = [_row(_signed(row, marks), "·", before[row.row_id][component]) for row in counted]
    value = view.hidden_gradient[component]
    left = _at(_term(marks.hidden_gradient), component)
    return Equation(
        "hidden_gradient", _row(left, "=", _sum(symbols)), _sum(numbers), 0.0 - value if marks.ascent else value
    )


def _output_update(
    step: Step, view: ObjectiveView, output: OutputRow, change: RowChange, component: int, marks: Notation
) -> Equation:
    """Return the equation for the update of one output row.

    If the row belongs to a noise word that was drawn n times, the equation has the factor n.
    """
    times = sum(row.row_id == output.row_id and not row.ignored for row in view.rows)
    often: list[Piece] = [float(times), "·"] if times > 1 else []
    hidden = _at(_term(marks.hidden), component)
    factor = _row(marks.rate, "·", *often, _error_symbol(output, marks), "·", hidden)
    amount = _row(step.learning_rate, "·", *often, _signed(output, marks), "·", step.hidden[component])
    vector = _at(marks.output_vector(output.output), component)
    return _update("output_update", vector, factor, change.before[component], amount, marks, change.after[component])


def _update(
    name: str, vector: Term, factor: Term, before: float, amount: Term, marks: Notation, after: float
) -> Equation:
    sign = "+" if marks.ascent else "−"
    return Equation(name, _row(vector, "←", vector, sign, factor), _row(before, sign, amount), after)


def _input_update(step: Step, component: int, input_row: int, marks: Notation) -> list[Equation]:
    """Return a list with the equation for the update of an input row; [] if no input row changes."""
    changes = [each for table in step.tables if table.name == "input_vectors" for each in table.changes]
    if not changes:
        return []
    change = changes[input_row]
    gradient = step.hidden_gradient[component]
    signed = 0.0 - gradient if marks.ascent else gradient
    times = 1.0
    if gradient:
        times = -change.step[component] / (step.learning_rate * gradient)
    left = _at(_term(marks.hidden_gradient), component)
    factor = _row(marks.rate, "·", left)
    amount = _row(step.learning_rate, "·", signed)
    if abs(times - 1.0) > 1e-9:  # the mean with the exact gradient, or a word that occurs twice in the context
        context = float(len(step.inputs))
        share = round(times * context)
        factor = _row(factor, "·", _fraction(float(share), "C")) if share != context else _row(factor)
        amount = _row(amount, "·", _fraction(float(share), context))
    vector = _at(marks.input_vector(change.row), component)
    return [_update("input_update", vector, factor, change.before[component], amount, marks, change.after[component])]


# -- the equations of single numbers -------------------------------------------------------------------


def cell_equations(
    step: Step, objective: str, *, row: int = 0, component: int = 0, input_row: int = 0, notation: str = "rong"
) -> list[Equation]:
    """Return equations of numbers that :func:`equations` leaves out because they are parts of others.

    Parameters
    ----------
    step, objective, row, component, input_row, notation
        See :func:`equations`.

    Returns
    -------
    list of Equation
        The equations have these names. "row_loss" is the contribution of the output row to the loss. "output_step" and
        "input_step" are the number that the step adds to the component of the output row and of the input row.
        "output_before" and "input_before" are the component before the step. If a row does not change, its equations
        are left out.
    """
    view = next(each for each in step.objectives if each.objective == objective)
    marks = notation_of(notation, "cbow" if len(step.inputs) > 1 else "skip-gram")
    found: list[Equation] = []
    if view.rows and _has_loss(view, view.rows[row]):
        found.append(_row_loss(view, view.rows[row], marks))
    changes = {table.name: table.changes for table in step.tables if table.objective in (None, objective)}
    for each in equations(step, objective, row=row, component=component, input_row=input_row, notation=notation):
        if each.name == "output_update":
            moved = next(change for change in changes["output_vectors"] if change.row_id == view.rows[row].row_id)
            found += _parts_of_update(each, moved.step[component], marks)
        elif each.name == "input_update":
            found += _parts_of_update(each, changes["input_vectors"][input_row].step[component], marks)
    return found


def _row_loss(view: ObjectiveView, row: OutputRow, marks: Notation) -> Equation:
    assert row.loss is not None
    symbols, numbers = _log_term(view, row, marks)
    left = _row(_MINUS, "log ", _sub("p", row.output)) if marks.ascent else _sub("E", row.output)
    return Equation("row_loss", _row(left, "=", _MINUS, symbols), _row(_MINUS, numbers), row.loss)


def _parts_of_update(update: Equation, added: float, marks: Notation) -> list[Equation]:
    """Return two equations that an update consists of: the value before the step, and the number that is added."""
    vector, _, _, _, factor = update.symbols.parts
    before, _, amount = update.numbers.parts
    kind = update.name.removesuffix("_update")
    sign: list[Piece] = [] if marks.ascent else [_MINUS]
    left = _row("Δ ", vector)
    step = Equation(f"{kind}_step", _row(left, "=", *sign, factor), _row(*sign, amount), added)
    return [Equation(f"{kind}_before", vector, _row(before), before.value), step]


def path_equations(
    step: Step,
    word: str,
    path: Sequence[PathNode],
    vectors: Sequence[Sequence[float]],
    index: int,
    notation: str = "rong",
) -> list[Equation]:
    """Return the equations of one inner node on the path from the root to a word.

    Parameters
    ----------
    step : Step
        The step whose hidden vector scores the nodes.
    word : str
        The word. It need not be the true word of the step.
    path : sequence of PathNode
        The nodes from the root to the word.
    vectors : sequence of sequence of float
        The output vector of each of these nodes.
    index : int
        Index of the node in the path.
    notation : {"rong", "mikolov", "theta"}, default "rong"
        The notation.

    Returns
    -------
    list of Equation
        The equations have these names. "score" is the score of the node. "left" and "right" are the probabilities of
        its branches. "node_loss" is its contribution to the loss. "product" is the product of the branch probabilities
        from the root to the node. "leaf" is the probability of the word.
    """
    marks = notation_of(notation, "cbow" if len(step.inputs) > 1 else "skip-gram")
    node = path[index]
    score = _sub(marks.score, node.node)
    left, right = _row("σ", "(", score, ")"), _row("σ", "(", _MINUS, score, ")")
    taken = [_branch_mark(each, marks) for each in path]
    chances = [each.branch_probability for each in path]
    mark = _row(_MINUS, "log ", _sub("p", node.node)) if marks.ascent else _sub("E", node.node)
    loss = -math.log(node.branch_probability)
    so_far = _product(taken[: index + 1]), _product(chances[: index + 1])
    return [
        _score(step, node.node, node.score, vectors[index], marks),
        _sigmoid("left", left, score, node.score, node.left),
        _sigmoid("right", right, score, node.score, node.right, opposite=True),
        Equation("node_loss", _row(mark, "=", _MINUS, "log ", taken[index]),
                 _row(_MINUS, "log ", node.branch_probability), loss),
        Equation("product", so_far[0], so_far[1], node.product),
        Equation("leaf", _row("p", "(", word, ")", "=", _product(taken)), _product(chances), path[-1].product),
    ]  # fmt: skip


def _branch_mark(node: PathNode, marks: Notation) -> Term:
    score = _sub(marks.score, node.node)
    return _row("σ", "(", _MINUS, score, ")") if node.bit else _row("σ", "(", score, ")")


def _product(factors: Sequence[Piece]) -> Term:
    return _sum(factors, "·")
