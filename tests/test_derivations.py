"""What the landscapes of the catalogue say of their losses, against sympy's derivatives of the losses themselves."""

import inspect

import numpy as np
import pytest
import sympy as sp

import dynsim as ds
from dynsim.families import product, scalar_chain

TARGET, WIDTH, KAPPA, E = 0.7, 2.0, 0.3, 0.4


def _two_layers(u1, u2, v1, v2, target):
    out = (u1 * v1 + u2 * v2) / sp.sqrt(WIDTH)
    return (out - target) ** 2 / 2, {"z": out - target, "lam": (u1**2 + u2**2 + v1**2 + v2**2) / WIDTH}


def _product(loss):
    return lambda x, y: (loss(x * y), {"p": x * y, "s": x**2 + y**2})


def _regression(one, two):
    z = (one**2 - KAPPA * two**2) / 2 - E
    return z**2 / 2, {"z": z, "lam": one**2 + KAPPA**2 * two**2}


def _chain(*w):
    return (sp.prod(w) - TARGET) ** 2 / 2, {f"w{i + 1}": v for i, v in enumerate(w)}


A, B, Q, NU, ALPHA, BETA = 0.2, 0.3, 0.7, 0.4, 0.6, 1.7


def _quartic(x, u, z):
    k = sp.sqrt(2 * B)
    loss = k * z * x**2 / 2 + 0.6 * x**3 / 2 + Q * x**4 / 4 - A / k * z + NU * u**2 / 2
    return loss, {"x": x, "u": u, "lam": k * z}


def _two_edges(x, u, z, w):
    k, m = sp.sqrt(2 * B), sp.sqrt(2 * BETA * B)
    loss = k * z * x**2 / 2 - A / k * z + m * w * u**2 / 2 - ALPHA * A / m * w
    return loss, {"x": x, "u": u, "lam": k * z, "mu": m * w}


#: Landscape, how many coordinates its loss has, the loss and the states as functions of them, and its parameters.
CASES = {
    "damped": (
        ds.landscapes.damped, 2,
        lambda x, z: ((z + 0.6 * x) * x**2 / 2 - 0.2 * (x + z), {"x": x, "lam": z}), {"a": 0.2, "zeta": 0.6},
    ),
    "log_cosh": (ds.landscapes.log_cosh, 2, _product(lambda p: sp.log(sp.cosh(p))), {}),
    "square_root": (ds.landscapes.square_root, 2, _product(lambda p: sp.sqrt(1 + p**2)), {}),
    "minimalist": (ds.landscapes.minimalist, 2, _product(lambda p: (1 - p**2) ** 2 / 4), {}),
    "own product": (
        product(
            lambda p, c=2.0: c * p * p * p * p / 4 + p,
            lambda p, c=2.0: c * p * p * p + 1,
            lambda p, c=2.0: 3 * c * p * p,
        ),
        2, _product(lambda p: p**4 / 2 + p), {"c": 2.0},
    ),
    "uv": (
        ds.landscapes.uv, 4, lambda *w: _two_layers(*w, TARGET), {"target": TARGET, "width": WIDTH},
    ),
    "catapult": (ds.landscapes.catapult, 4, lambda *w: _two_layers(*w, 0), {"width": WIDTH}),
    "quadratic_regression": (ds.landscapes.quadratic_regression, 2, _regression, {"kappa": KAPPA, "E": E}),
    "scalar_chain": (ds.landscapes.scalar_chain, 4, _chain, {"target": TARGET}),
    "quartic_loss": (ds.landscapes.quartic_loss, 3, _quartic, {"a": A, "b": B, "nu": NU, "zeta": 0.6, "q": Q}),
    "two_edges_loss": (
        ds.landscapes.two_edges_loss, 4, _two_edges, {"a": A, "b": B, "alpha": ALPHA, "beta": BETA},
    ),
    "chain of 2": (scalar_chain(2), 2, _chain, {"target": TARGET}),
    "chain of 5": (scalar_chain(5), 5, _chain, {"target": TARGET}),
}  # fmt: skip


def _at(function, values):
    return function(**{n: values[n] for n in inspect.signature(function).parameters})


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_motion_gradient_curvature_and_sharpness_are_those_of_the_loss(name, seed):
    landscape, count, of, parameters = CASES[name]
    coordinates = sp.symbols(f"w:{count}", real=True)
    loss, states = of(*coordinates)
    numbers = dict(zip(coordinates, np.random.default_rng(seed).uniform(-1.5, 1.5, count)))
    gradient = sp.Matrix([sp.diff(loss, w) for w in coordinates])
    slope = np.array(gradient.subs(numbers), float).ravel()
    hessian = np.array(sp.hessian(loss, coordinates).subs(numbers), float)
    here = {n: float(e.subs(numbers)) for n, e in states.items()}
    values = here | parameters
    f, eta = landscape.functions, 0.37
    assert _at(f["f"], values) == pytest.approx(float(loss.subs(numbers)))
    assert _at(f["n"], values) == pytest.approx(slope @ slope)
    assert _at(f["grad_sq"], values) == pytest.approx(slope @ slope)
    assert _at(f["d"], values) == pytest.approx(slope @ hessian @ slope)
    if "sharpness" in f:
        assert _at(f["sharpness"], values) == pytest.approx(np.linalg.eigvalsh(hessian)[-1])
    after = {w: v - eta * g for (w, v), g in zip(numbers.items(), slope)}
    moved = landscape.move(*(here[n] for n in landscape.state), eta=eta, **parameters)
    want = [float(states[n].subs(after)) for n in landscape.state]
    np.testing.assert_allclose(np.array(moved, float), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "noisy, quiet",
    [
        ("damped_noisy", "damped"),
        ("noisy_eigendirection", "top_eigendirection"),
        ("quartic_noisy", "quartic_loss"),
    ],
)
def test_a_noisy_landscape_is_the_quiet_one_and_a_kick(noisy, quiet):
    noisy, quiet = (getattr(ds.landscapes, n) for n in (noisy, quiet))
    values = {n: quiet.parameters[n] for n in quiet.parameters}
    state = (0.3, 1.7, 0.9)[: len(quiet.state)]
    still = quiet.move(*state, eta=0.8, **values)
    kicked = noisy.move(*state, eta=0.8, xi=2.0, s=0.1, **values)
    assert kicked[0] == pytest.approx(still[0] - 0.8 * 0.1 * 2.0) and kicked[1:] == still[1:]
    assert noisy.noisy and not quiet.noisy


def test_solution_is_the_end_of_gradient_flow():
    """θᵢ² − θⱼ² is kept, so the end is θᵢ² + t with ∏(θᵢ² + t) = target²."""
    w, target = np.array([1.7, 0.4, 0.9, 1.2]), 0.7
    t = np.linspace(-(w.min() ** 2), 3, 2_000_001)
    product_ = np.prod(w[:, None] ** 2 + t, axis=0)
    at = np.interp(target**2, product_, t)
    want = target**2 * np.sum(1 / (w**2 + at))
    got = _at(
        ds.landscapes.scalar_chain.functions["solution"], dict(zip(("w1", "w2", "w3", "w4"), w)) | {"target": target}
    )
    assert got == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("name, edge", [
    ("heavy_ball", lambda beta: 2 * (1 + beta)),
    ("averaged_momentum", lambda beta: 2 * (1 + beta) / (1 - beta)),
    ("nesterov", lambda beta: 2 * (1 + beta) / (1 + 2 * beta)),
])  # fmt: skip
def test_momentum_loses_stability_at_its_edge(name, edge):
    """At ηλ = edge the step of (x, v) has the eigenvalue −1."""
    x, v, lam, eta, beta = sp.symbols("x v lam eta beta", positive=True)
    after = getattr(ds.landscapes, name).move(x, v, lam, 0, eta=eta, a=0, b=0, beta=beta)
    matrix = sp.Matrix(after[:2]).jacobian([x, v]).subs(lam, edge(beta) / eta)
    assert sp.simplify((matrix + sp.eye(2)).det()) == 0
    assert sp.simplify(getattr(ds.landscapes, name).functions["edge"](beta) - edge(beta)) == 0


def test_product_says_what_it_needs():
    with pytest.raises(TypeError, match="must take the same arguments"):
        product(lambda p: p * p, lambda p, c=1.0: c * p, lambda p: 1)
    with pytest.raises(ValueError, match="start must have 3 numbers"):
        scalar_chain(3, start=(1, 2))


def test_reduced_and_full_regression_move_alike():
    Q, G, E_ = ds.tasks.random_quadratics(3, 6, seed=2)
    model = ds.objectives.quadratic_regression(Q, G, E_, start=np.full(6, 0.1))
    rates = [0.02, 0.1]
    both = ds.residual_motion(model, 20, rates, every=5)
    for k, eta in enumerate(rates):
        theta = model.start()
        for _ in range(20):
            theta = theta - eta * model.gradient(theta)
        np.testing.assert_allclose(both.z[-1, k], model.residuals(theta), rtol=1e-10)
        jacobian = G + np.einsum("dpq,q->dp", Q, theta)
        assert float(both.lam[-1, k]) == pytest.approx(np.linalg.eigvalsh(jacobian @ jacobian.T)[-1])
    one = ds.residual_motion(model, 20, 0.1, every=5)
    np.testing.assert_allclose(one.f, both.f.isel(eta=1), rtol=1e-12)
    assert "eta" not in one.dims
    with pytest.raises(ValueError, match="eta must be a number"):
        ds.residual_motion(model, 5, [[0.1]])
