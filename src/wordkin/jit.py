"""How kernels are compiled, and kept on the disk where there is a place for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from numba import njit

# Kernels allocate nothing, so they need no reference counts; Numba would otherwise count every array of every
# named tuple up and down at every call, with locked instructions, a fifth of the run time. And nothing is called
# from C.
_SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """A decorator: compiled when it is called, and kept, where a place to keep it is a help and no condition.

    Numba refuses to work at all where it finds no directory to write to, as for a package installed
    read-only and a user without a home, and where the disk is full: there each process compiles for itself.
    """
    try:
        dispatcher = njit(**_SWITCHES, cache=True)(function)
    except RuntimeError:
        return njit(**_SWITCHES)(function)
    save = dispatcher._cache.save_overload

    def save_where_there_is_room(signature: Any, compiled: Any) -> None:
        with contextlib.suppress(OSError):
            save(signature, compiled)

    dispatcher._cache.save_overload = save_where_there_is_room
    return dispatcher


# What kernels are made of has no entry of its own, which is faster to compile, and is cached as a part of them:
inner = njit(**_SWITCHES, no_cpython_wrapper=True)  # called, or inlined where LLVM likes to
inlined = njit(**_SWITCHES, no_cpython_wrapper=True, forceinline=True)  # compiled once, inlined by LLVM everywhere
part = njit(nogil=True, _nrt=False, inline="always")  # used in one place: inlined by Numba, never compiled alone
