"""The loss near a point as a cubic in a few directions: the reduced model with several unstable eigenvectors."""

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from .. import checks
from .blas import one_thread
from .differences import along
from .lanczos import SMALL
from .objective import Derivatives, Objective

#: Residual over eigenvalue of the eigenvectors.
TIGHT = 1e-8
#: A direction is new if so much of it is orthogonal to those before.
NEW = 1e-8


def local_cubic(objective: Derivatives, w: np.ndarray, directions: int = 1) -> Objective:
    """The loss around w in a few coordinates q = (x, z), as an objective of its own, to be descended from q = 0.

        F(q) = f(w) + gᵀq + ½ qᵀBq + ½ Σᵢⱼ xᵢxⱼ Tᵢⱼ·z + ⅙ Σᵢⱼₖ xᵢxⱼxₖ Tᵢⱼ·vₖ,    Tᵢⱼ = ∇³f(w)[vᵢ, vⱼ, ·]

    x are the coordinates along the k = `directions` top eigenvectors vᵢ of ∇²f(w), z those along an orthonormal basis
    of what the Tᵢⱼ, ∇f and ∇²f ∇f span beyond them; g and B are ∇f(w) and ∇²f(w) in these coordinates. Its gradient
    descent is the reduced model of Damian, Nichani and Lee with k unstable directions in place of one,

        x' = x − η Λx        Λᵢⱼ' = Λᵢⱼ + η (Aᵢⱼ − ½ Σₖₗ Tᵢⱼ·Tₖₗ xₖxₗ)        Aᵢⱼ = −Tᵢⱼ·∇f

    and the terms that this drops: the curvature along z, and ∇³f within the vᵢ. Its n, d and λ at q = 0 are f's.

    Parameters
    ----------
    objective, w : where; w of shape (P,).
    directions : how many eigenvectors, 1 ≤ k < P.

    Returns
    -------
    Objective : of at most k + k(k+1)/2 + 2 parameters, starting at 0. Its attribute ``basis`` has shape (P, D).

    Raises
    ------
    ValueError : w has another shape; there are not so many eigenvectors.

    Source: derived for dynsim after Damian, Nichani, Lee 2023, arXiv 2209.15594.

    Examples
    --------
    >>> import dynsim as ds
    >>> from dynsim.training.local import local_cubic
    >>> f = ds.objectives.network(*ds.tasks.chebyshev(20), hidden=8)
    >>> w = f.start(0)
    >>> near = local_cubic(f, w, directions=2)
    >>> g, G = f.gradient(w), near.gradient(near.start())
    >>> bool(abs(g @ g - G @ G) < 1e-12), bool(abs(f.second(w, g) - near.second(near.start(), G)) < 1e-12)
    (True, True)
    """
    w = objective._point(w)
    k = checks.whole(directions, "directions", least=1)
    if k >= objective.size:
        raise ValueError(f"directions must be below the {objective.size} parameters of {objective.name!r}, not {k}.")
    with one_thread():
        worker, scratch = objective.worker(), np.empty(objective.size)
        loss = worker.gradient(w, scratch)
        gradient = scratch.copy()
        top = _eigenvectors(worker, objective.size, k)
        third = _thirds(worker, w, top, scratch)
        worker.gradient(w, scratch)
        pairs = [third[i, j] for i in range(k) for j in range(i, k)]
        basis = _orthonormal([*top, gradient, worker.hvp(gradient), *pairs])
        hessian = basis.T @ np.stack([worker.hvp(np.ascontiguousarray(q)) for q in basis.T], 1)
    cubic = third @ basis
    cubic[:, :, :k] = _symmetric(cubic[:, :, :k])
    data = (float(loss), basis.T @ gradient, (hessian + hessian.T) / 2, (cubic + cubic.transpose(1, 0, 2)) / 2)
    made = Objective(_loss, _gradient, _hvp, start=np.zeros(basis.shape[1]), data=data, name="local_cubic")
    made.basis = basis
    return made


def _eigenvectors(worker, size, k):
    """The top k, falling, shape (k, P)."""
    if size <= SMALL:
        return np.linalg.eigh(np.stack([worker.hvp(row) for row in np.eye(size)]))[1].T[::-1][:k]
    operator = LinearOperator((size, size), matvec=lambda v: worker.hvp(np.ascontiguousarray(v).ravel()), dtype=float)
    start = np.random.default_rng(0).normal(size=size)
    return eigsh(operator, k, which="LA", v0=start, tol=TIGHT, ncv=min(size, max(20, 3 * k)))[1].T[::-1]


def _thirds(worker, w, top, scratch):
    """∇³f[vᵢ, vⱼ, ·], shape (k, k, P): differences along vᵢ of all the products with vⱼ."""

    def products(at):
        worker.gradient(at, scratch)
        return np.stack([worker.hvp(v) for v in top])

    top = np.ascontiguousarray(top)
    return np.stack([along(products, w, v)[0] for v in top])


def _orthonormal(vectors):
    """An orthonormal basis of their span, in their order (modified Gram-Schmidt, twice), shape (P, D)."""
    found = []
    for vector in vectors:
        rest = vector.copy()
        for _ in range(2):
            for q in found:
                rest -= (q @ rest) * q
        if np.linalg.norm(rest) > NEW * max(np.linalg.norm(vector), 1e-300):
            found.append(rest / np.linalg.norm(rest))
    return np.stack(found, 1)


def _symmetric(t):
    """A tensor of three indices made symmetric in all of them: differences are not, to rounding."""
    return sum(t.transpose(order) for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))) / 6


def _weight(k, size):
    """½ xᵢxⱼ Tᵢⱼ·z counts the part within the x three times too often: there it is ⅙."""
    weight = np.full(size, 1 / 2)
    weight[:k] = 1 / 6
    return weight


def _loss(q, f, g, h, cubic):
    k = len(cubic)
    return f + g @ q + q @ h @ q / 2 + np.einsum("i,j,ijm,m,m", q[:k], q[:k], cubic, _weight(k, q.size), q)


def _gradient(q, f, g, h, cubic):
    k = len(cubic)
    x, w = q[:k], _weight(k, q.size)
    out = g + h @ q + w * np.einsum("i,j,ijm->m", x, x, cubic)
    out[:k] += 2 * np.einsum("j,ijm,m,m->i", x, cubic, w, q)
    return out


def _hvp(q, v, f, g, h, cubic):
    k = len(cubic)
    x, s, w = q[:k], v[:k], _weight(k, q.size)
    out = h @ v + 2 * w * np.einsum("i,j,ijm->m", x, s, cubic)
    out[:k] += 2 * np.einsum("j,ijm,m,m->i", s, cubic, w, q) + 2 * np.einsum("j,ijm,m,m->i", x, cubic, w, v)
    return out
