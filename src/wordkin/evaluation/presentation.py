"""Results as tables: text for people, records for programs. Every result derives from :class:`Tabular`."""

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
    """A score of some items: its value, 95% interval, and value with unknown items counted."""

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
    """One line of a result: a section, a total, or the whole file.

    ``cells`` are the texts of a table for people, ``measures`` the numbers behind them.
    """

    name: str
    items: int
    known: int
    cells: Sequence[str]
    measures: Sequence[Measure]
    total: bool = False


class Tabular(ABC):
    """What a result can be shown as. A subclass has ``columns``, the heads of the cells, and ``rows()``."""

    __slots__ = ()
    columns: ClassVar[tuple[str, ...]]
    dataset: str
    kind: str
    reading: FileReading | None

    @abstractmethod
    def rows(self) -> list[ScoreRow]:
        """The lines of the result: its sections and then its totals, or one line."""

    @property
    def title(self) -> str:
        """The benchmark, its kind, and what was searched."""
        searched = getattr(self, "restrict_vocab", None)
        return f"{self.dataset} ({self.kind}{f', first {searched:,} words' if searched else ''})"

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with a line for each section or total and each measure (extra ``arrow``).

        Columns are dataset, kind, name, total (whether the line sums up sections), items, known, measure, value, low
        and high (of the 95% interval) and value_with_unknown (unknown items counted as wrong, or as cosine 0).
        """
        return data_frame(RECORD_COLUMNS, records(self))

    def to_csv(self) -> str:
        """The same as comma-separated values; undefined numbers are empty."""
        return csv_table(RECORD_COLUMNS, records(self))

    def to_markdown(self) -> str:
        """A Markdown table, as the command line shows it."""
        columns, rows = text_table({"": self})
        return markdown_table(columns, rows, right=columns[-len(self.columns) :])

    def to_latex(self) -> str:
        """A LaTeX tabular for the package booktabs."""
        columns, rows = text_table({"": self})
        return latex_table(columns, rows, right=columns[-len(self.columns) :])

    def _repr_html_(self) -> str:
        columns, rows = text_table({"": self})
        note = "" if self.reading is None else str(self.reading)
        return html_table(columns, rows, caption=self.title, note=note, right=columns[-len(self.columns) :])


def records(result: Tabular) -> list[list[Any]]:
    """The numbers of a result, in the order of ``RECORD_COLUMNS``; undefined ones are None."""
    return [
        [
            result.dataset, result.kind, row.name, row.total, row.items, row.known, measure.name,
            json_number(measure.value), *map(json_number, measure.interval), json_number(measure.with_unknown),
        ]
        for row in result.rows()
        for measure in row.measures
    ]  # fmt: skip


def text_table(results: Mapping[str, Tabular], *, sections: bool = True) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the results of one benchmark for several vectors, named by the keys.

    A line without cells stands between sections and totals.
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
