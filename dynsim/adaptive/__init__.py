"""What reads a diagram that ``ds.refine`` made.

========= ============================================================================================================
raster    it on a regular grid, as ``ds.sweep`` would have it; also of a part, or a slice
critical  where its value changes along one axis, as a function of the others, with the error
boundary  the boundaries between its values, as polylines
========= ============================================================================================================

``ds.plot.phase_diagram`` draws it.
"""

import importlib

from .. import checks

_HOMES = {"refine": "refinement", "raster": "reading", "critical": "reading", "boundary": "lines"}
__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"dynsim.adaptive has no {name!r}.{checks.nearest(name, _HOMES)}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
