"""Loading Numba without parts that are not used, and detecting when it compiles a kernel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LINEAR_ALGEBRA = "scipy.linalg.cython_blas"


def load_numba_alone() -> None:
    """Import Numba without SciPy's linear algebra, which saves 0.2 s and 9 MB.

    Numba imports SciPy's linear algebra only to detect whether it is installed, and no kernel here uses it. During the
    call no other thread may import it, so only programs should call this function, not libraries.
    """
    from wordkin.jit import cpu_target

    hidden = _LINEAR_ALGEBRA not in sys.modules
    if hidden:
        sys.modules[_LINEAR_ALGEBRA] = None  # type: ignore[assignment]  # makes the import fail
    try:
        cpu_target.target_context.refresh()
    finally:
        if hidden:
            del sys.modules[_LINEAR_ALGEBRA]


@contextmanager
def announcing_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Context manager that calls ``announce`` once, before the first kernel is compiled inside it.

    ``announce`` is also called if this process waits for another one that compiles the kernel. It is not called if the
    kernel is loaded from the cache on disk.
    """
    from wordkin.jit import WAITING, event

    class FirstCompilation(event.Listener):  # type: ignore[misc]
        announced = False

        def on_start(self, _event: Any) -> None:
            if not self.announced:
                self.announced = True
                announce()

        def on_end(self, _event: Any) -> None:
            pass

    first = FirstCompilation()
    with event.install_listener("numba:compile", first), event.install_listener(WAITING, first):
        yield
