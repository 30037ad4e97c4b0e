"""Turns Ctrl-C, SIGTERM and SIGHUP into requests to stop at the next point where a checkpoint can be written."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

# SIGHUP is sent when a terminal is closed; Windows does not have it.
STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopSignals:
    """Context manager inside which SIGINT, SIGTERM and SIGHUP ask training to stop.

    When the context is left, the signal is raised again and handled as before: Ctrl-C becomes KeyboardInterrupt, the
    others end the process. A second signal is raised again immediately. Signals that the process ignores (SIGHUP under
    nohup), or whose handler was not installed from Python, are left alone. Outside the main thread no signal is
    handled, because Python allows handlers only there.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._received = False
        self._undelivered: int | None = None

    def received(self) -> bool:
        """Whether a signal was received. Any thread may call this."""
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
