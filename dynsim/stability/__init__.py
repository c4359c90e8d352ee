"""What the equations of a map say: fixed points, multipliers, scalings, limits; derived from the step itself.

========================== ==========================================================================================
fixed_points, multipliers  fixed points and 2-cycles as expressions, families included, and when they attract
jacobian                   the Jacobian in symbols
nondimensional             the combinations of parameters that rule the motion
flow                       the small-step limit as a differential equation, and what it conserves
normal_form                whether what is born at a flip or Neimark-Sacker attracts
continuation               a fixed point or cycle followed in a parameter, with its bifurcations
orbit_diagram, basins      where orbits end, over a parameter or over where they start
compare                    a condition or a law of the theory held against a sweep
========================== ==========================================================================================
"""

import importlib

from .. import checks

_HOMES = {
    "FixedPoint": "found",
    "FixedPoints": "found",
    "Multipliers": "linear",
    "NoClosedForm": "..symbolic",
    "basins": "diagrams",
    "compare": "theory",
    "continuation": "arclength",
    "fixed_points": "points",
    "flow": "small_step",
    "jacobian": "local",
    "multipliers": "local",
    "nondimensional": "scaling",
    "normal_form": "normal_forms",
    "orbit_diagram": "diagrams",
    "special": "arclength",
}
__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"dynsim.stability has no {name!r}.{checks.nearest(name, _HOMES)}")
    home = _HOMES[name]
    module = importlib.import_module(home if home.startswith("..") else f".{home}", __name__)
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
