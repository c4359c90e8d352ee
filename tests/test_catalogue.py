"""The catalogue: every claim ends as it should, every figure is drawn, and its pages say what is there."""

import re
from pathlib import Path

import numpy as np
import pytest

import dynsim as ds
from dynsim import catalogue
from dynsim.catalogue import pages
from dynsim.catalogue.rows import PHENOMENA, below, order, rows, seen

DOCS = Path(__file__).parent.parent / "docs"
#: The claims that do not hold, by a piece of their text. Any other failure is a regression, and so is a change here.
FAILING = {
    "central": ["λ follows the flow to 2/η and stays"],
    "damping": ["below, the orbit escapes as in 2.1"],
    "threshold": ["is gradient descent on ½(1 − x²y²)²"],
    "stochastic": ["… and what weak noise adds"],
    "chain": ["whatever its signs and rate (as the sheet has it)"],
    "regression": ["… up to the edge"],
    "warmup": ["the longer, the larger"],
}


@pytest.mark.parametrize("name", catalogue.MODULES)
def test_claims_hold_but_for_those_known_to_fail_and_the_figure_is_drawn(name, tmp_path):
    found = catalogue.tried(name, tmp_path)
    failing = [row for row in found if not row.holds]
    known = FAILING.get(name, [])
    for row in failing:
        assert any(text in row.statement for text in known), row
    assert len(failing) == len(known)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(catalogue.pictures(name))
    assert all(row.map in catalogue.module(name).MAPS for row in found)
    assert {row.map for row in found} == set(catalogue.module(name).MAPS), "a map without a claim"


def test_every_map_of_the_catalogue_is_there_and_every_loop_of_a_landscape_is_in_it():
    listed = [title for name in catalogue.MODULES for title in catalogue.module(name).MAPS]
    assert len(set(listed)) == len(listed) and set(listed) <= set(ds.maps.__all__)
    left = set(ds.maps.__all__) - set(listed)
    assert left == {"cdat", "cdat_undelayed", "noise_floor", "target_sharpness"}, "those of the base paper's own table"


def test_pages_are_made_of_the_rows():
    made = [
        *rows("uv", seen("3 P", "it does", "yes", "yes", True), shows="chaos"),
        *rows("uv", seen("3 M", "it | does not", "yes", "no", False), shows="escape"),
        *rows("damped", below("3 D", "small", 1e-3, 1e-2)),
    ]
    text = pages.choice(made)
    row = next(line for line in text.splitlines() if line.startswith("| `uv` |"))
    assert row.count("|") == len(PHENOMENA) + 2
    assert "**yes** [1]" in row and "*no* [2]" in row and "2 of 3 claims held" in text
    assert "1. `uv`, chaos: it does" in text and "small" not in text
    table = pages.claims(made)
    assert "2 of 3 hold." in table and table.count("it \\| does not") == 2
    with pytest.raises(ValueError, match="not among the phenomena"):
        rows("uv", made[0], shows="magic")


def test_the_written_pages_are_of_this_code():
    assert (DOCS / "catalogue.md").read_text(encoding="utf-8") == pages.models()
    text = (DOCS / "catalogue/claims.md").read_text(encoding="utf-8")
    total = int(re.search(r"(\d+) of (\d+) hold", text)[2])
    failing = sum(map(len, FAILING.values()))
    assert text.count("**fails**") == 2 * failing and text.count("| holds |") == total - failing
    choice = (DOCS / "choose-a-model.md").read_text(encoding="utf-8")
    assert f"{total - failing} of {total} claims held" in choice
    for what in PHENOMENA:
        column = list(PHENOMENA).index(what) + 2
        cells = [line.split("|")[column] for line in choice.splitlines() if line.startswith("| `")]
        assert any("**yes**" in cell for cell in cells), f"no model shows {what}"


def test_the_command_line_makes_what_is_asked(tmp_path, capsys):
    from dynsim.cli import main

    assert main(["reproduce", "--catalogue", "--only", "flip", "--out", str(tmp_path)]) == 0
    assert "flip_normal_form.png" in capsys.readouterr().out
    assert [p.name for p in (tmp_path / "catalogue").iterdir()] == ["flip_normal_form.png"]
    assert main(["reproduce", "--catalogue", "--only", "flop"]) == 2
    assert "Did you mean 'flip'" in capsys.readouterr().err


def test_order_is_the_exponent():
    sizes = np.array([0.1, 0.2, 0.4])
    assert order(sizes, -3 * sizes**2.5) == pytest.approx(2.5)


def test_operations_are_counted_once():
    from benchmarks.catalogue import counts, page

    assert counts(ds.maps.self_stabilization)["plain"] == 8
    assert counts(ds.maps.cdat_undelayed)["/"] == 1 and counts(ds.maps.square_root)["sqrt"] == 1

    def step(x=1.0, /, a=2.0):
        return (a * x + 1) * (x * a + 1)

    assert counts(ds.Map(step))["plain"] == 3
    assert "Below 60 %" in page({}, 1e9, []) or "All keep" in page({}, 1e9, [])
