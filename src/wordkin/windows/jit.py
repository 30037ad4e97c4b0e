"""How what draws, selects and trains is compiled: one place for the switches of Numba."""

from __future__ import annotations

from numba import njit

from wordkin.kernel_cache import cached_kernel

# What is compiled allocates nothing, so it needs no reference counts; Numba would otherwise count every array of
# every named tuple up and down at every call, with locked instructions, a fifth of the run time. And nothing is
# called from C.
SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}

kernel = cached_kernel(**SWITCHES)
# Called by kernels only and cached as a part of those: compiling is faster without an entry of its own.
inner = njit(**SWITCHES, no_cpython_wrapper=True)
