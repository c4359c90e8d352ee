"""What the explorer shows beside its picture: the theory's boundaries, one point, and the diagram along a line."""

import threading

import numpy as np
import pytest
import sympy as sp

import dynsim as ds
from dynsim.explorer.boundaries import boundaries
from dynsim.explorer.derived import Abandoned, derive, numbers
from dynsim.explorer.plane import Plane
from dynsim.explorer.subjects import Library
from dynsim.explorer.view import Axis, View
from dynsim.reproduce.ratio import gain

LIBRARY = Library()


def drawn(view, own=None):
    return {one.label: one for one in boundaries(LIBRARY.subject(view.map).map, view.map, view, own)}


def points(boundary):
    return tuple(np.concatenate([piece[i] for piece in boundary.pieces]) for i in (0, 1))


def test_the_line_of_cdat_attracts_where_8a_is_below_lam_squared():
    view = View("cdat", Axis("a", 1e-3, 1, True), Axis("lam", 0.3, 4, True), "regime", values={"sigma": 2.0, "u": 0.0})
    found = drawn(view.but(values={**view.values, "nu": 0.01}))
    (line,) = (b for label, b in found.items() if "8a < λ₀²" in label)
    a, lam = points(line)
    np.testing.assert_allclose(8 * a, lam**2, rtol=1e-9)
    assert lam.min() < 0.31 and a.max() > 0.99, "it crosses the whole picture"
    assert "u = 0" in line.note and line.note.endswith("λ as at the start")
    cut = drawn(view.but(values={**view.values, "nu": 1.0}))["attracts: ν < λ₀ and 8a < λ₀²"]
    a, lam = points(cut)
    np.testing.assert_allclose(np.minimum(lam**2 / 8 / a, lam), 1, rtol=1e-9, err_msg="8a = λ², and λ = ν below it")


def test_beside_sigma_2_cdat_has_the_line_and_the_limit_of_its_ratio():
    view = View("cdat", Axis("sigma", 1.0, 3.0), Axis("nu", 0.018, 18.0, True), "regime")
    found = drawn(view)
    np.testing.assert_allclose(points(found["σ − 2 = 0"])[0], 2, rtol=1e-12)
    sigma, nu = points(found["p/g is attracted to its limit: K < 1"])
    np.testing.assert_allclose(gain(sigma, 18.0, nu), 1, rtol=1e-9)
    assert abs(sigma.max() - 1.5) < 1e-2, "3/2 for ν ≪ λ"
    sigma, nu = points(found["p/g has a limit: σ < 2λ₀/(λ₀ + ν)"])
    np.testing.assert_allclose(sigma, 36 / (18 + nu), rtol=1e-9)
    assert not any("attracts: ν" in label for label in found), "no line of fixed points but at σ = 2"
    undelayed = drawn(view.but(map="cdat_undelayed", x=Axis("sigma", 0.77, 3.0)))
    sigma, nu = points(undelayed["p/g is attracted to its limit: K < 2"])
    np.testing.assert_allclose(gain(sigma, 18.0, nu), 2, rtol=1e-9)
    assert (abs(sigma - 1) < 1e-9).sum() > 100, "at σ = 1 K is 2, whatever ν is"


def test_self_stabilization_gets_2_cycles_at_eta_squared_a_of_2_and_what_the_user_says():
    own = {"below": "8*a < lam**2", "equal": sp.Eq(sp.Symbol("a"), sp.Symbol("eta")), "pole": "1/(eta - 0.5)"}
    own |= {"far": "a - 77", "unknown": "a < foo", "broken": "a <"}
    found = drawn(View("self_stabilization", Axis("eta", 0.1, 3), Axis("a", 0.01, 3, True), "lifetime"), own)
    (born,) = (b for label, b in found.items() if label.startswith("exists"))
    eta, a = points(born)
    np.testing.assert_allclose(eta**2 * a, 2, rtol=1e-9)
    np.testing.assert_allclose(points(found["edge of stability at the start, y = 0"])[0], 2 / 1.9, rtol=1e-9)
    np.testing.assert_allclose(points(found["below"])[1], 1.9**2 / 8, rtol=1e-9)
    eta, a = points(found["equal"])
    np.testing.assert_allclose(eta, a, rtol=1e-9)
    assert not found["pole"].pieces, "1/(η − ½) changes sign through infinity"
    assert not found["far"].pieces and "not pass" in found["far"].note
    assert "unknown name 'foo'" in found["unknown"].note and "no statement" in found["broken"].note
    assert list(found)[: len(own)] == list(own)


def test_uv_is_stable_below_its_edge_and_reaches_it_above_a_rate():
    found = drawn(View("uv", Axis("eta", 0.1, 3.0), Axis("lam", -1.0, 3.0), "lifetime", values={"target": 0.8}))
    eta, lam = points(found["attracts: 0 < λ₀ and η·λ₀ < 2"])
    assert (np.minimum(abs(eta * lam - 2), abs(lam)) < 1e-9).all() and (abs(lam) < 1e-9).any() and (lam > 2.9).any()
    np.testing.assert_allclose(points(found["the edge is reached iff η > √n/|Y|"])[0], 1.25, rtol=1e-9)


def test_nothing_is_drawn_where_nothing_changes():
    assert not drawn(View("uv", Axis("eta", 0.2, 0.3), Axis("target", 0.1, 0.2), "period"))
    assert not drawn(View("cdat", Axis("sigma", 2.1, 2.2), Axis("nu", 0.01, 0.1, True), "regime"))
    assert not drawn(View("self_stabilization", Axis("eta", 0.1, 0.2), Axis("x", 0.1, 0.2), "lifetime"))


def test_every_map_has_its_boundaries_or_none():
    """No first view fails, whatever its map is; those of which nothing is derived in time are left to other tests."""
    for name in ("catapult", "damped", "flip_normal_form", "heavy_ball", "target_sharpness", "warmup", "central_flow"):
        for one in drawn(LIBRARY.first(name)).values():
            assert one.pieces and all(x.shape == y.shape and np.isfinite([x, y]).all() for x, y in one.pieces)


def test_a_jump_is_a_boundary_and_a_pole_is_none():
    plane = Plane(ds.maps.uv, View("uv", Axis("eta", -1.0, 1.0), Axis("z", -1.0, 1.0), "period"))
    eta, z = sp.symbols("eta z", real=True)
    assert len(plane.changes(plane.field(sp.sign(eta - z)))) == 1
    assert not plane.changes(plane.field(1 / (eta - z / 3 - sp.Rational(1, 7))))
    crossed = plane.changes(plane.field((eta - z) / (eta + z - sp.Rational(1, 7))))
    x, y = np.concatenate(crossed, axis=1)
    np.testing.assert_allclose(x, y, atol=1e-9, err_msg="the zeros alone, though the pole crosses them")
    assert np.ptp(x) > 1.98
    assert not plane.changes(plane.field(eta - z), plane.field(sp.log(z))), "log z < 0 everywhere"
    assert not plane.changes(plane.field(sp.sqrt(eta - 2) + z)), "no number anywhere"


def test_what_is_derived_is_shared_between_threads_and_can_be_abandoned():
    map = ds.Map(lambda x=0.3, /, r=2.5: r * x * (1 - x), name="logistic")
    made = []
    threads = [threading.Thread(target=lambda: made.append(derive(map, {"r": 2.5}))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3 and all(a is b for one in made for a, b in zip(one.known, made[0].known))
    with pytest.raises(Abandoned):
        derive(ds.Map(lambda x=0.3, /, r=2.5: r - x * x, name="other"), {"r": 2.5}, stale=lambda: True)
    view = View("uv", Axis("eta", 0.1, 2.5), Axis("target", 0.1, 2.5), "period")
    assert boundaries(ds.Map(lambda x=1, /, a=1: a / x, name="h"), "h", view.but(map="h"), stale=lambda: True) == []


def test_a_number_of_another_sign_than_its_symbol_is_taken_as_it_is():
    values = numbers(ds.maps.self_stabilization, {"a": -0.1})
    assert not [known for known in derive(ds.maps.self_stabilization, values).known if known.point.period == 1]
