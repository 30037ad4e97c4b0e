"""The log of a run: one JSON object a line, for programs to read while it goes on and after."""

from __future__ import annotations

import errno
import json
import os
import time
from io import FileIO
from pathlib import Path
from typing import Any

from wordkin.errors import OutputError, warn
from wordkin.storage.files import check_writable, reason
from wordkin.training.progress import TrainingReport

SECONDS_BETWEEN_LINES = 1.0


class TrainingLog:
    """A callback that appends a line about once a second and at the end of each epoch.

    Keys of a line: ``step`` (number of the line, from 1), ``epoch``, ``words``, ``words_per_second``,
    ``learning_rate``, ``loss``, ``validation_loss`` (null but at the end of an epoch) and ``seconds``, as in
    :class:`TrainingReport`.

    Parameters
    ----------
    path : the file, begun anew unless the run goes on.
    words : words trained on before; lines about later words, of a process that died, are dropped.

    Raises :class:`OutputError` where the file cannot be written. When the disk fills up later, or whoever
    reads a pipe is gone or does not keep up, the log ends with a warning, not the run.
    """

    def __init__(self, path: str | Path, *, words: int = 0) -> None:
        self._path = Path(path)
        self._next_line = 0.0
        self._step = 0
        try:
            special = _is_special(self._path)
            kept_bytes = 0
            if words and not special:
                self._step, kept_bytes = _lines_up_to(self._path, words)
            # Unbuffered: a line is on its way when it is written, and nothing is left to fail at the end.
            self._file: FileIO | None = FileIO(str(self._path), "ab", opener=_never_waiting if special else None)
            if not special:
                self._file.truncate(kept_bytes)
        except OutputError:
            raise
        except OSError as error:
            remedy = ": nobody reads it" if error.errno == errno.ENXIO else ""
            raise OutputError(f"cannot write {str(self._path)!r}: {reason(error)}{remedy}") from error

    def __call__(self, report: TrainingReport) -> None:
        """Write a line if it is time to."""
        if self._file is None or (time.monotonic() < self._next_line and not report.epoch_finished):
            return
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._step += 1
        try:
            _write_whole(self._file, json.dumps(self._values(report)).encode() + b"\n")
        except OSError as error:
            warn(f"cannot write {str(self._path)!r}: {reason(error)}: the log ends here", RuntimeWarning)
            self.close()

    def _values(self, report: TrainingReport) -> dict[str, Any]:
        return {
            "step": self._step,
            "epoch": report.epoch,
            "words": report.words,
            "words_per_second": report.words_per_second,
            "learning_rate": report.learning_rate,
            "loss": report.loss,
            "validation_loss": report.validation_loss,
            "seconds": report.seconds,
        }

    def close(self) -> None:
        """Close the file; calling it twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None


def check_log(path: str | Path) -> None:
    """Raise :class:`OutputError` unless a log can be written there; it leaves what is there as it is."""
    path = Path(path)
    try:
        if not os.path.lexists(path):
            check_writable(path)
        elif not _is_special(path):
            path.open("ab").close()
        elif not os.access(path, os.W_OK):  # whoever reads a pipe would take opening and closing it for the end
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _is_special(path: Path) -> bool:
    """Whether it passes on what is written, as pipes, terminals and devices do, and cannot be read again."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _never_waiting(path: str, flags: int) -> int:
    """Open a pipe so that neither opening nor writing waits for whoever reads it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _write_whole(file: FileIO, line: bytes) -> None:
    """Write a line or nothing of it, as far as the system allows; OSError where it cannot be written."""
    written = file.write(line)
    if written == len(line):
        return
    if not file.seekable():
        raise BlockingIOError(errno.EAGAIN, "whoever reads it does not keep up")
    file.truncate(file.tell() - (written or 0))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _lines_up_to(path: Path, words: int) -> tuple[int, int]:
    """How many whole lines at the beginning of a log are about no more than ``words`` words, and their bytes."""
    lines = size = 0
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n") or json.loads(line)["words"] > words:
                    break
                lines, size = lines + 1, size + len(line)
    except FileNotFoundError:
        return 0, 0
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise OutputError(f"cannot go on with {str(path)!r}: it is no log of wordkin; name another file") from error
    return lines, size
