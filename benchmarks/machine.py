"""The machine and the software, in words. No names of hosts or folders."""

import importlib.metadata
import os
import platform
from pathlib import Path

from .timing import CORES

_PACKAGES = ("dynsim", "numpy", "numba", "llvmlite", "xarray", "jax", "pynamicalsys")


def _cpuinfo() -> dict[str, str]:
    """The first processor's entries."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def cpu_flags() -> set[str]:
    """What the processor can do, in Linux's words."""
    return set(_cpuinfo().get("flags", "").split())


def _caches() -> str:
    """Sizes of the caches that one core sees."""
    sizes = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((index / part).read_text().strip() for part in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            sizes[f"L{level}"] = size.replace("K", " KiB")
    return ", ".join(f"{name} {size}" for name, size in sizes.items())


def machine(lanes: int | None = None) -> str:
    """One paragraph on the hardware."""
    info = _cpuinfo()
    kind = "a virtual machine" if "hypervisor" in info.get("flags", "") else "a machine"
    family = f", family {info['cpu family']}" if "cpu family" in info else ""
    words = f"{kind} with {CORES} cores of one {info.get('model name', platform.machine())}{family}"
    words += f" ({platform.machine()}{f'; vectors of {lanes} doubles' if lanes else ''})"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        words += f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB of memory"
    if caches := _caches():
        words += f"; caches: {caches}"
    return f"{words[0].upper()}{words[1:]}. {platform.system()}."


def versions(*more: str) -> str:
    """Python and the packages, with their versions."""
    found = [f"Python {platform.python_version()}"]
    for package in (*_PACKAGES, *more):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found) + "."
