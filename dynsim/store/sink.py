"""The sink of a sweep that is kept in a store: gathers chunks, and writes them in a thread beside the computation."""

import queue
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
import zarr
from zarr.storage import LocalStore

from ..files import whole
from ..jobs import Job, Memory
from . import record
from .errors import Busy, StoreError
from .identity import identity
from .layout import Layout, choose
from .lock import Lock
from .scan import scan
from .skeleton import skeleton

#: Whole chunks that may wait for the writer.
WAITING = 2


class Store:
    """Where the results of a job go that are kept on disk; see :class:`dynsim.jobs.Memory`. A context manager.

    Attributes
    ----------
    spans : the chunks that are missing or damaged, each a stretch of points.
    done : how many points are there already.
    """

    def __init__(self, path, job: Job, look: xr.Dataset):
        self.path = _local(path)
        self._job, self._look = job, look
        _check_names((*look.variables, *look.dims))
        self._identity = identity(job, look.attrs["device"])
        self.spans, self.done = [], 0
        self._awaited = 0
        self._lock = self._writer = None

    def __enter__(self):
        try:
            self._begin()
        except BaseException as error:
            self._let_go()
            if isinstance(error, OSError) and not isinstance(error, StoreError):
                why = error.strerror or error
                raise StoreError(error.errno, f"{self.path} cannot be written to ({why}); choose another.") from error
            raise
        return self

    def __exit__(self, kind, error, traceback):
        try:
            if self._writer:
                self._writer.finish()
        except OSError as failed:
            if kind is None:
                raise self._stopped(failed) from failed
        finally:
            self._let_go()
        if kind is None and self._awaited:
            raise RuntimeError(f"{self._awaited} chunks of {self.path} were not computed; start the same sweep again.")

    def flush(self) -> None:
        """Wait until all whole chunks that were delivered are on the disk."""
        self._writer.flush()

    def deliver(self, start: int, stop: int, rows: list[np.ndarray]) -> None:
        """Take the results of the points start, …, stop − 1, which lie in one chunk."""
        chunk = self._gather.take(start, stop, rows)
        if chunk is None:
            return
        try:
            self._writer.put(*chunk)
        except OSError as error:
            raise self._stopped(error) from error
        self._awaited -= 1

    def dataset(self) -> xr.Dataset:
        """The results, read from the disk as they are asked for."""
        return xr.open_dataset(LocalStore(self.path, read_only=True), engine="zarr")[list(self._look.data_vars)]

    # -- how it begins and ends ---------------------------------------------------------------------------------------

    def _begin(self):
        known = self._known()
        if not self.path.parent.is_dir():
            raise ValueError(f"there is no folder {self.path.parent} to make {self.path.name} in; make it first.")
        notes = self.path / record.NOTES
        try:
            notes.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.path, notes)
            self._lock.acquire()
        except Busy:
            raise
        except OSError:
            # A store that is complete may be read where it cannot be written.
            if not known or self._scanned(known):
                raise
            return
        known = self._known() or self._made()  # another process may have made it meanwhile
        if self._scanned(known):
            versions = self._look.attrs["versions"]
            if versions not in known.made_with:
                known = replace(known, made_with=[*known.made_with, versions])
                record.write(self.path, known)
        self._furnish(known)
        self._awaited = len(self.spans)
        self._gather = Gather(self._job, self.layout)
        if self.spans:
            self._writer = Writer(self.path, self._job, self.layout)

    def _known(self):
        """The record, if there is one; ValueError if it is not of this sweep."""
        known = record.read(self.path)
        if known:
            known.check(self.path, self._identity)
        return known

    def _made(self):
        """The record of a new store, in its place."""
        made = record.new(self._job, self._identity, layout_of(self._job))
        record.write(self.path, made)
        return made

    def _scanned(self, known):
        """The chunks that are still to be computed."""
        self.layout = known.layout
        found = scan(self.path, self.layout, known.arrays)
        self.spans = list(self.layout.spans(np.flatnonzero(~found.done)))
        self.done = known.points - sum(stop - start for start, stop in self.spans)
        return self.spans

    def _furnish(self, known):
        """Metadata and coordinates, where they are missing or not as they should be; away with half-written files."""
        for pattern in ("*.partial", ".*.tmp"):
            for file in self.path.rglob(pattern):
                file.unlink(missing_ok=True)
        look = self._look.assign_attrs(versions="; then ".join(known.made_with))
        for path, content in skeleton(look, self.layout).items():
            file = self.path / path
            if not file.is_file() or file.read_bytes() != content:
                file.parent.mkdir(parents=True, exist_ok=True)
                with whole(file) as draft:
                    draft.write_bytes(content)

    def _let_go(self):
        if self._lock:
            self._lock.release()

    def _stopped(self, error):
        return StoreError(
            error.errno,
            f"{self.path} could not be written to any more ({error.strerror or error}). What was computed until then "
            "is kept; once there is room, the same call goes on from there.",
        )


class Gather:
    """Puts together the chunks that arrive in pieces."""

    def __init__(self, job: Job, layout: Layout):
        self._job, self._layout = job, layout
        self._begun: dict[int, tuple[Memory, int]] = {}

    def take(self, start: int, stop: int, rows: list[np.ndarray]) -> tuple[int, list[np.ndarray]] | None:
        """Take the points start, …, stop − 1, of one chunk; its number and all its results, once it is whole."""
        n = self._layout.number(start)
        low, high = self._layout.span(n)
        chunk, count = self._begun.pop(n, None) or (Memory(self._job, low, high), 0)
        chunk.deliver(start, stop, rows)
        count += stop - start
        if count == high - low:
            return n, chunk.rows
        self._begun[n] = chunk, count
        return None


class Writer:
    """Writes chunks in a thread of its own. An error stops it and is raised by the next ``put`` or by ``finish``."""

    def __init__(self, path: Path, job: Job, layout: Layout):
        group = zarr.open_group(LocalStore(path), mode="r+", use_consolidated=False)
        self._arrays = [group[m.name].with_config({"write_empty_chunks": True}) for m in job.made]
        self._wide = [bool(m.kind.does.dim) for m in job.made]
        self._layout, self._error = layout, None
        self._queue = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="dynsim store", daemon=True)
        self._thread.start()

    def put(self, n: int, rows: list[np.ndarray]) -> None:
        """Have chunk `n` written; waits where others wait already."""
        if self._error:
            raise self._error
        self._queue.put((n, rows))

    def flush(self) -> None:
        """Wait until all that was put is written."""
        self._queue.join()

    def finish(self) -> None:
        """Wait until all is written, and end."""
        self._queue.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _run(self):
        while (item := self._queue.get()) is not None:
            try:
                if not self._error:
                    self._write(*item)
            except BaseException as error:
                self._error = error
            self._queue.task_done()

    def _write(self, n, rows):
        # zarr's LocalStore writes a file under another name and renames it, so that it is there whole or not at all.
        block = self._layout.block(n)
        shape = tuple(s.stop - s.start for s in block)
        for array, own, wide in zip(self._arrays, rows, self._wide):
            if wide:
                array[(*block, slice(None))] = own.T.reshape(*shape, len(own))
            else:
                array[block] = own[0].reshape(shape)


def layout_of(job: Job) -> Layout:
    """The chunks of a new store."""
    rows = job.empty(0)
    return choose(job.grid.shape, job.steps, len(rows), sum(r.itemsize * len(r) for r in rows))


def _local(path) -> Path:
    if "://" in str(path):
        raise ValueError(f"{path} is not a folder on this machine; a store is kept on a file system.")
    return Path(path).expanduser()


def _check_names(names):
    """Every variable is a folder of its name."""
    for name in names:
        if not name or name.startswith((".", "__")) or any(c in name for c in "/\\ "):
            raise ValueError(f"{name!r} cannot be a name in a store; leave out slashes, blanks and leading dots.")
