"""How kernels are compiled: one place for the switches of Numba."""

from __future__ import annotations

from numba import njit

# Kernels allocate nothing, so they need no reference counts; Numba would otherwise count every array
# of every named tuple up and down at every call, with locked instructions, a fifth of the run time.
_SWITCHES = {"nogil": True, "cache": True, "_nrt": False}

kernel = njit(**_SWITCHES)
inlined = njit(**_SWITCHES, forceinline=True)  # used in several places: compiled once, inlined by LLVM
part = njit(nogil=True, _nrt=False, inline="always")  # used in one place: inlined by Numba, never compiled alone
