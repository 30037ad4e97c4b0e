"""Numba as kernels need it: loaded without what they do not use, and heard when it compiles."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LINEAR_ALGEBRA = "scipy.linalg.cython_blas"


def load_numba_alone() -> None:
    """Load all that Numba needs to run kernels, but not the linear algebra of SciPy: a fifth of a second, and 9 MB.

    Numba imports that only to see whether it is there, and does without it where it is not; no kernel of
    ours calls it. While this runs no other thread may import it, so this is for programs, not for libraries.
    """
    from wordkin.jit import cpu_target

    hidden = _LINEAR_ALGEBRA not in sys.modules
    if hidden:
        sys.modules[_LINEAR_ALGEBRA] = None  # type: ignore[assignment]  # which makes importing it fail
    try:
        cpu_target.target_context.refresh()
    finally:
        if hidden:
            del sys.modules[_LINEAR_ALGEBRA]


@contextmanager
def announcing_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Call ``announce`` once, before the first kernel is compiled inside the context.

    Kernels that Numba finds in its cache on disk are loaded, not compiled, and not announced.
    """
    from wordkin.jit import event

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
