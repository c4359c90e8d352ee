"""Quadratic regression: f(θ) = ½ ‖z‖², a sum over D data points, of a model that is quadratic in its P parameters.

    z_a = −E_a + G_a·θ + ½ θᵀQ_a θ        J_a = G_a + Q_a θ
    ∇f = Jᵀz        ∇²f v = Jᵀ(J v) + Σ_a z_a Q_a v        uᵀ∇²f u = ‖J u‖² + Σ_a z_a uᵀQ_a u

Gradient descent is z' = z − ηJJᵀz + ½η²Q(Jᵀz, Jᵀz), J' = J − ηQ(Jᵀz, ·): closed in z and J. One half of each Q_a is
kept, as a row over the pairs i ≤ j, so that each sum over Q is a product of that matrix with a vector.

Source: Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860.
"""

import numba
import numpy as np

from .. import checks
from ..training.objective import Derivatives

OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


@numba.njit(**OPTIONS)
def _pairs(w, v):
    """The products wᵢvⱼ + wⱼvᵢ for i < j and wᵢvᵢ, so that their sum with a row of Q is Q_a[w, v]."""
    out, k = np.empty(w.size * (w.size + 1) // 2), 0
    for i in range(w.size):
        out[k] = w[i] * v[i]
        for j in range(i + 1, w.size):
            out[k + j - i] = w[i] * v[j] + w[j] * v[i]
        k += w.size - i
    return out


@numba.njit(**OPTIONS)
def _times(row, v):
    """The product of v with the symmetric matrix whose row over pairs this is."""
    out, k = np.zeros(v.size), 0
    for i in range(v.size):
        total = row[k] * v[i]
        for j in range(i + 1, v.size):
            total += row[k + j - i] * v[j]
            out[j] += row[k + j - i] * v[i]
        out[i] += total
        k += v.size - i
    return out


class QuadraticRegression(Derivatives):
    """Made by :func:`dynsim.objectives.quadratic_regression`."""

    def __init__(self, Q, G, E, first):
        self.name, self.size, self._first = "quadratic_regression", len(first), first
        self.half, self.G, self.E = np.ascontiguousarray(Q[:, *np.triu_indices(self.size)]), G, E

    def start(self, seed: int = 0) -> np.ndarray:
        """Initial parameters, shape (P,); the seed changes nothing."""
        return self._first.copy()

    def residuals(self, w: np.ndarray) -> np.ndarray:
        """z, shape (D,)."""
        w = self._point(w)
        return self.G @ w + self.half @ _pairs(w, w) / 2 - self.E

    def worker(self, cores: int = 1) -> "QuadraticWorker":
        """What computes; one for each thread."""
        return QuadraticWorker(self)


class QuadraticWorker:
    """Keeps Σ_a z_a Q_a of the point where the gradient was taken last."""

    def __init__(self, model):
        self.model = model

    def select(self, rows):
        """There are no mini-batches: f is a sum, not a mean."""

    def loss(self, w):
        z = self.model.residuals(w)
        return float(z @ z) / 2

    def gradient(self, w, out):
        """∇f(w) into `out`; the loss there. What follows is asked of this point."""
        self.here, z = w.copy(), self.model.residuals(w)
        self.bent = z @ self.model.half
        out[:] = z @ self.model.G + _times(self.bent, w)
        return float(z @ z) / 2

    def second(self, u):
        image = self._image(u)
        return float(image @ image + self.bent @ _pairs(u, u))

    def hvp(self, v):
        image = self._image(v)
        return image @ self.model.G + _times(image @ self.model.half, self.here) + _times(self.bent, v)

    def _image(self, v):
        """J v."""
        return self.model.G @ v + self.model.half @ _pairs(self.here, v)


def quadratic_regression(Q, G, E, start=None) -> QuadraticRegression:
    """f(θ) = ½ Σ_a z_a², z_a = −E_a + G_a·θ + ½ θᵀQ_a θ.

    Parameters
    ----------
    Q, G, E : shapes (D, P, P), each Q_a symmetric, (D, P) and (D,). ``ds.tasks.random_quadratics`` draws them;
        ``ds.tasks.two_quadratics`` is the case of D = 1, P = 2 in which sharpening can be worked out.
    start : shape (P,); zero by default, where z = −E and J = G.

    Raises
    ------
    ValueError : an array is not finite, not symmetric or of another shape.

    Examples
    --------
    >>> import dynsim as ds
    >>> f = ds.objectives.quadratic_regression(*ds.tasks.two_quadratics(eps=0.1, E=0.5), start=[2.0, 1.0])
    >>> f.residuals(f.start()).round(2), f.gradient(f.start()).round(3)
    (array([1.45]), array([ 2.9  , -0.145]))
    """
    Q, G, E = (checks.numbers(array, name) for array, name in ((Q, "Q"), (G, "G"), (E, "E")))
    wanted = (*E.shape, *G.shape[-1:])
    if E.ndim != 1 or G.shape != wanted or Q.shape != (*wanted, *wanted[1:]) or not Q.size:
        raise ValueError(
            f"Q, G and E must have shapes (D, P, P), (D, P) and (D,), not {Q.shape}, {G.shape}, {E.shape}."
        )
    if not all(np.isfinite(array).all() for array in (Q, G, E)):
        raise ValueError("Q, G or E holds NaN or infinite numbers.")
    if not np.allclose(Q, Q.transpose(0, 2, 1), rtol=1e-12, atol=0):
        raise ValueError("each Q_a must be symmetric; write (Q + Q.transpose(0, 2, 1)) / 2.")
    first = np.zeros(G.shape[1]) if start is None else checks.numbers(start, "start")
    if first.shape != G.shape[1:]:
        raise ValueError(f"start must have shape {G.shape[1:]}, as G has parameters, not {first.shape}.")
    if not np.isfinite(first).all():
        raise ValueError("start holds NaN or infinite numbers; give the parameters to start from.")
    return QuadraticRegression(Q, G, E, first)
