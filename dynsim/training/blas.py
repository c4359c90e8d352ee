"""One thread a matrix product: the cores are shared out among blocks of samples and runs instead.

A product cut up by the library itself may round differently with another number of threads.
"""

from functools import cache

import threadpoolctl


@cache
def _pools():
    # numba's products go to SciPy's BLAS, which must be loaded before it is looked for.
    import scipy.linalg.cython_blas  # noqa: F401

    return threadpoolctl.ThreadpoolController()


def one_thread():
    """A context in which BLAS uses one thread."""
    return _pools().limit(limits=1, user_api="blas")
