"""The result of a search: its trials, as a table and as a plot, and the settings that it chose."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordkin.tables import csv_table, data_frame, html_table, markdown_table
from wordkin.tuning.search import Limits
from wordkin.tuning.space import Settings, Space
from wordkin.tuning.trials import Step, Trial

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

COLUMNS = ("settings", "trials", "score", "fresh seeds", "seconds", "")
_NUMBERS = COLUMNS[1:5]


@dataclass(frozen=True)
class Row:
    """All trials of the same settings.

    Attributes
    ----------
    settings : mapping
        The options that differ between trials.
    trials : sequence of Trial
        The trials on the whole text or, if there are none, the trials on a fraction of it.
    share : float
        Fraction of the text in these trials.
    """

    settings: Settings
    trials: Sequence[Trial]
    share: float

    @property
    def name(self) -> str:
        return Step("whole", self.settings, 1.0, 0).name

    @property
    def score(self) -> float | None:
        """Score with the seed that all trials share; None if training diverged."""
        return self.trials[0].score

    @property
    def fresh_score(self) -> float | None:
        """Mean score over the new seeds of the confirmation at the end of the search; None if there are none."""
        fresh = [each.score for each in self.trials if each.stage == "confirmation"]
        known = [each for each in fresh if each is not None]
        return statistics.fmean(known) if known and len(known) == len(fresh) else None

    @property
    def seconds(self) -> float:
        """Median training time in seconds, extrapolated to the whole text."""
        return statistics.median(each.train_seconds / each.share for each in self.trials)


@dataclass(frozen=True)
class TuningResult:
    """Result of :func:`wordkin.tune`.

    Attributes
    ----------
    trials : tuple of Trial
        The trials in the order in which they were made.
    settings : mapping
        The chosen settings: a recipe, or values of the options that differ between trials.
    better : bool
        Whether they score higher than both reference recipes, "word2vec" and "quality", with each seed of the
        confirmation.
    reason : str
        How much higher they score, or why nothing better was found.
    """

    trials: tuple[Trial, ...]
    settings: Mapping[str, Any]
    better: bool
    reason: str
    space: Space = field(repr=False)
    limits: Limits = field(repr=False)
    screening_share: float = field(repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """All options of the chosen settings for :func:`wordkin.train`, including those equal in every trial."""
        return {**self.space.fixed, **self.settings}

    @property
    def arguments(self) -> str:
        """The options that differ from their defaults, as arguments of the command ``wordkin train``."""
        named = {name: value for name, value in self.options.items() if name in ("recipe", "architecture")}
        plain = Space({}, {}, self.space.words).config(named)
        defaults = plain.to_dict() | {"learning_rate": plain.starting_learning_rate, "architecture": "skip-gram"}
        told = {name: value for name, value in self.options.items() if name == "recipe" or value != defaults[name]}
        return " ".join(part for name, value in told.items() for part in _argument(name, value))

    @property
    def summary(self) -> str:
        """The outcome of the search in one sentence."""
        name = Step("whole", self.settings, 1.0, 0).name
        if self.better:
            return f"best: {name}; {self.reason}"
        return f"nothing better than {name} was found: {self.reason}"

    def rows(self) -> list[Row]:
        """One row for each of the settings tried, sorted by score; settings tried on the whole text come first."""
        by_name: dict[str, list[Trial]] = {}
        for each in self.trials:
            by_name.setdefault(each.name, []).append(each)
        rows = []
        for trials in by_name.values():
            whole = [each for each in trials if each.share == 1.0]
            rows.append(Row(trials[0].settings, whole or trials, 1.0 if whole else trials[0].share))
        return sorted(rows, key=_order)

    def table(self) -> tuple[Sequence[str], list[list[str]]]:
        """The headings and the cells of a table with one row for each of the settings tried."""
        return COLUMNS, self._cells()

    def _cells(self) -> list[list[str]]:
        return [
            [
                row.name,
                str(len(row.trials)),
                "diverged" if row.score is None else f"{row.score:.4f}",
                "" if row.fresh_score is None else f"{row.fresh_score:.4f}",
                f"{row.seconds:.1f}",
                self._note(row),
            ]
            for row in self.rows()
        ]

    def _note(self, row: Row) -> str:
        if row.settings == self.settings:
            return "chosen"
        return "" if row.share == 1.0 else f"on {row.share:.0%} of the text"

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with one row for each trial (extra ``arrow``).

        The columns are the keys of the record of a trial, with a column for each varied option and each benchmark.
        """
        options = list(dict.fromkeys(name for each in self.trials for name in each.settings))
        files = list(dict.fromkeys(name for each in self.trials for name in each.scores))
        plain = ["number", "stage", "share", "seed", "score", "train_seconds", "seconds", "failure"]
        rows = [
            [
                *(getattr(each, name) for name in plain),
                *(each.settings.get(name) for name in options),
                *(each.scores.get(name) for name in files),
            ]
            for each in self.trials
        ]
        return data_frame([*plain, *options, *files], rows)

    def to_markdown(self) -> str:
        """A Markdown table of the settings tried."""
        return markdown_table(COLUMNS, self._cells(), right=_NUMBERS)

    def to_csv(self) -> str:
        """The table of the settings tried, as comma-separated values."""
        return csv_table(COLUMNS, self._cells())

    def _repr_html_(self) -> str:
        return html_table(COLUMNS, self._cells(), caption="Settings tried", note=self.summary, right=_NUMBERS)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values, as ``docs/tuning.md`` lists them."""
        return {
            "options": {name: list(each) if isinstance(each, tuple) else each for name, each in self.options.items()},
            "arguments": self.arguments,
            "better": self.better,
            "reason": self.reason,
            "seconds": sum(each.seconds for each in self.trials),
            "trials": [asdict(each) for each in self.trials],
        }

    def plot(self, output: str | Path | None = None, **style: Any) -> Figure:
        """Draw score against training time of the settings tried on the whole text (extra ``plot``).

        Parameters
        ----------
        output : str or path, optional
            A .png, .svg or .pdf file to write.
        **style
            ``title``, ``ax``, ``theme`` and ``font``, as for :func:`wordkin.plots.plot_tuning`.
        """
        from wordkin.plots import TriedSettings, plot_tuning

        tried = [
            TriedSettings(
                row.name,
                row.seconds,
                row.score if row.fresh_score is None else row.fresh_score,
                reference="recipe" in row.settings,
                chosen=row.settings == self.settings,
                confirmed=row.fresh_score is not None,
            )
            for row in self.rows()
            if row.share == 1.0 and row.score is not None
        ]
        return plot_tuning(tried, output, **style)


def _order(row: Row) -> tuple[bool, float, float]:
    """Sort key of the rows: settings tried on the whole text come first, and among these the confirmed ones.

    Each group is sorted by score, best first.
    """
    fresh, first = row.fresh_score, row.score
    return row.share < 1.0, -2.0 if fresh is not None else 0.0, -(fresh if fresh is not None else (first or -1.0))


def _argument(name: str, value: Any) -> list[str]:
    """Return an option with its value as arguments of the command line."""
    spelled = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [spelled if value else f"--no-{spelled[2:]}"]
    if value is None:
        return []
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return [spelled, shlex.quote(text)]
