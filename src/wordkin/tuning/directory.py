"""The directory of a search: its arguments, the encoded text, and a line for each trial.

::

    search.json    format, version and all arguments that determine which trials are made
    text.wk        the encoded text; missing if the corpus is already encoded
    trials.jsonl   a JSON object for each trial, appended after the trial

If the process is killed, the running trial is lost. ``docs/tuning.md`` lists the keys.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from wordkin.errors import CheckpointError, FormatError, OutputError, shown
from wordkin.storage.files import reason, replacing
from wordkin.tuning.trials import Trial, trial_of

FORMAT_NAME = "wordkin search"
FORMAT_VERSION = 1
SEARCH_NAME, TEXT_NAME, TRIALS_NAME = "search.json", "text.wk", "trials.jsonl"


class SearchDirectory:
    """A directory that holds one search, locked while it is open.

    Raises :class:`OutputError` if the directory cannot be written to, :class:`CheckpointError` if another process holds
    the lock or the directory contains other files, and :class:`FormatError` if one of its files is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._descriptor: int | None = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock()
            names = {each.name for each in self.path.iterdir() if not each.name.startswith(".")}
            if names and SEARCH_NAME not in names and not names <= {TEXT_NAME}:
                raise CheckpointError(
                    f"{str(path)!r} contains files that do not belong to a search: choose another directory"
                )
        except OSError as error:
            self.close()
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"cannot write to the directory {str(path)!r}: {reason(error)}") from error
        except CheckpointError:
            self.close()
            raise

    @property
    def text(self) -> Path:
        """Path of the encoded text."""
        return self.path / TEXT_NAME

    def begin(self, search: Mapping[str, Any]) -> list[Trial]:
        """Return the trials recorded so far. ``search`` holds the arguments of the search.

        The arguments are written to the directory if it is new. Raises :class:`CheckpointError` if the directory holds
        another search.
        """
        values = json.loads(json.dumps({"format": FORMAT_NAME, "version": FORMAT_VERSION, **search}))
        path = self.path / SEARCH_NAME
        if not path.exists():
            with replacing(path) as file:
                file.write(json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n")
            return []
        known = _read_search(path)
        for name, value in values.items():
            if known.get(name) != value:
                raise CheckpointError(
                    f"{name} must stay {shown(known.get(name))}, its value when the search in {str(self.path)!r} "
                    f"began; got {shown(value)}: use another directory for a new search"
                )
        return self._read_trials()

    def add(self, trial: Trial) -> None:
        """Append a trial to the record."""
        path = self.path / TRIALS_NAME
        try:
            with path.open("ab") as file:
                file.write(trial.to_line().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error

    def _read_trials(self) -> list[Trial]:
        """Read the recorded trials. A last line that was not completely written is removed."""
        path = self.path / TRIALS_NAME
        try:
            data = path.read_bytes() if path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) < len(data):
                os.truncate(path, len(whole))
            lines = whole.decode().splitlines()
        except OSError as error:
            raise OutputError(f"cannot read {str(path)!r}: {reason(error)}") from error
        except UnicodeDecodeError as error:
            raise FormatError(f"{str(path)!r} is damaged: it is not UTF-8; {_restart(self.path)}") from error
        try:
            return [trial_of(line, number) for number, line in enumerate(lines, start=1)]
        except FormatError as error:
            raise FormatError(f"{str(path)!r} is damaged: {error}; {_restart(self.path)}") from error

    def _lock(self) -> None:
        """Lock the directory on POSIX systems; the lock ends with the process."""
        if os.name != "posix":
            return
        import fcntl

        self._descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise CheckpointError(
                    f"{str(self.path)!r} is in use by another process: wait for it, or choose another directory"
                ) from error  # other errors: the file system has no locks

    def close(self) -> None:
        """Unlock the directory."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _restart(directory: Path) -> str:
    return f"remove the directory of the search, {str(directory)!r}, to begin again"


def _read_search(path: Path) -> Mapping[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise OutputError(f"cannot read {str(path)!r}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is damaged: it is not JSON; {_restart(path.parent)}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT_NAME:
        raise FormatError(f"{str(path)!r} does not describe a search of wordkin")
    return values
