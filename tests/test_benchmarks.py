"""The benchmarks run from end to end, on tiny sizes and without the rivals that need not be installed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent

WITHOUT_RIVALS = """
import sys
sys.modules.update(jax=None, pynamicalsys=None)
from benchmarks.__main__ import main
main(["--quick"])
"""


def test_quick_run_reports_everything_and_survives_missing_rivals():
    page = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIVALS], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout
    for heading in (
        "Bars",
        "Steps per second",
        "Lyapunov exponents",
        "Share of the machine's peak",
        "First result",
        "Memory",
    ):
        assert f"## {heading}" in page
    assert "| JAX | not installed |" in page and "| pynamicalsys | not installed |" in page
    assert "| self_stabilization, final λ: over JAX | ≥ 12× | not installed | not measured |" in page
    over = (
        "| self_stabilization, largest Lyapunov exponent: over pynamicalsys | ≥ 400× | not installed | not measured |"
    )
    assert over in page
    assert "| self_stabilization, largest Lyapunov exponent: its time over that of final λ | ≤ 4× |" in page
    assert page.count("| dynsim, final λ instead |") == 2
    assert "nan" not in page


@pytest.fixture
def exponents(monkeypatch):
    """The problem of exponents at its tiny size; benchmarks/ is not installed."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.problems import QUICK, exponents

    return exponents(QUICK)["self exponent"]


def test_columns_are_the_grid_in_the_order_of_the_results(exponents):
    eta, x = np.meshgrid(*exponents.over.values(), indexing="ij")
    assert np.array_equal(exponents.column("eta"), eta.ravel())
    assert np.array_equal(exponents.column("x", every=7), x.ravel()[::7])
    assert np.array_equal(exponents.column("lam", every=7), np.full(eta.ravel()[::7].shape, 2.0))


def test_a_contender_is_held_against_its_own_convention(exponents):
    from benchmarks.exponents import DYNSIM, plain
    from benchmarks.problems import check, engine

    contender = replace(engine(exponents)[0], expected=lambda: plain(exponents, DYNSIM))
    reference = contender.call()
    check(exponents, reference, contender)
    other = replace(contender, expected=lambda: plain(exponents, replace(DYNSIM, first=1)))
    with pytest.raises(ValueError, match="something else than plain numpy"):
        check(exponents, reference, other)
    far = replace(contender, call=lambda: (reference[0] + 2 * exponents.apart,))
    with pytest.raises(ValueError, match="something else than dynsim"):
        check(exponents, reference, far)
    with pytest.raises(ValueError, match="infinite"):
        check(exponents, reference, replace(contender, call=lambda: (reference[0] * np.inf,)))
