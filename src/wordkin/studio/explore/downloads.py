"""Downloads from pages: tables as CSV, pictures as PNG."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Sequence

from nicegui import ui


def table_as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Format a table as CSV in UTF-8, with the byte order mark that spreadsheets expect.

    A cell that a spreadsheet would interpret as a formula gets a quote before its text.

    >>> table_as_csv(["word", "cosine"], [("a,b", 0.5), ("=1+1", -0.25)]).decode("utf-8-sig")
    'word,cosine\\r\\n"a,b",0.5\\r\\n\\'=1+1,-0.25\\r\\n'
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def give_csv(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Let the browser download a table."""
    ui.download.content(table_as_csv(head, rows), file_name(name, "csv"), "text/csv")


def give_picture(name: str, address: str) -> None:
    """Let the browser download a picture, passed as a data URL of a PNG."""
    content = base64.b64decode(address.partition(",")[2])
    ui.download.content(content, file_name(name, "png"), "image/png")


def file_name(name: str, suffix: str) -> str:
    """Convert a name to a file name that is valid on every system.

    >>> file_name("a/b <c>", "csv"), file_name("서울", "png")
    ('a-b-c.csv', '서울.png')
    """
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80]
    return f"{plain or 'wordkin'}.{suffix}"


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
