"""The command ``wordkin``: arguments in, a call of the library, results out.

Results go to standard output, everything else (progress, warnings, errors) to standard error. A
failure is one line, and the exit code says of what kind it is: see :mod:`wordkin.cli.failures`.
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
    """Run the command line and return its exit code; ``argv`` is ``sys.argv[1:]`` unless given."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    show_traceback = os.environ.get("WORDKIN_DEBUG", "") not in ("", "0")
    if arguments[:1] == ["--debug"]:
        show_traceback, arguments = True, arguments[1:]
    _replace_closed_streams()
    _escape_what_the_terminal_cannot_show()
    with _lasting_standard_error():
        return _run(arguments, show_traceback)


def _run(arguments: Sequence[str], show_traceback: bool) -> int:
    received: list[int] = []
    try:
        with _warnings_on_one_line(arguments), _signals_as_exit(received):
            from wordkin.cli.application import run

            code = run(arguments)
            sys.stdout.flush()  # a full disk or a closed pipe shows here rather than after the end
            return code
    except BrokenPipeError:
        _discard(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _say("wordkin: stopped by Ctrl-C")
        return INTERRUPTED
    except Exception as error:  # the outermost place: a traceback must not reach a user
        if show_traceback:
            raise
        if received:  # a compiler that was interrupted may report that as an error of its own
            return _EXIT_CODES[received[0]]
        if _was_interrupted(error):
            _say("wordkin: stopped by Ctrl-C")
            return INTERRUPTED
        spellings = _spellings(arguments) if isinstance(error, WordkinError) else {}
        _say(f"wordkin: {describe(error, spellings)}")
        return exit_code(error)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what an error was made of."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _spellings(arguments: Sequence[str]) -> Mapping[str, str]:
    from wordkin.cli.application import spellings

    return spellings(arguments[0] if arguments else "")


def _replace_closed_streams() -> None:
    """What goes to a stream that was closed (``>&-``) goes nowhere, and what comes from one is nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  (open as long as the process)


def _escape_what_the_terminal_cannot_show() -> None:
    """A terminal that is not UTF-8 shows escapes in place of the letters it lacks, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class _LastingStream:
    """A stream whose failures end nothing: what it cannot take is dropped from then on, and ``failed`` says so.

    So a run outlives the terminal or the full disk that its progress goes to.
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
def _lasting_standard_error() -> Iterator[None]:
    before, sys.stderr = sys.stderr, cast(TextIO, _LastingStream(sys.stderr))
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = before


def _say(text: str) -> None:
    """Print why the command failed: on standard error or, where that cannot be written to, on standard output."""
    print(text, file=sys.stderr, flush=True)
    if getattr(sys.stderr, "failed", False):
        try:
            print(text, flush=True)
        except OSError:  # the exit code must do
            _discard(sys.stdout)


@contextmanager
def _signals_as_exit(received: list[int]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack, so that half-written files are removed on the way out.

    Those that came are appended to ``received``.

    One that is ignored, as SIGHUP is under nohup, stays ignored.
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
    """Show a warning as its text alone, without the line of Python that raised it."""

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
    """Let what goes to a stream go nowhere, also what it still holds, so that Python does not fail when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
