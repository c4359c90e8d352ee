"""The benchmark of training runs from end to end, on tiny sizes and without the rivals."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent

WITHOUT_RIVALS = """
import json, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in ("jax", "torch"):
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
from benchmarks.training.measure import QUICK, measure
json.dump(measure(QUICK), sys.stdout)
"""


@pytest.fixture
def training(monkeypatch):
    """benchmarks/ is not installed."""
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import training

    return training


def test_quick_run_reports_everything_and_survives_missing_rivals(training):
    from benchmarks.training.page import page
    from benchmarks.training.problems import QUICK

    command = [sys.executable, "-c", WITHOUT_RIVALS]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    text = page(QUICK, [found, found], (2.0, 1.0))
    for heading in (
        "Bars",
        "A CDAT step",
        "The share",
        "Many runs at once",
        "Many small runs",
        "Sharpness",
        "The loop",
    ):
        assert f"## {heading}" in text
    assert "| tanh: a CDAT step over JAX | ≥ 2× | not installed | not measured |" in text
    assert "| PyTorch | not installed |" in text
    assert "| dynsim, 2 cores |" in text
    assert "2.0 with empty compile caches" in text
    assert "nan" not in text


def test_a_bar_is_met_only_where_the_usual_form_is_slower_by_as_much(training):
    from benchmarks.training.page import bars

    def race(own, *rivals):
        rows = [{"who": "dynsim", "label": "dynsim", "usual": True, "seconds": own}]
        rows += [{"who": "JAX", "label": "JAX", "usual": usual, "seconds": s} for s, usual in rivals]
        return {"tanh": {"rows": rows, "missing": ["PyTorch"]}}

    empty = {"wide": {}, "many": {}, "few": {}, "tracked": {}}
    jax, torch = bars({"step": race(1.0, (2.1, True), (1.5, False)), **empty})
    assert (jax.measured, jax.met, torch.met) == ("2.1×", True, None)
    assert jax.note == "1.5× over its fastest form"
    assert not bars({"step": race(1.0, (1.9, True), (9.0, False)), **empty})[0].met


def test_a_rival_that_makes_other_steps_is_refused(training):
    from benchmarks.training.problems import Problem, Trainer, check, own

    trainer = own(Problem("tanh", 8, 50))
    reference = trainer.run(4)
    check(reference, trainer, 4)
    assert np.linalg.norm(reference - trainer.run(3)) > 1e-3
    with pytest.raises(ValueError, match="other steps"):
        check(reference, Trainer("other", "other", lambda steps: trainer.run(steps - 1)), 4)
