"""What a store says of the sweep that it belongs to, and whether a folder is such a store."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from ..files import whole
from ..jobs import Job
from .identity import FORMAT, differences, python
from .layout import Layout

#: The folder of the notes: a group of the zarr hierarchy, which xarray passes over.
NOTES = ".dynsim"
_FILE = "zarr.json"


@dataclass(frozen=True)
class Record:
    """Written once, when a store is made; only `made_with` grows.

    Attributes
    ----------
    sweep : its identity; see :func:`dynsim.store.identity.identity`.
    dims : of the grid.
    shape, axis, length : of the layout.
    arrays : name -> whether it has a dim of its own after those of the grid.
    python : whose bytecode the identity has.
    made_with : the versions that computed part of it.
    """

    sweep: dict[str, str]
    dims: list[str]
    shape: list[int]
    axis: int
    length: int
    arrays: dict[str, bool]
    python: str
    made_with: list[str]

    @property
    def layout(self) -> Layout:
        return Layout(tuple(self.shape), self.axis, self.length)

    @property
    def points(self) -> int:
        return math.prod(self.shape)

    def check(self, path: Path, sweep: dict[str, str]) -> None:
        """ValueError names what differs, where the store belongs to another sweep."""
        if found := differences(self.sweep, sweep, self.python, python()):
            more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
            raise ValueError(
                f"{path} belongs to a different sweep: {'; '.join(found[:5])}{more}. "
                "Repeat the call that it was made with, or give another store."
            )


def new(job: Job, sweep: dict[str, str], layout: Layout) -> Record:
    """The record of a store that is to be made."""
    arrays = {m.name: bool(m.kind.does.dim) for m in job.made}
    shape = list(layout.shape)
    return Record(sweep, list(job.grid.dims), shape, layout.axis, layout.length, arrays, python(), [])


def read(path: Path) -> Record | None:
    """The record of a store; None where there is nothing yet. ValueError says what else there is."""
    if not path.is_dir():
        if path.exists() or path.is_symlink():
            raise ValueError(f"{path} is a file, not a store; give another name.")
        return None
    try:
        content = json.loads((path / NOTES / _FILE).read_text(encoding="utf-8"))
        known = content["attributes"]["dynsim"]
        number = known.pop("format")
    except FileNotFoundError:
        return _nothing(path)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"the record {path / NOTES / _FILE} is damaged; give another store.") from None
    if number != FORMAT:
        by = "; ".join(known.get("made_with", [])) or "another dynsim"
        raise ValueError(
            f"{path} has the store format {number} (written by {by}), and this dynsim has the format {FORMAT}; "
            "it is left as it is. Go on with the dynsim that wrote it, or give another store."
        )
    try:
        return Record(**known)
    except TypeError:
        raise ValueError(f"the record {path / NOTES / _FILE} is damaged; give another store.") from None


def _nothing(path):
    """None, if the folder is empty or holds only what a killed start may have left."""
    there = sorted(p.name for p in path.iterdir())
    begun = there == [NOTES] and all(
        p.name in ("lock", "holder.json") or p.name.endswith(".tmp") for p in (path / NOTES).iterdir()
    )
    if not there or begun:
        return None
    what = "a zarr store" if {"zarr.json", ".zgroup", ".zattrs", ".zarray"} & set(there) else "a folder"
    raise ValueError(f"{path} is {what} that dynsim did not make; it is left as it is. Give another name.")


def write(path: Path, record: Record) -> None:
    """Put the record in its place, whole."""
    attributes = {"dynsim": {"format": FORMAT, **asdict(record)}}
    content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    with whole(path / NOTES / _FILE) as file:
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
