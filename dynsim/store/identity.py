"""What a sweep is: everything that decides its results, as text that can be compared and shown."""

import hashlib
import platform
import sys

import numpy as np

from ..grids import Grid
from ..jobs import Job
from ..kernels import code_of

#: Another format is another number: a store of another format is left alone.
FORMAT = 1
_CODE = "the code of "


def identity(job: Job, device: str) -> dict[str, str]:
    """What decides the results of a job: a dict of what -> its value, both to be read by people.

    The versions of Python and numba are no part of it; code is compared by its bytecode.
    """
    found = {"the map": job.map.name, "steps": str(job.steps), "the dtype": job.dtype, "the device": device}
    if job.map.noisy:
        found["the seed"] = str(job.seed)
    found["the shape"] = " × ".join(f"{dim} {size}" for dim, size in job.grid.dims.items())
    found |= {f"the grid of {name}": _values(job.grid, name) for name in job.grid.names}
    found |= {name: repr(value) for name, value in job.fixed.items()}
    found |= {f"the measure {m.name}": _measure(m) for m in job.made}
    return found | {_CODE + name: text for name, text in code_of(job.map, job.made).items()}


def _measure(measure):
    options = ", ".join(f"{name}={value!r}" for name, value in measure.options.items())
    return f"{measure.kind.name}({', '.join(filter(None, (measure.of, options)))}) as {measure.kind.dtype}"


def _values(grid: Grid, name):
    variable = grid.coords[name]
    values = np.ascontiguousarray(variable.values)
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    ends = f"{values.flat[0]:.6g} … {values.flat[-1]:.6g}"
    return f"{values.size} values {ends} along {', '.join(variable.dims)} (sha256 {digest[:12]})"


def python() -> str:
    """The Python whose bytecode this is; the same for 3.13.1 and 3.13.2."""
    return f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"


def differences(old: dict[str, str], new: dict[str, str], old_python: str, new_python: str) -> list[str]:
    """What differs between two sweeps, in words; empty if they are the same.

    Examples
    --------
    >>> differences({"steps": "10", "a": "0.1"}, {"steps": "20", "b": "0.3"}, "", "")
    ['steps was 10 and is 20', 'a was 0.1 and is not given', 'b was not given and is 0.3']
    """
    found, code = [], []
    for what in dict.fromkeys((*old, *new)):
        was, now = old.get(what, "not given"), new.get(what, "not given")
        if was == now:
            continue
        if what.startswith(_CODE):
            code.append(what)
        else:
            found.append(f"{what} was {was} and is {now}")
    if code and not found and old_python != new_python:
        return [f"its code was read by {old_python} and now by {new_python}, so that it cannot be compared"]
    if old.get("the map") != new.get("the map"):
        return found[:1]  # the rest follows
    return found or ([f"{', '.join(code)} has changed"] if code else [])
