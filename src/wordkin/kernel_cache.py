"""How kernels are compiled, and kept on the disk where there is a place for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from numba import njit


def cached_kernel(**switches: bool) -> Callable[[Callable[..., Any]], Any]:
    """A decorator as ``numba.njit(**switches, cache=True)``, for which a cache is a help and no condition.

    Numba refuses to work at all where it finds no directory to write to, as for a package installed
    read-only and a user without a home, and where the disk is full: there each process compiles for itself.
    """

    def compiled_when_called(function: Callable[..., Any]) -> Any:
        try:
            dispatcher = njit(**switches, cache=True)(function)
        except RuntimeError:
            return njit(**switches)(function)
        save = dispatcher._cache.save_overload

        def save_where_there_is_room(signature: Any, kernel: Any) -> None:
            with contextlib.suppress(OSError):
                save(signature, kernel)

        dispatcher._cache.save_overload = save_where_there_is_room
        return dispatcher

    return compiled_when_called
