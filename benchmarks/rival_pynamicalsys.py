"""pynamicalsys: the last state of an ensemble, by its parallel ``trajectory`` with all but one state cut off.

Of its facilities this is the fastest that hands out the last states. Its mappings return a new array on each step; one
that writes into its argument is much faster, and ``trajectory`` happens to allow it.
"""

import numpy as np
from numba import njit

from .problems import Contender, Problem


@njit
def _self_stabilization(state, parameters):
    x, lam = state
    eta, a, b = parameters
    return np.array([(1 - eta * lam) * x, lam + eta * (a - b * x * x)])


@njit
def _self_stabilization_in_place(state, parameters):
    x, lam = state[0], state[1]
    eta, a, b = parameters[0], parameters[1], parameters[2]
    state[0] = (1 - eta * lam) * x
    state[1] = lam + eta * (a - b * x * x)
    return state


@njit
def _cdat(state, parameters):
    x, u, lam, eta = state
    sigma, a, b, nu = parameters
    along, across = lam * x, nu * u
    n, d = along * along + across * across, lam * along * along + nu * across * across
    after = sigma * max(n, 0.0) / abs(d)
    return np.array([(1 - eta * lam) * x, (1 - eta * nu) * u, lam + eta * (a - b * x * x), after])


@njit
def _cdat_in_place(state, parameters):
    x, u, lam, eta = state[0], state[1], state[2], state[3]
    sigma, a, b, nu = parameters[0], parameters[1], parameters[2], parameters[3]
    along, across = lam * x, nu * u
    n, d = along * along + across * across, lam * along * along + nu * across * across
    state[0] = (1 - eta * lam) * x
    state[1] = (1 - eta * nu) * u
    state[2] = lam + eta * (a - b * x * x)
    state[3] = sigma * max(n, 0.0) / abs(d)
    return state


_FORMS = {"self": (_self_stabilization, _self_stabilization_in_place), "cdat": (_cdat, _cdat_in_place)}


def contenders(problem: Problem) -> list[Contender]:
    """Both forms, where there is one for this problem, on a share of the points."""
    if problem.name not in _FORMS or (problem.size.quick and problem.name != "self"):
        return []
    from pynamicalsys import DiscreteDynamicalSystem

    states, x = tuple(problem.map.state), problem.x[:: problem.size.stride]
    start = np.column_stack([x if n == "x" else np.full_like(x, problem.values[n]) for n in states])
    parameters = [problem.values[n] for n in problem.map.parameters]
    last, row = problem.steps - 1, states.index("lam")

    def contender(mapping, label, is_usual):
        system = DiscreteDynamicalSystem(mapping=mapping, system_dimension=len(states), parameters=parameters)

        def call():
            return (system.trajectory(start, problem.steps, transient_time=last)[:, row],)

        return Contender("pynamicalsys", label, call, x.size, is_usual)

    usual, tuned = _FORMS[problem.name]
    made = [contender(usual, "pynamicalsys", True)]
    return made if problem.size.quick else [*made, contender(tuned, "pynamicalsys, mapping in place", False)]
