"""Sweeps that survive: results go to a zarr store on disk, chunk by chunk, and a stopped sweep goes on where it was.

``ds.sweep(..., store="sweep.zarr")`` is the way in; here is how it is done.

A chunk is a stretch of the flat grid (:mod:`.layout`). It is done when every array has its file, and every file ends
in the right checksum (:mod:`.scan`). Files are written under another name and renamed when whole (:mod:`.sink`). The
store keeps what the sweep was (:mod:`.identity`), in the attributes of a group ``.dynsim`` that xarray does not look
at. One process writes at a time (:mod:`.lock`).
"""

import importlib

import xarray as xr

from ..jobs import Job


def open_store(path, job: Job, look: xr.Dataset):
    """The sink that keeps the results of `job` in the store at `path`, a new one or one of the same sweep.

    Parameters
    ----------
    path : str or path of a folder.
    look : what the result looks like, with arrays that take no room in place of the results.

    Raises
    ------
    ImportError : the extra ``store`` is not installed.
    ValueError : the path is taken by something else, or by another sweep; it is left as it is.
    OSError : it cannot be written to, or another process writes to it.
    """
    need()
    from .sink import Store

    return Store(path, job, look)


def need() -> None:
    """ImportError says what to install where a store cannot be had."""
    try:
        importlib.import_module("zarr.codecs")
        importlib.import_module("google_crc32c")
        importlib.import_module("filelock")
    except ImportError as error:
        raise ImportError(
            f"a store needs zarr 3 and filelock ({error}); install them: pip install 'dynsim[store]'."
        ) from None
