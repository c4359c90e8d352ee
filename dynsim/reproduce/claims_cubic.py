"""Claims about CDAT on the cubic loss, with the n and d that the loss really has: theory 2.5, docs/cubic.md.

Once u is dead, a and b are units (docs/cubic.md, scaling): most orbits here have a = b = 1 and u = 0. P = bp/a.
"""

from collections.abc import Iterator

import numpy as np

from .. import maps, measures
from ..orbits import orbit
from ..sweeps import sweep
from .claims_cdat import PAPER
from .cubic import EDGES, NAMES, TRUE, TRUE_DELAYED, across, collapse_ratio, core, floor, follow
from .table import Claim, below, compare, number, seen

NEW = "2.5 D (new)"


def claims() -> Iterator[Claim]:
    at_two = (multipliers, attracts, loss_change, landing, drift, end_of_the_line)
    under_two = (floor_state, growth, floor_attracts, lower_end, boole)
    for part in (*at_two, *under_two, collapse, windows, cycles, usable_width):
        yield from part()


def jacobian(map_, a, b, nu, lam) -> np.ndarray:
    """∂step/∂state on the line at σ = 2 by central differences, x → −x undone, states in units of their own."""
    x = np.sqrt(a / b)
    unit = np.array([x, x, lam, 2 / lam][: len(map_.state)])
    point = unit * [1, 0, 1, 1][: len(unit)]
    columns = []
    for k, size in enumerate(unit):
        h = 1e-5 * size * np.eye(len(unit))[k]
        high, low = (np.array(map_.step(*(point + d), 2.0, a, b, nu)) for d in (h, -h))
        columns.append((high - low) / (2e-5 * unit))
    found = np.column_stack(columns)
    found[0] *= -1
    return found


def multipliers() -> Iterator[Claim]:
    """The line (P = 1, u = 0, η = 2/Λ, λ = Λ) at σ = 2: its multipliers, on random a, b, ν, Λ."""
    draws = np.random.default_rng(1).uniform(size=(30, 4))
    forms = {
        TRUE: "z = 1 − 8a/Λ²",
        TRUE_DELAYED: "z² − z + 16a/Λ² = 0",
        maps.cdat: "z² − z + 8a/Λ² = 0",
        maps.cdat_undelayed: "z = 1 (no feedback)",
    }
    for map_, form in forms.items():
        worst = 0.0
        for p, q, r, s in draws:
            a, b, lam, nu = 10 ** (4 * p - 3), 10 ** (4 * q - 3), 10 ** (1.6 * r), s
            lam, nu = lam * np.sqrt(a), nu * lam * np.sqrt(a)
            expected = np.poly([1, 1 - 2 * nu / lam, *across(map_, a / lam**2)]).real
            error = np.abs(np.poly(jacobian(map_, a, b, nu, lam)) - expected).max()
            worst = max(worst, error / np.abs(expected).max())
        text = f"σ = 2, {NAMES[map_]}: multipliers of the line 1, 1 − 2ν/Λ and {form} (30 random a, b, ν, Λ)"
        yield below(NEW, text + ": error of their polynomial by differences of the step", worst, 1e-6)


def attracts() -> Iterator[Claim]:
    """Where orbits from 1e-9 beside the line come back to it."""
    shares = np.array([0.3, 0.6, 0.9, 0.98, 1.02, 1.1])
    for map_, edge in EDGES.items():
        back = []
        for share in shares:
            lam = np.sqrt(edge / share)
            off = np.abs(follow(map_, 400, x=1 + 5e-10, lam=lam, sigma=2).p.values - 1)
            back.append(off[-40:].max() < off[:40].max())
        back = np.array(back)
        yield seen(
            NEW,
            f"σ = 2, {NAMES[map_]}: the line attracts iff Λ² > {edge}a (orbits from 1e-9 beside it)",
            f"attracting at Λ²/a ≥ {edge / 0.98:.4g}, repelling at ≤ {edge / 1.02:.4g}",
            f"attracting at ≥ {edge / shares[back].max():.4g}, repelling at ≤ {edge / shares[~back].min():.4g}",
            (back == (shares < 1)).all(),
        )


def loss_change() -> Iterator[Claim]:
    run = orbit(TRUE, 2000, sigma=2, **PAPER)
    f, lam, x = run.f.values, run.lam.values, run.x.values
    error = np.abs(np.diff(f) - np.diff(lam) * np.diff(x) ** 2 / 2).max() / np.abs(f).max()
    text = "σ = 2, no delay: each step changes the loss by exactly Δf = ½ Δλ Δx² (2000 steps from Figure 9's start)"
    yield below(NEW, text, error, 1e-13)


def landing() -> Iterator[Claim]:
    """Where λ ends at σ = 2, from P0 beside the line, far above its end."""
    start = np.geomspace(0.05, 20, 13)
    laws = {
        TRUE: ("[4/(3P0 + 1)]^(1/3)", (4 / (3 * start + 1)) ** (1 / 3)),
        TRUE_DELAYED: ("[8/(7P0 + 1)]^(1/7)", (8 / (7 * start + 1)) ** (1 / 7)),
        maps.cdat: ("P0^(−1/4)", start**-0.25),
    }
    for map_, (law, expected) in laws.items():
        end = core(map_, 80_000, x=np.sqrt(start), lam=100, sigma=2).lam_final.values / 100
        text = f"σ = 2, {NAMES[map_]}: λ lands at λ∞/λ0 = {law}; largest error, P0 from 0.05 to 20, a/λ0² = 1e-4"
        yield below(NEW, text, np.abs(end / expected - 1).max(), 2e-3)


def drift() -> Iterator[Claim]:
    """|σ − 2| ≪ a/λ²: λ ∝ exp(−rate·(σ − 2) t), whatever the sign."""
    for map_, rate in ((TRUE, 1 / 2), (TRUE_DELAYED, 1 / 4), (maps.cdat, 1 / 2)):
        for s in (1e-5, -1e-5):
            half, whole = (core(map_, t, x=1, lam=30, sigma=[2 + s]).lam_final.item() for t in (25_000, 100_000))
            text = f"{NAMES[map_]}: λ ∝ exp(−(σ−2)t/{1 / rate:.0f}) near the line, σ = 2 {s:+.0e}: rate/(σ − 2)"
            yield compare(NEW, text, rate, -np.log(whole / half) / 75_000 / s, 5e-3)


def end_of_the_line() -> Iterator[Claim]:
    """σ = 2, started 3% below the end of the line, off it by 1e-3."""
    ends = []
    for map_, edge in EDGES.items():
        lam = follow(map_, 100_000, x=1.0005, lam=0.97 * np.sqrt(edge), sigma=2).lam.values[-3:]
        ends.append(lam / np.sqrt(edge))
    cycle, gone, healed = ends
    yield seen(
        NEW,
        "σ = 2, λ0 = 0.97 Λc, last two λ/Λc of 1e5: true: a 2-cycle; true, delayed: escape; truncated, delayed: rest",
        "one below 1, one above; none; both the same above 1",
        "; ".join(f"{number(end[1])}, {number(end[2])}" for end in ends),
        abs(cycle[2] / cycle[0] - 1) < 1e-9
        and cycle.min() < 1 < cycle.max()
        and not (gone > 0).all()
        and np.ptp(healed) < 1e-9
        and healed[0] > 1,
    )


def floor_state() -> Iterator[Claim]:
    """σ < 2: x does not die; n's floor holds it up."""
    rng = np.random.default_rng(2)
    for map_, lowest in ((TRUE, 1.05), (TRUE_DELAYED, 1.55)):
        sigma, start = rng.uniform(lowest, 1.98, 400), 10 ** rng.uniform(-3, 0, 400)
        end = core(map_, 100_000, x=np.sqrt(start), lam=rng.uniform(20, 100, 400), sigma=sigma)
        error = np.abs(end.p_final.values / floor(sigma, end.lam_final.values**-2.0) - 1)
        text = f"σ < 2, {NAMES[map_]}: P → P*(λ), σ from {lowest} to 1.98, P0 from 1e-3 to 1: share of 400 within 1%"
        yield compare(NEW, text, 1, np.mean(error < 0.01), 1e-9)


def growth() -> Iterator[Claim]:
    steps, lam = 200_000, 30.0
    for map_, sigmas in ((TRUE, (1.2, 1.5, 1.9)), (TRUE_DELAYED, (1.6, 1.9))):
        sigma = np.array(sigmas)
        end = core(map_, steps, x=np.sqrt(floor(sigma, lam**-2)), lam=lam, sigma=sigma).lam_final.values
        plain = lam**2 + 4 * steps
        for s, found in zip(sigma, end**2 - plain):
            text = f"σ = {s}, {NAMES[map_]}: λ² − (λ0² + 4at) = −[aσ/(2(2−σ))] ln(λ²/λ0²) after {steps} steps"
            yield compare(NEW, text, -s / (2 * (2 - s)) * np.log(plain / lam**2), found, 0.02)


def floor_attracts() -> Iterator[Claim]:
    """Orbits that start 2% beside P*, λ = 1e5 √a."""
    sigma = np.round(np.arange(0.81, 1.7, 0.02), 2)
    start = np.sqrt(1.02 * floor(sigma, 1e-10))
    for map_, limit, form in ((TRUE, 1.0, "2σ − 3"), (TRUE_DELAYED, 1.5, "z² − z + 2(2 − σ) = 0")):
        end = core(map_, 10_000, skip=9_800, x=start, lam=1e5, sigma=sigma)
        still = np.maximum(end.y_maximum, -end.y_minimum).values < 5e-3
        yield seen(
            NEW,
            f"σ < 2, {NAMES[map_]}: the floor state attracts iff σ > {limit:g} (multipliers {form}, a ≪ λ²)",
            f"from σ = {sigma[sigma > limit].min():g} on",
            f"from σ = {sigma[still].min():g} on",
            (still == (sigma > limit)).all(),
        )


def lower_end() -> Iterator[Claim]:
    """With the delay the swings below σ = 3/2 grow, and in the end reach P of the order of 1."""
    rng = np.random.default_rng(4)
    sigma = np.round(np.arange(0.7, 1.5, 0.04), 2)
    for lam, last in ((20, 1.14), (200, 1.04)):
        x = np.sqrt(floor(sigma, lam**-2.0) * 10 ** rng.uniform(-0.5, 0.5, (20, sigma.size))).ravel()
        end = core(TRUE_DELAYED, 100_000, x=x, lam=lam, sigma=np.tile(sigma, 20))
        gone = (end.lifetime.values <= 100_000).reshape(20, -1).mean(axis=0)
        every, none = sigma[: int(np.argmax(gone < 1))].max(initial=0), sigma[gone > 0].max() + 0.04
        text = f"true n, d, delayed: escape below a σ near 1, from λ0 = {lam}√a (20 starts beside P*, 1e5 steps)"
        shown = f"all escape at σ ≤ {every:g}, none at σ ≥ {none:g}"
        yield seen(NEW, text, f"below σ ≈ {last} ± 0.04", shown, every >= last - 0.06 and none <= last + 0.06)


def boole() -> Iterator[Claim]:
    """λ so large that it stays: ξ = λx√(2b)/a moves by ξ' = (1 − σ)ξ − σ/ξ."""
    lam, shares = 1e8, np.array([0.1, 0.3, 0.5, 0.8, 0.95])
    run = follow(TRUE, 100_000, x=0.3e-8, lam=lam, sigma=0.5)
    at = run.x.values * run.lam.values * np.sqrt(2)
    error = np.abs(at[1:] - (at[:-1] / 2 - 0.5 / at[:-1])) / np.hypot(1, at[1:])
    text = "σ = 0.5, no delay: ξ = λx√(2b)/a moves by the Boole map ξ' = (1 − σ)ξ − σ/ξ; median relative error"
    yield below(NEW, text, float(np.median(error)), 1e-7)
    found = sweep(TRUE, 200_000, {"sigma": shares}, measures.lyapunov(), x=0.3e-8, u=0, lam=lam, a=1, b=1, nu=0)
    expected = 2 * np.log(np.sqrt(shares) + np.sqrt(1 - shares))
    text = "σ < 1, no delay: Lyapunov exponent 2 ln(√σ + √(1−σ)): largest error at σ = 0.1, 0.3, 0.5, 0.8, 0.95"
    yield below(NEW, text, np.abs(found.lyapunov.values - expected).max(), 1e-2)
    distance = []
    for s in shares:
        run = follow(TRUE, 200_000, x=0.3e-8, lam=lam, sigma=s)
        at = np.sort(run.x.values * run.lam.values * np.sqrt(2))
        distance.append(np.abs(np.arctan(at) / np.pi + 0.5 - np.linspace(0, 1, at.size)).max())
    text = "σ < 1, no delay: ξ has the standard Cauchy law for every σ: largest Kolmogorov distance over 2e5 steps"
    yield below(NEW, text, max(distance), 1e-2)


def fall(map_, sigma, share=0.1) -> np.ndarray:
    """λ from 1e58 down to 1e-55, where a = 1e-130 does not matter yet, or to where it passes 0; bp0/λ0² = `share`."""
    lam = follow(map_, 300, x=np.sqrt(share) * 1e58, lam=1e58, a=1e-130, sigma=sigma).lam.values
    return lam[: int(np.argmax(np.append(lam < 1e-55, True))) + 1]


def collapse() -> Iterator[Claim]:
    for map_, sigma in ((TRUE, 2.05), (TRUE, 2.13), (TRUE_DELAYED, 2.1), (TRUE_DELAYED, 2.3)):
        lam = fall(map_, sigma, share=0.02)
        text = f"σ = {sigma}, {NAMES[map_]}, far above the line: λ falls by (1−q)/(1+q) a step"
        yield compare(NEW, text, collapse_ratio(sigma, map_ is TRUE_DELAYED), lam[-2] / lam[-3], 1e-4)
    low, high = 2.1, 2.2
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if (fall(TRUE, middle) > 0).all() else (low, middle)
    text = "true n, d: that fall exists iff σ ≤ 16 − 8√3 (saddle-node); beyond, λ passes 0 in a few steps"
    yield compare(NEW, text, 16 - 8 * np.sqrt(3), low, 2e-4)


def windows() -> Iterator[Claim]:
    """2 < σ: who stays bounded, and for how long."""
    steps = 1_000_000
    s = np.round(np.arange(1e-4, 5e-3, 1e-4), 4)
    rng = np.random.default_rng(3)
    shape = (4, s.size)
    for map_, edge, last in ((TRUE, 6, 0.0031), (maps.cdat, 200, 0.0020)):
        x, lam = np.exp(rng.uniform(-0.15, 0.15, shape)), rng.uniform(4, 6, shape)
        end = core(map_, steps, skip=steps // 2, x=x.ravel(), lam=lam.ravel(), sigma=np.tile(2 + s, 4))
        kept = ((end.lifetime > steps) & (end.lam_maximum < edge) & (end.lam_minimum > 0)).values.reshape(shape).all(0)
        found = s[: int(np.argmin(kept))].max(initial=0)
        text = f"{NAMES[map_]}: bounded in a window above σ = 2 (0 < λ < {edge}√a in steps 5e5 to 1e6, 4 starts each)"
        yield seen(NEW, text, f"σ − 2 ≤ {last} ± 0.00015", f"σ − 2 ≤ {found:g}, grid 1e-4", abs(found - last) < 1.5e-4)
    s = np.geomspace(1e-5, 1e-2, 13)
    end = core(TRUE_DELAYED, 400_000, x=1.0, lam=6, sigma=2 + s)
    scaled = end.lifetime.values * s
    text = "true n, d, delayed: no bounded state above σ = 2 (σ − 2 from 1e-5 to 1e-2, from λ = 6√a)"
    measured = f"{int((end.lifetime <= 400_000).sum())} of {s.size} escape; (σ−2)·steps {scaled.min():.3g} to "
    yield seen(NEW, text, "all escape", measured + f"{scaled.max():.3g}", (end.lifetime <= 400_000).all())


def cycles() -> Iterator[Claim]:
    found = []
    for sigma in (2.001, 2.002, 2.003):
        lam = follow(TRUE, 100_000, x=1, lam=2.5, sigma=sigma).lam.values[-17:]
        found.append(next((k for k in (1, 2, 4, 8, 16) if abs(lam[k] / lam[0] - 1) < 1e-9), 0))
    text = "true n, d: what attracts in that window are cycles of (P, λ): periods at σ = 2.001, 2.002, 2.003"
    yield seen(NEW, text, "4, 4, 8", ", ".join(map(str, found)), found == [4, 4, 8])


def usable_width() -> Iterator[Claim]:
    """The largest |σ − 2| for which λ stays within a factor 2 for T steps, from P = 1, λ0 = 30 √a."""
    for map_, rate in ((TRUE, 2), (TRUE_DELAYED, 4), (maps.cdat, 2)):
        for steps in (10_000, 100_000):
            grid = np.geomspace(0.8, 1.25, 46) * rate * np.log(2) / steps
            found, expected = [], rate * np.log(2)
            for s in (grid, -grid):
                end = core(map_, steps, x=1.0, lam=30, sigma=2 + s)
                kept = (end.lifetime > steps) & (end.lam_minimum >= 15) & (end.lam_maximum <= 60)
                found.append(grid[kept.values].max(initial=0) * steps)
            text = f"{NAMES[map_]}: λ within a factor 2 for T = {steps} steps iff |σ − 2| < {rate} ln 2/T, either side"
            shown = f"(σ−2)T from −{number(found[1])} to {number(found[0])}"
            holds = np.abs(np.array(found) / expected - 1).max() < 0.1
            yield seen(NEW, text, f"±{number(expected)} (± 10%)", shown, holds)
