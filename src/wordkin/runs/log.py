"""The log of a run in JSON Lines format. Programs can read it during and after the run."""

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
    """A training callback that writes a line of JSON to a file about once a second, and at the end of each epoch.

    Keys of a line: ``step`` (line number, from 1), ``epoch``, ``words``, ``words_per_second``, ``learning_rate``,
    ``loss``, ``validation_loss`` (null except at the end of an epoch) and ``seconds``, as in :class:`TrainingReport`;
    on several machines also ``machines`` and ``sent_bytes_per_word``. The first line also has ``reading``, the
    statistics of reading the text.

    If writing fails after the start, as when the disk is full or nobody reads a pipe, the log ends with a warning. The
    run continues.

    Parameters
    ----------
    path : str or Path
        The log file. A new run truncates it; a resumed run appends. A pipe, terminal or device is never truncated, nor
        is the file that standard output or standard error is redirected to.
    reading : mapping, default None
        Statistics of reading, for the first line.
    words : int, default 0
        Number of words that a resumed run has trained on. Lines about later words are removed; a process that was
        killed after its last checkpoint may have written them.

    Raises
    ------
    OutputError
        The file cannot be written.
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
            remedy = " (the pipe has no reader)" if error.errno == errno.ENXIO else ""
            raise OutputError(f"cannot write {str(self._path)!r}: {reason(error)}{remedy}") from error

    def _open(self, words: int) -> FileIO:
        """Open the file without a buffer, so that each line is written at once and closing writes nothing.

        Lines about more than ``words`` words are removed.
        """
        if is_stream(self._path):
            return _unbuffered(os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)))
        shared = _standard_stream(self._path)
        if shared is not None:
            return _unbuffered(os.dup(shared))  # shares the file position, so neither overwrites the other
        self._step, kept_bytes = _lines_up_to(self._path, words) if words else (0, 0)
        file = self._path.open("ab", buffering=0)
        file.truncate(kept_bytes)
        return file

    def __call__(self, report: TrainingReport) -> None:
        """Write a line if a second has passed since the last one, or if an epoch has ended."""
        if self._file is None or (time.monotonic() < self._next_line and not report.epoch_finished):
            return
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._step += 1
        try:
            _append(self._file, json.dumps(self._values(report)).encode() + b"\n")
        except OSError as error:
            warn(f"cannot write {str(self._path)!r} ({reason(error)}): the log ends here", RuntimeWarning)
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # the warning has already been issued
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
            except OSError as error:  # network file systems may report write errors only on close
                warn(f"cannot write {str(self._path)!r} ({reason(error)}): lines may be missing", RuntimeWarning)


def check_log(path: str | Path) -> None:
    """Raise :class:`OutputError` unless a log can be written to ``path``; an existing file is not changed."""
    path = Path(path)
    try:
        if not os.path.lexists(path):
            check_writable(path)
        elif not is_stream(path):
            path.open("ab").close()
        elif not os.access(path, os.W_OK):  # opening and closing a pipe would signal end-of-file to its reader
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _unbuffered(descriptor: int) -> FileIO:
    return os.fdopen(descriptor, "wb", buffering=0)


def _standard_stream(path: Path) -> int | None:
    """The descriptor of standard output or standard error, if it is redirected to this file; otherwise None."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # the descriptor is closed, or the file does not exist yet
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
    return None


def _append(file: FileIO, line: bytes) -> None:
    """Write a whole line; raise OSError if it cannot be written.

    If only a part of it can be written, this part is removed again if possible.
    """
    start = file.tell() if file.seekable() else None
    try:
        written = file.write(line)
        if written != len(line) and start is None:
            raise BlockingIOError(errno.EAGAIN, "the reader of the pipe is too slow")
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        if start is not None:
            with contextlib.suppress(OSError):
                file.truncate(start)
        raise


def _lines_up_to(path: Path, words: int) -> tuple[int, int]:
    """Count the complete lines at the beginning of a log that report at most ``words`` words.

    Returns their number and their size in bytes.
    """
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
        raise OutputError(
            f"cannot append to {str(path)!r}, which is not a log of wordkin: choose another file"
        ) from error
    return lines, size
