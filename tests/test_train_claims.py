"""dynsim train-claims: verdicts come out either way, the search for a rate is fair, and all of it runs end to end."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from dynsim import cli, train_claims
from dynsim.train_claims import claims_batch, claims_edge, claims_full, claims_rates, claims_size, table
from dynsim.train_claims.lab import Lab, best_rates
from dynsim.train_claims.outcomes import TRAINED, Outcome, growth, outcome, ratio, typical
from dynsim.train_claims.settings import full, quick
from dynsim.train_claims.verdicts import MIXED, NOT_SEEN, SEEN, Part, Row, agreed

pytest.importorskip("sklearn")
INF = float("inf")

#: For each claim, facts under which every part is as claimed, and facts under which none is.
FACTS = {
    "claim1": (
        dict(linesearch=2, greedy=3, lam_growth=20, eta_growth=0.05, eta_lam=1.9, eta_lam_search=1.8,
             eta_lam_constant=2.01),
        dict(linesearch=1, greedy=0.9, lam_growth=2, eta_growth=1, eta_lam=1.2, eta_lam_search=1.9,
             eta_lam_constant=1.1),
    ),
    "claim2": (dict(linesearch=1.05, greedy=0.5), dict(linesearch=1.2, greedy=INF)),
    "claim3": (
        dict(to_constant=1.05, to_greedy=0.5, beyond=0.99, far=INF, diverges=True, rise=1.5, sigma=2, to_best=0.5),
        dict(to_constant=1.2, to_greedy=0.95, beyond=1.01, far=4, diverges=False, rise=1.1, sigma=2, to_best=0.5),
    ),
    "claim4": (
        dict(on_growth=0.9, on_quartiles=(1.9, 2.05, 2.4), beyond_growth=1, beyond_quartiles=(2, 2.1, 2.2)),
        dict(on_growth=1.2, on_quartiles=(1.8, 1.95, 2.1), beyond_growth=2, beyond_quartiles=(2.4, 2.5, 2.6)),
    ),
    "claim5": (dict(along_greedy=1, along_edge=0.8), dict(along_greedy=0.79, along_edge=0)),
    "claim6": (
        dict(constant=(-0.6, 0.7), edge=(-0.9, 0.9), greedy=(0, 0.1)),
        dict(constant=(0.9, 0.7), edge=(-0.9, 0.2), greedy=(0, 0.8)),
    ),
    "claim7": (dict(at_2=1.5, at_3=0.9), dict(at_2=1, at_3=INF)),
    "claim8": (
        dict(rate=1.5, to_cdat=0.5, hyper=1.4, hyper_growth=1, greedy_growth=2),
        dict(rate=0.9, to_cdat=1, hyper=0.5, hyper_growth=2, greedy_growth=1),
    ),
    "claim9": (
        dict(plain=[1, 1, 1.5, 2], averaged=[1.8, 1.8, 1.8, 2], gains=[0.8, 1, 1.3], linesearch=[1, 1.05, 2]),
        dict(plain=[2, 2, 2, 2], averaged=[1, 2, 2, 2], gains=[1.2, 1.3, 0.8], linesearch=[1, 1.5, INF]),
    ),
    "claim10": (
        dict(width=[1, 1.1, 1.5], depth=[2, 1, 3], decay=[1.5, 1.3, 1]),
        dict(width=[1, 2, 1.1], depth=[2, 3, 1], decay=[1.5, 1.3, 1.3]),
    ),
    "claim11": (dict(schedule=0.5, kind="×2", cost=2), dict(schedule=1, kind="×2", cost=3)),
}  # fmt: skip


def run_of(f, **records):
    steps = 10 * np.arange(len(f))
    data = {"f": f, **records}
    return xr.Dataset({name: ("step", np.array(values, float)) for name, values in data.items()}, {"step": steps})


@pytest.mark.parametrize("name", FACTS)
def test_every_part_of_a_claim_comes_out_either_way(name):
    claim = train_claims.claims()[name]
    good, bad = (claim.judge(**facts) for facts in FACTS[name])
    assert list(good) == list(bad) == list(claim.rules)
    assert {part.good for part in good.values()} <= {True, None}, good
    assert {part.good for part in bad.values()} <= {False, None}, bad
    assert [n for n in good if good[n].good is None] == [n for n, rule in claim.rules.items() if "no verdict" in rule]


def test_all_eleven_claims_are_there_with_their_facts():
    every = train_claims.claims()
    assert [claim.number for claim in every.values()] == list(range(1, 12)) and set(every) == set(FACTS)
    assert set(train_claims.pictures()) < set(every)


def test_runs_without_a_number_are_never_as_claimed():
    for part in claims_full.judge_linear(linesearch=np.nan, greedy=np.nan).values():
        assert part == Part("none", False)
    assert not any(part.good for part in claims_rates.judge_sharp(at_2=np.nan, at_3=np.nan).values())
    nothing = (np.nan,) * 3
    edge = claims_edge.judge_edge(
        on_growth=np.nan, on_quartiles=nothing, beyond_growth=np.nan, beyond_quartiles=nothing
    )
    assert not any(part.good for part in edge.values())
    size = claims_size.judge_size(width=[1, np.nan], depth=[np.nan, 1], decay=[np.nan, 1])
    assert not any(part.good for part in size.values())


def test_verdicts_of_parts_and_seeds():
    yes, no = Part("1", True), Part("2", False)
    row = Row("here", {"one": [yes, yes], "two": [yes, no]})
    assert (row.verdict_of("one"), row.verdict_of("two"), row.verdict) == (SEEN, MIXED, MIXED)
    assert Row("here", {"one": [yes, yes]}).verdict == SEEN
    assert Row("here", {"one": [no, no], "two": [no, no]}).verdict == NOT_SEEN
    assert Row("here", {"one": [yes, yes], "two": [no, no]}).verdict == MIXED
    shown = Row("here", {"one": [yes, yes], "beside": [Part("3"), Part("4")]})
    assert (shown.verdict_of("beside"), shown.verdict) == ("", SEEN)
    assert agreed([NOT_SEEN, NOT_SEEN]) == NOT_SEEN


def test_the_end_of_a_run():
    falling = run_of(np.linspace(2, 1, 21))
    assert outcome(falling, 0.5) == Outcome(pytest.approx(0.525), 200)
    assert outcome(run_of([1, 0.1, 1e-5, 1e-9, np.nan])) == Outcome(TRAINED, 20, True)
    assert outcome(run_of([1, 0.1, 2])).diverged and outcome(run_of([1, 0.1, np.nan])).diverged
    assert not outcome(run_of([1, 3, 0.5])).diverged


def test_ratios():
    good, bad, gone = Outcome(0.1, 9), Outcome(0.3, 9), Outcome(INF, 9)
    assert ratio(bad, good) == pytest.approx(3) and ratio(gone, good) == INF and ratio(good, gone) == 0
    assert np.isnan(ratio(gone, gone))
    fast, slow = Outcome(TRAINED, 20, True), Outcome(TRAINED, 50, True)
    assert ratio(fast, slow) == pytest.approx(0.4) and ratio(fast, good) == pytest.approx(1e-3)


def test_records_are_read_up_to_where_a_run_is_trained():
    run = run_of([1, 1, 1, 1, 1, 1, 1e-5, 1e-9], lam=[5, 4, np.nan, 3, 2, 1, 100, 1000])
    assert typical(run, "lam", 0.5, 1) == 2.5  # of 3, 2, 1 and 100: the state at which it was trained counts
    assert growth(run, "lam") == 100 / 5
    assert np.isnan(typical(run_of([1, 1, 1], lam=[np.nan] * 3), "lam", 0, 1))


@pytest.fixture(scope="module")
def small():
    """The quick run's settings on 48 digits, eight hidden units and few steps."""
    scale = quick().smaller(samples=48, width=8)
    settings = tuple(replace(s, steps=60) for s in scale.settings)
    linear = tuple(replace(s, steps=40) for s in scale.linear)
    return replace(scale, settings=settings, linear=linear, batches=(8, 24), seeds=(0, 1))


@pytest.mark.parametrize("optimizer", ["gd", "adam"])
def test_the_constant_rate_is_tuned_strictly_inside_its_grid(small, optimizer):
    lab, setting = Lab(small), small.settings[0]
    runs = lab.constants(setting, optimizer=optimizer)
    rates, exponents = best_rates(runs, 0.0), np.log2(runs.eta.values)
    np.testing.assert_array_equal(exponents, np.round(exponents))
    np.testing.assert_array_equal(np.diff(exponents), 1)
    ends = {
        (seed, rate): outcome(runs.isel(seed=seed).sel(eta=rate)).excess for seed in (0, 1) for rate in runs.eta.values
    }
    for seed, rate in enumerate(rates):
        assert runs.eta.values[0] < rate < runs.eta.values[-1]
        assert ends[seed, rate] == min(value for (s, _), value in ends.items() if s == seed)
    assert lab.tuned(setting, optimizer=optimizer).eta.values.tolist() == rates
    sharp = lab.tuned(setting, optimizer=optimizer, sharp=True)
    np.testing.assert_array_equal(sharp.f.values, lab.tuned(setting, optimizer=optimizer).f.values)


def test_one_step_decreases_are_those_of_the_loss(small):
    setting = small.settings[1]
    found = claims_edge.decreases(Lab(small), setting, 2, seed=1)
    objective = setting.objective
    w = objective.start(1)
    g = objective.gradient(w)
    eta = g @ g / objective.second(w, g)
    for name, factor in (("greedy", 1), ("on edge", 2)):
        expected = 1 - objective.loss(w - factor * eta * g) / objective.loss(w)
        assert found[name][0] == pytest.approx(expected, rel=1e-9)


def test_the_best_sigma_of_each_batch_size(small):
    lab = Lab(replace(small, batch_sigmas=(1, 2), betas=(0,)))
    ends = {(b, 0, s): Outcome(e, 9) for (b, s), e in {(8, 1): 1, (8, 2): 2, (48, 1): 2, (48, 2): 1}.items()}
    assert claims_batch.best_sigmas(lab, ends) == {0: [1, 2]}


def test_a_batch_size_at_which_all_diverge_has_no_best_sigma(small):
    """The smallest σ must not count as best there: that would make the best σ fall with the batch size."""
    gone, good = Outcome(INF, 10), Outcome(0.1, 10)
    sigmas, betas = small.batch_sigmas, small.betas
    ends = {(n, b, s): gone if n == 16 else good for n in (16, 64) for b in betas for s in sigmas}
    ends[64, betas[0], sigmas[-1]] = Outcome(0.01, 10)
    found = claims_batch.best_sigmas(Lab(small), ends)[betas[0]]
    assert np.isnan(found[0]) and found[1] == sigmas[-1]
    parts = claims_batch.judge_batch(plain=found, averaged=[sigmas[0]] * 2, gains=[1.0], linesearch=[1.0])
    assert not parts["best σ"].good and not parts["best σ, β=0.9"].good
    assert parts["best σ"].shown == f"none, {sigmas[-1]:g}"


def test_all_of_it_runs_and_writes_the_table_and_the_pictures(small, tmp_path, capsys):
    written = train_claims.run(tmp_path, scale=small)
    text = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "quick run" in text and "Seeds: 0, 1" in text
    summary = re.findall(r"^\| (\d+) \|.*?\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", text, re.M)
    assert [int(row[0]) for row in summary] == list(range(1, 12))
    sections = dict(re.findall(r"^## Claim (\d+)$(.*?)(?=^## |\Z)", text, re.M | re.S))
    for number, settings, *counts in summary:
        verdicts = re.findall(rf"\| ({SEEN}|{MIXED}|{NOT_SEEN}) \|$", sections[number], re.M)
        assert len(verdicts) == int(settings) >= 4
        assert [verdicts.count(v) for v in (SEEN, MIXED, NOT_SEEN)] == list(map(int, counts))
    pictures = sorted(path.name for path in written if path.suffix == ".png")
    assert pictures == [f"figure_{n:02}.png" for n in (1, 2, 3, 5, 6, 7, 13, 15, 16, 17)]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in written if path.suffix == ".png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.md", *pictures]
    assert "steps of training" in capsys.readouterr().out


def test_the_command_makes_the_quick_run_of_what_is_named(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_claims, "quick", lambda: small)
    monkeypatch.setattr(train_claims, "full", lambda: pytest.fail("the full run was not asked for"))
    assert cli.main(["train-claims", "--quick", "--out", str(tmp_path / "new"), "--only", "claim5", "claim7"]) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["claims.md", "figure_15.png"]
    text = (tmp_path / "new" / "claims.md").read_text(encoding="utf-8")
    assert re.findall(r"^## Claim (\d+)", text, re.M) == ["5", "7"]
    assert "claim  5" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(capsys, tmp_path):
    assert cli.main(["train-claims", "--only", "claim12", "--out", str(tmp_path / "no")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("dynsim train-claims: ") and "claim1" in error and error.count("\n") == 1
    assert not (tmp_path / "no").exists()
    assert cli.main(["train-claims", "--fast"]) == 2


def test_the_table_in_the_docs_has_todays_rules():
    """It takes long to make anew, so a rule may have moved on without it."""
    text = (Path(__file__).parents[1] / "docs" / "trained" / "claims.md").read_text(encoding="utf-8")
    for claim in train_claims.claims().values():
        said = [claim.statement, claim.note, *(f"- *{part}*: {rule}." for part, rule in claim.rules.items())]
        assert [one for one in said if one not in text] == [], claim.name


def test_the_full_run_has_what_was_asked_for():
    scale = full()
    assert {(s.loss, s.activation) for s in scale.settings} == {
        (loss, activation) for loss in ("squared", "cross_entropy") for activation in ("tanh", "relu")
    }
    assert scale.settings[0].samples == 512 and scale.settings[0].hidden == (64,) and scale.seeds == (0, 1)
    assert len(scale.four) >= 4 and len(scale.linear) >= 4
    assert "quick" not in table.render({}, scale)
    assert scale.settings[-1].least == pytest.approx(0.5003, abs=1e-4)  # −0.91 ln 0.91 − 9 · 0.01 ln 0.01
