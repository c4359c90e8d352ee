"""CDAT beside the stable state of the quartic loss: sweeps that start there, and what theory says of it.

In units of x = √(a/b) and λ = √a the fourth derivative is Q = q√a/b, and noise of strength s is S = s√b/a; with u dead
nothing else but σ is left.
"""

from functools import cache

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from .. import maps, measures
from ..labels import named
from ..sweeps import sweep
from ..symbolic import equations

UNDELAYED, DELAYED = maps.quartic_cdat_undelayed, maps.quartic_cdat
A, B = 0.01, 0.5
#: What every sweep measures, so that each map is compiled once.
WATCH = [measures.regime(bound=1e6), *[measures.final(n) for n in ("lam", "p")], measures.mean("lam")]


def settles_at(sigma, size):
    """λ of the state."""
    return (6 - sigma) * size * np.sqrt(A) / (sigma - 2)


def run(map_, steps, sigma, size, nudge=1.05, over=None, **values):
    """A sweep over σ and Q from beside the state: λ is its own, |x| `nudge` times its own.

    Where there is no state (λ > 0), λ starts at 10√a.
    """
    sigma, size = np.atleast_1d(sigma).astype(float), np.atleast_1d(size).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = settles_at(sigma[:, None], size)
    lam = np.where((at > 0) & np.isfinite(at), at, 10 * np.sqrt(A))
    grid = {"sigma": sigma, "q": ("Q", size * B / np.sqrt(A)), "lam": (("sigma", "Q"), lam)}
    found = _run(map_, steps, grid | (over or {}), nudge, **values)
    return found.assign_coords(Q=("Q", size, {"long_name": "fourth derivative", "symbol": r"q\sqrt{a}/b"}))


def run_damped(map_, steps, sigma, zeta, nudge=1.05, over=None, **values):
    """A sweep over σ and ζ at q = 0, from λ = max(10√a, 10ζ√(a/b))."""
    sigma, zeta = np.atleast_1d(sigma).astype(float), np.atleast_1d(zeta).astype(float)
    lam = np.maximum(10 * np.sqrt(A), 10 * zeta * np.sqrt(A / B))
    grid = {"sigma": sigma, "zeta": zeta, "lam": ("zeta", lam)}
    return _run(map_, steps, grid | (over or {}), nudge, q=0, **values)


def _run(map_, steps, grid, nudge, **values):
    dims, lam = grid["lam"]
    if "eta" in map_.state:
        grid = grid | {"eta": (dims, 2 / lam)}
    values = {"a": A, "b": B, "nu": 0, "u": 0, "x": nudge * np.sqrt(A / B)} | values
    found = sweep(map_, steps, grid, WATCH, progress=False, **values)
    # A trap: from there λ falls for ever, but with q > 0 not fast.
    lost = (found.lam_final < 0) & (found.p_final > A / B)
    found["regime"] = found.regime.where(~lost, found.regime.attrs["flag_meanings"].split().index("escaped"))
    return found


def stays(found):
    """Whether λ neither escaped nor went half as far as the runaway law √(λ0² + 4at), from λ0 = 10√a."""
    law = np.sqrt(100 * A + 4 * A * found.attrs["steps"])
    return (named(found.regime) != "escaped") & (found.lam_final > 0) & (found.lam_final < law / 2)


def fates(found):
    """The names of the regimes that occur."""
    return ", ".join(sorted(set(np.unique(named(found.regime).values).tolist())))


@cache
def _jacobian(map_):
    """That of the step followed by x → −x, as a function of the state without u, σ and q."""
    found = equations(map_, {"a": A, "b": B, "zeta": 0, "nu": 0})
    kept = [k for k, name in enumerate(found.state) if name != "u"]
    matrix = found.jacobian.extract(kept, kept).subs(found.state["u"], 0)
    names = [found.symbols[k] for k in kept] + [found.parameters[n] for n in ("sigma", "q")]
    entries = sp.lambdify(names, list(sp.diag(-1, *[1] * (len(kept) - 1)) * matrix), "numpy")
    return entries, len(kept)


def radius(map_, sigma, size):
    """The largest modulus of the multipliers of the state, a 2-cycle: it attracts where that is below 1."""
    sigma, size = np.broadcast_arrays(np.asarray(sigma, float), np.asarray(size, float))
    lam, q = settles_at(sigma, size), size * B / np.sqrt(A)
    entries, count = _jacobian(map_)
    state = [np.sqrt(A / B), lam, 2 / (lam + q * A / B)][:count]
    flat = np.broadcast_arrays(*entries(*state, sigma, q), sigma)[:-1]
    matrix = np.moveaxis(np.array(flat), 0, -1).reshape(*sigma.shape, count, count)
    return np.abs(np.linalg.eigvals(matrix)).max(-1)


def undelayed_edge(sigma):
    """Q above which the state attracts without the delay: Λ² = a(6 − σ)³/(4(σ² − 6σ + 12))."""
    return (sigma - 2) * np.sqrt((6 - sigma) / (4 * (sigma * sigma - 6 * sigma + 12)))


def edge(map_, sigma):
    """Q above which the state attracts: the closed form, or where the multipliers leave the unit circle."""
    if map_ is UNDELAYED:
        return undelayed_edge(sigma)
    near = sigma - 2  # to leading order
    return brentq(lambda size: radius(map_, sigma, size) - 1, 0.3 * near, 30 * near, xtol=1e-12)


def width(map_, size):
    """σ_c − 2, from the same theory."""
    return brentq(lambda d: edge(map_, 2 + d) - size, 0.2 * size, 2.5 * size, xtol=1e-13)
