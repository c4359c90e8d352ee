"""The largest eigenvalues of a Hessian that is only known by its products, followed along a run.

ARPACK's implicitly restarted Lanczos method (SciPy), started from the eigenvector found before with a third of a random
vector mixed in, without which a warm start can miss that another eigenvalue has overtaken. Now and then it starts anew.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

#: Residual over eigenvalue at which a vector counts as found, warm and anew; the value's own error is of its square.
WARM, COLD = 1e-3, 1e-4
#: The random part of a warm start; the size of the basis beyond two vectors for each eigenvalue wanted.
MIX, SPARE = 0.3, 4
#: Every so many times it starts anew.
ANEW_EVERY = 50
#: Up to so many parameters, or where half of all eigenvalues are wanted, the whole Hessian is made.
SMALL = 32


class Top:
    """Follows the `count` largest eigenvalues of a symmetric operator along a run."""

    def __init__(self, size: int, count: int, seed: int = 0):
        self.size, self.count = size, count
        self.rng = np.random.default_rng((seed, 2))
        self.vector, self.age = None, 0

    def find(self, product: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The eigenvalues, falling, shape (count,), and the eigenvector of the first; NaN where there is none."""
        nothing = np.full(self.count, np.nan), np.full(self.size, np.nan)
        if self.size <= max(SMALL, 2 * self.count):
            matrix = np.stack([product(row) for row in np.eye(self.size)])
            if not np.isfinite(matrix).all():
                return nothing
            values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
            values, vectors = values[::-1], vectors[:, ::-1]
            shown = np.full(self.count, np.nan)
            shown[: len(values)] = values[: self.count]
            return shown, np.ascontiguousarray(vectors[:, 0])
        anew = self.vector is None or self.age % ANEW_EVERY == 0
        self.age += 1
        random = self.rng.normal(size=self.size)
        random /= np.linalg.norm(random)
        try:
            values, vectors = self._arpack(product, random, anew)
        except (ArpackError, FloatingPointError):
            self.vector = None
            return nothing
        self.vector = np.ascontiguousarray(vectors[:, 0])
        return values, self.vector

    def _arpack(self, product, random, anew):
        def matvec(v):
            out = product(np.ascontiguousarray(v).ravel())
            if not np.isfinite(out).all():
                raise FloatingPointError
            return out

        operator = LinearOperator((self.size, self.size), matvec=matvec, dtype=float)
        start = random if anew else self.vector + MIX * random
        basis = min(max(20, 4 * self.count) if anew else 2 * self.count + SPARE, self.size)
        try:
            values, vectors = eigsh(
                operator, self.count, which="LA", v0=start, ncv=basis, tol=COLD if anew else WARM, maxiter=1000
            )
        except ArpackNoConvergence as error:
            if not error.eigenvalues.size:
                raise
            values, vectors = error.eigenvalues, error.eigenvectors
        order = np.argsort(values)[::-1]
        shown = np.full(self.count, np.nan)
        shown[: len(order)] = values[order]
        return shown, vectors[:, order]
