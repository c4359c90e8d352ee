"""Normal forms at flips and Neimark-Sackers: whether the cycle or circle that is born there attracts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from ..model import Map
from ..symbolic import derivative, equations, exact, put
from .local import multipliers
from .show import Shown

#: How far from the unit circle a multiplier counts as critical.
CRITICAL = 1e-6
#: A coefficient below this counts as zero.
DEGENERATE = 1e-9


@dataclass(frozen=True, repr=False)
class NormalForm(Shown):
    """A critical normal form.

    Attributes
    ----------
    kind : "flip" (w' = −w + c w³), "neimark_sacker" (w' = e^{iθ} w (1 + d |w|²)) or "fold" (w' = w + c w²).
    coefficient : c, or the first Lyapunov coefficient Re d; w counts along an eigenvector of length 1.
    angle : θ of a Neimark-Sacker, in radians; π for a flip.
    """

    kind: str
    coefficient: float
    angle: float

    @property
    def attracts(self) -> bool | None:
        """Whether what is born attracts (supercritical); None for a fold, and where the coefficient vanishes."""
        if self.kind == "fold" or abs(self.coefficient) < DEGENERATE:
            return None
        return self.coefficient > 0 if self.kind == "flip" else self.coefficient < 0

    def lines(self):
        yield "kind", self.kind.replace("_", "-")
        what = "first Lyapunov coefficient" if self.kind == "neimark_sacker" else "coefficient"
        yield what, f"{self.coefficient:.6g}"
        if self.kind == "neimark_sacker":
            yield "angle", f"{self.angle:.6g}"
        if self.attracts is None and self.kind != "fold":
            yield "type", "degenerate: the coefficient vanishes, higher orders decide"
        elif self.attracts is not None:
            yield "type", "supercritical (attracting)" if self.attracts else "subcritical (repelling)"

    def tex(self):
        forms = {"flip": "w' = -w + c w^3", "fold": "w' = w + c w^2", "neimark_sacker": r"w' = e^{i\theta} w(1+d|w|^2)"}
        return f"{forms[self.kind]},\\quad {self.coefficient:.6g}"


def normal_form(map: Map, period: int = 1, flip: Sequence[str] = (), **point: float) -> NormalForm:
    """The critical normal-form coefficient of a fixed point or cycle at a flip, Neimark-Sacker or fold.

        flip             c = ⅙⟨p, C(q,q,q) + 3 B(q, (1−A)⁻¹ B(q,q))⟩
        Neimark-Sacker   d = ½ e^{−iθ}⟨p, C(q,q,q̄) + 2 B(q, (1−A)⁻¹B(q,q̄)) + B(q̄, (e^{2iθ}−A)⁻¹B(q,q))⟩

    with A, B, C the first three derivatives of the return map, Aq = e^{iθ}q, pA = e^{iθ}p, ⟨q,q⟩ = ⟨p,q⟩ = 1.

    Parameters
    ----------
    map : the map.
    period, flip : of the cycle, as in :func:`dynsim.multipliers`.
    **point : states and all parameters, as numbers.

    Returns
    -------
    NormalForm

    Raises
    ------
    ValueError : the point is not fixed, no multiplier is critical, several are (as in a family), or a Neimark-Sacker
        is in strong resonance (θ = 2π/3 or π/2), where this form does not hold.

    Source: Kuznetsov 2004, Elements of Applied Bifurcation Theory, 3rd ed., section 5.4.

    Examples
    --------
    >>> import dynsim as ds
    >>> def logistic(x=0.3, /, r=3.0):
    ...     return r * x * (1 - x)
    >>> ds.stability.normal_form(ds.Map(logistic), x=2/3, r=3)
    kind         flip
    coefficient  9
    type         supercritical (attracting)
    """
    values = {n: point[n] for n in map.parameters if n in point}
    unbound = [n for n in map.parameters if n not in point]
    if unbound:
        raise ValueError(f"numbers are needed for {', '.join(unbound)} too.")
    at = multipliers(map, period, flip, **point)  # raises where the point is not fixed, or the step has a kink
    a, b, c = _tensors(map, values, {n: point[n] for n in map.state}, at.steps, at.flip)
    roots, vectors = np.linalg.eig(a)
    critical = [k for k, m in enumerate(roots) if abs(abs(m) - 1) < CRITICAL and m.imag >= -1e-12]
    if not critical:
        shown = ", ".join(f"{m:.6g}" for m in roots)
        raise ValueError(
            f"no multiplier lies on the unit circle here ({shown}), so there is no normal form; "
            "ds.stability.continuation locates flips and Neimark-Sackers."
        )
    if len(critical) > 1:
        raise ValueError(
            f"{len(critical)} multipliers lie on the unit circle here; the normal form of one does not hold. "
            "In a family of fixed points one of them is 1 and belongs to the family."
        )
    return _coefficient(a, b, c, roots[critical[0]], vectors[:, critical[0]])


def _tensors(map, values, state, period, flip):
    """The first three derivatives of the return map at a point, as arrays."""
    found = equations(map, values)
    after = list(found.after)
    for _ in range(period - 1 if not flip else 0):
        place = dict(zip(found.symbols, after))
        after = [put(f, place) for f in found.after]
    after = [-f if n in flip else f for n, f in zip(found.state, after)]
    n, place = len(after), {k: exact(v) for k, v in state.items()}
    arrays = []
    for order in (1, 2, 3):
        array = np.empty((n,) * (order + 1))
        for i, *by in product(range(n), repeat=order + 1):
            if sorted(by) == by:
                found_at = after[i]
                for k in by:
                    found_at = derivative(found_at, found.symbols[k])
                value = float(put(found_at, place))
                for index in set(permutations(by)):
                    array[(i, *index)] = value
        arrays.append(array)
    return arrays


def _coefficient(a, b, c, root, q):
    n = len(a)
    left, vectors = np.linalg.eig(a.T)
    p = vectors[:, np.argmin(np.abs(left - root))].conj()
    q = q / np.linalg.norm(q)
    p = p / np.vdot(p, q).conj()

    def second(u, v):
        return np.einsum("ijk,j,k->i", b, u, v)

    def third(u, v, w):
        return np.einsum("ijkl,j,k,l->i", c, u, v, w)

    if abs(root - 1) < CRITICAL:
        return NormalForm("fold", float((np.vdot(p, second(q, q)) / 2).real), 0.0)
    inverse = np.linalg.inv(np.eye(n) - a)
    if abs(root + 1) < CRITICAL:
        value = np.vdot(p, third(q, q, q) + 3 * second(q, inverse @ second(q, q))) / 6
        return NormalForm("flip", float(value.real), math.pi)
    angle = abs(float(np.angle(root)))
    for k in (3, 4):
        if abs(angle - 2 * math.pi / k) < 1e-3:
            raise ValueError(f"strong resonance 1:{k} (angle 2π/{k}); this normal form does not hold there.")
    bar = q.conj()
    value = third(q, q, bar) + 2 * second(q, inverse @ second(q, bar))
    value = value + second(bar, np.linalg.inv(root**2 * np.eye(n) - a) @ second(q, q))
    return NormalForm("neimark_sacker", float((np.vdot(p, value) / root).real / 2), angle)
