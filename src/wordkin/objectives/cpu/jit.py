"""How kernels are put together from functions."""

from __future__ import annotations

from numba import njit

from wordkin.windows.jit import SWITCHES, kernel

__all__ = ["inlined", "kernel", "part"]

# Used in several places: compiled once, inlined by LLVM, cached as a part of the kernels that use it.
inlined = njit(**SWITCHES, no_cpython_wrapper=True, forceinline=True)
part = njit(nogil=True, _nrt=False, inline="always")  # used in one place: inlined by Numba, never compiled alone
