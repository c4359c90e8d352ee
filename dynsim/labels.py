"""Symbols and long names of the field, and what a result says about itself."""

import json
import platform

import numpy as np
import xarray as xr

from .model import Map

#: name: (TeX symbol, long name). Other names are shown as they are; Greek ones as their letters.
SYMBOLS = {
    "eta": (r"\eta", "learning rate"),
    "lam": (r"\lambda", "sharpness"),
    "y": (r"y = \eta\lambda - 2", "distance from the edge of stability"),
    "x": ("x", "projection on the top eigenvector"),
    "u": ("u", "projection on the second eigenvector"),
    "p": ("p = x^2", "squared projection on the top eigenvector"),
    "g": ("g = u^2", "squared projection on the second eigenvector"),
    "ratio": ("p/g", "ratio of the squared projections"),
    "log_p": (r"\ln p", "logarithm of the squared projection on the top eigenvector"),
    "n": (r"n = -\nabla f^\top u", "slope along the update"),
    "d": (r"d = u^\top\nabla^2 f\,u", "curvature along the update"),
    "grad_sq": (r"\|\nabla f\|^2", "squared gradient norm"),
    "f": ("f", "loss"),
    "sharpness": (r"\lambda_{\max}(\nabla^2 f)", "largest Hessian eigenvalue"),
    "a": ("a", "progressive sharpening"),
    "b": ("b", "restoring feedback"),
    "nu": (r"\nu", "second eigenvalue"),
    "sigma": (r"\sigma", "tuner's target"),
    "eps": (r"\varepsilon", "offset of the curvature"),
    "beta": (r"\beta", "averaging or tuning coefficient"),
    "n_avg": (r"\tilde n", "averaged slope"),
    "d_avg": (r"\tilde d", "averaged curvature"),
    "step": ("t", "step"),
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega"
).split()


def symbol(name: str) -> str:
    """The TeX symbol of a name, without dollar signs."""
    if name in SYMBOLS:
        return SYMBOLS[name][0]
    head, _, tail = name.partition("_")
    head = f"\\{head}" if head in _GREEK else (head if len(head) == 1 else rf"\mathrm{{{head}}}")
    return head + (rf"_{{\mathrm{{{tail}}}}}".replace("_", r"\_").replace(r"\_{", "_{", 1) if tail else "")


def long_name(name: str) -> str:
    return SYMBOLS[name][1] if name in SYMBOLS else name.replace("_", " ")


def axis(name: str) -> str:
    """An axis label: what it is, and its symbol."""
    described = long_name(name)
    return f"{described}  ${symbol(name)}$" if name in SYMBOLS else f"${symbol(name)}$"


def label(dataset: xr.Dataset, map: Map) -> xr.Dataset:
    """Give every variable and coordinate its long name and symbol."""
    for name, variable in {**dataset.data_vars, **dataset.coords}.items():
        of = variable.attrs.pop("of", name)
        what = variable.attrs.get("long_name", "")
        if of in (*map.readable, "step"):
            variable.attrs["symbol"] = symbol(of)
            what = f"{what} {long_name(of)}".strip()
        variable.attrs["long_name"] = what or long_name(name)
    return dataset


def describe(map: Map, *, steps, values, device, call) -> dict:
    """The attributes of a result; plain strings and numbers, so that NetCDF can keep them."""
    import numba

    from . import __version__

    return {
        "map": map.name,
        "steps": steps,
        "values": json.dumps(values),
        "device": device,
        "dtype": "float64",
        "call": call,
        "versions": f"dynsim {__version__}, numpy {np.__version__}, numba {numba.__version__}, "
        f"Python {platform.python_version()}",
    }
