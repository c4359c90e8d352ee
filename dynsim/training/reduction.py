"""ds.reduce: what the reduced model needs to know, measured at a point of a full one."""

import numpy as np
import xarray as xr
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from .blas import one_thread
from .lanczos import SMALL
from .objective import Derivatives

#: Residual over eigenvalue at which an eigenvector counts as found; the value's own error is of its square.
TIGHT = 1e-10
#: The search for the valley floor ends when it moves by less than so much of the length of w; or by less than the
#: second and no longer falling, for then it is rounding; or after so many rounds.
STILL, SMALL_MOVE, ROUNDS = 1e-14, 1e-9, 20
#: A part of ∇f or of ∇²f that is smaller than so much of the whole is rounding; so is what is left of ∇f⊥ where the
#: error of ∇λ could make it, an error of up to so much of ∇λ.
ROUNDED, UNSURE = 1e-14, 1e-6

#: What is measured, with its symbol and long name.
MEASURED = {
    "lam": (r"\lambda", "sharpness: the top eigenvalue, on the valley floor"),
    "x": ("x", "distance from the valley floor along v"),
    "a": ("a", "progressive sharpening, −∇λ⊥·∇f⊥"),
    "b": ("b", "restoring feedback, ½‖∇λ⊥‖²"),
    "nu": (r"\nu", "curvature along what is left of ∇f without its part along ∇λ⊥"),
    "u": ("u", "projection on that direction"),
    "nu_whole": (r"\nu_\perp", "curvature along the whole of ∇f⊥"),
    "u_whole": (r"u_\perp", "projection on that direction"),
    "kappa": (r"\kappa", "∇³f[v, v, v], the part of ∇λ along v"),
    "lam2": (r"\lambda_2", "second eigenvalue"),
    "lam_here": (r"\lambda_w", "top eigenvalue at w itself"),
    "f": ("f", "loss at w"),
    "floor": ("", "1 where the valley floor was found; 0: measured at w and corrected for x"),
    "floor_error": ("", "|v·∇f|/λ where it was measured; 0 is the floor itself"),
    "residual": ("", "‖∇²f v − λv‖/λ"),
    "grad_lam_error": ("", "estimated error of ‖∇λ‖"),
    "a_error": ("", "error of a that this makes"),
    "b_error": ("", "error of b that this makes"),
}


def reduce(objective: Derivatives, w: np.ndarray, *, floor: bool = True) -> xr.Dataset:
    """What the reduced model is at w: there, to third order, gradient descent moves as ``cubic_loss`` does.

    With v the top eigenvector of ∇²f and ∇λ = ∇³f[v, v, ·], ∇λ⊥ and ∇f⊥ the parts of ∇λ and ∇f orthogonal to v,

        a = −∇λ⊥·∇f⊥        b = ½ ‖∇λ⊥‖²        λ, v, ∇f all at the valley floor w − x v, where v·∇f = 0

    For f(w₀ + xv + δ) = f₀ + ∇f⊥·δ + ½λx² + ½δᵀ∇²f δ + ½x² ∇λ⊥·δ + … the step is δ' = δ − η(∇f⊥ + ½x²∇λ⊥ + …), so
    λ = λ₀ + ∇λ⊥·δ grows by η(a − bx²), with the ½; the part of ∇λ along v, κ, acts on x alone and is kept apart.

    What is left of ∇f⊥ without its part along ∇λ⊥, r, makes ν = rᵀ∇²f r/‖r‖² and u = ‖r‖/abs(ν), so ν²u² and ν³u² are
    its share of ‖∇f‖² and of ∇fᵀ∇²f∇f; the part along ∇λ⊥ is a/√(2b), which the landscape ``cubic_loss`` has of its
    own. Where no r is left, up to rounding and the error of ∇λ, ν = u = 0: there is no second direction. Where one is
    left but ∇²f vanishes along it, ν = 0 and no u makes its share: u is NaN. ``nu_whole`` and ``u_whole`` are made of
    all of ∇f⊥ in the same way: with them the truncated n and d of ``two_eigendirections`` are those of f, to second
    order.

    Parameters
    ----------
    objective : such as ``ds.objectives.network(x, y)``.
    w : parameters, shape (P,).
    floor : look for the valley floor. Where it is not found, and with False, everything is measured at w, with
        x = v·∇f/λ and a = −∇λ⊥·∇f⊥ − bx²: there v is tilted by x∇λ⊥/λ, so that ∇f⊥ holds −½x²∇λ⊥ and not +½x²∇λ⊥.
        That is right to second order in x where ∇²f vanishes along ∇λ⊥, as it nearly does in networks.

    Returns
    -------
    xarray.Dataset : numbers lam, x, a, b, nu, u, nu_whole, u_whole, kappa, lam2, lam_here (the top eigenvalue at w),
        f, floor, floor_error, residual, grad_lam_error, a_error, b_error; and v, grad_lam, shape (P,). The largest
        component of v is positive, which settles the sign of x and kappa. A ratio that does not exist is NaN.

    Raises
    ------
    ValueError : w has another shape, or its loss, gradient or Hessian is not finite.

    Source: Damian, Nichani, Lee 2023, arXiv 2209.15594; Roulet et al. 2024, arXiv 2407.06183, eq. 4 and appendix.

    Examples
    --------
    >>> import dynsim as ds
    >>> def loss(w, k=0.5, c=0.2): return (2 + k * w[1]) * w[0]**2 / 2 - c * w[1] + w[2]**2 / 4
    >>> def slope(w, k=0.5, c=0.2): return np.array([(2 + k * w[1]) * w[0], k * w[0]**2 / 2 - c, w[2] / 2])
    >>> f = ds.Objective(loss, slope, start=[0.1, 0.0, 0.3])
    >>> here = ds.reduce(f, [0.1, 0.0, 0.3])
    >>> {name: round(float(here[name]), 6) for name in ("lam", "x", "a", "b", "nu", "u")}
    {'lam': 2.0, 'x': 0.1, 'a': 0.1, 'b': 0.125, 'nu': 0.5, 'u': 0.3}
    """
    if not isinstance(objective, Derivatives):
        raise TypeError(f"reduce needs an objective such as ds.objectives.network(x, y), not {objective!r}.")
    w = objective._point(w)
    point = Point(objective)
    with one_thread():
        here = point.at(w)
        if here is None:
            raise ValueError(f"the loss of {objective.name!r} or its derivatives are not finite at this w.")
        lam_here, loss = here.values[0], here.loss
        found = _floor(point, w, here) if floor else None
    where = here if found is None else found
    grad_lam, error = objective.third(where.w, where.v)
    numbers = _numbers(where, grad_lam, error, point, w, found is not None)
    numbers |= {"lam_here": lam_here, "f": loss}
    data = {name: ((), float(numbers[name]), _labels(name)) for name in MEASURED}
    data["v"] = ("parameter", where.v, {"symbol": "v", "long_name": "top eigenvector"})
    data["grad_lam"] = ("parameter", grad_lam, {"symbol": r"\nabla\lambda", "long_name": "gradient of the sharpness"})
    return xr.Dataset(data, attrs={"objective": objective.name, "parameters": objective.size})


def _labels(name):
    symbol, meaning = MEASURED[name]
    return {"symbol": symbol, "long_name": meaning} if symbol else {"long_name": meaning}


class Point:
    """Loss, gradient and the top eigenvalues and eigenvector, found tightly, at one point after another."""

    def __init__(self, objective: Derivatives, tolerance: float = TIGHT, count: int = 2):
        self.objective, self.tolerance, self.count = objective, tolerance, count
        self.worker = objective.worker()
        self.rng = np.random.default_rng(0)
        self.w = self.loss = self.gradient = self.values = self.v = None

    def at(self, w: np.ndarray) -> "Point | None":
        """Measure at w; a new Point with what was found, or None where something is not finite."""
        new = Point.__new__(Point)
        new.__dict__ |= self.__dict__
        new.w, new.gradient = w, np.empty_like(w)
        with np.errstate(all="ignore"):
            new.loss = self.worker.gradient(w, new.gradient)
        if not (np.isfinite(new.loss) and np.isfinite(new.gradient).all()):
            return None
        found = self._eigenpairs()
        if found is None:
            return None
        new.values, new.v = found
        self.v = new.v  # the next search starts from here
        return new

    def _eigenpairs(self):
        size = self.objective.size
        if size <= SMALL:
            matrix = np.stack([self.worker.hvp(row) for row in np.eye(size)])
            if not np.isfinite(matrix).all():
                return None
            values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
            values = np.append(values[::-1], np.nan)[: self.count]
            return values, _signed(vectors[:, -1])
        start = self.rng.normal(size=size) / np.sqrt(size)
        if self.v is not None:  # a warm start alone could miss that another eigenvalue has overtaken
            start = self.v + start / 10
        bad = []

        def product(v):
            out = self.worker.hvp(np.ascontiguousarray(v).ravel())
            if not np.isfinite(out).all():
                bad.append(True)
                return np.zeros_like(out)
            return out

        operator = LinearOperator((size, size), matvec=product, dtype=float)
        asked = {"v0": start, "ncv": min(20, size), "tol": self.tolerance, "maxiter": 5000}
        try:
            values, vectors = eigsh(operator, self.count, which="LA", **asked)
        except ArpackError:
            if bad or np.any(self.worker.hvp(start)):
                raise
            return np.zeros(self.count), _signed(start / np.linalg.norm(start))  # ∇²f = 0
        if bad:
            return None
        return values[::-1], _signed(vectors[:, -1])

    def curvature(self, direction):
        """directionᵀ∇²f direction, at the point measured last."""
        return float(direction @ self.worker.hvp(direction))


def _signed(v):
    """The eigenvector whose largest component is positive."""
    return np.ascontiguousarray(v if v[np.abs(v).argmax()] > 0 else -v)


def _floor(point, w, here):
    """The point w − xv with v·∇f = 0, v its own top eigenvector; None where the search does not settle."""
    before, size = np.inf, np.linalg.norm(w)
    for _ in range(ROUNDS):
        if not here.values[0] > 0:
            return None
        x = here.v @ (w - here.w) + here.v @ here.gradient / here.values[0]
        there = w - x * here.v
        moved = np.linalg.norm(there - here.w)
        if moved <= STILL * size or (moved <= SMALL_MOVE * size and moved > before / 4):
            return here
        if not moved < 2 * before:
            return None
        before = moved
        here = point.at(there)
        if here is None:
            return None
    return None


def _numbers(where, grad_lam, error, point, w, on_floor):
    v, lam = where.v, where.values[0]
    # The worker may have been elsewhere since.
    point.worker.gradient(where.w, np.empty_like(w))
    rest = where.gradient - (v @ where.gradient) * v
    kappa = v @ grad_lam
    across = grad_lam - kappa * v
    slope = v @ where.gradient / lam if lam else np.nan
    x = v @ (w - where.w) if on_floor else slope
    b = across @ across / 2
    a = -across @ rest - (0 if on_floor else b * x * x)
    part = rest - (across @ rest) / (across @ across) * across if b else rest
    rounding = ROUNDED * (np.linalg.norm(where.gradient) + abs(lam) * np.linalg.norm(w))
    unsure = min(error / np.linalg.norm(across), UNSURE) * np.linalg.norm(rest) if b else 0.0
    nu, u = _effective(point, part, rounding + unsure, lam)
    nu_whole, u_whole = _effective(point, rest, rounding, lam)
    residual = np.linalg.norm(point.worker.hvp(v) - lam * v) / abs(lam) if lam else np.nan
    return {
        "lam": lam, "x": x, "a": a, "b": b, "nu": nu, "u": u, "nu_whole": nu_whole, "u_whole": u_whole,
        "kappa": kappa, "lam2": where.values[1], "floor": on_floor, "floor_error": abs(slope), "residual": residual,
        "grad_lam_error": error, "a_error": error * np.linalg.norm(rest), "b_error": error * np.linalg.norm(across),
    }  # fmt: skip


def _effective(point, part, least, lam):
    """ν and u with ν²u² = ‖part‖² and ν³u² = partᵀ∇²f part; a part up to `least` in size is none."""
    size = np.linalg.norm(part)
    if size <= least:
        return 0.0, 0.0
    nu = point.curvature(part / size)
    return (nu, size / abs(nu)) if abs(nu) > ROUNDED * abs(lam) else (0.0, np.nan)
