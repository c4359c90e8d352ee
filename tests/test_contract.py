"""What every landscape, tuner, map and measure found must keep."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
import sympy
from conftest import MAPS, OTHERS, plain_orbit

import dynsim as ds
from dynsim.model import SHIFT, probe, reads

ROOMS = {"landscapes": ds.landscapes, "tuners": ds.tuners, "maps": ds.maps, "measures": ds.measures}
FILES = [(room, name) for room, module in ROOMS.items() for name in module.__all__]


@pytest.mark.parametrize("room, name", FILES)
def test_every_file_says_what_it_computes_and_where_it_is_from(room, name):
    doc = inspect.getdoc(getattr(ROOMS[room], name)) if room == "tuners" else getattr(ROOMS[room], name).doc
    assert len(doc.splitlines()[0]) > 15
    assert re.search(r"Source: .{5,}", doc)
    assert re.search(r"[=<>]", doc), "no equation"


@pytest.mark.parametrize("name", MAPS)
def test_compiled_orbit_is_the_plain_python_orbit_bit_for_bit(name):
    map_ = MAPS[name]
    got = ds.orbit(map_, 60)
    want = plain_orbit(map_, 60)
    for key, values in want.items():
        # What reads log_scale sees mantissa and exponent apart: a rounding of its own, where x is below 2^-250.
        lifted = key in map_.observables and "log_scale" in reads(map_.observables[key])
        compare = partial(np.testing.assert_allclose, rtol=1e-15) if lifted else np.testing.assert_array_equal
        compare(got[key].values, values, err_msg=key)


@pytest.mark.parametrize("name", OTHERS)
def test_every_tuner_on_every_landscape_is_plain_python(name):
    """The motion only; what a landscape measures is tried on its named map."""
    bare = ds.Map(OTHERS[name].step, name, scale=OTHERS[name].scale)
    got, want = ds.orbit(bare, 50), plain_orbit(bare, 50)
    for key, values in want.items():
        np.testing.assert_array_equal(got[key].values, values, err_msg=key)


@pytest.mark.parametrize("name", MAPS)
def test_sweep_ends_where_the_orbit_does(name):
    map_ = MAPS[name]
    measures = [ds.measures.final(n) for n in map_.state]
    start = next(iter(map_.state))
    swept = ds.sweep(map_, 37, over={start: [map_.state[start], 0.7, 1.3]}, measure=measures)
    for i, value in enumerate(swept[start].values):
        one = ds.orbit(map_, 37, point=i, **{start: value})
        for n in map_.state:
            np.testing.assert_array_equal(swept[f"{n}_final"].values[i], one[n].values[-1])


@pytest.mark.parametrize("name", [n for n in MAPS if "linesearch" not in n])
def test_symbols_go_through_the_step_that_runs(name):
    map_ = MAPS[name]
    symbols = {n: sympy.Symbol(n, real=True) for n in (*map_.state, *map_.parameters)}
    noise = {"xi": 0.3} if map_.noisy else {}
    after = map_.step(*(symbols[n] for n in map_.state), **{n: symbols[n] for n in map_.parameters}, **noise)
    values = np.random.default_rng(3).uniform(0.5, 1.5, len(symbols))
    want = map_.step(*values[: len(map_.state)], **dict(zip(map_.parameters, values[len(map_.state) :])), **noise)
    after, want = (v if isinstance(v, tuple) else (v,) for v in (after, want))
    for expression, number in zip(after, want, strict=True):
        got = sympy.sympify(expression).subs(dict(zip(symbols.values(), values)))
        assert float(got) == pytest.approx(float(number), rel=1e-12)


@pytest.mark.parametrize("name", [n for n in MAPS if MAPS[n].scale])
def test_carried_states_may_be_rescaled(name):
    """What the carried exponents rest on: tiny states may be multiplied by 2^150 without changing the rest."""
    map_ = MAPS[name]
    degree = np.array([map_.scale.get(n, 0) for n in map_.state])
    state = np.random.default_rng(4).uniform(0.5, 2, degree.size)
    small, smaller = (np.array(probe(map_.step, np.ldexp(state, -k * degree))) for k in (100, 250))
    np.testing.assert_allclose(small, np.ldexp(smaller, SHIFT * degree), rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in MAPS if list(MAPS[n].scale.values()).count(1) > 1])
def test_one_carried_state_may_be_rescaled_alone(name):
    """One state, tiny beside the others, changes nothing but itself."""
    map_ = MAPS[name]
    degree = np.array([map_.scale.get(n, 0) for n in map_.state])
    state = np.ldexp(np.random.default_rng(5).uniform(0.5, 2, degree.size), -100 * degree)
    for n in [n for n in map_.scale if map_.scale[n] == 1]:
        this = np.array([other == n for other in map_.state])
        small, smaller = (np.array(probe(map_.step, np.ldexp(state, -k * this))) for k in (450, 600))
        np.testing.assert_allclose(small, np.ldexp(smaller, SHIFT * this), rtol=1e-12)


@pytest.mark.parametrize("name", ["landscapes.top_eigendirection", "landscapes.two_eigendirections"])
def test_landscapes_without_a_loss_refuse_tuners_that_need_one(name):
    landscape = getattr(ds.landscapes, name.split(".")[1])
    with pytest.raises(ValueError, match=r"'polyak' needs f, which the landscape .* cannot measure"):
        ds.closed_loop(landscape, ds.tuners.polyak)
    with pytest.raises(ValueError, match="'linesearch' needs f"):
        ds.closed_loop(landscape, ds.tuners.linesearch)


def test_named_maps_have_the_promised_names():
    promised = {
        "self_stabilization": ("x lam", "eta a b"),
        "target_sharpness": ("x lam", "sigma a b"),
        "cdat": ("x u lam eta", "sigma a b nu"),
        "cdat_undelayed": ("x u lam", "sigma a b nu"),
    }
    for name, (state, parameters) in promised.items():
        map_ = getattr(ds.maps, name)
        assert " ".join(map_.state) == state
        assert " ".join(map_.parameters) == parameters
        assert {"eta", "lam", "y", "p"} <= set(map_.readable)
        if "u" in map_.state:
            assert {"g", "ratio"} <= set(map_.readable)


@pytest.mark.parametrize("name", ["two_eigendirections", "top_eigendirection", "cubic_loss"])
def test_gradient_and_curvature_of_a_landscape_agree(name):
    """n = ‖∇f‖² always; on the cubic loss, gradient, d and sharpness against sympy's derivatives of f."""
    landscape = getattr(ds.landscapes, name)
    rng = np.random.default_rng(5)
    values = {n: rng.uniform(0.5, 1.5) for n in (*landscape.state, *landscape.parameters)}

    def at(function, given):
        return function(**{n: given[n] for n in inspect.signature(function).parameters})

    f = landscape.functions
    assert at(f["n"], values) == pytest.approx(sum(g * g for g in at(f["gradient"], values)))
    if name == "cubic_loss":
        s = {n: sympy.Symbol(n, positive=True) for n in values}
        k = sympy.sqrt(2 * s["b"])
        z = sympy.Symbol("z")  # lam = k z
        w = (s["x"], z, s["u"])
        loss = at(f["f"], {**s, "lam": k * z})
        gradient = sympy.Matrix([sympy.diff(loss, v) for v in w])
        hessian = sympy.hessian(loss, w)
        numbers = {**{s[n]: values[n] for n in values}, z: values["lam"] / np.sqrt(2 * values["b"])}
        want = np.array(gradient.subs(numbers), float).ravel()
        np.testing.assert_allclose(at(f["gradient"], values), want, rtol=1e-12)
        h = np.array(hessian.subs(numbers), float)
        assert at(f["d"], values) == pytest.approx(want @ h @ want)
        assert at(f["sharpness"], values) == pytest.approx(np.linalg.eigvalsh(h)[-1])


def test_gradient_descent_on_the_cubic_loss_is_the_reduced_motion():
    """Theory 2.5: a = kc, b = k²/2, with the loss written in its own variables."""
    x, z, u, k, c, ref, nu, eta = sympy.symbols("x z u k c lambda_ref nu eta", positive=True)
    loss = (ref + k * z) * x**2 / 2 - c * z + nu * u**2 / 2
    after = [v - eta * sympy.diff(loss, v) for v in (x, z, u)]
    lam = ref + k * z
    want = ds.landscapes.cubic_loss.move(x, u, lam, eta=eta, a=k * c, b=k**2 / 2, nu=nu)
    assert sympy.simplify(after[0] - want[0]) == 0
    assert sympy.simplify(after[2] - want[1]) == 0
    assert sympy.simplify(ref + k * after[1] - want[2]) == 0
