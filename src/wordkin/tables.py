"""Format results as tables: HTML for notebooks, data frames, Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wordkin.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\u2212": "$-$",
    }
)  # fmt: skip
_MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\|*_`<>[]"})


def html_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    note: str = "",
    right: Sequence[str] = (),
) -> str:
    """Format rows as an HTML table, with all text escaped; the columns named in ``right`` are right-aligned."""
    styles = ["text-align: right" if column in right else "text-align: left" for column in columns]

    def cells(tag: str, values: Sequence[object]) -> str:
        return "".join(
            f'<{tag} style="{style}">{html.escape(str(value))}</{tag}>'
            for style, value in zip(styles, values, strict=True)
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>\n" if caption else ""
    below = f"\n<p><small>{html.escape(note)}</small></p>" if note else ""
    return f"<table>\n{title}<thead><tr>{cells('th', columns)}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{below}"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    """Format rows as a table in GitHub-flavoured Markdown; the columns named in ``right`` are right-aligned."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.translate(_MARKDOWN) for cell in cells) + " |"

    marks = "| " + " | ".join("---:" if column in right else "---" for column in columns) + " |"
    return "\n".join([line(columns), marks, *(line(row) for row in rows)])


def latex_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    """Format rows as a LaTeX tabular that uses the package booktabs."""

    def line(cells: Iterable[str]) -> str:
        return " & ".join(cell.translate(_LATEX) for cell in cells) + r" \\"

    alignment = "".join("r" if column in right else "l" for column in columns)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", line(columns), r"\midrule",
            *(line(row) for row in rows), r"\bottomrule", r"\end{tabular}",
        ]
    )  # fmt: skip


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format rows as comma-separated values (RFC 4180 with line feeds); None becomes an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def data_frame(
    columns: Sequence[object], rows: object, *, index: tuple[str, Sequence[str]] | None = None
) -> pandas.DataFrame:
    """A data frame of rows or of a matrix; ``index`` gives the name of the index and its values.

    Raises
    ------
    MissingExtraError
        pandas (extra ``arrow``) is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("conversion to pandas", "arrow") from error
    named = None if index is None else pandas.Index(index[1], name=index[0])
    return pandas.DataFrame(rows, index=named, columns=list(columns))
