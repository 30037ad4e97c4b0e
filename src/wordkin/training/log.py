"""The log of a run: one JSON object a line, for programs to read while it goes on and after."""

from __future__ import annotations

import json
import time
import warnings
from io import FileIO
from pathlib import Path
from typing import Any

from wordkin.embeddings.files import reason, replacing
from wordkin.errors import OutputError
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

    Raises :class:`OutputError` where the file cannot be written. When the disk fills up later, the log
    ends with a warning, not the run.
    """

    def __init__(self, path: str | Path, *, words: int = 0) -> None:
        self._path = Path(path)
        self._next_line = 0.0
        self._step = 0
        try:
            if words:
                kept = _lines_up_to(self._path, words)
                with replacing(self._path) as stream:
                    stream.writelines(kept)
                self._step = len(kept)
            # Unbuffered: a line is on its way when it is written, and nothing is left to fail at the end.
            self._file: FileIO | None = self._path.open("ab" if words else "wb", buffering=0)
        except OSError as error:
            raise OutputError(f"cannot write {str(self._path)!r}: {reason(error)}") from error

    def __call__(self, report: TrainingReport) -> None:
        """Write a line if it is time to."""
        if self._file is None or (time.monotonic() < self._next_line and not report.epoch_finished):
            return
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._step += 1
        try:
            self._file.write(json.dumps(self._values(report)).encode() + b"\n")
        except OSError as error:
            warnings.warn(f"cannot write {str(self._path)!r}: {reason(error)}: the log ends here", RuntimeWarning, 2)
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
    if not Path(path).parent.is_dir():
        raise OutputError(
            f"cannot write {str(path)!r}: there is no directory {str(Path(path).parent)!r}: make it first"
        )
    try:
        Path(path).open("ab").close()
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error


def _lines_up_to(path: Path, words: int) -> list[bytes]:
    """The whole lines of a log about no more than ``words`` words."""
    kept = []
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n") or json.loads(line)["words"] > words:
                    break
                kept.append(line)
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise OutputError(f"cannot go on with {str(path)!r}: it is no log of wordkin; name another file") from error
    return kept
