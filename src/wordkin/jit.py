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


# Kernels allocate nothing, so they need no reference counts; Numba would otherwise count every array of every
# named tuple up and down at every call, with locked instructions, a fifth of the run time. And nothing is called
# from C.
_SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}

kernel = cached_kernel(**_SWITCHES)
# What kernels are made of has no entry of its own, which is faster to compile, and is cached as a part of them:
inner = njit(**_SWITCHES, no_cpython_wrapper=True)  # called, or inlined where LLVM likes to
inlined = njit(**_SWITCHES, no_cpython_wrapper=True, forceinline=True)  # compiled once, inlined by LLVM everywhere
part = njit(nogil=True, _nrt=False, inline="always")  # used in one place: inlined by Numba, never compiled alone
