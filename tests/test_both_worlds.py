"""Every tuner file serves the reduced maps and training: on a loss that is a landscape, the two are one motion."""

import inspect

import numpy as np
import pytest

import dynsim as ds
from dynsim.loop import HELPERS
from dynsim.model import roles

A, B, NU, START = 0.01, 0.1, 0.3, {"x": 0.5, "u": 0.8, "lam": 2.5}
LAM_REF, K = 1.5, np.sqrt(2 * B)
C = A / K
#: What keeps a tuner tame on this loss, which is unbounded below; all else is as it comes.
CHOSEN = {
    "constant": {"eta": 0.7},
    "schedule": {"peak": 0.8, "warmup": 5, "total": 25, "end": 0.2},
    "cosine_schedule": {"peak": 0.8, "warmup": 5, "total": 25},
    "polyak": {"f_star": -2.0},
    "cdat": {"sigma": 1.9},
    "cdat_limited": {"eta_prev": 0.05, "c_plus": 1.3},
}


#: Shorter than 30 steps: greedy's late rate meets d near 0, where rounding grows a millionfold by step 29.
STEPS = {("greedy", 1): 20}


def cubic(w):
    """f = ½(λ_ref + kz)x² − cz + ½νu², and the constant that the landscape's f has besides."""
    x, z, u = w
    return ((LAM_REF + K * z) * x * x + NU * u * u) / 2 - C * (z + LAM_REF / K)


def cubic_gradient(w):
    x, z, u = w
    return np.array([(LAM_REF + K * z) * x, K * x * x / 2 - C, NU * u])


def cubic_hvp(w, v):
    x, z, _ = w
    return np.array([(LAM_REF + K * z) * v[0] + K * x * v[1], K * x * v[0], NU * v[2]])


def full():
    start = [START["x"], (START["lam"] - LAM_REF) / K, START["u"]]
    return ds.Objective(cubic, cubic_gradient, cubic_hvp, start=start)


@pytest.mark.parametrize("delay", [0, 1])
@pytest.mark.parametrize("name", ds.tuners.__all__)
def test_descent_on_the_cubic_loss_is_the_orbit_of_the_closed_loop(name, delay):
    tuner, chosen = getattr(ds.tuners, name), CHOSEN.get(name, {})
    if name == "constant" and delay:
        pytest.skip("a rate that is not measured cannot be late")
    steps = STEPS.get((name, delay), 30)
    run = ds.descend(full(), tuner, steps, delay=delay, keep=1, sharpness=1, progress=False, **chosen)
    loop = ds.closed_loop(ds.landscapes.cubic_loss, tuner, delay=delay)
    late = {"eta": run.eta[0].item()} if delay else {}
    orbit = ds.orbit(loop, steps, a=A, b=B, nu=NU, **START, **chosen, **late)
    assert run.lifetime == steps + 1
    x, z, u = run.w.values.T
    for found, wanted in ((x, orbit.x), (u, orbit.u), (LAM_REF + K * z, orbit.lam), (run.f, orbit.f)):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11 * np.abs(wanted).max().item())
    eta = orbit.eta if "eta" in orbit else np.full(steps + 1, chosen["eta"])
    np.testing.assert_allclose(run.eta, eta, rtol=1e-8)
    for measured in ("n", "d"):
        np.testing.assert_allclose(run[measured], orbit[measured], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(run.lam, orbit.sharpness, rtol=1e-9)
    assert np.ptp(run.w.values, axis=0).min() > 0.05, "nothing moved: the test says nothing"


@pytest.mark.parametrize("name", ds.tuners.__all__)
def test_every_tuner_trains_a_network(name):
    """The loss falls, and the rate is what the very same function says of what was measured."""
    net = ds.objectives.network(*ds.tasks.teacher_student(60, inputs=4), hidden=5)
    tuner = getattr(ds.tuners, name)
    chosen = {"constant": {"eta": 0.2}, "schedule": {"peak": 0.2}, "cosine_schedule": {"peak": 0.2}}.get(name, {})
    run = ds.descend(net, tuner, 40, keep=1, progress=False, **chosen)
    assert run.lifetime == 41
    assert run.f[-1] < 0.9 * run.f[0]
    state, values = dict(roles(tuner).state), roles(tuner).parameters | chosen
    values = {key: value for key, value in values.items() if key not in state}
    state |= {key: value for key, value in chosen.items() if key in state}
    for t, w in enumerate(run.w.values):
        results = tuner(*state.values(), **measured(net, w, roles(tuner).inputs), **values)
        eta, *after = results if isinstance(results, tuple) else (results,)
        assert run.eta[t] == pytest.approx(float(eta), rel=1e-9), t
        state = dict(zip(state, after))


def measured(net, w, needs):
    """Of gradient descent, straight from the objective's own functions."""
    g = net.gradient(w)
    u = -g

    def cos_along(eta, w_):
        after = net.gradient(w + eta * u)
        return after @ u / np.linalg.norm(after) / np.linalg.norm(u)

    everything = {
        "n": lambda: g @ g,
        "grad_sq": lambda: g @ g,
        "d": lambda: u @ net.hvp(w, u),
        "f": lambda: net.loss(w),
        "sharpness": lambda: np.linalg.eigvalsh([net.hvp(w, v) for v in np.eye(net.size)])[-1],
        "f_along": lambda: lambda eta, w_: net.loss(w + eta * u),
        "cos_along": lambda: cos_along,
        "w": lambda: None,
    }
    return {need: everything[need]() for need in needs}


@pytest.mark.parametrize("name", ds.tuners.__all__)
def test_every_tuner_asks_only_for_what_both_worlds_measure(name):
    from dynsim.training.run import MEASURED

    asked = set(inspect.signature(getattr(ds.tuners, name)).parameters) & {*MEASURED, *HELPERS}
    assert asked <= {*MEASURED}
    ds.closed_loop(ds.landscapes.cubic_loss, getattr(ds.tuners, name))
