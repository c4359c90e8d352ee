"""Claims about CDAT: theory 1.2 (Figures 9, 11) and 2.3."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from .. import maps, measures
from ..orbits import orbit
from ..sweeps import sweep
from .figures import cdat
from .ratio import gain, quasi_static
from .table import Claim, below, compare, number, seen

SLOW = 10**7
PAPER = {"a": 0.05, "b": 0.1, "nu": 0.1, "lam": 18, "x": 2, "u": 2}


def paper_start(map_) -> dict:
    """Figure 9's values; where the rule has its delay, η starts too."""
    return {**PAPER, **({"eta": 0.05} if "eta" in map_.state else {})}


def claims() -> Iterator[Claim]:
    yield from figure_9()
    yield from either_side()
    yield from range_of_rates()
    yield from line_of_fixed_points()
    yield from without_delay()
    yield from below_the_edge()
    yield from ratio_attracts()
    yield from ratio_attracts_again()


def figure_9() -> Iterator[Claim]:
    run = cdat(40_000, 2, every=100)
    late, last = run.isel(step=slice(200, None)), run.isel(step=-1)
    change = ((late.lam.max() - late.lam.min()) / last.lam).item()
    yield seen(
        "1.2 P",
        "Figure 9, CDAT σ = 2: y → 0, λ and p stabilize",
        "p → a/b = 0.5",
        f"after 40000 steps |y| = {abs(last.y.item()):.1g}, p = {number(last.p.item())}, "
        f"λ = {number(last.lam.item())}; λ changes by {change:.1g} over the second half",
        abs(last.y) < 1e-5 and abs(last.p - 0.5) < 5e-3 and change < 5e-3,
    )
    run = cdat(10_000, 1.9, every=100)
    first, last = run.isel(step=1), run.isel(step=-1)
    y, ratio = run.y.values[1:], run.ratio.values
    yield seen(
        "1.2 P",
        "Figure 9, CDAT σ = 1.9: λ grows slowly, p falls, y settles at −0.1 ≪ y < 0",
        "−0.1 ≪ y < 0",
        f"λ {first.lam.item():.4g} → {last.lam.item():.4g}, ln p → {last.log_p.item():.0f}, "
        f"y in [{y.min():.3g}, {y.max():.3g}]",
        (np.diff(run.lam.values[1:]) > 0).all() and last.log_p < -50 and -0.02 < y.min() and y.max() < 0,
    )
    yield seen(
        "1.2 P",
        "Figure 9, CDAT σ = 1.9: p/g settles (to a constant)",
        "constant",
        f"p/g falls from {ratio[10]:.3g} (step 1000) to {ratio[-1]:.3g} (step 10000): it follows λ, as in 2.3",
        abs(ratio[-1] / ratio[10] - 1) < 0.05,
    )


def either_side() -> Iterator[Claim]:
    """Runaway below σ = 2, divergence above, on a grid of 4000 points."""
    steps = 50_000
    for map_ in (maps.cdat, maps.cdat_undelayed):
        start = paper_start(map_)
        del start["nu"]
        result = sweep(
            map_,
            steps,
            over={"sigma": np.linspace(1.6, 2.4, 80), "nu": 18 * np.geomspace(1e-3, 0.9, 50)},
            measure=[measures.regime(), measures.minimum("lam")],
            **start,
        )
        expected = xr.where(
            result.sigma < 2, measures.regime.flags.index("runaway"), measures.regime.flags.index("escaped")
        )
        stray = result.regime != expected
        measured = f"{int((~stray).sum())} of {stray.size} points do"
        if stray.any():
            farthest = float(abs(result.sigma - 2).where(stray).max())
            outside = int((stray & (result.lam_minimum < result.nu)).sum())
            measured += f"; the others lie within {farthest:.2g} of σ = 2, and in {outside} of them λ fell below ν"
        kind = "delayed" if "eta" in map_.state else "no delay"
        yield seen(
            "1.2 P",
            f"CDAT, {kind}: runaway for every σ < 2, divergence for every σ > 2 (1.6 to 2.4, {steps} steps)",
            "all points",
            measured,
            not stray.any(),
        )


def range_of_rates() -> Iterator[Claim]:
    """η between σ/λ and σ/ν, along orbits of every kind."""
    worst = 0.0
    for sigma in (1.2, 1.9, 2.0):
        run = orbit(maps.cdat_undelayed, 2000, sigma=sigma, **PAPER)
        run = run.isel(step=slice(0, int(np.argmax(np.append(run.lam.values <= PAPER["nu"], True)))))
        scaled = run.eta * run.lam / sigma
        worst = max(worst, float((1 - scaled).max()), float((scaled - run.lam / PAPER["nu"]).max()))
    yield below(
        "2.3 D",
        "η stays between σ/λ and σ/ν while λ > ν: largest relative excess over three orbits",
        max(worst, 0.0),
        1e-12,
    )


def line_of_fixed_points() -> Iterator[Claim]:
    """σ = 2, delayed: the line (p = a/b, g = 0, η = 2/Λ, λ = Λ), and where it attracts."""
    a, b = 0.05, 0.1
    drift = 0.0
    for lam in (0.3, 1.0, 18.0):
        state = (np.sqrt(a / b), 0.0, lam, 2 / lam)
        twice = maps.cdat.step(*maps.cdat.step(*state, 2.0, a, b, 0.1), 2.0, a, b, 0.1)
        drift = max(drift, *(abs(s - t) for s, t in zip(state, twice)))
    yield below("2.3 D", "σ = 2, delayed: (p = a/b, g = 0, η = 2/Λ, λ = Λ) is fixed for every Λ", drift, 1e-12)
    b, lam = 1.0, 2.0
    stiffness = np.array([0.05, 0.2, 0.24, 0.26, 0.5, 0.9, 0.98, 1.02, 1.1])
    errors, grown = [], []
    for s in stiffness:
        a = s * lam**2 / 8
        run = orbit(maps.cdat, 400, x=np.sqrt(a / b) * (1 + 1e-7), u=0, lam=lam, eta=2 / lam, sigma=2, a=a, b=b, nu=0.1)
        delta = run.p.values * b / a - 1
        grown.append(np.abs(delta[-40:]).max() / np.abs(delta[:40]).max())
        # Fit δ'' = c₁ δ' + c₀ δ, rows of equal weight, above the rounding; predicted c₁ = 1, c₀ = −8a/Λ².
        rows = np.column_stack([delta[1:-1], delta[:-2], delta[2:]])[:60]
        size = np.abs(rows[:, :2]).max(axis=1)
        rows = rows[size > 1e-10] / size[size > 1e-10, None]
        fit, *_ = np.linalg.lstsq(rows[:, :2], rows[:, 2])
        errors.append(np.abs(fit - [1, -s]).max())
    yield below("2.3 D", "δp obeys z² − z + 8a/Λ² = 0: error of the fitted coefficients", max(errors), 1e-3)
    shrinks = np.array(grown) < 1
    yield seen(
        "2.3 D",
        "the line attracts iff 8a < Λ² (orbits from 1e-9 beside it)",
        "attracting at 8a/Λ² ≤ 0.98, repelling at ≥ 1.02",
        f"attracting at {stiffness[shrinks].max():g}, repelling at {stiffness[~shrinks].min():g}",
        (shrinks == (stiffness < 1)).all(),
    )
    turns = [_oscillates(s) for s in (0.05, 0.2, 0.24, 0.26, 0.5)]
    yield seen(
        "2.3 D",
        "without oscillation iff 32a < Λ² (8a/Λ² < ¼)",
        "no, no, no, yes, yes at 8a/Λ² = 0.05, 0.2, 0.24, 0.26, 0.5",
        ", ".join("yes" if t else "no" for t in turns),
        turns == [False, False, False, True, True],
    )


def _oscillates(stiffness, lam=2.0):
    """Whether y changes sign while it decays back to the line."""
    a = stiffness * lam**2 / 8
    run = orbit(maps.cdat, 60, x=np.sqrt(a) * (1 + 1e-5), u=0, lam=lam, eta=2 / lam, sigma=2, a=a, b=1, nu=0.1)
    y = run.y.values[2:]
    y = y[np.abs(y) > 1e-12]
    return bool((np.sign(y) != np.sign(y[0])).any())


def without_delay() -> Iterator[Claim]:
    """σ = 2, no delay: p is frozen and λ drifts."""
    values = {"a": 0.05, "b": 0.1, "nu": 0.1, "sigma": 2, "u": 0, "lam": 18, "x": 0.5}
    run = orbit(maps.cdat_undelayed, 5000, **values)
    frozen = max(np.abs(run.y.values).max(), np.abs(run.p.values / 0.25 - 1).max())
    yield below("2.3 D", "σ = 2, no delay, g = 0: y ≡ 0 and p frozen over 5000 steps", frozen, 1e-11)
    lam = run.lam.values
    slope = (lam[-1] ** 2 - lam[0] ** 2) / 5000
    yield compare(
        "2.3 D", "… and λ drifts without feedback: slope of λ² = 4(a − bp)", 4 * (0.05 - 0.1 * 0.25), slope, 1e-2
    )
    ends = {}
    for map_ in (maps.cdat, maps.cdat_undelayed):
        start = paper_start(map_)
        ends[map_] = sweep(
            map_, 40_000, over={"sigma": [2.0]}, measure=[measures.regime(), measures.lifetime()], **start
        )
    regime = [measures.regime.flags[end.regime.item()] for end in ends.values()]
    yield seen(
        "2.3 D",
        "the stabilization of Figure 9 is the work of the delay (the same start, 40000 steps)",
        "settled with the delay, not without",
        f"{regime[0]} with the delay; without, {regime[1]} (step {ends[maps.cdat_undelayed].lifetime.item()})",
        regime[0] == "settled" and regime[1] != "settled",
    )


def below_the_edge() -> Iterator[Claim]:
    """σ < 2, for ten million steps: the slow law, with p and g long below the smallest double."""
    nu, a = PAPER["nu"], PAPER["a"]
    for map_, kind in ((maps.cdat, "delayed"), (maps.cdat_undelayed, "no delay")):
        start = paper_start(map_)
        run = orbit(map_, SLOW, every=SLOW // 1000, sigma=1.9, **start)
        lam, last = run.lam.values, run.isel(step=-1)
        slope = ((lam[-1] + nu) ** 2 - (lam[500] + nu) ** 2) / (SLOW / 2)
        yield compare("2.3 D", f"σ = 1.9, {kind}, 10⁷ steps: (λ+ν)² ≈ (λ0+ν)² + 4at", 4 * a, slope, 1e-4)
        yield compare("2.3 D", f"… η = 2/(λ+ν) at the end ({kind})", 2 / (lam[-1] + nu), last.eta.item(), 1e-6)
        yield compare("2.3 D", f"… y = −ην at the end ({kind})", -last.eta.item() * nu, last.y.item(), 1e-3)
        yield compare(
            "2.3 D", f"… p/g follows its formula ({kind})", quasi_static(1.9, lam[-1], nu), last.ratio.item(), 1e-3
        )
        if kind == "delayed":
            smallest = np.log(5e-324)
            gone = run.step.values[run.log_p.values < smallest][0]
            yield seen(
                "2.3 D",
                "p falls below the smallest double within 10⁵ to 10⁶ steps while p/g still rules",
                "10⁵ to 10⁶",
                f"near step {gone}; ln p = {last.log_p.item():.0f} at the end",
                1e5 <= gone <= 1e6,
            )


def ratio_attracts() -> Iterator[Claim]:
    """Where p/g is attracted to 2.3's limit.

    With q = ν²g/(λ²p), ln q answers to its own deviation with gain −K, K = 2σq(λ+ν)²/(λ+νq)²: a multiplier 1 − K
    without the delay, z² − z + K = 0 with it. So it attracts iff K < 2, and iff K < 1 with the delay; for ν ≪ λ
    these are σ > 1 and σ > 3/2.
    """
    lam, nu = 18.0, 0.018
    sigma = np.round(np.arange(0.9, 1.96, 0.02), 2)
    for map_, kind, limit in ((maps.cdat, "delayed", 1), (maps.cdat_undelayed, "no delay", 2)):
        spread = []
        for s in sigma:
            eta = 2 / (lam + nu)
            u = 1e-3
            x = u * np.sqrt(quasi_static(s, lam, nu)) * 1.001
            start = {"eta": eta} if "eta" in map_.state else {}
            # a is tiny, so that λ stays where it is.
            run = orbit(map_, 400, x=x, u=u, lam=lam, sigma=s, a=1e-9, b=1e-9, nu=nu, **start)
            r = np.log(run.ratio.values / quasi_static(s, lam, nu))
            spread.append(np.abs(r[-100:]).max())
        attracts = np.array(spread) < 1e-3
        predicted = gain(sigma, lam, nu) < limit
        wrong = int((attracts != predicted).sum())
        yield seen(
            "2.3 D",
            f"p/g is attracted to its limit for all 2ν/(λ+ν) < σ < 2λ/(λ+ν) ({kind}, ν/λ = 1e-3)",
            "attracted at every σ from 0.9 to 1.96",
            f"attracted only from σ = {sigma[attracts].min():g} on; below, p/g and y oscillate",
            attracts.all(),
        )
        yield seen(
            "2.3 D (new)",
            f"it is attracted iff K = 2σq(λ+ν)²/(λ+νq)² < {limit}, q = ν²g/(λ²p) at the limit ({kind})",
            f"from σ = {sigma[predicted].min():g} on",
            f"from σ = {sigma[attracts].min():g} on; {wrong} of {sigma.size} values of σ differ",
            wrong <= 1,
        )


def ratio_attracts_again() -> Iterator[Claim]:
    """Where p/g is attracted to 2.3's limit for a ν that is not small: below a first σ too.

    With m = 4λν/(λ+ν)², K = 2 where (σ − 1)(σ − m) = 0, and K = 1 where 2σ² − (3 + m)σ + 2m = 0.
    """
    lam, nu = 20.0, 2.0
    m, low = 4 * lam * nu / (lam + nu) ** 2, 2 * nu / (lam + nu)
    sigma = low + (2 - 2 * low) * (np.arange(400) + 0.5) / 400
    u = 1e-3
    x = u * np.sqrt(quasi_static(sigma, lam, nu)) * 1.001
    for map_, kind, borders in (
        (maps.cdat, "delayed", np.sort(np.roots([2, -(3 + m), 2 * m]))),
        (maps.cdat_undelayed, "no delay", [m, 1.0]),
    ):
        start = {"eta": 2 / (lam + nu)} if "eta" in map_.state else {}
        over = {"sigma": ("line", sigma), "x": ("line", x)}
        late = [measures.minimum("y", skip=18_000), measures.maximum("y", skip=18_000)]
        found = sweep(map_, 20_000, over, late, u=u, lam=lam, nu=nu, a=1e-12, b=1e-12, **start)
        attracts = (found.y_maximum - found.y_minimum).values < 1e-6
        measured = sigma[1:][attracts[1:] != attracts[:-1]]
        told = " and ".join(f"{s:.4f}" for s in borders)
        yield seen(
            "2.3 D (new)",
            f"ν/λ = 0.1: p/g is attracted below a first σ and above a second one, in closed form ({kind})",
            f"borders {told}",
            f"borders {' and '.join(f'{s:.4f}' for s in measured)} (400 values of σ, {sigma[1] - sigma[0]:.4f} apart)",
            len(measured) == 2 and np.abs(measured - borders).max() < 2 * (sigma[1] - sigma[0]),
        )
