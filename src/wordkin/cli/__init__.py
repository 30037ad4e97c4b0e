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
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

from wordkin.cli.failures import BROKEN_PIPE, INTERRUPTED, TERMINATED, describe, exit_code, respell
from wordkin.errors import WordkinError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; ``argv`` is ``sys.argv[1:]`` unless given."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    show_traceback = os.environ.get("WORDKIN_DEBUG", "") not in ("", "0")
    if arguments[:1] == ["--debug"]:
        show_traceback, arguments = True, arguments[1:]
    _replace_closed_streams()
    _escape_what_the_terminal_cannot_show()
    try:
        with _warnings_on_one_line(arguments), _sigterm_as_exit():
            from wordkin.cli.application import run

            code = run(arguments)
            sys.stdout.flush()  # a full disk or a closed pipe shows here rather than after the end
            return code
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print("wordkin: stopped by Ctrl-C", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # the outermost place: a traceback must not reach a user
        if show_traceback:
            raise
        spellings = _spellings(arguments) if isinstance(error, WordkinError) else {}
        print(f"wordkin: {describe(error, spellings)}", file=sys.stderr)
        return exit_code(error)


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


@contextmanager
def _sigterm_as_exit() -> Iterator[None]:
    """Let SIGTERM unwind the stack, so that half-written files are removed on the way out."""

    def leave(signal_number: int, frame: object) -> NoReturn:
        print("wordkin: stopped by SIGTERM", file=sys.stderr)
        raise SystemExit(TERMINATED)

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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


def _discard_output() -> None:
    """Whoever read our output has gone (``| head``): keep Python from failing once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
