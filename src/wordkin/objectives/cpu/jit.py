"""How kernels are compiled: one place for the switches of Numba."""

from __future__ import annotations

from numba import njit

# Kernels allocate nothing, so they need no reference counts; Numba would otherwise count every array
# of every named tuple up and down at every call, with locked instructions, a fifth of the run time.
_SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}  # nothing is called from C

kernel = njit(**_SWITCHES, cache=True)
# Used in several places: compiled once, inlined by LLVM, cached as a part of the kernels that use it.
inlined = njit(**_SWITCHES, no_cpython_wrapper=True, forceinline=True)
part = njit(nogil=True, _nrt=False, inline="always")  # used in one place: inlined by Numba, never compiled alone
