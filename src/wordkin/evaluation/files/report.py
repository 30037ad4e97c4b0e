"""The description of how a benchmark file was interpreted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_DROPPED_SHOWN = 3


@dataclass(frozen=True)
class FileReading:
    """How a benchmark file was interpreted.

    Attributes
    ----------
    kind : str
        "analogies", "similarity", "categories", "odd-one-out" or "relations".
    delimiter : str
        Column separator: "tab", "comma", "semicolon", "colon", "bar" or "space".
    decimal : str or None
        Decimal mark of the scores; None if there are no scores, or only whole numbers.
    header : tuple of str or None
        Cells of the header line; None if the file has no header.
    columns : dict of str to int
        Column number (from 1) of each part of an item, such as "first", "second" and "score" for similarity.
    used : int
        Number of rows that became items.
    dropped : tuple of (int, str)
        Line number and reason for each row skipped because of ``bad_items="skip"``.
    comments : int
        Number of comment lines.
    files : tuple of str
        Names of the files if several were read: the benchmark and its file of scores, or the files of a directory.
    notes : tuple of str
        Other processing, such as "50 pairs became 2,450 questions".
    """

    kind: str
    delimiter: str
    decimal: str | None = None
    header: tuple[str, ...] | None = None
    columns: dict[str, int] | None = None
    used: int = 0
    dropped: tuple[tuple[int, str], ...] = ()
    comments: int = 0
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the description as a JSON-compatible dict."""
        return {
            "kind": self.kind,
            "delimiter": self.delimiter,
            "decimal": self.decimal,
            "header": None if self.header is None else list(self.header),
            "columns": self.columns or {},
            "used": self.used,
            "dropped": [{"line": line, "reason": reason} for line, reason in self.dropped],
            "comments": self.comments,
            "files": list(self.files),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Describe the interpretation in one line.

        >>> print(FileReading("similarity", "tab", columns={"first": 1, "second": 2, "score": 4}, used=999))
        read as similarity: by tab, no header, columns 1 first, 2 second, 4 score; 999 rows used, none left out
        """
        parts = [f"by {self.delimiter}"]
        if self.decimal == ",":
            parts.append("decimal comma")
        parts.append("no header" if self.header is None else "header in the first line")
        if self.columns:
            parts.append("columns " + ", ".join(self._column(role, at) for role, at in self.columns.items()))
        text = f"read as {self.kind}: {', '.join(parts)}; {self.used:,} rows used, "
        text += f"{len(self.dropped):,} left out" if self.dropped else "none left out"
        if self.dropped:
            first = "; ".join(f"line {line}: {reason}" for line, reason in self.dropped[:_DROPPED_SHOWN])
            text += f" ({first}{'; ...' if len(self.dropped) > _DROPPED_SHOWN else ''})"
        if self.comments:
            text += f", {self.comments:,} lines of comments"
        return "; ".join([text, *self.notes])

    def _column(self, role: str, at: int) -> str:
        named = self.header is not None and at <= len(self.header) and self.header[at - 1]
        return f"{at} {role} ({self.header[at - 1]!r})" if named and self.header else f"{at} {role}"
