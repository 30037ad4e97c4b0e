"""What the trainer needs of whoever keeps a run: protocols, so that training does not depend on files."""

from __future__ import annotations

from typing import Protocol

from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables


class BestTables(Protocol):
    """Keeps the tables of the best epoch; in memory they would double what a run needs."""

    def keep_best(self, tables: NamedTables) -> None:
        """Keep these instead of those before. Raises :class:`OutputError` where there is no room."""

    def best_tables(self) -> NamedTables:
        """The tables kept last, read-only."""


class Checkpoints(Protocol):
    """Writes checkpoints of a run."""

    def due(self) -> bool:
        """Whether it is time to write one."""

    def save(self, state: RunState, tables: NamedTables, *, finished: bool) -> None:
        """Write one, or warn where that is not possible."""
