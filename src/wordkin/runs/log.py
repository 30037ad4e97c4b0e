"""The log of a run: one JSON object a line, for programs to read while it goes on and after."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

from wordkin.errors import OutputError, warn
from wordkin.storage.files import check_writable, is_stream, reason
from wordkin.training.progress import TrainingReport

SECONDS_BETWEEN_LINES = 1.0


class TrainingLog:
    """A callback that appends a line about once a second and at the end of each epoch.

    Keys of a line: ``step`` (number of the line, from 1), ``epoch``, ``words``, ``words_per_second``,
    ``learning_rate``, ``loss``, ``validation_loss`` (null but at the end of an epoch) and ``seconds``, as in
    :class:`TrainingReport`; on several machines also ``machines`` and ``sent_bytes_per_word``. The first line has also
    ``reading``, what was met when the text was read.

    Parameters
    ----------
    path : the file, begun anew unless the run goes on. What is no plain file (a pipe, a terminal, a device)
        is written to as it is, and so is the file that standard output or standard error goes to.
    reading : of the run, for the first line.
    words : words trained on before; lines about later words, of a process that died, are dropped.

    Raises :class:`OutputError` where the file cannot be written. When the disk fills up later, or whoever
    reads a pipe is gone or does not keep up, the log ends with a warning, not the run.
    """

    def __init__(self, path: str | Path, *, reading: Mapping[str, Any] | None = None, words: int = 0) -> None:
        self._path = Path(path)
        self._reading = reading
        self._next_line = 0.0
        self._step = 0
        try:
            self._file: FileIO | None = self._open(words)
        except OutputError:
            raise
        except OSError as error:
            remedy = ": nobody reads it" if error.errno == errno.ENXIO else ""
            raise OutputError(f"cannot write {str(self._path)!r}: {reason(error)}{remedy}") from error

    def _open(self, words: int) -> FileIO:
        """The file, unbuffered: a line is on its way when it is written, and nothing is left to fail at the end."""
        if is_stream(self._path):
            return _unbuffered(os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)))
        shared = _standard_stream(self._path)
        if shared is not None:
            return _unbuffered(os.dup(shared))  # with its position, so that neither writes over the other
        self._step, kept_bytes = _lines_up_to(self._path, words) if words else (0, 0)
        file = self._path.open("ab", buffering=0)
        file.truncate(kept_bytes)
        return file

    def __call__(self, report: TrainingReport) -> None:
        """Write a line if it is time to."""
        if self._file is None or (time.monotonic() < self._next_line and not report.epoch_finished):
            return
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._step += 1
        try:
            _append(self._file, json.dumps(self._values(report)).encode() + b"\n")
        except OSError as error:
            warn(f"cannot write {str(self._path)!r}: {reason(error)}: the log ends here", RuntimeWarning)
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # it was told that the log ends
                file.close()

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
            **(
                {"machines": report.machines, "sent_bytes_per_word": report.sent_bytes_per_word}
                if report.sent_bytes_per_word
                else {}
            ),
            **({"reading": self._reading} if self._step == 1 and self._reading is not None else {}),
        }

    def close(self) -> None:
        """Close the file; calling it twice is harmless."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:  # of a file system on another machine, say, which writes late
                warn(f"cannot write {str(self._path)!r}: {reason(error)}: lines may be missing", RuntimeWarning)


def check_log(path: str | Path) -> None:
    """Raise :class:`OutputError` unless a log can be written there; it leaves what is there as it is."""
    path = Path(path)
    try:
        if not os.path.lexists(path):
            check_writable(path)
        elif not is_stream(path):
            path.open("ab").close()
        elif not os.access(path, os.W_OK):  # whoever reads a pipe would take opening and closing it for the end
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _unbuffered(descriptor: int) -> FileIO:
    return os.fdopen(descriptor, "wb", buffering=0)


def _standard_stream(path: Path) -> int | None:
    """The descriptor of standard output or standard error, where what is written there goes to the same file."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed, or there is no such file yet
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
    return None


def _append(file: FileIO, line: bytes) -> None:
    """Write a line or nothing of it, as far as the system allows; OSError where it cannot be written."""
    start = file.tell() if file.seekable() else None
    try:
        written = file.write(line)
        if written != len(line) and start is None:
            raise BlockingIOError(errno.EAGAIN, "whoever reads it does not keep up")
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        if start is not None:
            with contextlib.suppress(OSError):
                file.truncate(start)
        raise


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
