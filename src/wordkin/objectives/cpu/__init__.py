"""The training kernels for CPUs: Numba functions over arrays, driven by Python threads."""
