"""dynsim: the joint dynamics of learning rate and curvature at the edge of stability.

>>> import dynsim as ds
>>> orbit = ds.orbit(ds.maps.self_stabilization, steps=40)
>>> bool(orbit.y.max() > 0)
True
"""

import importlib

from . import checks

__version__ = "0.1.0"

#: Public name -> where it lives. Everything is imported when first asked for.
_HOMES = {
    "Map": "model",
    "Objective": "training.objective",
    "Landscape": "loop",
    "closed_loop": "loop",
    "compare": "training.comparison",
    "descend": "training.descent",
    "ensemble": "ensembles",
    "explore": "explorer",
    "fixed_points": "stability.points",
    "jacobian": "stability.local",
    "multipliers": "stability.local",
    "named": "labels",
    "orbit": "orbits",
    "reduce": "training.reduction",
    "refine": "adaptive.refinement",
    "residual_motion": "motion",
    "sweep": "sweeps",
    "values_of": "labels",
    **dict.fromkeys(
        (
            "adaptive",
            "families",
            "landscapes",
            "maps",
            "measures",
            "objectives",
            "optimizers",
            "plot",
            "stability",
            "tasks",
            "teaching",
            "tuners",
            "vocabulary",
        )
    ),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'dynsim' has no attribute {name!r}.{checks.nearest(name, _HOMES)}")
    home = _HOMES[name]
    module = importlib.import_module(f"dynsim.{home or name}")
    value = getattr(module, name) if home else module
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
