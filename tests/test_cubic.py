"""CDAT on the cubic loss with its true n and d: what can be proved, in symbols and rationals, and the page's table."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import dynsim as ds
from dynsim.reproduce import cubic
from dynsim.reproduce.cubic import TRUE, TRUE_DELAYED

DOCS = Path(__file__).parent.parent / "docs"
A, B, NU, LAM, Z = sp.symbols("a b nu Lambda z", positive=True)
ACROSS = {
    TRUE: Z - 1 + 8 * A / LAM**2,
    TRUE_DELAYED: Z * Z - Z + 16 * A / LAM**2,
    ds.maps.cdat: Z * Z - Z + 8 * A / LAM**2,
    ds.maps.cdat_undelayed: Z - 1,
}


@pytest.mark.parametrize("map_", ACROSS, ids=lambda m: m.name)
def test_multipliers_of_the_line(map_):
    state = sp.symbols("x u lambda eta", positive=True)[: len(map_.state)]
    point = (sp.sqrt(A / B), 0, LAM, 2 / LAM)[: len(state)]
    step = sp.Matrix(map_.step(*state, 2, A, B, NU))
    step[0] = -step[0]  # x changes sign each step
    at = dict(zip(state, point))
    assert sp.simplify(step.subs(at) - sp.Matrix(point)).is_zero_matrix
    slopes = step.jacobian(state).subs(at).applyfunc(sp.simplify)
    found = (Z * sp.eye(len(state)) - slopes).det()
    assert sp.simplify(found - (Z - 1) * (Z - 1 + 2 * NU / LAM) * ACROSS[map_]) == 0


@pytest.mark.parametrize("map_", [TRUE, TRUE_DELAYED], ids=lambda m: m.name)
def test_a_and_b_are_units(map_):
    rng = np.random.default_rng(0)
    for a, b, x, u, lam, nu, h, sigma in rng.uniform(0.2, 3, (50, 8)):
        unit = np.array([np.sqrt(a / b), np.sqrt(a / b), np.sqrt(a), 1 / np.sqrt(a)])[: len(map_.state)]
        state = np.array([x, u, lam, h])[: len(map_.state)]
        ours = np.array(map_.step(*(state * unit), sigma, a, b, nu * np.sqrt(a)))
        core = np.array(map_.step(*state, sigma, 1.0, 1.0, nu))
        np.testing.assert_allclose(ours, core * unit, rtol=1e-9, atol=1e-12)


def test_the_loss_changes_by_half_dlam_dx_squared():
    """Δf = ½ Δλ Δx² at σ = 2 without the delay, exactly, where d > 0; with any σ, −ηn(1 − σ/2) comes on top."""
    f, n, d = (ds.landscapes.cubic_loss.functions[name] for name in ("f", "n", "d"))
    rng = np.random.default_rng(1)
    tried = 0
    for numbers in rng.integers(1, 30, (40, 6)):
        x, u, lam, a, b, nu = (sp.Rational(int(k), 7) for k in numbers)
        if d(x, u, lam, a, b, nu) <= 0:
            continue
        tried += 1
        for sigma in (sp.Integer(2), sp.Rational(9, 5)):
            x1, u1, lam1 = TRUE.step(x, u, lam, sigma, a, b, nu)
            change = f(x1, u1, lam1, a, b, nu) - f(x, u, lam, a, b, nu)
            eta = sigma * n(x, u, lam, a, b, nu) / d(x, u, lam, a, b, nu)
            drop = eta * n(x, u, lam, a, b, nu) * (1 - sigma / 2)
            assert change == (lam1 - lam) * (x1 - x) ** 2 / 2 - drop
    assert tried > 20


def test_the_collapse_ends_in_a_saddle_node():
    s, q = sp.symbols("sigma q", positive=True)
    n, d = (ds.landscapes.cubic_loss.functions[name] for name in ("n", "d"))
    zero, one = sp.Integer(0), sp.Integer(1)
    at = (sp.sqrt(q), zero, one, zero, one, zero)  # p = qλ², a = 0
    rule = s * n(*at) / d(*at)  # ηλ
    quadratic = sp.numer(sp.together(rule - 2 / (1 + q)))
    assert 16 - 8 * sp.sqrt(3) in sp.solve(sp.discriminant(quadratic, q), s)
    for sigma in (2.01, 2.1, 2.14):
        ratio = cubic.collapse_ratio(sigma)
        share = (1 - ratio) / (1 + ratio)
        assert abs(float(quadratic.subs({s: sigma, q: share}))) < 1e-12 and 0 < share < 1
    assert np.isnan(cubic.collapse_ratio(2.144)) and not np.isnan(cubic.collapse_ratio(2.144, delayed=True))


def test_the_floor_is_where_y_vanishes():
    for sigma, lam in ((1.2, 10.0), (1.9, 30.0), (1.999, 5.0)):
        p = cubic.floor(sigma, lam**-2)
        assert 0 < p < 1
        functions = ds.landscapes.cubic_loss.functions
        n, d = (functions[name](np.sqrt(p), 0.0, lam, 1.0, 1.0, 0.0) for name in ("n", "d"))
        assert abs(sigma * n / d * lam - 2) < 1e-12


def test_a_picture_is_drawn(tmp_path):
    (path,) = cubic.below(tmp_path)
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_the_page_has_the_table_that_was_written():
    table = (DOCS / "reproduced" / "cubic_table.md").read_text(encoding="utf-8")
    assert table in (DOCS / "cubic.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("map_, sigma, column", [(TRUE, 2, 1), (ds.maps.cdat_undelayed, 2.01, 3)])
def test_cells_of_the_table_are_measured(map_, sigma, column):
    rows = (DOCS / "reproduced" / "cubic_table.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if line.startswith(f"| {sigma} |"))
    assert cubic.cell(*cubic.at_paper(map_, sigma), 2 * np.sqrt(0.05)) == row.split("|")[column + 1].strip()
