"""The largest eigenvalues of a Hessian that is only known by its products, followed along a run.

Lanczos' method with full reorthogonalization and thick restarts (Wu, Simon 2000), started from the eigenvector found
before with a third of a random vector mixed in, without which a warm start can miss that another eigenvalue has
overtaken. Now and then it starts anew.

SciPy's ARPACK looks whether it is done after six products, then after every third; with small networks a product took
some 90 µs and ARPACK's own Python another 30. This looks after every product.
"""

from collections.abc import Callable

import numpy as np

from .caching import kept

#: Residual over eigenvalue at which a vector counts as found, warm and anew; the value's own error is of its square.
WARM, COLD = 1e-3, 1e-4
#: The random part of a warm start; the products beyond one for each eigenvalue wanted before it may be done.
MIX, LEAST = 0.3, 3
#: Every so many times it starts anew.
ANEW_EVERY = 50
#: Up to so many parameters, or where half of all eigenvalues are wanted, the whole Hessian is made.
SMALL = 32
#: Products after which it gives up what it has not found.
MOST = 3000


@kept
def _orthogonal(basis, w):
    """w := w − its part in the basis, whose coefficients it returns; twice where much of it was taken away."""
    coefficients, before = np.dot(basis, w), np.sqrt(np.dot(w, w))
    w -= np.dot(coefficients, basis)
    if np.sqrt(np.dot(w, w)) < 0.7 * before:
        more = np.dot(basis, w)
        w -= np.dot(more, basis)
        coefficients += more
    return coefficients


@kept
def _extend(basis, projected, j, w, spare, count, tolerance):
    """The basis, an orthonormal one in j + 1 rows, is extended by w, the product with its last.

    Where that adds nothing it goes on from `spare`.
    Returns how many of the `count` largest are found, or -1 where w is not finite.
    """
    projected[j, : j + 1] = _orthogonal(basis[: j + 1], w)
    projected[: j + 1, j] = projected[j, : j + 1]
    rest = np.sqrt(np.dot(w, w))
    if not np.isfinite(rest) or not np.isfinite(projected[j, : j + 1]).all():
        return -1
    size = np.abs(projected[: j + 1, : j + 1]).max()
    if rest <= 1e-14 * size:
        rest = 0.0
        w[:] = np.roll(spare, j + 1)
        for _ in range(2):
            _orthogonal(basis[: j + 1], w)
    basis[j + 1] = w / np.sqrt(np.dot(w, w))
    if j + 1 < count + LEAST:
        return 0
    values, vectors = np.linalg.eigh(projected[: j + 1, : j + 1].copy())
    for k in range(count):
        if not rest * abs(vectors[j, j - k]) <= tolerance * max(abs(values[j - k]), 1e-10 * size):
            return k
    return count


@kept
def _ritz(basis, projected, j, count):
    """The `count` largest eigenvalues in the basis of j + 1 rows, and their vectors in rows."""
    values, vectors = np.linalg.eigh(projected[: j + 1, : j + 1].copy())
    best = np.ascontiguousarray(vectors.T[::-1][:count])
    return values[::-1][:count].copy(), np.dot(best, basis[: j + 1])


class Top:
    """Follows the `count` largest eigenvalues of a symmetric operator along a run."""

    def __init__(self, size: int, count: int, seed: int = 0):
        self.size, self.count = size, count
        self.rng = np.random.default_rng((seed, 2))
        self.vector, self.age = None, 0
        self.rows = min(max(20, 4 * count), size)  # of the basis
        self.basis, self.projected = None, np.zeros((self.rows, self.rows))

    def find(self, product: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The eigenvalues, falling, shape (count,), and the eigenvector of the first; NaN where there is none."""
        if self.size <= max(SMALL, 2 * self.count):
            return self._whole(product)
        anew = self.vector is None or self.age % ANEW_EVERY == 0
        self.age += 1
        random = self.rng.random(self.size) - 0.5
        random /= np.linalg.norm(random)
        start = random if anew else self.vector + MIX * random
        values, vectors = self._lanczos(product, start, random, COLD if anew else WARM, self.count)
        if self.count > 1 and np.isfinite(values).all():
            values, vectors = self._with_missed(product, values, vectors)
        self.vector = vectors[0] if np.isfinite(values[0]) else None
        return values, np.full(self.size, np.nan) if self.vector is None else self.vector

    def _whole(self, product):
        """All eigenvalues, of the matrix."""
        shown = np.full(self.count, np.nan)
        matrix = np.stack([product(row) for row in np.eye(self.size)])
        if not np.isfinite(matrix).all():
            return shown, np.full(self.size, np.nan)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        shown[: self.size] = values[::-1][: self.count]
        return shown, np.ascontiguousarray(vectors[:, -1])

    def _lanczos(self, product, start, spare, tolerance, count):
        """The eigenvalues, NaN for those that were not found, and their vectors in rows."""
        if self.basis is None:
            self.basis = np.empty((self.rows + 1, self.size))
        basis, projected, j = self.basis, self.projected, 0
        basis[0] = start / np.linalg.norm(start)
        shown = np.full(count, np.nan)
        for _ in range(MOST):
            found = _extend(basis, projected, j, np.array(product(basis[j]), float), spare, count, tolerance)
            if found < 0:
                return shown, None
            if found == count:
                break
            j += 1
            if j == self.rows:  # a restart from the better half
                kept = count + (self.rows - count) // 2
                values, basis[:kept] = _ritz(basis, projected, j - 1, kept)
                projected[:], basis[kept] = 0, basis[j]
                projected[range(kept), range(kept)] = values
                j = kept
        else:
            j -= 1
        values, vectors = _ritz(basis, projected, j, count)
        shown[:found] = values[:found]
        return shown, vectors

    def _with_missed(self, product, values, vectors):
        """The same with the eigenvalues that were passed over: of one that repeats, Lanczos' method sees one copy.

        What was found is shifted to the bottom of the spectrum; as long as the top of the rest is above the smallest
        found, it belongs among them.
        """
        for _ in range(self.count):
            down = 2 * np.abs(values).max()

            def shifted(v, down=down, vectors=vectors):
                inside = v - (vectors @ v) @ vectors
                out = product(inside)
                return out - (vectors @ out) @ vectors - down * (v - inside)

            start = self.rng.random(self.size) - 0.5
            more, vector = self._lanczos(shifted, start, start / np.linalg.norm(start), WARM, 1)
            if not more[0] > values[-1] + WARM * abs(values[-1]):
                break
            # The new one is orthogonal to the others, to rounding.
            order = np.argsort(np.append(values, more[0]))[::-1][: self.count]
            values, vectors = np.append(values, more[0])[order], np.vstack([vectors, vector])[order]
        return values, vectors
