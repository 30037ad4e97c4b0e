"""When the checkpoints of a run are written, and where the tables of its best epoch are kept."""

from __future__ import annotations

import errno
import mmap
import re
import tempfile
import time
from pathlib import Path

import numpy as np

from wordkin.errors import ConfigError, FormatError, OutputError, warn
from wordkin.runs.directory import RunDirectory
from wordkin.storage.spool import spool_error
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables

DEFAULT_CHECKPOINT_EVERY = "10m"
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smh]?)")
_FOREVER = 1e300  # seconds; larger numbers have no place in JSON or in a float
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(duration: str | float, parameter: str = "checkpoint_every") -> float:
    """A duration in seconds: a number of them, or text such as "30s", "10m", "1.5h"; errors name the parameter.

    >>> seconds_of("10m"), seconds_of(0.5)
    (600.0, 0.5)
    """
    match = _DURATION.fullmatch(duration.strip()) if isinstance(duration, str) else None
    seconds = duration if match is None else float(match[1]) * _SECONDS[match[2]]
    if isinstance(seconds, np.generic):
        seconds = seconds.item()
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < _FOREVER:
        return float(seconds)
    raise ConfigError(
        parameter, 'must be a time from 0 up: a number of seconds, or text as "30s", "10m" or "2h"', duration
    )


class Checkpoints:
    """Writes checkpoints of a run when their time has come.

    One that cannot be written is a warning: the last one stays, a long run does not end for want of disk,
    and the next one is tried when its time has come. The same reason is told once in a row.
    """

    def __init__(self, directory: RunDirectory, best: RunBestTables | None = None) -> None:
        self._directory, self._best = directory, best
        self._seconds = directory.record.run.checkpoint_seconds
        self._next = time.monotonic() + self._seconds
        self._told: object = None  # why the last one could not be written

    def due(self) -> bool:
        """Whether the time of the next one has come."""
        return time.monotonic() >= self._next

    def save(self, state: RunState, tables: NamedTables, *, finished: bool) -> None:
        """Write one; warns where it cannot be written."""
        try:
            if self._best is not None and not finished:
                self._best.bring_home()
            self._directory.save(state, tables, finished=finished)
            self._told = None
        except OutputError as error:
            why = _why(error)
            if why != self._told:
                gone = why in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
                stays = "later ones are tried again" if gone else "the last one stays"
                warn(f"{error}: this checkpoint is left out, {stays}", RuntimeWarning)
            self._told = why
        self._next = time.monotonic() + self._seconds


def _why(error: OutputError) -> object:
    """What two errors have in common whose messages differ in the name of a file only."""
    number = getattr(error.__cause__, "errno", None)
    return str(error) if number is None else number


class TemporaryBestTables:
    """:class:`~wordkin.training.persistence.BestTables` in a nameless temporary file, for a run without checkpoints."""

    def __init__(self, spool_directory: str | Path | None = None) -> None:
        self._spool_directory = spool_directory
        self._layout: Layout = {}
        self._data = memoryview(b"")

    def keep_best(self, tables: NamedTables) -> None:
        self._layout = {name: (("F32",), table.ndim) for name, table in tables.items()}
        try:
            with tempfile.TemporaryFile(dir=self._spool_directory) as file:
                write_tensors(file, tables, {})
                file.flush()
                self._data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except OSError as error:
            raise spool_error(error, self._spool_directory) from error

    def best_tables(self) -> NamedTables:
        return read_tensors(self._data, self._layout)[0]


class RunBestTables:
    """:class:`~wordkin.training.persistence.BestTables` in the directory of a run.

    Where the directory does not take them they go to a temporary file, and to the directory with the next
    checkpoint that it takes. They stay mapped, so a directory that is removed does not take them along.
    """

    def __init__(self, directory: RunDirectory, spool_directory: str | Path | None = None) -> None:
        self._directory = directory
        self._temporary = TemporaryBestTables(spool_directory)
        self._away = False  # whether the directory lacks the tables kept last
        self._tables = directory.best_tables() if "best" in directory.record.files else None

    def keep_best(self, tables: NamedTables) -> None:
        """Keep these. Raises :class:`OutputError` where neither place has room for them."""
        try:
            self._directory.keep_best(tables)
            self._tables, self._away = self._directory.best_tables(), False
        except (OutputError, FormatError):  # the next checkpoint tries again, and warns where that fails too
            self._temporary.keep_best(tables)
            self._tables, self._away = self._temporary.best_tables(), True

    def bring_home(self) -> None:
        """Write tables to the directory that it lacks. Raises :class:`OutputError`."""
        if self._away and self._tables is not None:
            self._directory.keep_best(self._tables)
            self._away = False

    def best_tables(self) -> NamedTables:
        """The tables kept last, mapped read-only."""
        return self._directory.best_tables() if self._tables is None else self._tables
