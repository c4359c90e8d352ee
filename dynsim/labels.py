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
#: How Greek letters are shortened in code; ``lambda`` is a word of Python.
_SHORTENED = {"lam": r"\lambda", "eps": r"\varepsilon"}
#: A state larger than this, or no number, has escaped; the measures that take a ``bound`` have it by default.
BOUND = 1e12
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega"
).split()


def symbol(name: str) -> str:
    """The TeX symbol of a name, without dollar signs."""
    return SYMBOLS[name][0] if name in SYMBOLS else _letters(name)


def _letters(name):
    """A name as it is; Greek ones, shortened or not, as their letters, what follows an underscore as an index."""
    head, _, tail = name.partition("_")
    plain = head if len(head) == 1 else rf"\mathrm{{{head}}}"
    head = f"\\{head}" if head in _GREEK else _SHORTENED.get(head, plain)
    return head + (rf"_{{\mathrm{{{tail}}}}}".replace("_", r"\_").replace(r"\_{", "_{", 1) if tail else "")


def long_name(name: str) -> str:
    return SYMBOLS[name][1] if name in SYMBOLS else name.replace("_", " ")


def label(dataset: xr.Dataset, map: Map) -> xr.Dataset:
    """Give every variable and coordinate its long name and symbol.

    The field's names are given to maps that have an edge (lam and y); those of another map mean what its author meant.
    """
    edge = {"lam", "y"} <= set(map.readable)
    for name, variable in {**dataset.data_vars, **dataset.coords}.items():
        of = variable.attrs.pop("of", name)
        what = variable.attrs.get("long_name", "")
        if of in (*map.readable, "step"):
            start = name in dataset.coords and name in map.state
            variable.attrs["symbol"] = (symbol(of) if edge else _letters(of)) + ("_0" if start else "")
            meant = long_name(of) if edge or of == "step" else of
            what = " ".join(filter(None, ("initial" if start else what, meant)))
        variable.attrs["long_name"] = what or name
    return dataset


def named(array: xr.DataArray) -> xr.DataArray:
    """The names of a variable that holds codes, such as ``regime``; a value without one is called "period 4".

    Examples
    --------
    >>> import dynsim as ds
    >>> fate = ds.sweep(ds.maps.cdat, 2000, {"sigma": [1.9, 2.2]}, ds.measures.regime()).regime
    >>> ds.named(fate).values.tolist()
    ['runaway', 'escaped']
    """
    flags = flags_of(array)
    if not flags:
        raise ValueError(f"{array.name!r} has no named values; only variables such as regime do.")
    what = array.attrs.get("long_name", array.name)
    values, where = np.unique(array.values, return_inverse=True)
    names = [flags.get(v, f"{what} {v:g}") for v in values.tolist()]
    return array.copy(data=np.array(names, str)[where].reshape(array.shape))


def flags_of(array: xr.DataArray) -> dict[int, str]:
    """Code -> name, of a variable that holds codes; else empty."""
    names = array.attrs.get("flag_meanings", "").split()
    codes = np.atleast_1d(array.attrs.get("flag_values", np.arange(len(names))))
    return dict(zip(codes.tolist(), names))


def values_of(point: xr.Dataset) -> dict[str, float]:
    """The initial state and parameters of one point of a sweep, as ``ds.orbit`` takes them.

    Examples
    --------
    >>> import dynsim as ds
    >>> result = ds.sweep(ds.maps.cdat, 100, {"sigma": [1.9, 2.0]}, ds.measures.final("lam"), nu=0.2)
    >>> one = ds.orbit(ds.maps.cdat, 100, **ds.values_of(result.isel(sigma=1)))
    >>> bool(one.lam[-1] == result.lam_final[1])
    True
    """
    if any(point.sizes.values()):
        raise ValueError(f"this is {dict(point.sizes)} points; choose one, as in result.isel(a=3, x=5).")
    swept = json.loads(point.attrs["swept"])
    return json.loads(point.attrs["values"]) | {name: float(point[name]) for name in swept}


def describe(map: Map, *, steps, values, swept=(), device, call, seed=0, dtype="float64") -> dict:
    """The attributes of a result; plain strings and numbers, so that NetCDF can keep them."""
    import numba

    from . import __version__

    noise = {"seed": seed} if map.noisy and "seed" not in swept else {}
    return noise | {
        "map": map.name,
        "steps": steps,
        "values": json.dumps(values),
        "swept": json.dumps(list(swept)),
        "device": device,
        "dtype": dtype,
        "call": call,
        "versions": f"dynsim {__version__}, numpy {np.__version__}, numba {numba.__version__}, "
        f"Python {platform.python_version()}",
    }
