"""Ctrl-C, SIGTERM and SIGHUP as a request to stop at the next point where the tables are whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

# SIGHUP comes when a terminal is closed; Windows has none.
STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopSignals:
    """While it is open, SIGINT, SIGTERM and SIGHUP ask training to stop.

    On leaving, whoever handled the signal before is handed it: Ctrl-C becomes KeyboardInterrupt,
    the others end the process. A second signal is handed on at once. Signals that the process ignores (SIGHUP under
    nohup), or that were not handled from Python, are left alone, and so are all where this is not the main
    thread, which alone may handle signals.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._received = False
        self._undelivered: int | None = None

    def received(self) -> bool:
        """Whether a signal has asked to stop; may be called from any thread."""
        return self._received

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                before = signal.getsignal(number)
                if before not in (None, signal.SIG_IGN):
                    self._before[number] = before
                    signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        self._deliver()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received:
            self._restore()
            self._deliver()
        self._received, self._undelivered = True, number

    def _deliver(self) -> None:
        number, self._undelivered = self._undelivered, None
        if number is not None:
            signal.raise_signal(number)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
