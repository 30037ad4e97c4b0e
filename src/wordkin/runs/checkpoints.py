"""When checkpoints are written, and where the tables of the best epoch are stored."""

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
_FOREVER = 1e300  # seconds; larger numbers may overflow a float
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(duration: str | float, parameter: str = "checkpoint_every") -> float:
    """Convert a duration to seconds: a number of seconds, or text such as "30s", "10m" or "1.5h".

    Raises :class:`ConfigError` for any other value; ``parameter`` is the name of the option in the message.

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
        parameter, 'must be a number of seconds from 0 up, or text such as "30s", "10m" or "2h"', duration
    )


class Checkpoints:
    """Writes checkpoints of a run at regular intervals.

    A checkpoint that cannot be written causes a warning, so that a full disk does not end a long run. The previous
    checkpoint is kept, and the next one is tried when it is due. Consecutive failures with the same reason cause only
    one warning.
    """

    def __init__(self, directory: RunDirectory, best: RunBestTables | None = None) -> None:
        self._directory, self._best = directory, best
        self._seconds = directory.record.run.checkpoint_seconds
        self._next = time.monotonic() + self._seconds
        self._warned: object = None  # reason of the last failure, if the last checkpoint failed

    def due(self) -> bool:
        """Whether the time between checkpoints has passed since the last checkpoint."""
        return time.monotonic() >= self._next

    def save(self, state: RunState, tables: NamedTables, *, finished: bool) -> None:
        """Write a checkpoint; warn if that fails. ``finished`` says whether the run has ended."""
        try:
            if self._best is not None and not finished:
                self._best.move_to_directory()
            self._directory.save(state, tables, finished=finished)
            self._warned = None
        except OutputError as error:
            why = _failure_reason(error)
            if why != self._warned:
                gone = why in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
                consequence = "later ones are tried again" if gone else "the previous one is kept"
                warn(f"{error}: this checkpoint is skipped, {consequence}", RuntimeWarning)
            self._warned = why
        self._next = time.monotonic() + self._seconds


def _failure_reason(error: OutputError) -> object:
    """The reason for an error: its errno, or its message if it has none.

    Two errors that differ only in the name of a file have the same reason.
    """
    number = getattr(error.__cause__, "errno", None)
    return str(error) if number is None else number


class TemporaryBestTables:
    """Stores the tables of the best epoch in an unnamed temporary file, for a run without checkpoints."""

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
    """Stores the tables of the best epoch in the directory of a run.

    If the directory cannot be written, the tables go to a temporary file and are moved to the directory with the next
    checkpoint. They stay memory-mapped, so they survive the removal of the directory.
    """

    def __init__(self, directory: RunDirectory, spool_directory: str | Path | None = None) -> None:
        self._directory = directory
        self._temporary = TemporaryBestTables(spool_directory)
        self._only_temporary = False  # whether the last tables are missing from the directory
        self._tables = directory.best_tables() if "best" in directory.record.files else None

    def keep_best(self, tables: NamedTables) -> None:
        """Store the tables. Raises :class:`OutputError` if no temporary file can be written either."""
        try:
            self._directory.keep_best(tables)
            self._tables, self._only_temporary = self._directory.best_tables(), False
        except (OutputError, FormatError):  # the next checkpoint tries again and warns on failure
            self._temporary.keep_best(tables)
            self._tables, self._only_temporary = self._temporary.best_tables(), True

    def move_to_directory(self) -> None:
        """If the tables are only in a temporary file, write them to the directory.

        Raises :class:`OutputError` if that fails.
        """
        if self._only_temporary and self._tables is not None:
            self._directory.keep_best(self._tables)
            self._only_temporary = False

    def best_tables(self) -> NamedTables:
        """Return the tables that were stored last, memory-mapped read-only."""
        return self._directory.best_tables() if self._tables is None else self._tables
