"""``dynsim sweep`` with a store: how far it is, what it would take, and what may be done to it."""

import itertools
import math
import os
import shutil
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import cli_request, engines
from .jobs import Job
from .store import need
from .sweeps import cores, job_of

#: Steps and seconds of the timing that an estimate is made from.
STEPS, SECONDS = 4096, 0.7
_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def is_store(out: str) -> bool:
    """Whether the results go to a store, not to a NetCDF file."""
    return Path(out).suffix == ".zarr"


def out_of(args: Namespace) -> str | None:
    """Where the results go. ValueError says which options do not fit together, or do not fit it."""
    out = cli_request.settings_of(args).get("out")
    given = [f"--{name}" for name in ("resume", "status", "force") if getattr(args, name)]
    given += ["--dry-run"] * args.dry_run
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} do not go together; keep one.")
    for option in ("resume", "status"):
        if getattr(args, option) and (out is None or not is_store(out)):
            raise ValueError(f"--{option} is about a store: write --out NAME.zarr with it.")
    return out


def ready(path: Path, force: bool, resume: bool) -> Path:
    """The path of the store, once nothing stands in the way: with `force` an old one is removed."""
    need()
    from .store import record
    from .store.lock import Lock

    known = record.read(path)
    if resume and not known:
        raise ValueError(f"there is no store {path} to go on with; leave out --resume to begin it.")
    if force and known:
        lock = Lock(path, path / record.NOTES)
        lock.acquire()
        try:
            hidden = path.with_name(f".{path.name}.{os.getpid()}.old")
            path.rename(hidden)
            shutil.rmtree(hidden)
        finally:
            lock.release()
    return path


# -- how far it is --------------------------------------------------------------------------------------------------


def status(out: str) -> str:
    """What is in a store, after every file was read and its checksum tested."""
    need()
    from .store import record
    from .store.lock import Lock
    from .store.scan import scan

    path = Path(out).expanduser()
    known = record.read(path)
    if not known:
        raise ValueError(f"there is no store {path}.")
    writer = Lock(path, path / record.NOTES).seen()
    found = scan(path, known.layout, known.arrays)
    done = sum(stop - start for start, stop in known.layout.spans(np.flatnonzero(found.done)))
    lines = [
        head(known.sweep["the map"], int(known.sweep["steps"]), dict(zip(known.dims, known.shape))),
        f"  chunks  {found.done.sum():,} of {known.layout.count:,} done",
        f"  points  {done:,} of {known.points:,} ({math.floor(1000 * done / known.points) / 10:g} %)",
        f"  size    {_bytes(found.size)} on disk",
        f"  damage  {_damage(found.damaged)}",
        f"  writer  {writer or 'none'}",
    ]
    return "\n".join(lines)


def head(name: str, steps: int, sizes: dict) -> str:
    """What was swept, in a line."""
    points = math.prod(sizes.values())
    dims = " × ".join(f"{dim} {size:,}" for dim, size in sizes.items())
    told = f"{name}, {steps:,} steps, {points:,} point{'s' * (points != 1)}"
    return f"{told}: {dims}" if dims else told


def _damage(files):
    if not files:
        return "none"
    shown = ", ".join(files[:3]) + (", …" if len(files) > 3 else "")
    return f"{len(files):,} file{'s' * (len(files) != 1)} ({shown}); the sweep computes them again"


# -- what it would take ---------------------------------------------------------------------------------------------


def estimate(asked: cli_request.Request) -> str:
    """What a sweep would take in room and time; its loop is timed for a moment, and nothing is written."""
    if asked.scheduler:
        raise ValueError("--dry-run times this machine, not a cluster; leave out --scheduler.")
    job = job_of(asked.map, asked.steps, asked.over, asked.measure, asked.values, device=asked.device)
    threads = asked.threads or cores()
    points, size = job.grid.size, sum(rows.itemsize * len(rows) for rows in job.empty(0)) * job.grid.size
    lines = [head(job.map.name, job.steps, job.grid.dims)]
    path = Path(asked.out).expanduser()
    if is_store(asked.out):
        found, missing = _chunks(job, path, asked.device)
        lines.append(f"  chunks  {found}")
    else:
        missing = points
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else math.inf
    packed = "at most, before compression" if is_store(asked.out) else "in memory and on disk"
    lines.append(f"  size    {_bytes(size)} {packed}; {_bytes(free)} are free{' — too few' * (size > free)}")
    rate = _rate(job, asked.device, threads)
    seconds = missing * max(job.steps, 1) / rate
    where = f"{threads} thread{'s' * (threads != 1)}" if asked.device == "cpu" else "the GPU"
    timed = f"{_short(rate)} steps/s, timed just now on {where}"
    lines.append(f"  time    about {_time(seconds)} ({timed})")
    return "\n".join(lines)


def _chunks(job, path, device):
    """How the store would be, or is, cut; and how many points are missing."""
    need()
    from .store import record
    from .store.identity import identity
    from .store.scan import scan
    from .store.sink import layout_of

    known = record.read(path)
    if known:
        known.check(path, identity(job, device))
        found = scan(path, known.layout, known.arrays)
        missing = sum(stop - start for start, stop in known.layout.spans(np.flatnonzero(~found.done)))
        return f"{known.layout.count:,}, of which {found.done.sum():,} are done", missing
    layout = layout_of(job)
    files = f"{layout.count:,} of at most {math.prod(layout.chunk):,} points, in {layout.count * len(job.made):,} files"
    return files, job.grid.size


def _rate(job: Job, device: str, threads: int) -> float:
    """Steps times points a second, on points spread over the grid."""
    short, engine = replace(job, steps=min(job.steps, STEPS)), engines.choose(device, threads)
    _run(engine, replace(job, steps=min(job.steps, 8)), 1)  # compile
    points = 2**14 * threads
    while True:
        start = time.perf_counter()
        done = _run(engine, short, points)
        seconds = time.perf_counter() - start
        if seconds > SECONDS or points >= job.grid.size:
            return done * max(short.steps, 1) / max(seconds, 1e-9)
        points *= 4


def _run(engine, job, points):
    """Compute stretches of some thousand points all over the grid, about so many in all; returns how many."""
    size, length = job.grid.size, min(2**13, points)
    starts = np.linspace(0, max(size - length, 0), max(1, points // length)).astype(int).tolist()
    spans = [(start, start + length) for start in starts] if points < size else [(0, size)]
    engine.run(job, spans, lambda *piece: None, lambda count: None)
    return sum(stop - start for start, stop in spans)


def _short(number):
    power = min(int(math.log10(number) // 3) if number >= 1 else 0, len(_PREFIXES) - 1)
    return f"{number / 1000**power:.3g} {_PREFIXES[power]}".strip()


def _bytes(count):
    return "enough bytes" if math.isinf(count) else f"{_short(count)}{'' if count >= 1000 else ' '}B"


def _time(seconds):
    """A duration in one or two units."""
    if seconds < 99.5:
        return f"{seconds:.2g} s"
    seconds = round(seconds)
    units = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("min", 60))
    for (unit, long), (smaller, short) in itertools.pairwise((*units, ("s", 1))):
        if seconds >= long:
            return f"{seconds // long} {unit} {seconds % long // short} {smaller}"
    return f"{seconds:.0f} s"
