"""Families of landscapes: product maps for a loss of your own, scalar chains of any depth.

``dynsim/landscapes`` holds members of them by name.
"""

import inspect
from collections.abc import Callable

from . import checks
from .loop import Landscape
from .model import roles
from .vocabulary import log, maximum, minimum, sqrt
from .writing import generate

_PRODUCT = """
def move({head}, /, *, eta{own}):
    slope = _slope({call})
    return (
        {p} - eta * {s} * slope + eta * eta * {p} * slope * slope,
        {s} - 4 * eta * {p} * slope + eta * eta * {s} * slope * slope,
    )
""", """
def f({p}{names}):
    return _loss({call})
""", """
def n({p}, {s}{names}):
    slope = _slope({call})
    return slope * slope * {s}
""", """
def d({p}, {s}{names}):
    slope = _slope({call})
    return slope * slope * (_curvature({call}) * {s} * {s} + 2 * {p} * slope)
""", """
def sharpness({p}, {s}{names}):
    slope, bent = _slope({call}), _curvature({call})
    across = bent * {s}
    return (across + sqrt(maximum(across * across + 4 * slope * (2 * bent * {p} + slope), 0))) / 2
"""  # fmt: skip


def product(
    loss: Callable, slope: Callable, curvature: Callable, start=(0.5, 2.0), name: str = "", doc: str = ""
) -> Landscape:
    """The landscape of L(x, y) = ℓ(xy) for any loss ℓ, in p = xy and s = x² + y².

        p' = p − ηsℓ' + η²pℓ'²          s' = s − 4ηpℓ' + η²sℓ'²          (x² − y²)' = (1 − η²ℓ'²)(x² − y²)
        ‖∇L‖² = ℓ'²s        gᵀHg = ℓ'²(ℓ''s² + 2ℓ'p)        λmax = ½(ℓ''s + √(ℓ''²s² + 4ℓ'(2ℓ''p + ℓ')))

    Parameters
    ----------
    loss, slope, curvature : ℓ, ℓ' and ℓ'' as plain functions of p, and of parameters with defaults, if any, the same
        for all three: ``def slope(p, width=1.0)``. Only arithmetic and :mod:`dynsim.vocabulary`.
    start : default initial p and s; s ≥ 2|p|.
    name, doc : for listings and results.

    Returns
    -------
    Landscape : states ``p``, ``s``; measures f, n, grad_sq, d, sharpness, and ``lam``, the sharpness by its short
        name, so that y = ηλ − 2.

    Raises
    ------
    TypeError : the three do not take the same arguments.

    Notes
    -----
    x² − y² is a function of p and s, up to its sign: (x² − y²)² = s² − 4p².

    Source: derived for dynsim; Song, Yun 2023, arXiv 2307.04204, and Ahn et al. 2022, arXiv 2212.07469, for even ℓ.

    Examples
    --------
    >>> import dynsim as ds
    >>> quartic = product(lambda p: p * p * p * p / 4, lambda p: p * p * p, lambda p: 3 * p * p, name="quartic")
    >>> one = ds.orbit(ds.closed_loop(quartic, ds.tuners.constant, eta=0.1), 3, p=1.0, s=2.5)
    >>> one.p.values.round(4).tolist(), one.sharpness.values[:2].round(3).tolist()
    ([1.0, 0.76, 0.6682, 0.6092], [8.339, 4.018])
    """
    own = roles(slope)
    (position, *rest), parameters = own.inputs or ("",), own.parameters
    if rest or not position or own.state or any(roles(part) != own for part in (loss, curvature)):
        raise TypeError("loss, slope and curvature must take the same arguments: p, and parameters with defaults.")
    parts = {
        "p": "p", "s": "s", "head": "p, s", "names": "".join(f", {k}" for k in parameters),
        "own": "".join(f", {k}={v!r}" for k, v in parameters.items()),
        "call": ", ".join(["p", *(f"{k}={k}" for k in parameters)]),
    }  # fmt: skip
    names = {"_loss": loss, "_slope": slope, "_curvature": curvature, "sqrt": sqrt, "maximum": maximum}
    made = {}
    for text in _PRODUCT:
        function = generate(text.format(**parts).strip("\n") + "\n", names)
        made[function.__name__] = function
    move = made.pop("move")
    move.__defaults__ = tuple(start)
    functions = made | {"grad_sq": made["n"], "lam": made["sharpness"]}
    return Landscape(move, functions, name or f"product_{slope.__name__}", doc=doc or inspect.getdoc(product))


#: Newton steps after which the gradient-flow solution of a chain is taken as found.
NEWTON = 40


def scalar_chain(depth: int, start=None, doc: str = "") -> Landscape:
    """The landscape of a scalar chain, f(w) = ½ (∏ wᵢ − target)², with `depth` weights.

        wᵢ' = wᵢ − η r cᵢ,    r = ∏ wⱼ − target,    cᵢ = ∏_{j≠i} wⱼ
        n = r² Σcᵢ²        d = r² ((Σcᵢ²)² + r Σ_{i≠j} cᵢcⱼc_{ij})        with c_{ij} = ∏_{k≠i,j} w_k

    Its measure ``solution`` is the sharpness of the minimum at which gradient flow from here would end: with wᵢ² =
    wᵢ(0)² + t there, the same t for all, it is target² Σ 1/(wᵢ(0)² + t). ``lam`` is Σcᵢ², the sharpness where r = 0.

    Parameters
    ----------
    depth : how many weights, at least 2; states ``w1``, ``w2``, …
    start : default initial weights.

    Notes
    -----
    ``solution`` is for weights whose product has the sign of the target; NaN where it would leave the reals.

    Source: Kreisler et al. 2023, arXiv 2305.13064.

    Examples
    --------
    >>> import dynsim as ds
    >>> chain = scalar_chain(3)
    >>> loop = ds.closed_loop(chain, ds.tuners.constant, eta=0.05)
    >>> end = ds.orbit(loop, 400, w1=1.5, w2=1.2, w3=1.1)
    >>> float(end.f[-1].round(12)), bool((end.solution.diff("step") <= 1e-12).all())
    (0.0, True)
    """
    depth = checks.whole(depth, "depth", least=2)
    w = [f"w{i + 1}" for i in range(depth)]
    start = [1.5, *[0.8] * (depth - 1)] if start is None else list(start)
    if len(start) != depth:
        raise ValueError(f"start must have {depth} numbers, one for each weight, not {len(start)}.")
    names = {"log": log, "minimum": minimum}
    made = {}
    for text in _chain(w):
        function = generate(text, names)
        made[function.__name__] = function
    move = made.pop("move")
    move.__defaults__ = tuple(start)
    return Landscape(move, made, f"scalar_chain_{depth}", doc=doc or inspect.getdoc(scalar_chain))


def _chain(w):
    """The sources of a chain's functions."""
    every, listed = range(len(w)), ", ".join(w)

    def rest(*left):
        return " * ".join(w[k] for k in every if k not in left) or "1"

    given = f"    r = {rest()} - target\n" + "".join(f"    c{i} = {rest(i)}\n" for i in every)
    squares = " + ".join(f"c{i} * c{i}" for i in every)
    crossed = " + ".join(f"c{i} * c{j} * ({rest(i, j)})" for i in every for j in every if j > i)
    after = ", ".join(f"{w[i]} - eta * r * c{i}" for i in every)
    yield f"def move({listed}, /, *, eta, target=1):\n{given}    return {after}\n"
    yield f"def gradient({listed}, target):\n{given}    return {', '.join(f'r * c{i}' for i in every)}\n"
    yield f"def f({listed}, target):\n    r = {rest()} - target\n    return r * r / 2\n"
    yield (
        f"def d({listed}, target):\n{given}    squares = {squares}\n"
        f"    return r * r * (squares * squares + 2 * r * ({crossed}))\n"
    )
    yield f"def lam({listed}):\n" + "".join(f"    c{i} = {rest(i)}\n" for i in every) + f"    return {squares}\n"
    yield _solution(w, listed)


def _solution(w, listed):
    """Newton's method for Σ ln(wᵢ² + t) = ln target²; concave in t, and begun where the left side is the smaller."""
    every = range(len(w))
    lines = [f"def solution({listed}, target):"]
    lines += [f"    q{i} = {name} * {name}" for i, name in enumerate(w)]
    least = "q0"
    for i in every[1:]:
        least = f"minimum({least}, q{i})"
    lines += [f"    least = {least}", *(f"    e{i} = q{i} - least" for i in every)]
    lines += ["    wanted = log(target * target)"]
    lines += ["    t = minimum(target * target, 1) / (" + " * ".join(f"(e{i} + 1)" for i in every) + ")"]
    lines += [f"    for _ in range({NEWTON}):"]
    lines += ["        excess = " + " + ".join(f"log(e{i} + t)" for i in every) + " - wanted"]
    lines += ["        t = t - excess / (" + " + ".join(f"1 / (e{i} + t)" for i in every) + ")"]
    total = " + ".join(f"1 / (e{i} + t)" for i in every)
    lines += [f"    return target * target * ({total})"]
    return "\n".join(lines) + "\n"
