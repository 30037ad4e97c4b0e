"""The command line ``wordkin``: parses arguments, calls the library, prints results.

Results go to standard output; progress, warnings and errors go to standard error. An error is printed
on one line, and the exit code tells its kind (see :mod:`wordkin.cli.failures`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

from wordkin.cli.failures import BROKEN_PIPE, HUNG_UP, INTERRUPTED, TERMINATED, describe, exit_code, respell
from wordkin.errors import WordkinError

_EXIT_CODES: dict[int, int] = {signal.SIGTERM: TERMINATED}
if hasattr(signal, "SIGHUP"):  # Windows has none
    _EXIT_CODES[signal.SIGHUP] = HUNG_UP


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, default None
        The arguments without the program name; None for ``sys.argv[1:]``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    show_traceback = os.environ.get("WORDKIN_DEBUG", "") not in ("", "0")
    if arguments[:1] == ["--debug"]:
        show_traceback, arguments = True, arguments[1:]
    _replace_closed_streams()
    _escape_unencodable_characters()
    with _fault_tolerant_stderr():
        return _run(arguments, show_traceback)


def _run(arguments: Sequence[str], show_traceback: bool) -> int:
    received: list[int] = []
    try:
        with _warnings_on_one_line(arguments), _signals_as_exit(received):
            from wordkin.cli.application import run

            code = run(arguments)
            sys.stdout.flush()  # reports a full disk or a closed pipe here instead of at interpreter exit
            return code
    except BrokenPipeError:
        _discard(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _say("wordkin: stopped by Ctrl-C")
        return INTERRUPTED
    except Exception as error:  # top level: users must not see a traceback
        if show_traceback:
            raise
        if received:  # Numba may turn the interruption of its compiler into an error of its own
            return _EXIT_CODES[received[0]]
        if _was_interrupted(error):
            _say("wordkin: stopped by Ctrl-C")
            return INTERRUPTED
        spellings = _spellings(arguments) if isinstance(error, WordkinError) else {}
        _say(f"wordkin: {describe(error, spellings)}")
        return exit_code(error)


def _was_interrupted(error: BaseException | None) -> bool:
    """Return whether an error was raised because of a KeyboardInterrupt, directly or through other errors."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _spellings(arguments: Sequence[str]) -> Mapping[str, str]:
    from wordkin.cli.application import spellings

    return spellings(arguments[0] if arguments else "")


def _replace_closed_streams() -> None:
    """Replace standard streams that the caller closed (``>&-``) with the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  (stays open until the process ends)


def _escape_unencodable_characters() -> None:
    """Print backslash escapes for characters that the encoding of the terminal lacks, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class _FaultTolerantStream:
    """A text stream that never raises OSError: after a first failure, it sets ``failed`` and drops all output.

    A training run thus continues when the terminal is closed or the disk that receives its progress is full.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failed = False

    def write(self, text: str) -> int:
        if not self.failed:
            try:
                return self._stream.write(text)
            except OSError:
                self._give_up()
        return len(text)

    def flush(self) -> None:
        if not self.failed:
            try:
                self._stream.flush()
            except OSError:
                self._give_up()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        self.failed = True
        with suppress(OSError):
            _discard(self._stream)


@contextmanager
def _fault_tolerant_stderr() -> Iterator[None]:
    before, sys.stderr = sys.stderr, cast(TextIO, _FaultTolerantStream(sys.stderr))
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = before


def _say(text: str) -> None:
    """Print a message to standard error or, if writing there fails, to standard output."""
    print(text, file=sys.stderr, flush=True)
    if getattr(sys.stderr, "failed", False):
        try:
            print(text, flush=True)
        except OSError:  # only the exit code can report the failure now
            _discard(sys.stdout)


@contextmanager
def _signals_as_exit(received: list[int]) -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that cleanup code removes half-written files.

    Signals that arrive are appended to ``received``. A signal that is ignored (SIGHUP under nohup) stays ignored.
    """

    def leave(number: int, frame: object) -> NoReturn:
        received.append(number)
        _say(f"wordkin: stopped by {signal.Signals(number).name}")
        raise SystemExit(_EXIT_CODES[number])

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    numbers = [number for number in _EXIT_CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _warnings_on_one_line(arguments: Sequence[str]) -> Iterator[None]:
    """Print each warning as one line of text, without file name and source line.

    ``arguments`` is the command line. It tells the command, and so the spellings of its options.
    """

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        print(f"wordkin: warning: {respell(str(message), _spellings(arguments))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _discard(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that flushing its buffer at exit does not fail."""
    null_device = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null_device, stream.fileno())
    os.close(null_device)
