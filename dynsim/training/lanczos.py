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
            return shown, vectors[:, 0]
        anew = self.vector is None or self.age % ANEW_EVERY == 0
        self.age += 1
        random = self.rng.normal(size=self.size)
        random /= np.linalg.norm(random)
        try:
            values, vectors = self._arpack(product, random, anew)
            if self.count > 1 and np.isfinite(values).all():
                values, vectors = self._with_missed(product, values, vectors)
        except FloatingPointError:
            self.vector = None
            return nothing
        except ArpackError:  # so too where a Hessian is zero: Lanczos' method has nothing to start from
            self.vector = None
            return nothing if np.any(product(random)) else (np.zeros(self.count), random)
        self.vector = vectors[:, 0]
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

    def _with_missed(self, product, values, vectors):
        """The same with the eigenvalues that were passed over: of one that repeats, Lanczos' method sees one copy.

        What was found is shifted to the bottom of the spectrum; as long as the top of the rest is above the smallest
        found, it belongs among them.
        """
        for _ in range(self.count):
            down = 2 * np.abs(values).max()

            def shifted(v, down=down, vectors=vectors):
                v = np.ascontiguousarray(v).ravel()
                inside = v - vectors @ (vectors.T @ v)
                out = product(inside)
                return out - vectors @ (vectors.T @ out) - down * (v - inside)

            operator = LinearOperator((self.size, self.size), matvec=shifted, dtype=float)
            start = self.rng.normal(size=self.size)
            ncv = min(20, self.size)
            more, vector = eigsh(operator, 1, which="LA", v0=start, ncv=ncv, tol=WARM, maxiter=1000)
            if not more[0] > values[-1] + WARM * abs(values[-1]):
                break
            # The new one is orthogonal to the others, to rounding.
            order = np.argsort(np.append(values, more[0]))[::-1][: self.count]
            values = np.append(values, more[0])[order]
            vectors = np.column_stack([vectors, vector[:, 0]])[:, order]
        return values, vectors
