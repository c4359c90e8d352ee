"""Theory on the picture: derived boundaries and laws over phase diagrams, and Lyapunov exponents beside them."""

from pathlib import Path

import numpy as np

from .. import maps, measures, plot, stability
from ..labels import named
from ..sweeps import sweep
from .diagrams import TITLES, _named
from .figures import new_figure, save
from .ratio import gain


def theory(out: Path, side: int = 240, steps: int = 10_000) -> list[Path]:
    """CDAT's line at σ = 2 with its derived condition, and the runaway below with its law."""
    line = next(p for p in stability.fixed_points(maps.cdat, period=2, sigma=2) if p.flip == ("x",))
    a, lam = np.geomspace(2e-3, 2, side), np.geomspace(0.3, 4, side)
    fate = sweep(
        maps.cdat,
        steps,
        over={"a": a, "lam": lam, "x": ("a", np.sqrt(a) * 1.001), "eta": ("lam", 2 / lam)},
        measure=[measures.regime(), measures.final("lam")],
        sigma=2, u=0, b=1, nu=0.01,
    )  # fmt: skip
    growth = sweep(
        maps.cdat,
        steps,
        over={"a": np.geomspace(1e-2, 1e1, side), "nu": np.geomspace(0.02, 2, side)},
        measure=measures.final("lam"),
        sigma=1.8, eta=0.05, b=0.1, lam=18, x=2, u=2,
    )  # fmt: skip
    figure = new_figure(12, 5)
    left, right = figure.subfigures(1, 2)
    ax = plot.phase_diagram(fate, "regime", ax=left.subplots(), theory={"settled": line.stability})
    ax.set_title("σ = 2, delayed, from 0.1 % beside the line of fixed points", fontsize="medium")
    stay = (named(fate.regime) == "settled") & (abs(fate.lam_final / fate.lam - 1) > 0.01)
    share = float(stay.where(8 * fate.a > fate.lam**2).mean())
    ax.text(0.97, 0.03, f"blue here: λ drifted up to where\nthe line attracts ({share:.0%} of this side)",
            transform=ax.transAxes, ha="right", size=8, color="white")  # fmt: skip
    law = {"λ by theory 2.3": "sqrt((lam + nu)**2 + 4*a*steps) - nu"}
    ax = plot.phase_diagram(growth, "lam_final", ax=right.subplots(), theory=law)
    ax.set_title(f"σ = 1.8, delayed: λ after {steps} steps; lines: the law", fontsize="medium")
    return [save(figure, out / "analysis_theory.png")]


def exponents(out: Path, side: int = 400, steps: int = 3_000) -> list[Path]:
    """The largest Lyapunov exponent of CDAT, λ held still by a tiny a: where the limit of p/g loses its hold."""
    sigma, share = np.linspace(0.5, 1.98, side), np.geomspace(1e-3, 0.5, side)
    figure = new_figure(11, 4.6)
    for ax, map_, title, limit in zip(figure.subplots(1, 2), (maps.cdat, maps.cdat_undelayed), TITLES, (1, 2)):
        start = {"eta": 0.5} if "eta" in map_.state else {}
        result = sweep(
            map_,
            steps,
            over={"sigma": sigma, "nu": ("share", share)},
            measure=measures.lyapunov(skip=steps // 3),
            lam=1, x=1e-3, u=1e-2, a=1e-12, b=1e-12, **start,
        )  # fmt: skip
        result = _named(result, share=(share, r"second eigenvalue  $\nu/\lambda$"))
        plot.phase_diagram(result, "lyapunov", ax=ax, vmin=0, vmax=0.5)
        k = gain(result.sigma, 1, result.share).transpose("share", "sigma")
        ax.contour(sigma, share, k.values, [limit], colors="white", linewidths=1.2)
        ax.text(1 + 0.52 * (limit == 1), 1.2e-3, f"  K = {limit}", color="white", size=9)
        ax.set_title(title, fontsize="medium")
    figure.suptitle(
        "CDAT below σ = 2, λ held still: largest Lyapunov exponent (grey: escaped). Right of the line p/g is attracted"
    )
    return [save(figure, out / "analysis_lyapunov.png")]
