"""pynamicalsys: the last states of an ensemble, and the largest Lyapunov exponent of one orbit after another.

Last states are by its parallel ``trajectory`` with all but one state cut off. Of its facilities this is the fastest
that hands them out. Its mappings return a new array on each step; one that writes into its argument is much faster, and
``trajectory`` happens to allow it.

Exponents are by its ``lyapunov``, which takes one orbit a call: with the default method "QR", and with "ER", which is
for two states only. Tuned by hand, a compiled loop on all cores calls the compiled function behind "ER", with a mapping
and a Jacobian that write into arrays that are there already.
"""

import inspect

import numpy as np
from numba import njit

from .exponents import Convention, plain
from .problems import Contender, Problem
from .timing import on_all_cores, pieces


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


@njit
def _jacobian(state, parameters, mapping):
    x, lam = state
    eta, _, b = parameters
    return np.array([[1 - eta * lam, -eta * x], [-2 * eta * b * x, 1.0]])


@njit
def _jacobian_in_place(state, parameters, mapping):
    """Writes into the parameters beyond the third."""
    x, lam = state[0], state[1]
    eta, b = parameters[0], parameters[2]
    parameters[3] = 1 - eta * lam
    parameters[4] = -eta * x
    parameters[5] = -2 * eta * b * x
    parameters[6] = 1.0
    return parameters[3:].reshape((2, 2))


def contenders(problem: Problem) -> list[Contender]:
    """All forms, where there are some for this problem, on a share of the points."""
    if problem.name == "self exponent":
        return _exponents(problem)
    if problem.name not in _FORMS or (problem.size.quick and problem.name != "self"):
        return []
    usual, tuned = _FORMS[problem.name]
    made = [_trajectory(problem, usual, "pynamicalsys", True)]
    if not problem.size.quick:
        made.append(_trajectory(problem, tuned, "pynamicalsys, mapping in place", False))
    return made


def _columns(problem, names):
    """An array with a row for each point of the share."""
    return np.column_stack([problem.column(n, problem.stride) for n in names])


def _trajectory(problem, mapping, label, usual):
    from pynamicalsys import DiscreteDynamicalSystem

    states = tuple(problem.map.state)
    start, parameters = _columns(problem, states), [problem.values[n] for n in problem.map.parameters]
    system = DiscreteDynamicalSystem(mapping=mapping, system_dimension=len(states), parameters=parameters)
    last, row = problem.steps - 1, states.index("lam")

    def call():
        return (system.trajectory(start, problem.steps, transient_time=last)[:, row],)

    return Contender("pynamicalsys", label, call, usual, problem.stride)


def _exponents(problem):
    """Its two methods, point by point, and the faster one in a loop by hand."""
    from pynamicalsys import DiscreteDynamicalSystem
    from pynamicalsys.discrete_time.lyapunov import lyapunov_qr

    start, parameters = _columns(problem, ("x", "lam")), _columns(problem, ("eta", "a", "b"))
    system = DiscreteDynamicalSystem(
        mapping=_self_stabilization, jacobian=_jacobian, system_dimension=2, number_of_parameters=3
    )

    def caller(method):
        def call():
            every = zip(start, parameters)
            found = [system.lyapunov(u, problem.steps, p, method=method, num_exponents=1) for u, p in every]
            return (np.array(found),)

        return call

    def contender(label, call, vector, usual=False):
        convention = Convention(tuple(vector), first=1, norm=2)
        return Contender("pynamicalsys", label, call, usual, problem.stride, lambda: plain(problem, convention))

    # Its random start vector, from its fixed seed.
    seed = inspect.signature(lyapunov_qr.py_func).parameters["seed"].default
    random, first = np.random.RandomState(seed).rand(2), (1.0, 0.0)
    made = [contender("pynamicalsys", caller("QR"), random / np.linalg.norm(random), True)]
    if problem.size.quick:
        return made
    return [
        *made,
        contender("pynamicalsys, method ER", caller("ER"), first),
        contender("pynamicalsys, method ER in a loop by hand", _loop(start, parameters, problem.steps), first),
    ]


def _loop(start, parameters, steps):
    """A call of the compiled function behind "ER" on all points, in a thread a core."""
    from pynamicalsys.discrete_time.lyapunov import maximum_lyapunov_er

    mapping, jacobian = _self_stabilization_in_place, _jacobian_in_place

    @njit(nogil=True)
    def loop(start, parameters, out):
        for i in range(out.size):
            found, _ = maximum_lyapunov_er(start[i].copy(), parameters[i], steps, mapping, jacobian)
            out[i] = found[0]

    # Four more entries a point, for its Jacobian.
    wide = np.column_stack([parameters, np.zeros((len(parameters), 4))])

    def call():
        out = np.empty(len(start))
        on_all_cores(lambda piece: loop(start[piece], wide[piece], out[piece]), pieces(out.size))
        return (out,)

    return call
