"""Protocols for what training stores, so that training does not depend on files."""

from __future__ import annotations

from typing import Protocol

from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables


class BestTables(Protocol):
    """Stores the tables of the epoch with the lowest held-out loss.

    The tables are on disk, because a copy in memory would double the memory of a run.
    """

    def keep_best(self, tables: NamedTables) -> None:
        """Store these tables instead of the previous ones. Raises :class:`OutputError` if the disk is full."""

    def best_tables(self) -> NamedTables:
        """Return the tables that were stored last, read-only."""


class Checkpoints(Protocol):
    """Writes checkpoints of a run."""

    def due(self) -> bool:
        """Whether it is time for the next checkpoint."""

    def save(self, state: RunState, tables: NamedTables, *, finished: bool) -> None:
        """Write a checkpoint; warn if it cannot be written. ``finished`` says whether the run has ended."""
