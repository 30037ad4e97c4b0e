"""Tell when kernels are being compiled, which takes seconds the first time they are used on a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def announcing_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Call ``announce`` once, before the first kernel is compiled inside the context.

    Kernels that Numba finds in its cache on disk are loaded, not compiled, and not announced.
    """
    from numba.core import event

    class FirstCompilation(event.Listener):  # type: ignore[misc]
        announced = False

        def on_start(self, _event: Any) -> None:
            if not self.announced:
                self.announced = True
                announce()

        def on_end(self, _event: Any) -> None:
            pass

    with event.install_listener("numba:compile", FirstCompilation()):
        yield
