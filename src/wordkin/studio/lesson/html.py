"""Format numbers, tables and drawings of a step as HTML. All words are escaped by :func:`text`.

A number is shown rounded. Its attribute ``data-value`` holds the full precision, and ``data-name`` its name. The
attribute ``data-from`` of a cell lists the rows that it was computed from (such as ``w3``, ``o5``, ``h``), and
``data-row`` is the name of a row. If the user points at a cell, the rows that it was computed from are marked; see
:mod:`wordkin.studio.lesson.explain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_CELL = re.compile(r"<t[dh]([^>]*)>")
_LEFT = re.compile(r'scope="row"|class="(left|barred|share)\b')


def text(value: object) -> str:
    """Escape a value for HTML."""
    return escape(str(value))


def shown(value: float, digits: int = 4) -> str:
    """Format a rounded number, with a typographic minus sign."""
    small = digits >= 4 and value != 0 and abs(value) < 0.5 * 10.0**-digits
    rounded = f"{value:.1e}" if small else f"{value:,.{digits}f}"
    return rounded.replace("-", "−")


def number(value: float | None, name: str = "", digits: int = 4, *, equation: str = "") -> str:
    """Format a number; None becomes a dash. Pointing at the number shows its ``equation``."""
    if value is None:
        return "-"
    named = f' data-name="{text(name)}"' if name else ""
    pointed = f' tabindex="0" data-equation-of="{equation}"' if equation else ""
    return f'<span class="num"{pointed}{named} data-value="{value!r}">{shown(value, digits)}</span>'


def cell(
    value: float | None, name: str = "", *, came_from: str = "", equation: str = "", first: bool = False,
    scale: float = 0.0, digits: int = 4,
) -> str:  # fmt: skip
    """Format a table cell with a number. With ``scale``, the background is stronger for larger absolute values.

    Pointing at the cell shows its ``equation``. The Tab key stops only at one cell of a table, which is marked by
    ``first``.
    """
    background = ""
    if scale and value is not None:
        share = min(1.0, abs(value) / scale)
        background = f' class="{"neg" if value < 0 else "pos"}" style="--share:{share:.3f}"'
    return f"<td{background}{_pointed(came_from, equation, first)}>{number(value, name, digits)}</td>"


def _pointed(came_from: str, equation: str, first: bool) -> str:
    source = f' data-from="{came_from}"' if came_from else ""
    return f'{source} tabindex="{0 if first else -1}" data-equation-of="{equation}"' if equation else source


def table(heads: Sequence[str], rows: Iterable[str], *, caption: str = "", classes: str = "") -> str:
    """Format a table. ``rows`` are made by :func:`row`. A heading is aligned like the cells below it."""
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    made = list(rows)
    cells = _CELL.findall(made[0]) if made else []
    left = [index for index, each in enumerate(cells) if _LEFT.search(each)]
    top = "".join(
        f'<th scope="col"{" class=left" if index in left else ""}>{text(head)}</th>' for index, head in enumerate(heads)
    )
    head = f"<thead><tr>{top}</tr></thead>" if heads else ""
    body = f"<tbody>{''.join(made)}</tbody>"
    return f'<div class="scroll-x"><table class="lesson {classes}">{title}{head}{body}</table></div>'


def row(head: object, cells: Iterable[str], *, key: str = "", classes: str = "", leaf: int | None = None) -> str:
    """Format a table row with a heading.

    Other cells refer to the row by ``key`` in their attribute ``data-from``. ``leaf`` is the id of a word whose path a
    click shows.
    """
    marked = f' data-row="{key}"' if key else ""
    marked += f' data-leaf="{leaf}"' if leaf is not None else ""
    return f'<tr{marked} class="{classes}"><th scope="row">{text(head)}</th>{"".join(cells)}</tr>'


def plain(value: object, classes: str = "") -> str:
    """Format a table cell with text."""
    return f'<td class="{classes}">{text(value)}</td>'


def formula_cell(symbols: str, numbers: str) -> str:
    """Format a table cell with a formula: one line with symbols and one with numbers, which the browser may wrap."""
    return f'<td class="left formula-cell">= {text(symbols)}<br>= {text(numbers)}</td>'


def bar(share: float, *, classes: str = "") -> str:
    """Format a bar for a value from 0 to 1."""
    return f'<span class="share-bar {classes}" style="--share:{max(0.0, min(1.0, share)):.4f}"></span>'


def share_cell(share: float, name: str, *, equation: str, came_from: str) -> str:
    """Format a table cell with a small bar and its number, which has an equation."""
    return f'<td class="share"{_pointed(came_from, equation, False)}>{bar(0.4 * share)}{number(share, name)}</td>'


def bar_cell(share: float, name: str = "", *, classes: str = "", of: float | None = None, equation: str = "") -> str:
    """Format a table cell with a bar and its number. With ``of``, the bar shows ``share / of`` and has no number."""
    if of is not None:
        return f'<td class="barred">{bar(share / of, classes=classes)}</td>'
    pointed = _pointed("", equation, False)
    return f'<td class="barred"{pointed}>{bar(share, classes=classes)}{number(share, name)}</td>'


def grid(
    names: Sequence[str], values: Sequence[Sequence[float | None]], prefix: str, *, caption: str, scale: float = 1.0,
    columns: Sequence[str] | None = None, digits: int = 2, key: str = "",
) -> str:  # fmt: skip
    """Format a grid of numbers in coloured cells, with one row for each name."""
    rows = [
        row(
            name,
            [cell(value, f"{prefix}.{i}.{j}", scale=scale, digits=digits) for j, value in enumerate(line)],
            key=f"{key}{i}" if key else "",
        )
        for i, (name, line) in enumerate(zip(names, values, strict=True))
    ]
    return table(["", *(columns if columns is not None else names)], rows, caption=caption, classes="heat")


def path_of(points: Iterable[tuple[float, float]]) -> str:
    """Format points as the attribute ``d`` of an SVG path, which joins them by lines."""
    return " ".join(f"{'M' if index == 0 else 'L'}{x:.2f},{y:.2f}" for index, (x, y) in enumerate(points))


def drawing(content: str, width: int, height: int, label: str, *, least: int = 320, classes: str = "") -> str:
    """Format an SVG drawing. It shrinks with the page, but not below ``least`` pixels; a narrower page scrolls it."""
    style = f"max-width:{width * 1.3:.0f}px;min-width:{min(width, least)}px"
    return (
        f'<div class="scroll-x"><svg class="drawing {classes}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{text(label)}" style="{style}">{content}</svg></div>'
    )


def label(x: float, y: float, value: object, *, anchor: str = "middle", classes: str = "") -> str:
    """Format text in a drawing."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{classes}">{text(value)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, classes: str = "") -> str:
    """Format a line in a drawing."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{classes}"/>'


def _tick(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}".replace("-", "−")


def curve(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, x_label: str, y_label: str, label_text: str,
    mark_x: float | None = None, width: int = 520, height: int = 240,
) -> str:  # fmt: skip
    """Draw curves over common axes. ``series`` holds (name, points) for each curve."""
    xs = [x for _, points in series for x, _ in points]
    ys = [y for _, points in series for _, y in points]
    if not xs:
        return ""
    left, bottom, low_x, high_x = 48, height - 34, min(xs), max(max(xs), min(xs) + 1e-12)
    low_y, high_y = min(0.0, *ys), max(max(ys), 1e-12)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            left + (x - low_x) / (high_x - low_x) * (width - left - 30),
            bottom - (y - low_y) / (high_y - low_y) * (bottom - 16),
        )

    parts = [line(left, bottom, width - 12, bottom, "axis"), line(left, 16, left, bottom, "axis")]
    for share in (0.0, 0.5, 1.0):
        x, y = low_x + share * (high_x - low_x), low_y + share * (high_y - low_y)
        parts.append(label(at(x, low_y)[0], bottom + 16, _tick(x), classes="small"))
        parts.append(label(left - 6, at(low_x, y)[1] + 4, _tick(y), anchor="end", classes="small"))
    for index, (name, points) in enumerate(series):
        placed = [at(x, y) for x, y in points]
        parts.append(f'<path d="{path_of(placed)}" class="curve c{index % 4}"/>')
        if len(series) > 1:
            parts.append(label(left + 16, 60 + 18 * index, name, anchor="start", classes=f"legend c{index % 4}"))
    if mark_x is not None:
        x = at(mark_x, low_y)[0]
        parts.append(line(x, 16, x, bottom, "now"))
    parts.append(label((left + width) / 2, height - 3, x_label, classes="small"))
    parts.append(label(left, 11, y_label, anchor="start", classes="small"))
    return drawing("".join(parts), width, height, label_text)
