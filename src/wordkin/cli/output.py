"""Print results on standard output, as tables or JSON."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wordkin.cli.options import OTHER

if TYPE_CHECKING:
    from rich.text import Text

_NARROWEST_NAME = 12

JsonFlag = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON. The documentation lists the keys.", rich_help_panel=OTHER),
]

# Control characters, surrogates, line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Bidirectional embeddings, overrides and isolates.
_REORDERING_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def print_json(document: object, *, indent: int | None = 2) -> None:
    """Print a document of dicts, sequences, strings and numbers as JSON; NaN and infinities become null.

    Parameters
    ----------
    document : object
        The document to print.
    indent : int or None, default 2
        Spaces per level. None prints one line without spaces, which suits documents that are mostly numbers.
    """
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    separators = (",", ":") if indent is None else None
    ascii_only = encoding != "utf8"
    print(json.dumps(_finite(document), indent=indent, separators=separators, ensure_ascii=ascii_only, allow_nan=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Collection[str] = ()
) -> None:
    """Print rows under column headings.

    If a table is too wide for the terminal, the gaps between columns are reduced and names are wrapped. Numbers are
    never wrapped. If the table is still too wide, each row is printed as a block of lines. In a file or a pipe, a row
    is always one line.

    Parameters
    ----------
    columns : sequence of str
        The column headings.
    rows : iterable of sequence of object
        The cells of each row.
    title : str, default ""
        A line to print above the table.
    right : collection of str, default ()
        Columns to align right, in addition to columns of numbers.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [list(row) for row in rows]
    at_right = [
        head in right or all(isinstance(row[at], int | float | None) for row in cells)
        for at, head in enumerate(columns)
    ]
    texts = [[_shown(cell) for cell in row] for row in cells]
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 10_000)
    gap = _gap(columns, texts, at_right, console.width)
    with console.capture() as drawn:
        if title:
            console.print(Text(title, style="bold"))
        if gap is None:
            console.print(_blocks(columns, texts))
        else:
            table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
            for head, is_right in zip(columns, at_right, strict=True):
                justify: Literal["left", "right"] = "right" if texts and is_right else "left"
                table.add_column(Text(head), justify=justify, overflow="fold", no_wrap=is_right)
            for row in texts:
                table.add_row(*map(Text, row))
            console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def print_text(text: str) -> None:
    """Print one line of text. In a terminal, wrap it at spaces."""
    from rich.console import Console
    from rich.text import Text

    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 10_000).print(
        Text(printable(text))
    )


def _gap(columns: Sequence[str], texts: Sequence[Sequence[str]], at_right: Sequence[bool], width: int) -> int | None:
    """Return the largest gap between columns with which a table fits into ``width``; None if none is small enough.

    Numbers are not wrapped. Names are wrapped to 12 characters.
    """
    from rich.cells import cell_len

    widths = [max([cell_len(head), *(cell_len(row[at]) for row in texts)]) for at, head in enumerate(columns)]
    narrow = [
        widest if is_right else min(widest, _NARROWEST_NAME) for widest, is_right in zip(widths, at_right, strict=True)
    ]
    for gap in (3, 2, 1):
        if sum(narrow) + gap * len(columns) - gap <= width:
            return gap
    return None


def _blocks(columns: Sequence[str], texts: Sequence[Sequence[str]]) -> Text:
    """Format each row as a block of lines.

    The first cell is the heading of the block. Each other cell has a line with its column heading.
    """
    from rich.text import Text

    wide = max(map(len, columns))
    blocks = [
        Text("\n").join(
            [
                Text(row[0], style="bold"),
                *(Text(f"  {head:<{wide}}  {cell}") for head, cell in zip(columns[1:], row[1:], strict=True)),
            ]
        )
        for row in texts
        if any(row)
    ]
    return Text("\n").join(blocks)


def printable(word: str) -> str:
    """Return a word with escapes for characters that could move the cursor or change the order of a line."""
    return "".join(
        mark.encode("unicode_escape").decode("ascii")
        if mark in _REORDERING_MARKS or unicodedata.category(mark) in _UNSAFE_CATEGORIES
        else mark
        for mark in word
    )


def shell_quoted(path: str) -> str:
    """Quote a path for the shell. Bytes that are not UTF-8 are replaced by escapes that bash and zsh understand.

    >>> shell_quoted("a run"), shell_quoted("run\\udcff")
    ("'a run'", "$'run\\\\xff'")
    """
    if not any("\udc80" <= mark <= "\udcff" for mark in path):
        return shlex.quote(path)
    plain = frozenset(range(0x20, 0x7F)) - frozenset(b"'\\")
    return "$'" + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in os.fsencode(path)) + "'"


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
