"""Compiled functions that are kept on disk until any file of this folder, or numba, changes.

numba alone looks at the file of the function it compiles, not at those of the functions which that one calls.
"""

import hashlib
from functools import cache
from pathlib import Path

import numba

#: IEEE semantics, as in :mod:`dynsim.compilation`.
OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


@cache
def _stamp() -> tuple:
    """What numba keeps beside the machine code, and compares: a time and a size; here a hash of the sources."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return (digest.hexdigest(), 0)


def kept(function=None, **options):
    """``numba.njit`` with a cache that notices a change anywhere in this folder."""
    if function is None:
        return lambda function: kept(function, **options)
    dispatcher = numba.njit(**OPTIONS, **options)(function)
    file = getattr(dispatcher._cache, "_cache_file", None)
    if file is not None:
        file._source_stamp = _stamp()
    return dispatcher
