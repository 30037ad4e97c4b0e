"""The training kernels for CPUs: Numba functions over arrays, which Python threads call."""
