"""What theory says of a map that is no fixed point: conditions between its parameters and where it starts."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from ..model import Map
from ..reproduce.ratio import gain
from .derived import observable


@dataclass(frozen=True)
class Statement:
    """An expression that vanishes on a boundary.

    Attributes
    ----------
    label : for a reader.
    zero : the expression.
    source : where it is stated.
    inside : where it means something.
    """

    label: str
    zero: sp.Basic | str
    source: str
    inside: str = ""


_LIMIT = "docs/theory.md 2.3"
_EXISTS = "(2*nu < sigma*(lam + nu)) & (sigma*(lam + nu) < 2*lam)"
_CDAT = [
    Statement("p/g has a limit: σ > 2ν/(λ₀ + ν)", "sigma*(lam + nu) - 2*nu", _LIMIT, "nu < lam"),
    Statement("p/g has a limit: σ < 2λ₀/(λ₀ + ν)", "sigma*(lam + nu) - 2*lam", _LIMIT, "nu < lam"),
]
_STARTS = "the catalogue: {}"
#: Map -> what is said of it. Names stand for parameters and for initial states.
STATEMENTS: dict[str, list[Statement]] = {
    "cdat": [*_CDAT, Statement("p/g is attracted to its limit: K < 1", "gain(sigma, lam, nu) - 1", _LIMIT, _EXISTS)],
    "cdat_undelayed": [
        *_CDAT,
        Statement("p/g is attracted to its limit: K < 2", "gain(sigma, lam, nu) - 2", _LIMIT, _EXISTS),
        Statement("once g has died out, λ rises if p < a/b", "b*x**2 - a", _LIMIT, "Eq(sigma, 2)"),
    ],
    "catapult": [
        Statement("lazy below η = 2/λ₀, a catapult above", "eta*lam - 2", _STARTS.format("catapult")),
        Statement("a catapult below η = 4/λ₀, divergent above", "eta*lam - 4", _STARTS.format("catapult")),
    ],
    "uv": [Statement("the edge is reached iff η > √n/|Y|", "eta**2*target**2 - width", _STARTS.format("uv"))],
    "uv_balanced": [
        Statement("edge of stability at the start, ηλ₀ = 2", "u**2 - 1", _STARTS.format("uv_balanced")),
        Statement("the 2-cycle flips at A = √5 − 1", "A - sqrt(5) + 1", _STARTS.format("uv_balanced")),
        Statement("orbits escape beyond A = 2", "A - 2", _STARTS.format("uv_balanced")),
    ],
    "damped": [Statement("small motions are damped iff ζ² > 2/9", "9*zeta**2 - 2", "docs/theory.md 3, Damping")],
    "heavy_ball": [Statement("the edge, ηλ₀ = 2(1 + β)", "eta*lam - 2*(1 + beta)", _STARTS.format("heavy_ball"))],
    "nesterov": [
        Statement(
            "the edge, ηλ₀ = 2(1 + β)/(1 + 2β)", "eta*lam*(1 + 2*beta) - 2*(1 + beta)", _STARTS.format("nesterov")
        )
    ],
    "averaged_momentum": [
        Statement(
            "the edge, ηλ₀ = 2(1 + β)/(1 − β)",
            "eta*lam*(1 - beta) - 2*(1 + beta)",
            _STARTS.format("averaged_momentum"),
        )
    ],
    "quartic_cdat": [
        Statement(
            "the 2-cycle attracts up to σ = 2 + q√a/b, to leading order in q",
            "sigma - 2 - q*sqrt(a)/b",
            _STARTS.format("quartic_cdat"),
            "Eq(zeta, 0) & (0 < q)",
        )
    ],
    "quartic_cdat_undelayed": [
        Statement(
            "the 2-cycle attracts: λ² > a(6 − σ)³/(4(σ² − 6σ + 12)) on it, 2 < σ < 4",
            "4*(sigma**2 - 6*sigma + 12)*q**2*a - (6 - sigma)*((sigma - 2)*b)**2",
            _STARTS.format("quartic_cdat_undelayed"),
            "Eq(zeta, 0) & (0 < q) & (2 < sigma) & (sigma < 4)",
        )
    ],
    "flip_normal_form": [
        Statement("κ = 0: the 2-cycle is stable iff c > 0", "c", _STARTS.format("flip_normal_form"), "Eq(kappa, 0)")
    ],
}
#: Whose edge of stability is not at y = 0.
_OTHER_EDGE = ("heavy_ball", "nesterov", "averaged_momentum")


def statements(map: Map, name: str) -> Iterator[Statement]:
    """What is known of this map: the edge of stability where it starts, and what the table has.

    Examples
    --------
    >>> import dynsim as ds
    >>> [(one.label, one.zero) for one in statements(ds.maps.target_sharpness, "target_sharpness")]
    [('edge of stability at the start, y = 0', sigma - 2)]
    """
    if "y" in map.observables and name not in _OTHER_EDGE:
        try:
            edge = observable(map, "y")
        except Exception:  # a user's function may be no expression
            edge = sp.Integer(0)
        if edge.free_symbols:
            yield Statement("edge of stability at the start, y = 0", edge, "the map's own y")
    yield from STATEMENTS.get(name, ())


#: What the texts of the table may call.
WORDS = {"gain": gain}
