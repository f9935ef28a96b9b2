"""Pure decision kernels: plain float arithmetic that Python runs and numba compiles."""
