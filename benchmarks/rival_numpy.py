"""numpy, vectorized over the points: the formulas as one writes them, and without temporary arrays."""

import numpy as np

from .problems import CDAT, SELF_STABILIZATION, Contender, Problem


def _self_stabilization(start, steps):
    eta, a, b = (SELF_STABILIZATION[n] for n in ("eta", "a", "b"))
    x, lam = start.copy(), np.full_like(start, SELF_STABILIZATION["lam"])
    for _ in range(steps):
        x, lam = (1 - eta * lam) * x, lam + eta * (a - b * x * x)
    return (lam,)


def _self_stabilization_in_place(start, steps):
    eta, a, b = (SELF_STABILIZATION[n] for n in ("eta", "a", "b"))
    x, lam = start.copy(), np.full_like(start, SELF_STABILIZATION["lam"])
    factor, change = np.empty_like(x), np.empty_like(x)
    for _ in range(steps):
        np.multiply(lam, eta, out=factor)
        np.subtract(1, factor, out=factor)
        np.multiply(x, b, out=change)
        np.multiply(change, x, out=change)
        np.subtract(a, change, out=change)
        np.multiply(change, eta, out=change)
        np.add(lam, change, out=lam)
        np.multiply(x, factor, out=x)
    return (lam,)


def _cdat(start, steps):
    sigma, a, b, nu = (CDAT[n] for n in ("sigma", "a", "b", "nu"))
    x = start.copy()
    u, lam, eta = (np.full_like(start, CDAT[n]) for n in ("u", "lam", "eta"))
    for _ in range(steps):
        along, across = lam * x, nu * u
        n, d = along * along + across * across, lam * along * along + nu * across * across
        x, u, lam, eta = (
            (1 - eta * lam) * x,
            (1 - eta * nu) * u,
            lam + eta * (a - b * x * x),
            sigma * np.maximum(n, 0) / np.abs(d),
        )
    return (lam,)


def _cdat_in_place(start, steps):
    sigma, a, b, nu = (CDAT[n] for n in ("sigma", "a", "b", "nu"))
    x = start.copy()
    u, lam, eta = (np.full_like(start, CDAT[n]) for n in ("u", "lam", "eta"))
    n, d, s = (np.empty_like(x) for _ in range(3))
    for _ in range(steps):
        np.multiply(lam, x, out=n)
        np.multiply(n, n, out=n)
        np.multiply(lam, n, out=d)
        np.multiply(u, nu, out=s)
        np.multiply(s, s, out=s)
        np.add(n, s, out=n)
        np.multiply(s, nu, out=s)
        np.add(d, s, out=d)
        np.maximum(n, 0, out=n)
        np.multiply(n, sigma, out=n)
        np.abs(d, out=d)
        np.divide(n, d, out=n)  # the next η
        np.multiply(eta, nu, out=s)
        np.subtract(1, s, out=s)
        np.multiply(u, s, out=u)
        np.multiply(eta, lam, out=s)
        np.subtract(1, s, out=s)
        np.multiply(x, b, out=d)
        np.multiply(d, x, out=d)
        np.subtract(a, d, out=d)
        np.multiply(d, eta, out=d)
        np.add(lam, d, out=lam)
        np.multiply(x, s, out=x)
        eta, n = n, eta
    return (lam,)


_FORMS = {"self": (_self_stabilization, _self_stabilization_in_place), "cdat": (_cdat, _cdat_in_place)}


def contenders(problem: Problem) -> list[Contender]:
    """Both forms, where there is one for this problem."""
    if problem.name not in _FORMS:
        return []
    usual, tuned = _FORMS[problem.name]

    def contender(function, label, is_usual):
        return Contender("numpy", label, lambda: function(problem.x, problem.steps), is_usual)

    return [contender(usual, "numpy", True), contender(tuned, "numpy, in place", False)]
