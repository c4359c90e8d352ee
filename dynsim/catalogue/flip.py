"""Flip normal form (Gan 2026, arXiv 2606.15551): the 2-cycle, and where a drifting edge stops."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, compare, order, rows, seen

TITLE = "Flip normal form"
MAPS = ("flip_normal_form",)


def claims() -> Iterator[Row]:
    yield from the_cycle()
    yield from where_it_stops()
    yield from nothing_selected()


def the_cycle() -> Iterator[Row]:
    mu, c = np.array([0.04, 0.02, 0.01]), 0.7
    found = sweep(
        maps.flip_normal_form,
        20_000,
        {"mu": mu},
        [measures.period(), measures.final("p")],
        c=c,
        kappa=0.0,
        delta=0.01,
        progress=False,
    )
    two = (found.period.values == 2).all()
    off = np.abs(found.p_final.values * c / mu - 1).max()
    measured = f"period 2: {'yes' if two else 'no'}; amplitude² c/μ off by {off:.1g}"
    yield from rows(
        "flip_normal_form",
        seen(
            "3 P",
            "c > 0: a stable 2-cycle of squared amplitude μ/c (μ = 0.01, 0.02, 0.04)",
            "off by ≤ 1e-9",
            measured,
            two and off <= 1e-9,
        ),
        shows="2-cycles",
    )
    lost = sweep(
        maps.flip_normal_form,
        20_000,
        {"c": [-0.7, -0.1]},
        measures.lifetime(),
        mu=0.02,
        kappa=0.0,
        delta=0.01,
        progress=False,
    )
    gone = (lost.lifetime.values <= 20_000).all()
    yield from rows(
        "flip_normal_form",
        seen(
            "3 P",
            "… only then: c < 0 diverges (c = −0.7, −0.1)",
            "yes",
            f"at steps {', '.join(map(str, lost.lifetime.values))}",
            gone,
        ),
        shows="escape",
    )


def where_it_stops() -> Iterator[Row]:
    kappa, c = np.array([0.04, 0.02, 0.01, 0.005]), 0.7
    over = {"kappa": kappa, "mu": np.array([0.02, 0.05, 0.1])}
    found = sweep(maps.flip_normal_form, 300_000, over, [measures.final("mu")], c=c, delta=0.01, progress=False)
    ratio = found.mu_final / (-found.kappa / (2 * c))
    statement = "μ drifts by −κδ²: GD stops at μ = −κ/(2c); ratio at κ = 0.005, c = 0.7, from μ0 = 0.05"
    yield from rows("flip_normal_form", compare("3 D", statement, 1.0, float(ratio[-1, 1]), 1e-2))
    rate = order(kappa, abs(ratio - 1)[:, 1].values)
    yield from rows(
        "flip_normal_form",
        seen("3 D", "… to first order in κ: the order of what is left of the ratio", "≥ 1", f"{rate:.2f}", rate >= 0.9),
    )
    spread = float((ratio.max("mu") - ratio.min("mu"))[-1])
    yield from rows(
        "flip_normal_form",
        seen(
            "3 D",
            "… whatever the start: spread of the ratio over μ0 = 0.02, 0.05, 0.1 at κ = 0.005",
            "≤ 0.01",
            f"{spread:.2g}",
            spread <= 1e-2,
        ),
    )


def nothing_selected() -> Iterator[Row]:
    """c = 0, as in the base model: it stops as far below the edge as it began above."""
    mu0 = np.array([0.005, 0.01, 0.02])
    found = sweep(
        maps.flip_normal_form,
        400_000,
        {"mu": mu0},
        [measures.final("mu")],
        c=0.0,
        kappa=0.01,
        delta=1e-4,
        progress=False,
    )
    off = np.abs(found.mu_final.values + mu0)
    measured = f"ends at −{', −'.join(f'{-v:.4f}' for v in found.mu_final.values)}"
    yield from rows(
        "flip_normal_form",
        seen(
            "3 D",
            "c = 0, as in 2.1: no selection, μ ends at about −μ0 (0.005, 0.01, 0.02)",
            "within 5 %",
            measured,
            (off <= 0.05 * mu0).all(),
        ),
    )


def figure(out: Path) -> list[Path]:
    drawn = new_figure(11, 3.8)
    left, right = drawn.subplots(1, 2)
    mu = np.linspace(1e-4, 0.11, 100)
    left.plot(mu, np.sqrt(mu), "k:", label="2-cycle √(μ/c)")
    for color, start in zip(plot.LINES, (0.03, 0.06, 0.1)):
        one = orbit(maps.flip_normal_form, 30_000, c=1.0, kappa=0.02, delta=0.005, mu=start)
        left.plot(one.mu, abs(one.delta), color=color, lw=1, label=f"$\\mu_0$ = {start}")
    left.axvline(-0.01, color="0.4", ls="--", lw=0.8)
    left.text(-0.0095, 0.3, "−κ/(2c)", color="0.3", size=9)
    left.set(
        xlabel="$\\mu = \\eta\\lambda - 2$", ylabel="$|\\delta|$", title="c = 1, κ = 0.02: time runs from right to left"
    )
    left.legend(fontsize="small", loc="lower right")
    over = {"c": np.linspace(0, 1, 120), "mu": np.linspace(0.002, 0.1, 120)}
    found = sweep(maps.flip_normal_form, 200_000, over, [measures.final("mu")], kappa=0.002, delta=1e-3, progress=False)
    found["end"] = found.mu_final
    found["end"].attrs = {"long_name": r"final $\mu$"}
    plot.phase_diagram(found, "end", ax=right, vmin=-0.1, vmax=0)
    right.set(title="κ = 0.002: c selects, c = 0 does not", xlabel="$c$", ylabel="initial $\\mu$")
    return [save(drawn, out / "flip_normal_form.png")]
