"""Catapult (Lewkowycz et al. 2020, arXiv 2003.02218): lazy, catapult, divergent."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, below, compare, order, rows, seen

TITLE = "Catapult"
MAPS = ("catapult",)
WIDTH = 1e6


def claims() -> Iterator[Row]:
    yield from the_phases()
    yield from the_thresholds()
    yield from the_flight()
    yield from the_uv_model()


def phases(rate, z=1.0, width=WIDTH, steps=20_000):
    """Over ηλ0 (η = 1): whether the loss rose beyond its start, whether it ended, and the final λ."""
    found = sweep(
        maps.catapult,
        steps,
        {"lam": rate},
        [measures.maximum("f"), measures.final("f"), measures.final("lam")],
        z=z,
        width=width,
        progress=False,
    )
    rose = found.f_maximum.values > 1.01 * z * z / 2
    ended = np.isfinite(found.f_final.values) & (found.f_final.values < 1e-6)
    return rose, ended, found.lam_final.values


def the_phases() -> Iterator[Row]:
    rate = np.linspace(0.2, 4.4, 85)
    rose, ended, lam = phases(rate)
    lazy, flies = ended & ~rose, ended & rose
    want = [(lazy, rate < 2), (flies, (rate > 2) & (rate < 4)), (~ended, rate > 4)]
    wrong = sum(int((got != should)[abs(rate - 2) > 0.03][:].sum()) for got, should in want)
    measured = (
        f"lazy up to {rate[lazy].max():.3g}, catapult {rate[flies].min():.3g} to {rate[flies].max():.3g}, "
        f"divergent from {rate[~ended].min():.3g}"
    )
    statement = f"ηλ0 < 2 lazy, 2 to 4 catapult, above 4 divergent (width {WIDTH:g}, z0 = 1, 85 rates)"
    yield from rows("catapult", seen("3 P", statement, "2 and 4", measured, wrong <= 3), shows="catapult")
    statement = "after the catapult η is below the edge of its own λ: largest final ηλ"
    yield from rows("catapult", seen("3 P", statement, "< 2", f"{lam[flies].max():.5g}", lam[flies].max() < 2))
    kept = abs(lam / rate - 1)[lazy & (rate < 1.97)].max()
    yield from rows(
        "catapult",
        below(
            "3 P", "the lazy phase leaves λ alone: largest relative change, width 1e6, ηλ0 < 1.97", float(kept), 1e-4
        ),
    )


def the_thresholds() -> Iterator[Row]:
    """Where divergence begins: at ηλ0 = 4 exactly, as ηλ = 4 is kept by the map."""
    shares, bounds = (1e-1, 1e-3, 1e-5), []
    for share in shares:
        low, high = 3.9, 4.1
        for _ in range(4):
            rate = np.linspace(low, high, 41)
            found = sweep(
                maps.catapult, 20_000, {"lam": rate}, measures.lifetime(), z=1.0, width=1 / share, progress=False
            )
            first = int(np.argmax(found.lifetime.values <= 20_000))
            low, high = rate[first - 1], rate[first]
        bounds.append((low + high) / 2)
    off = max(abs(v - 4) for v in bounds)
    statement = "divergent above η = 4/λ0: distance of the measured threshold ηλ0 from 4, z0²/n = 0.1, 1e-3, 1e-5"
    yield from rows("catapult", below("3 P", statement, off, 1e-5), shows="escape")
    theta = np.linspace(0.1, 1.5, 200)
    found = sweep(
        maps.catapult,
        12,
        {"z": ("theta", 20 * np.cos(theta))},
        measures.final("z"),
        lam=4.0,
        width=100.0,
        progress=False,
    )
    # An error in θ grows by 3 on each step.
    off = np.abs(found.z_final.values / 20 - np.cos(theta * 3.0**12)).max()
    statement = "at ηλ = 4 the map keeps λ, and z/√n = 2 cos θ moves by θ' = 3θ (new): error after 12 steps"
    yield from rows("catapult", below("3 (new)", statement, float(off), 1e-8), shows="chaos")


def the_flight() -> Iterator[Row]:
    """How high the loss flies: to the order of n."""
    widths = np.array([1e3, 1e4, 1e5, 1e6])
    heights = []
    for width in widths:
        found = sweep(maps.catapult, 20_000, {"lam": [3.0]}, measures.maximum("f"), z=1.0, width=width, progress=False)
        heights.append(float(found.f_maximum[0]))
    rate = order(widths, heights)
    yield from rows(
        "catapult",
        compare(
            "3 P",
            "the loss rises to the order of n before it falls: exponent, n from 1e3 to 1e6, ηλ0 = 3",
            1.0,
            rate,
            0.05,
        ),
    )


def the_uv_model() -> Iterator[Row]:
    one = orbit(maps.catapult, 200, z=1.0, lam=2.7, width=500.0)
    two = orbit(maps.uv, 200, z=1.0, lam=2.7, width=500.0, target=0.0, eta=1.0)
    apart = max(float(abs(one[n] - two[n]).max()) for n in ("z", "lam"))
    yield from rows(
        "catapult", below("3 D", "it is the UV model with target 0: largest difference over 200 steps", apart, 1e-9)
    )


def figure(out: Path) -> list[Path]:
    drawn = new_figure(11, 3.8)
    left, right = drawn.subplots(1, 2)
    for color, rate in zip(plot.LINES, (1.5, 2.5, 3.5)):
        one = orbit(maps.catapult, 40, z=1.0, lam=rate, width=1e3)
        left.plot(one.step, one.f, ".-", color=color, label=f"$\\eta\\lambda_0$ = {rate}")
    left.set(yscale="log", ylim=(1e-9, 1e4), xlabel="step", ylabel="loss", title="width 1000")
    left.legend(fontsize="small")
    over = {"lam": np.linspace(0.2, 4.4, 200), "width": np.geomspace(1, 1e6, 120)}
    found = sweep(maps.catapult, 20_000, over, [measures.final("lam"), measures.final("f")], z=1.0, progress=False)
    found["end"] = found.lam_final.where(found.f_final < 1e-6)
    found["end"].attrs = {"long_name": r"final $\eta\lambda$"}
    plot.phase_diagram(found, "end", ax=right, vmin=0, vmax=2)
    right.axvline(2, color="white", ls="--", lw=0.8)
    right.axvline(4, color="black", ls="--", lw=0.8)
    right.set(xlabel="initial $\\eta\\lambda$", ylabel="width $n$", title="z₀ = 1 (grey: divergent)")
    return [save(drawn, out / "catapult.png")]
