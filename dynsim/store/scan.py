"""What is in a store: which chunks are done, which files are damaged."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import numpy as np

from .layout import Layout


@dataclass(frozen=True)
class Scan:
    """What was found: `done` says of each chunk whether all its files are whole; `damaged` names those that are not."""

    done: np.ndarray
    damaged: list[str]
    size: int


def key(layout: Layout, n: int, wide: bool) -> str:
    """The file of chunk `n` within its array's folder; `wide` where the array has a dim of its own."""
    return "/".join(("c", *map(str, layout.index(n)), *["0"] * wide))


def sound(content: bytes) -> bool:
    """Whether it ends in the crc32c of the rest, as zarr's codec of that name writes it."""
    return len(content) > 4 and struct.pack("<I", google_crc32c.value(content[:-4])) == content[-4:]


def scan(folder: Path, layout: Layout, arrays: Mapping[str, bool]) -> Scan:
    """Read every file of a store's arrays (name -> whether it has a dim of its own) and check it."""
    done, damaged, size = np.ones(layout.count, bool), [], 0
    for name, wide in arrays.items():
        if not (folder / name / "c").exists():
            done[:] = False
            continue
        for n in range(layout.count):
            file = key(layout, n, wide)
            try:
                content = (folder / name / file).read_bytes()
            except FileNotFoundError:
                done[n] = False
                continue
            except OSError:
                content = b""  # what cannot be read is as good as damaged
            size += len(content)
            if not sound(content):
                done[n] = False
                damaged.append(f"{name}/{file}")
    return Scan(done, damaged, size)
