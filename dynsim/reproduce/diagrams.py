"""Three phase diagrams of about a million points each."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from .. import maps, measures, plot
from ..sweeps import sweep
from .figures import new_figure, save
from .ratio import gain

SIDE = 1000
TITLES = ("delayed, as printed", "no delay, as in training")


def _named(dataset, **coords):
    """The dataset with coordinates (values, meaning) on dims that are no parameter."""
    return dataset.assign_coords({dim: (dim, values, {"long_name": text}) for dim, (values, text) in coords.items()})


def lifetime(out: Path, side: int = SIDE, steps: int = 20_000) -> list[Path]:
    """How long a constant rate stays at the edge, over α = η²a, which rules the motion, and where it starts."""
    alpha = np.geomspace(1e-4, 1, side)
    start = np.geomspace(1e-8, 1e3, side)
    grid = np.meshgrid(alpha, start, indexing="ij")
    dims = ("alpha", "start")
    result = sweep(
        maps.self_stabilization,
        steps,
        over={"a": (dims, grid[0]), "x": (dims, np.sqrt(grid[0] * grid[1]))},
        measure=measures.lifetime(),
        eta=1,
        lam=2,
        b=1,
    )
    result = _named(result, alpha=(alpha, r"$\alpha = \eta^2 a$"), start=(start, r"start at the edge  $b x_0^2/a$"))
    figure = new_figure(6.4, 4.8)
    lasting = result.lifetime > steps
    result["lifetime"] = result.lifetime.where(~lasting)
    ax = plot.phase_diagram(result, "lifetime", ax=figure.subplots(), norm=LogNorm(4, steps))
    ax.set_title("Constant rate: how many steps until the orbit escapes", fontsize="medium")
    ax.text(1.3e-4, 3e-7, f"grey: more than\n{steps} steps", color="black", size=8)
    ax.axhline(1, color="black", lw=0.8, ls="--")
    ax.text(0.9, 1.25, "fixed point", color="white", ha="right", size=8)
    return [save(figure, out / "lifetime_of_the_edge.png")]


def regimes(out: Path, side: int = SIDE, steps: int = 5_000) -> list[Path]:
    """CDAT's regimes over σ and ν/λ0, as printed; how far λ ran, how soon others escaped, and where y swings."""
    sigma = np.linspace(1, 3, side)
    share = np.geomspace(1e-3, 1, side, endpoint=False)
    result = sweep(
        maps.cdat,
        steps,
        over={"sigma": sigma, "nu": ("share", 18 * share)},
        measure=[
            measures.regime(),
            measures.final("lam"),
            measures.lifetime(),
            measures.maximum("y", skip=steps // 2),
            measures.minimum("y", skip=steps // 2),
        ],
        lam=18,
        eta=0.05,
        x=2,
        u=2,
        a=0.05,
        b=0.1,
    )
    result = _named(result, share=(share, r"second eigenvalue  $\nu/\lambda_0$"))
    escaped = result.regime == 3
    result["growth"] = (result.lam_final / 18).where(~escaped)
    result["growth"].attrs = {"long_name": rf"$\lambda/\lambda_0$ after {steps} steps"}
    result["swing"] = (result.y_maximum - result.y_minimum).where(~escaped)
    result["swing"].attrs = {"long_name": r"range of $y$ in the second half"}
    result["lifetime"] = result.lifetime.where(escaped)
    panels = {
        "regime": ("Regime", {}),
        "lifetime": ("How soon it escaped (grey: it did not)", {"norm": LogNorm(1, steps)}),
        "growth": ("How far λ ran (grey: escaped)", {"norm": LogNorm(1, 20)}),
        "swing": ("Range of y, and where theory puts its changes", {"norm": LogNorm(1e-3, 1e2)}),
    }
    figure = new_figure(10.5, 8.2)
    for ax, (name, (title, style)) in zip(figure.subplots(2, 2).flat, panels.items()):
        plot.phase_diagram(result, name, ax=ax, **style)
        ax.set_title(title, fontsize="medium")
        if name == "growth":
            ax.text(2.05, 1.3e-3, "escaped", size=8)
        if name == "swing":
            lam, nu = result.lam_final.where(~escaped), 18 * result.share
            for boundary, style in (
                (gain(result.sigma, lam, nu) - 1, "--"),
                (result.sigma - 2 * lam / (lam + nu), ":"),
            ):
                lines = boundary.transpose("share", "sigma")
                ax.contour(sigma, share, lines, [0], colors="white", linewidths=1, linestyles=style)
            ax.text(1.03, 1.3e-3, "y oscillates:\nK > 1", color="black", size=8)
            ax.text(1.53, 1.3e-3, "p/g follows\nits limit", color="white", size=8)
            ax.text(1.98, 0.6, "no limit", color="white", ha="right", size=8)
            ax.text(2.05, 1.3e-3, "escaped", size=8)
        else:
            ax.axvline(2, color="white", lw=0.8, ls="--")
    figure.suptitle(
        f"CDAT as printed (a = 0.05, b = 0.1, λ₀ = 18, p₀ = g₀ = 4), {steps} steps: runaway below σ = 2, escape above"
    )
    return [save(figure, out / "cdat_regimes.png")]


def delay(out: Path, side: int = SIDE, steps: int = 5_000) -> list[Path]:
    """CDAT at σ = 2 with and without its delay, over 8a/λ0² and the starting p0."""
    stiffness = np.geomspace(1e-3, 1e1, side)
    start = np.geomspace(1e-3, 1e3, side // 2)  # a million points in both panels
    grid = np.meshgrid(stiffness, start, indexing="ij")
    dims = ("stiffness", "start")
    figure = new_figure(11.5, 4.8)
    for ax, map_, title in zip(
        figure.subplots(1, 2, sharey=True),
        (maps.cdat, maps.cdat_undelayed),
        TITLES,
    ):
        result = sweep(
            map_,
            steps,
            over={"a": (dims, grid[0] * 0.5), "x": (dims, np.sqrt(grid[0] * 0.5 * grid[1]))},
            measure=measures.regime(),
            sigma=2,
            lam=2,
            nu=0.2,
            b=1,
            u=1e-3,
            **({"eta": 1} if "eta" in map_.state else {}),
        )
        result = _named(
            result,
            stiffness=(stiffness, r"$8a/\lambda_0^2$"),
            start=(start, r"start at the edge  $b p_0/a$"),
        )
        plot.phase_diagram(result, "regime", ax=ax, colorbar=map_ is maps.cdat_undelayed)
        ax.set_title(title, fontsize="medium")
        ax.axvline(1, color="white", lw=0.8, ls="--")
        ax.text(1.1, 1.3e-3, "8a = λ₀²", color="white", size=8)
    figure.suptitle(f"CDAT at σ = 2 after {steps} steps, with and without its delay (λ₀ = 2, ν = 0.2, g₀ = 10⁻⁶)")
    return [save(figure, out / "cdat_delay.png")]
