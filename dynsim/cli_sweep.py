"""``dynsim sweep``: runs what is asked for, saves it whole or not at all, and says what came out."""

import itertools
import json
import os
import sys
from argparse import ArgumentError, Namespace
from pathlib import Path

import numpy as np
import xarray as xr

import dynsim as ds

from . import cli_request
from .files import draft, whole
from .labels import flags_of, named


def run(args: Namespace) -> int:
    """Run the sweep that `args` asks for; everything is checked before it starts."""
    try:
        asked = cli_request.request(args)
        path = writable(asked.out, args.force)
    except (TypeError, ValueError) as error:
        raise ArgumentError(None, str(error)) from error
    result = ds.sweep(
        asked.map, asked.steps, over=asked.over, measure=asked.measure, threads=asked.threads, **asked.values
    )
    try:
        saved = save(result, path, args.force)
    except OSError as error:
        print(f"dynsim sweep: the result could not be saved: {error}", file=sys.stderr)
        return 1
    print(f"{summary(result)}\nsaved in {saved}")
    return 0


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
    dims = " × ".join(f"{name} {size:,}" for name, size in sizes.items())
    points = int(np.prod(list(sizes.values()), dtype=np.int64))
    head = f"{dataset.attrs['map']}, {dataset.attrs['steps']:,} steps, {points:,} point{'s' * (points != 1)}"
    lines = [f"{head}: {dims}" if dims else head]
    width = max(map(len, dataset.data_vars))
    lines += [f"  {name:<{width}}  {_told(variable)}" for name, variable in dataset.data_vars.items()]
    return "\n".join(lines)


def _told(variable):
    values = variable.values
    if "flag_meanings" in variable.attrs:
        names, counts = np.unique(named(variable).values, return_counts=True)
        flags = list(flags_of(variable).values())
        order = sorted(zip(names, counts), key=lambda pair: (flags.index(pair[0]) if pair[0] in flags else -1, pair[0]))
        return ", ".join(f"{name} {count:,}" for name, count in order)
    finite = values[np.isfinite(values)]
    others = f" ({values.size - finite.size:,} not finite)" if finite.size < values.size else ""
    return (f"{finite.min():.6g} … {finite.max():.6g}" if finite.size else "no finite value") + others
