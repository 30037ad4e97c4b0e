"""Popovers with equations. If the user points at a number of the flow, its equation is shown.

A table cell with an equation has the attribute ``data-equation-of``, whose value :func:`equation_key` makes. The
equation is built only when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element

from wordkin.lesson import ObjectiveView, Step, depict
from wordkin.lesson.equations import Equation, cell_equations, equations, path_equations
from wordkin.studio.lesson.tab import Tab
from wordkin.studio.live import LiveHtml

# Sends the key and the position of the cell under the pointer or with the keyboard focus to the server; "" for none or
# after Escape. It also marks the rows that the cell was computed from. A CSS rule with :has() could mark them, too, but
# browsers then recompute all styles at each step, which takes longer than everything else.
_TELL = """(event) => {
  const cell = event.type === 'keydown' ? null : event.target.closest?.('[data-equation-of]');
  if (event.type === 'keydown' && event.key !== 'Escape') return;
  const key = event.type === 'mouseleave' ? '' : cell?.dataset.equationOf ?? '';
  const shown = event.currentTarget?.dataset ?? {};
  if (key === (shown.explained ?? '')) return;
  shown.explained = key;
  for (const row of event.currentTarget.querySelectorAll('.came-from')) row.classList.remove('came-from');
  for (const source of cell?.dataset.from?.split(' ') ?? [])
    for (const row of event.currentTarget.querySelectorAll(`[data-row="${source}"]`)) row.classList.add('came-from');
  const at = cell?.getBoundingClientRect() ?? {left: 0, top: 0, bottom: 0};
  // The popover covers no row of the table: it stands below or above it, or at the farther edge of the window.
  const room = 190, around = cell?.closest('table')?.getBoundingClientRect() ?? at;
  const free = around.bottom + room < innerHeight || (around.top > room && around.top < innerHeight);
  const edge = (at.top + at.bottom) / 2 < innerHeight / 2 ? innerHeight : 0;
  const place = free ? around : {top: edge, bottom: edge};
  emit(key, at.left, place.top, place.bottom, innerWidth, innerHeight);
}"""
# Arrow keys move the focus between the cells of a table; the Tab key stops only once per table.
_WALK = """(event) => {
  const cell = event.target.closest?.('td[data-equation-of]');
  const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
  if (!cell || !step) return;
  const rows = [...cell.closest('table').rows].map(row => [...row.querySelectorAll('td[data-equation-of]')])
    .filter(row => row.length);
  const y = rows.findIndex(row => row.includes(cell)), x = rows[y].indexOf(cell);
  const row = rows[y + step[0]] ?? [], next = step[0] ? row[Math.min(x, row.length - 1)] : row[x + step[1]];
  if (!next) return;
  event.preventDefault();
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}"""
_OF_A_CELL = ("row_loss", "output_before", "output_step", "input_before", "input_step")
_ON_PATH = "path_"  # beginning of the names of equations that belong to a node on the path to a word
_MARGIN, _WIDTH, _HEIGHT = 8, 36, 190  # distance from the table (pixels), maximum width (rem), least height (pixels)


def equation_key(name: str, *, row: int = 0, component: int = 0, input_row: int = 0, objective: int = 0) -> str:
    """Return the key of one of the equations of :func:`wordkin.lesson.equations.equations`: its name and its indices.

    >>> equation_key("score", row=2)
    'score:2:0:0:0'
    """
    return f"{name}:{row}:{component}:{input_row}:{objective}"


def path_key(name: str, word_id: int, index: int = 0) -> str:
    """Return the key of an equation of :func:`wordkin.lesson.equations.path_equations`.

    >>> path_key("product", 3, 1)
    'path_product:3:1:0:0'
    """
    return equation_key(f"{_ON_PATH}{name}", row=word_id, component=index)


def usual_row(view: ObjectiveView) -> int:
    """Return the index of the first output row of a true word.

    Equations that do not belong to an output row are built for this one.
    """
    return next((index for index, each in enumerate(view.rows) if each.times), 0)


def equation_of(tab: Tab, key: str, step: Step | None = None) -> Equation | None:
    """Return the equation with a key; None if the key is not valid or the step has no equation with it.

    ``step`` is a step that was computed with other noise words. None stands for the current step of the lesson.
    """
    name, *numbers = key.split(":")
    if len(numbers) != 4 or not all(each.isdecimal() and len(each) < 4 for each in numbers):
        return None
    row, component, input_row, objective = map(int, numbers)
    if name.startswith(_ON_PATH):
        return _path_equation(tab, name.removeprefix(_ON_PATH), word_id=row, index=component)
    step = step or tab.step
    if component >= len(step.hidden) or objective >= len(step.objectives):
        return None
    view = step.objectives[objective]
    if view.rows and (row >= len(view.rows) or view.rows[row].ignored):
        return None
    moved = next((len(each.changes) for each in step.tables if each.name == "input_vectors"), 0)
    make = cell_equations if name in _OF_A_CELL else equations
    found = make(
        step, view.objective, row=row, component=component, input_row=min(input_row, max(0, moved - 1)),
        notation=tab.choices.notation,
    )  # fmt: skip
    return next((each for each in found if each.name == name), None)


def _path_equation(tab: Tab, name: str, *, word_id: int, index: int) -> Equation | None:
    """Return the equation ``name`` of node number ``index`` on the path to a word; None if there is none."""
    tree, view = tab.course.text.tree, tab.step.objectives[0]
    if tree is None or not view.nodes or word_id >= len(tree):
        return None
    path = tab.named(depict.path_to(view.nodes, tree, word_id))
    if index >= len(path):
        return None
    rows = tab.taken.before[view.objective].output_vectors
    found = path_equations(
        tab.step, tab.overview.words[word_id].word, path, [rows[node.node_id].tolist() for node in path], index,
        tab.choices.notation,
    )  # fmt: skip
    return next((each for each in found if each.name == name), None)


class Explanation:
    """The popover with the equation of a cell, for one part of the page.

    Its numbers are those of the current step, or of the one that ``step`` returns.
    """

    def __init__(self, tab: Tab, part: Element, step: Callable[[], Step] | None = None) -> None:
        self._tab, self._key, self._step = tab, "", step
        self._popover = LiveHtml().classes("explanation formulas")
        self._popover.props["role"] = "tooltip"
        self._popover.set_visibility(False)
        for event in ("mouseover", "focusin", "mouseleave", "keydown"):
            part.on(event, lambda event: self._asked(event.args), js_handler=_TELL)
        part.on("keydown", js_handler=_WALK)

    def _asked(self, sent: Any) -> None:
        if not isinstance(sent, list) or len(sent) != 6 or not isinstance(sent[0], str):
            return
        self._key = sent[0]
        if self._key:
            left, top, bottom, width, height = (float(each) for each in sent[1:])
            below = bottom + _HEIGHT < height or top <= 0
            upright = f"top:{bottom + _MARGIN:.0f}px" if below else f"bottom:{height - top + _MARGIN:.0f}px"
            self._popover.style(
                replace=f"left:max(0.5rem, min({left:.0f}px, {width:.0f}px - {_WIDTH}rem - 1rem));{upright}"
            )
        self.show()

    def show(self) -> None:
        """Show the equation of the cell under the pointer, with the numbers of the current step."""
        step = self._step() if self._key and self._step else None
        equation = equation_of(self._tab, self._key, step) if self._key else None
        self._popover.set_visibility(equation is not None)
        if equation is not None:
            self._popover.show(f'<div data-equation="{equation.name}">{equation.to_mathml()}</div>')
