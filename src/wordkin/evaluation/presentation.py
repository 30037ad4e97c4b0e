"""Tables of results, as text or as records."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wordkin.evaluation.files.report import FileReading
from wordkin.evaluation.statistics import Interval, Proportion, json_number
from wordkin.tables import csv_table, data_frame, html_table, latex_table, markdown_table

if TYPE_CHECKING:
    import pandas

RECORD_COLUMNS = (
    "dataset", "kind", "name", "total", "items", "known", "measure", "value", "low", "high", "value_with_unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """A score on the known items, its 95% confidence interval, and the score on all items.

    In the score on all items, unknown items count as wrong or, for similarity, as cosine 0.
    """

    name: str
    value: float
    interval: Interval
    with_unknown: float

    @classmethod
    def of(cls, name: str, score: Proportion, with_unknown: Proportion) -> Measure:
        interval = score.interval if score.total else (math.nan, math.nan)
        return cls(name, score.value, interval, with_unknown.value)


@dataclass(frozen=True)
class ScoreRow:
    """One row of a table of results: a section, a total, or the whole file.

    ``cells`` holds the text of each column, ``measures`` the numbers that are in these texts.
    """

    name: str
    items: int
    known: int
    cells: Sequence[str]
    measures: Sequence[Measure]
    total: bool = False


class Tabular(ABC):
    """Base class of results that can be shown as tables.

    A subclass defines ``columns``, the headings of the cells, and ``rows()``.
    """

    __slots__ = ()
    columns: ClassVar[tuple[str, ...]]
    dataset: str
    kind: str
    reading: FileReading | None

    @abstractmethod
    def rows(self) -> list[ScoreRow]:
        """Return one row for each section, followed by the totals; some results have only one row."""

    @property
    def title(self) -> str:
        """Name and kind of the benchmark, and the number of words searched."""
        searched = getattr(self, "restrict_vocab", None)
        return f"{self.dataset} ({self.kind}{f', first {searched:,} words' if searched else ''})"

    def to_pandas(self) -> pandas.DataFrame:
        """Return a data frame with a row for each section or total and each measure (extra ``arrow``).

        The columns are dataset, kind, name, total (whether the row is a total of sections), items, known, measure,
        value, low and high (the ends of the 95% interval of value), and value_with_unknown (the value if unknown items
        count as wrong or, for similarity, as cosine 0).
        """
        return data_frame(RECORD_COLUMNS, records(self))

    def to_csv(self) -> str:
        """Return the rows of :meth:`to_pandas` as comma-separated values. Cells of undefined numbers are empty."""
        return csv_table(RECORD_COLUMNS, records(self))

    def to_markdown(self) -> str:
        """Return the table that the command line shows, in Markdown."""
        columns, rows = text_table({"": self})
        return markdown_table(columns, rows, right=columns[-len(self.columns) :])

    def to_latex(self) -> str:
        """Return a LaTeX tabular that uses the package booktabs."""
        columns, rows = text_table({"": self})
        return latex_table(columns, rows, right=columns[-len(self.columns) :])

    def _repr_html_(self) -> str:
        columns, rows = text_table({"": self})
        note = "" if self.reading is None else str(self.reading)
        return html_table(columns, rows, caption=self.title, note=note, right=columns[-len(self.columns) :])


def records(result: Tabular) -> list[list[Any]]:
    """Return the measures of a result as lists with the columns ``RECORD_COLUMNS``; undefined numbers are None."""
    return [
        [
            result.dataset, result.kind, row.name, row.total, row.items, row.known, measure.name,
            json_number(measure.value), *map(json_number, measure.interval), json_number(measure.with_unknown),
        ]
        for row in result.rows()
        for measure in row.measures
    ]  # fmt: skip


def text_table(results: Mapping[str, Tabular], *, sections: bool = True) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of a table that compares several sets of vectors on one benchmark.

    Parameters
    ----------
    results : mapping of str to Tabular
        The name of each set of vectors and its result.
    sections : bool, default True
        Whether to include the rows of sections, or only totals.

    Returns
    -------
    columns : list of str
        The headings.
    rows : list of list of str
        The cells. A row of empty cells separates sections from totals.
    """
    first = next(iter(results.values()))
    named_rows = first.kind in ("analogies", "odd-one-out")
    several = len(results) > 1
    columns = [*(["section"] if named_rows else []), *(["vectors"] if several else []), *first.columns]
    lines: list[list[str]] = []
    total_before = True
    kept = [[row for row in result.rows() if sections or row.total] for result in results.values()]
    for beside in zip(*kept, strict=True):
        if beside[0].total and not total_before:
            lines.append([""] * len(columns))
        total_before = beside[0].total
        for name, row in zip(results, beside, strict=True):
            lines.append([*([row.name] if named_rows else []), *([name] if several else []), *row.cells])
    return columns, lines


def known_of(known: int, items: int) -> str:
    return f"{known:,}/{items:,}"


def percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def decimal(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def interval_text(interval: Interval, *, as_percent: bool) -> str:
    if any(math.isnan(end) for end in interval):
        return "-"
    low, high = (f"{end:.1%}" if as_percent else f"{end:.3f}" for end in interval)
    return f"{low} to {high}"


def proportion_cells(score: Proportion) -> tuple[str, str]:
    return percent(score.value), interval_text(score.interval, as_percent=True) if score.total else "-"
