"""The benchmarks run from end to end, on tiny sizes and without the rivals that need not be installed."""

import subprocess
import sys
from pathlib import Path

WITHOUT_RIVALS = """
import sys
sys.modules.update(jax=None, pynamicalsys=None)
from benchmarks.__main__ import main
main(["--quick"])
"""


def test_quick_run_reports_everything_and_survives_missing_rivals():
    root = Path(__file__).parent.parent
    page = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIVALS], cwd=root, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout
    for heading in ("## Bars", "## Steps per second", "## Share of the machine's peak", "## First result", "## Memory"):
        assert heading in page
    assert "| JAX | not installed |" in page and "| pynamicalsys | not installed |" in page
    assert "| self_stabilization, final λ: over JAX | ≥ 12× | not installed | not measured |" in page
    assert "nan" not in page
