"""What the explorer shows beside its picture: the theory's boundaries, one point, and the diagram along a line."""

import re
import threading

import numpy as np
import pytest
import sympy as sp

import dynsim as ds
from dynsim.explorer import exporting
from dynsim.explorer.across import across
from dynsim.explorer.boundaries import boundaries
from dynsim.explorer.derived import Abandoned, derive, numbers, told
from dynsim.explorer.fixed import fixed_points_at
from dynsim.explorer.library import Library
from dynsim.explorer.looking import orbit_at
from dynsim.explorer.plane import Plane
from dynsim.explorer.view import Axis, View
from dynsim.reproduce.ratio import gain
from dynsim.stability.diagrams import orbit_diagram
from dynsim.vocabulary import cos, tanh

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


def test_one_point_is_told_as_orbit_and_sweep_have_it():
    subject = LIBRARY.subject("cdat")
    view = subject.first().but(values={"lam": 20.0}, measure="mean:y,skip=100")
    look = orbit_at(subject, view, 1.9, 0.5)
    one = ds.orbit(ds.maps.cdat, 2000, sigma=1.9, nu=0.5, lam=20.0)
    np.testing.assert_array_equal(look.orbit.lam, one.lam)
    rows = dict(look.rows)
    fate = ds.sweep(ds.maps.cdat, 2000, {"sigma": [1.9]}, ds.measures.regime(), nu=0.5, lam=20.0).regime
    assert rows["σ"] == "1.9" and rows["ν"] == "0.5" and rows["regime"] == ds.named(fate).item()
    assert dict(look.last)["λ"] == told(one.lam.values[-1])
    assert float(rows["y mean"].replace("−", "-")) == pytest.approx(one.y.values[101:].mean(), rel=1e-3)
    assert look.values["lam"] == 20 and look.values["sigma"] == 1.9
    long = orbit_at(subject, view.but(steps=123_456), 1.9, 0.5)
    assert long.orbit.sizes["step"] <= 20_000 and long.orbit.step.values[-1] > 123_400


def test_what_fails_at_a_point_is_said():
    subject = LIBRARY.subject("uv")
    rows = dict(orbit_at(subject, subject.first().but(measure="mean:foo", steps=50), 1.0, 1.0).rows)
    assert "unknown name 'foo'" in rows["foo mean"], "the measure's own words"
    assert rows["lifetime"] == "more than 50 steps"


def test_self_stabilization_repels_with_multipliers_1_plus_i_eta_sqrt_2a():
    for a, eta in ((0.03, 1.0), (0.2, 0.7)):
        found = fixed_points_at(ds.maps.self_stabilization, {"a": a, "eta": eta})
        (edge,) = (one for one in found.points if one.kind == "2-cycle")
        assert edge.place == pytest.approx({"x": np.sqrt(a / 0.3), "lam": 2 / eta})
        expected = 1 + 1j * eta * np.sqrt(2 * a)
        np.testing.assert_allclose(np.sort_complex(edge.multipliers), [expected.conjugate(), expected], rtol=1e-12)
        assert edge.attracts is False and edge.largest == pytest.approx(abs(expected))
        assert [one.kind for one in found.points].count("fixed point") == 2
    born = fixed_points_at(ds.maps.self_stabilization, {"a": 3.0, "eta": 1.0}).points
    assert [one.kind for one in born].count("2-cycle") == 3, "two more where η²a > 2"
    np.testing.assert_allclose([max(one.multipliers.real) for one in born[3:]], 5 + 2 * 3, rtol=1e-9)


def test_cdat_has_its_line_at_sigma_2_alone():
    values = {"a": 0.05, "b": 0.1, "nu": 0.1, "lam": 1.0}
    line = fixed_points_at(ds.maps.cdat, {**values, "sigma": 2.0}).points[0]
    assert line.kind == "family of 2-cycles" and line.attracts is True
    assert line.place == pytest.approx({"x": np.sqrt(0.5), "u": 0, "lam": 1, "eta": 2})
    z = np.sort_complex(np.roots([1, -1, 8 * 0.05]))
    close = [np.abs(line.multipliers - root).min() for root in z]
    np.testing.assert_allclose(close, 0, atol=1e-12, err_msg="z² − z + 8a/λ² = 0")
    assert fixed_points_at(ds.maps.cdat, {**values, "sigma": 2.0, "a": 0.2}).points[0].attracts is False
    near = fixed_points_at(ds.maps.cdat, {**values, "sigma": 1.9})
    assert "σ − 2 = 0" in near.note and "found where the orbit goes" in near.note, "looked for by numbers"
    assert not any("family" in one.kind or one.attracts for one in near.points)


def test_uv_is_attracted_below_its_edge_and_has_2_cycles_by_numbers():
    found = fixed_points_at(ds.maps.uv, {"eta": 1.3, "lam": 1.5, "target": 1.0})
    line = found.points[0]
    assert line.kind == "family of fixed points" and line.attracts is True
    np.testing.assert_allclose(line.multipliers, [1 - 1.3 * 1.5])
    assert fixed_points_at(ds.maps.uv, {"eta": 1.4, "lam": 1.5}).points[0].attracts is False
    for one in found.points:
        state = np.array(list(one.place.values()))
        after = state
        for _ in range(2):
            after = np.array(ds.maps.uv.step(*after, eta=1.3, target=1.0, width=1.0))
        np.testing.assert_allclose(after, state, atol=1e-6)
    assert any(one.kind == "2-cycle" for one in found.points) and "found where the orbit goes" in found.note


@pytest.mark.parametrize("name, values", [("log_cosh", {}), ("minimalist", {}), ("flip_normal_form", {"kappa": 0.0})])
def test_points_of_a_family_are_not_listed_one_by_one(name, values):
    found = fixed_points_at(getattr(ds.maps, name), values)
    assert found.points and all(one.kind.startswith("family") for one in found.points)
    assert "apart from families" in found.note


def test_a_family_has_its_members_where_the_orbit_starts_and_ends():
    """With κ = 0 μ stays, and the 2-cycle that the orbit falls on is δ² = μ/c, not that of where δ starts."""
    values = {"kappa": 0.0, "c": 1.0, "mu": 0.82, "delta": 1.2}
    orbit = ds.orbit(ds.maps.flip_normal_form, 2000, progress=False, **values)
    cycles = [p for p in fixed_points_at(ds.maps.flip_normal_form, values, orbit=orbit).points if "2-cycle" in p.kind]
    (settled,) = (one for one in cycles if abs(one.place["mu"] - 0.82) < 1e-9)
    assert settled.place["delta"] ** 2 == pytest.approx(0.82) and settled.attracts
    assert "at the end's δ" in settled.text
    assert any("at the start's δ" in one.text and one.place["delta"] == pytest.approx(1.2) for one in cycles)


def test_a_map_without_a_closed_form_is_searched_by_numbers():
    def own(x=0.4, /, r=2.0):
        return cos(r * x) * x + tanh(x) * 0.5

    map = ds.Map(own)
    found = fixed_points_at(map, {"r": 2.0})
    assert found.note and found.points
    for one in found.points:
        if one.kind == "fixed point":
            np.testing.assert_allclose(map.step(one.place["x"], r=2.0), one.place["x"], atol=1e-8)
    assert fixed_points_at(map, {"r": 2.5}, stale=lambda: True).points == []


def test_along_A_uv_balanced_has_one_value_then_two():
    subject = LIBRARY.subject("uv_balanced")
    view = subject.first()
    found = across(subject, view, (0.2, 0.4, 1.2, 0.4), "u")
    assert found.counts.dtype == np.uint32 and found.counts.shape == (160, 400) and not found.escaped.any()
    assert (found.counts.sum(axis=0) == 200).all() and found.steps == (801, 1000)
    cells = (found.counts > 0).sum(axis=0)
    assert (cells[found.x < 0.97] == 1).all() and (cells[found.x > 1.01] == 2).all()
    edges = np.linspace(found.low, found.high, len(found.counts) + 1)
    top = np.array([np.flatnonzero(column).max() for column in found.counts.T])
    fixed = np.flatnonzero(found.x < 0.97)
    assert (edges[top[fixed]] <= np.sqrt(found.x[fixed])).all() and (
        edges[top[fixed] + 1] > np.sqrt(found.x[fixed])
    ).all()
    diagram = orbit_diagram(ds.maps.uv_balanced, {"A": found.x}, keep=200, skip=750, u=0.4)
    for i in (0, 200, 399):
        np.testing.assert_array_equal(found.counts[:, i], np.histogram(diagram.u.values[i], edges)[0])


def test_a_slanted_line_is_the_orbits_from_its_points():
    subject = LIBRARY.subject("cdat")
    view = subject.first().but(steps=1200, values={"lam": 17.0})
    found = across(subject, view, (1.2, 0.02, 2.5, 10.0), "y")
    np.testing.assert_allclose(np.diff(np.log(found.y)), np.log(500) / 399, rtol=1e-9)
    np.testing.assert_allclose(np.diff(found.x), 1.3 / 399, rtol=1e-9)
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == (1.2, 2.5, 0.02, 10.0)
    assert found.escaped[-1] and not found.counts[:, found.escaped].any() and not found.log
    for i in (0, 150, 230):
        one = ds.orbit(ds.maps.cdat, 1200, sigma=found.x[i], nu=found.y[i], lam=17.0)
        late = one.y.values[found.steps[0] : found.steps[1] + 1]
        np.testing.assert_array_equal(
            found.counts[:, i], np.histogram(late, np.linspace(found.low, found.high, len(found.counts) + 1))[0]
        )
    np.testing.assert_array_equal(found.counts, across(subject, view, (1.2, 0.02, 2.5, 10.0), "y").counts)


def test_what_a_line_cannot_be_and_one_that_is_abandoned():
    subject = LIBRARY.subject("cdat")
    view = subject.first()
    with pytest.raises(ValueError, match="unknown state or observable 'sigma'"):
        across(subject, view, (1, 0.1, 2, 0.2), "sigma")
    with pytest.raises(ValueError, match="positive"):
        across(subject, view, (1, 0.1, 2, -0.2), "y")
    assert across(subject, view.but(steps=10**7), (1.0, 0.1, 1.9, 0.2), "lam", stale=lambda: True) is None
    gone = across(subject, view.but(values={"lam": 0.1}), (2.5, 1.0, 2.9, 2.0), "lam")
    assert gone.escaped.all() and not gone.counts.any(), "and a range all the same"
    assert gone.low < gone.high


def test_a_noisy_point_has_the_draws_of_its_cell():
    subject = LIBRARY.subject("stochastic")
    view = subject.first().but(measure="final:x", steps=300, side=125, seed=5)
    picture = subject.compute(view, 125, lambda count: None).x_final.values
    x, y = (axis.centres(125)[k] for axis, k in ((view.x, 17), (view.y, 90)))
    look = orbit_at(subject, view, x * 1.0001, y)
    assert dict(look.rows)["x final"] != told(
        subject.compute(view.but(seed=6), 125, lambda n: None).x_final.values[17, 90]
    )
    assert (look.values[view.x.name], look.values[view.y.name]) == (x, y)
    assert look.orbit.x[-1] == picture[17, 90] != picture[18, 90]
    assert dict(look.rows)["x final"] == told(picture[17, 90])
    assert "cell" in look.note
    stored = orbit_at(subject, view, x, y, cells=False)
    assert stored.orbit.x[-1] != picture[17, 90] and "anew" in stored.note


def test_what_escapes_says_what_the_dotted_line_is():
    subject = LIBRARY.subject("catapult")
    look = orbit_at(subject, subject.first(), 1.9, 7.0)
    assert re.search("dotted line is step [0-9]+, from which on", look.note)
    gone = int(re.search("step ([0-9]+)", look.note)[1])
    size = np.abs(look.orbit.z.values)
    assert size[gone] < size[gone + 1] and not size[-1] < 1e12


def test_each_of_several_numbers_can_be_shown():
    subject = LIBRARY.subject("uv")
    view = subject.first().but(measure="lyapunov_spectrum", steps=200, side=125)
    both = ds.sweep(subject.map, 200, view.over(9), ds.measures.lyapunov_spectrum()).lyapunov_spectrum
    for k in (1, 2):
        one = view.but(values={"order": k})
        LIBRARY.check(one)
        got = subject.compute(one, 9, lambda count: None).lyapunov_spectrum
        np.testing.assert_array_equal(got.values, both.sel(order=k).values)
        scope = {}
        exec(exporting.python(one.but(side=125), subject).replace("125)", "9)").rpartition("\n")[0], scope)
        assert scope["result"].lyapunov_spectrum.order == k
    two = view.but(values={"order": 2}, beside="catapult", x=Axis("eta", 0.1, 1), y=Axis("lam", 0.5, 2))
    assert [int(LIBRARY.compute(two, i, 5, lambda count: None).order) for i in (0, 1)] == [2, 2]
    look = orbit_at(subject, view, *(a.centres(1)[0] for a in (view.x, view.y)))
    assert dict(look.rows)["lyapunov spectrum"].count(",") == 1
    with pytest.raises(ValueError, match="orders 1 to 2"):
        LIBRARY.check(view.but(values={"order": 3}))
    with pytest.raises(ValueError, match="order"):
        LIBRARY.check(view.but(values={"order": 1}, measure="period"))


def test_a_noisy_line_takes_the_seed_of_the_view():
    subject = LIBRARY.subject("stochastic")
    view = subject.first().but(steps=40, values={"lam": 1.0})
    x, y = (view.x.low, view.y.low), (view.x.low * 1.5, view.y.low * 1.5)
    one, other = (across(subject, view.but(seed=seed), (*x, *y), "lam") for seed in (1, 2))
    assert (one.low, one.high) != (other.low, other.high)


def test_wide_positive_values_are_counted_in_their_logarithm():
    map = ds.Map(lambda z=1.0, q=1.0, /, r=1.0: (z, r), name="keeps", observables={})
    own = Library({"keeps": map}).subject("keeps")
    view = View("keeps", Axis("r", 0.0, 10.0), Axis("z", 1e-3, 1e3, True), "lyapunov", steps=50)
    found = across(own, view, (1.0, 1e-3, 1.0, 1e3), "z")
    assert found.log and found.low < 1e-3 and found.high > 1e3
    rows = found.counts.argmax(axis=0)
    np.testing.assert_allclose(rows, np.linspace(rows[0], rows[-1], 400), atol=1)
