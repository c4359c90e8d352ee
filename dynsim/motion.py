"""Quadratic regression of any size as a map of its residuals and Jacobian, (z, J) → (z', J')."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from . import checks
from .objectives.quadratic_regression import QuadraticRegression
from .training.blas import one_thread


def residual_motion(
    model: QuadraticRegression, steps: int, eta: float | Sequence[float], every: int = 1, start=None
) -> xr.Dataset:
    """Gradient descent with a constant rate on a quadratic regression, followed in z and J instead of θ.

        g = Jᵀz        z' = z − ηJg + ½η²Q(g, g)        J' = J − ηQ(g, ·)

    The parameters never appear: Q, z and J say it all. Rates run side by side, so that the one costly product, Q with
    all their g at once, is a single matrix product.

    Parameters
    ----------
    model : of ``ds.objectives.quadratic_regression``: D data points, P parameters.
    steps : how many, ≥ 0.
    eta : the rate, or several; several make a dim ``eta``.
    every : keep each `every`-th state.
    start : θ at the start, shape (P,); the model's own by default. It fixes z and J there.

    Returns
    -------
    xarray.Dataset : over ``step`` (and ``eta``): ``f`` = ½|z|², ``lam``, the largest eigenvalue of JJᵀ, ``y`` = ηλ −
        2, and ``z``, the residuals, along ``point``.

    Source: Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860.

    Examples
    --------
    >>> import dynsim as ds
    >>> model = ds.objectives.quadratic_regression(*ds.tasks.random_quadratics(4, 20, seed=1))
    >>> run = residual_motion(model, 200, eta=[0.05, 0.1])
    >>> dict(run.sizes), bool((run.f[-1] < run.f[0]).all())
    ({'step': 201, 'eta': 2, 'point': 4}, True)
    """
    steps, every = checks.whole(steps, "steps"), checks.whole(every, "every", least=1)
    rates = np.atleast_1d(np.array(eta, float))
    if rates.ndim != 1 or not rates.size or not np.isfinite(rates).all():
        raise ValueError(f"eta must be a number, or a row of numbers, not {eta!r}.")
    first = model.start() if start is None else np.array(start, float)
    z, jacobian, bent = _laid_out(model, first, rates.size)
    kept = steps // every + 1
    out = {"f": np.empty((kept, rates.size)), "lam": np.empty((kept, rates.size)), "z": np.empty((kept, *z.shape))}
    # A thread each: the products are small, and the library's own threads cost twenty times what they save.
    with np.errstate(all="ignore"), one_thread():
        for t in range(steps + 1):
            if t % every == 0:
                row = t // every
                out["f"][row], out["lam"][row], out["z"][row] = (z * z).sum(axis=1) / 2, _top(jacobian), z
            if t < steps:
                z, jacobian = _moved(z, jacobian, bent, rates)
    data = {"f": (("step", "eta"), out["f"]), "lam": (("step", "eta"), out["lam"])}
    data["y"] = (("step", "eta"), rates * out["lam"] - 2)
    data["z"] = (("step", "eta", "point"), out["z"])
    found = xr.Dataset(data, {"step": np.arange(0, steps + 1, every), "eta": rates})
    return found if np.ndim(eta) else found.isel(eta=0, drop=True)


def _laid_out(model, theta, count):
    """z (rates, D), J (rates, D, P) at θ, and Q as the matrix (D·P, P) of the one big product."""
    points, size = model.G.shape
    rows, columns = np.triu_indices(size)
    bent = np.empty((points, size, size))
    bent[:, rows, columns] = model.half
    bent[:, columns, rows] = model.half
    jacobian = model.G + bent @ theta
    z = model.residuals(theta)
    return np.tile(z, (count, 1)), np.tile(jacobian, (count, 1, 1)), bent.reshape(points * size, size)


def _moved(z, jacobian, bent, rates):
    """One step of all rates."""
    count, points, size = jacobian.shape
    g = np.einsum("bd,bdp->bp", z, jacobian, optimize=True)
    along = (bent @ g.T).reshape(points, size, count).transpose(2, 0, 1)  # Q(g, ·)
    first = (jacobian @ g[:, :, None])[..., 0]
    second = (along @ g[:, :, None])[..., 0]
    eta = rates[:, None]
    return z - eta * first + eta * eta * second / 2, jacobian - eta[:, :, None] * along


def _top(jacobian):
    """The largest eigenvalue of JJᵀ for each rate; infinite where it diverged."""
    kernel = jacobian @ jacobian.transpose(0, 2, 1)
    fine = np.isfinite(kernel).all(axis=(1, 2))
    top = np.full(len(kernel), np.inf)
    top[fine] = np.linalg.eigvalsh(kernel[fine])[:, -1]
    return top
