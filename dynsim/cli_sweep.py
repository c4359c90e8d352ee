"""``dynsim sweep``: runs what is asked for, saves it whole or not at all, and says what came out."""

import itertools
import json
import os
import sys
from argparse import ArgumentError, Namespace
from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr

import dynsim as ds

from . import cli_request, cli_store
from .engines.cluster import NoWorkers, client_of
from .engines.cuda import NoGpu
from .files import draft, whole
from .labels import flags_of, named
from .store.errors import StoreError


def run(args: Namespace) -> int:
    """Run the sweep that `args` asks for; everything is checked before it starts."""
    try:
        out = cli_store.out_of(args)
        if args.status:
            print(cli_store.status(out))
            return 0
        asked = cli_request.request(args)
        if args.dry_run:
            print(cli_store.estimate(asked))
            return 0
        stored = cli_store.is_store(asked.out)
        with client_of(asked.scheduler) as client:
            if stored:  # an old store is removed only now that a cluster, where one is asked for, has answered
                saved = cli_store.ready(Path(asked.out).expanduser(), args.force, args.resume)
                result = _into_store(asked, client, saved)
            else:
                path = writable(asked.out, args.force)
                result = _sweep(asked, client)
    except (TypeError, ValueError, ImportError, NoGpu) as error:
        raise ArgumentError(None, str(error)) from error
    except (StoreError, NoWorkers) as error:
        return _failed(error)
    if result is None:
        return 130
    try:
        saved = saved if stored else save(result, path, args.force)
    except OSError as error:
        return _failed(f"the result could not be saved: {error}")
    print(f"{summary(result)}\nsaved in {saved}")
    return 0


def _sweep(asked, client, **more):
    return ds.sweep(
        asked.map,
        asked.steps,
        over=asked.over,
        measure=asked.measure,
        device=asked.device,
        threads=asked.threads,
        client=client,
        **more,
        **asked.values,
    )


def _into_store(asked, client, path):
    """The result, read from the store; None where it was interrupted."""
    try:
        return _sweep(asked, client, store=path)
    except KeyboardInterrupt:
        print(f"interrupted; what was computed is in {path}, and the same command goes on from there", file=sys.stderr)
        return None


def _failed(why):
    print(f"dynsim sweep: {why}", file=sys.stderr)
    return 1


def writable(out: str, force: bool) -> Path:
    """The path to write to, once nothing stands in the way; ValueError says what does."""
    path = Path(out).expanduser()
    folder = path.parent
    if not folder.is_dir():
        raise ValueError(
            f"there is no folder {folder} to write {path.name} in; make it first, or choose another --out."
        )
    if path.is_dir() or (os.path.lexists(path) and not path.is_file()):
        raise ValueError(f"{path} exists and is not a file; choose another --out, such as result.nc.")
    if os.path.lexists(path) and not force:
        raise ValueError(f"{path} exists already; add --force to overwrite it, or choose another --out.")
    hidden = draft(path)
    try:
        hidden.touch()
        _write(xr.Dataset(), hidden)  # the whole way, so that no sweep is lost to a missing library
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"{folder} cannot be written to ({why}); choose another --out.") from error
    except ImportError as error:
        raise ValueError(f"NetCDF files cannot be written here: {error}") from error
    finally:
        hidden.unlink(missing_ok=True)
    return path


def save(dataset: xr.Dataset, path: Path, force: bool = False) -> Path:
    """Write `dataset` as NetCDF under a hidden name, and rename it once it is whole.

    Returns
    -------
    Path : where it is; a numbered name beside `path` if a file came to lie there meanwhile and `force` is not set.
    """
    if not force:
        numbered = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
        path = next(p for p in itertools.chain([path], numbered) if not os.path.lexists(p))
    with whole(path) as hidden:
        _write(dataset, hidden)
    return path


def _write(dataset, path):
    dataset.to_netcdf(path, engine="h5netcdf")


def summary(dataset: xr.Dataset) -> str:
    """What was swept, and for each variable its range or how many points have each flag."""
    names = json.loads(dataset.attrs.get("swept", "[]")) or list(dataset.sizes)
    swept = [dim for name in names for dim in (dataset[name].dims if name in dataset.variables else (name,))]
    sizes = {dim: dataset.sizes[dim] for dim in dict.fromkeys(swept)}  # not the dims of a measure's results
    lines = [cli_store.head(dataset.attrs["map"], dataset.attrs["steps"], sizes)]
    width = max(map(len, dataset.data_vars))
    lines += [f"  {name:<{width}}  {_told(variable)}" for name, variable in dataset.data_vars.items()]
    return "\n".join(lines)


def _told(variable):
    """The range of a variable, or how many points have each flag; it is looked at piece by piece."""
    if "flag_meanings" in variable.attrs:
        counts = Counter()
        for values in _pieces(variable):
            counts.update(dict(zip(*(found.tolist() for found in np.unique(values, return_counts=True)))))
        codes = xr.DataArray(np.array(list(counts)), attrs=variable.attrs, name=variable.name)
        flags = list(flags_of(variable).values())
        order = sorted(
            zip(named(codes).values.tolist(), counts.values()),
            key=lambda pair: (flags.index(pair[0]) if pair[0] in flags else -1, pair[0]),
        )
        return ", ".join(f"{name} {count:,}" for name, count in order)
    low, high, count = np.inf, -np.inf, 0
    for values in _pieces(variable):
        finite = values[np.isfinite(values)]
        count += finite.size
        if finite.size:
            low, high = min(low, finite.min()), max(high, finite.max())
    others = f" ({variable.size - count:,} not finite)" if count < variable.size else ""
    return (f"{low:.6g} … {high:.6g}" if count else "no finite value") + others


def _pieces(variable):
    """The values of a variable: at once if they are in memory, else chunk by chunk."""
    chunks = variable.encoding.get("chunks", variable.shape)
    cuts = [range(0, size, step) for size, step in zip(variable.shape, chunks)]
    for corner in itertools.product(*cuts):
        block = {dim: slice(low, low + step) for dim, low, step in zip(variable.dims, corner, chunks)}
        yield variable.isel(block).values
