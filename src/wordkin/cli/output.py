"""Results on standard output: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from wordkin.cli.options import OTHER

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON; the docs list the keys.", rich_help_panel=OTHER)
]

# Controls, separators of lines, halves of surrogate pairs; and marks that reorder the text around them.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REORDERING_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def print_json(document: object, *, indent: int | None = 2) -> None:
    """Print a document made of dicts, sequences, strings and numbers; NaN and infinities become null.

    ``indent=None`` prints it on one line without spaces: for documents that are mostly numbers.
    """
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    separators = (",", ":") if indent is None else None
    ascii_only = encoding != "utf8"
    print(json.dumps(_finite(document), indent=indent, separators=separators, ensure_ascii=ascii_only, allow_nan=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Collection[str] = ()
) -> None:
    """Print rows under column heads, numbers and the columns named in ``right`` at the right.

    Colours are for terminals only. Elsewhere a row is one line however long it is: nothing is cut or folded.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    cells = [list(row) for row in rows]
    for position, head in enumerate(columns):
        at_right = head in right or all(isinstance(row[position], int | float | None) for row in cells)
        table.add_column(Text(head), justify="right" if cells and at_right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if terminal else 10_000)
    with console.capture() as drawn:
        if title:
            console.print(Text(title, style="bold"))
        console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def printable(word: str) -> str:
    """A word as it may be shown: what could move the cursor or reorder the line is escaped."""
    return "".join(
        mark.encode("unicode_escape").decode("ascii")
        if mark in _REORDERING_MARKS or unicodedata.category(mark) in _UNSAFE_CATEGORIES
        else mark
        for mark in word
    )


def _shown(cell: object) -> str:
    match cell:
        case None:
            return "-"
        case float():
            return f"{cell:.4f}"
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
    return printable(str(cell))


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
    return value
