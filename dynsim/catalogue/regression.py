"""Quadratic regression (Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860), low- and high-dimensional."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, objectives, plot, tasks, tuners
from ..motion import residual_motion
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from ..training.descent import descend
from .rows import Row, below, compare, order, rows, seen

TITLE = "Quadratic regression"
MAPS = ("quadratic_regression",)


def claims() -> Iterator[Row]:
    yield from sharpening()
    yield from one_motion()
    yield from many_parameters()
    yield from the_neighbourhood()


def sharpening() -> Iterator[Row]:
    """λ → 2 − ε/2 + o(ε)."""
    kappa = np.array([0.04, 0.02, 0.01, 0.005, 0.0025])
    found = sweep(
        maps.quadratic_regression,
        400_000,
        {"kappa": kappa},
        [measures.final("lam"), measures.final("z")],
        z=-0.5,
        lam=1.5,
        E=0.0,
        progress=False,
    )
    gap = 2 - found.lam_final.values
    statement = "from λ0 = 1.5, z0 = −½ it sharpens to 2 − ε/2 + o(ε): (2 − λ)/ε at ε = 0.0025"
    yield from rows(
        "quadratic_regression",
        compare("3 M", statement, 0.5, gap[-1] / kappa[-1], 1e-2),
        shows="progressive sharpening",
    )
    rate = order(kappa, gap - kappa / 2)
    statement = "… what is left of 2 − ε/2 − λ is o(ε) (fitted order)"
    yield from rows("quadratic_regression", seen("3 D", statement, "> 1", f"{rate:.2f}", rate > 1.5))
    settled = float(np.abs(found.z_final.values).max())
    yield from rows(
        "quadratic_regression", below("3 D", "… and it gets to the minimum: largest |z| at the end", settled, 1e-8)
    )


def one_motion() -> Iterator[Row]:
    """The map of z and λ against gradient descent on θ, and against z and J."""
    eps, start, steps = 0.02, np.array([1.1, 3.0]), 300
    model = objectives.quadratic_regression(*tasks.two_quadratics(eps, 0.3), start=start)
    z = float(model.residuals(start)[0])
    lam = float(start[0] ** 2 + eps**2 * start[1] ** 2)
    small = orbit(maps.quadratic_regression, steps, z=z, lam=lam, eta=0.9, kappa=eps, E=0.3)
    large = residual_motion(model, steps, 0.9)
    run = descend(model, tuners.constant, steps, eta=0.9)
    apart = float(np.abs(small.f.values - large.f.values).max())
    yield from rows(
        "quadratic_regression",
        below(
            "3 D",
            "the map of z and λ is the motion of z and J at D = 1, P = 2: largest difference of L, 300 steps",
            apart,
            1e-10,
        ),
    )
    apart = float(np.abs(small.f.values - run.f.values).max())
    yield from rows(
        "quadratic_regression", below("3 D", "… and gradient descent on θ: largest difference of L", apart, 1e-10)
    )


def many_parameters() -> Iterator[Row]:
    """D = 32, P = 96: objective and model in (z, J)."""
    model = objectives.quadratic_regression(*tasks.random_quadratics(32, 96, q=1.0, g=1.0, z=0.5, seed=0))
    eta, steps = 0.3, 400
    large = residual_motion(model, steps, eta)
    run = descend(model, tuners.constant, steps, eta=eta)
    apart = float(np.abs(large.f.values / run.f.values - 1)[:200].max())
    statement = (
        "32 data points, 96 parameters: (z, J) with Q moves as gradient descent on θ does; relative "
        "difference of L, 200 steps"
    )
    yield from rows("quadratic_regression", below("3 P", statement, apart, 1e-8))


def the_neighbourhood() -> Iterator[Row]:
    """Random models of many parameters: sharpening to the edge."""
    share = np.array([0.2, 0.4, 0.6, 0.8, 0.95])
    rise, end, loss = [], [], []
    for size in (0.1, 0.2, 0.4):
        model = objectives.quadratic_regression(*tasks.random_quadratics(32, 96, q=1.0, g=1.0, z=size, seed=0))
        first = float(residual_motion(model, 0, 0.1).lam[0])
        found = residual_motion(model, 2000, share * 2 / first, every=25)
        rise.append((found.lam[-1] / first).values)
        # Over odd and even steps, as λ has a period of two.
        end.append((found.y[-20:].mean("step") + 2).values)
        loss.append((found.f[-1] / found.f[0]).values)
    rise, end, loss = np.array(rise), np.array(end), np.array(loss)
    fine, down = np.isfinite(rise), loss < 1e-8
    statement = "random models sharpen (32 points, 96 parameters; |z0| per point 0.1, 0.2, 0.4; ηλ0/2 from 0.2 to 0.95)"
    measured = (
        f"λ rises in {int((rise[fine] > 1).sum())} of {fine.sum()} that stay finite; {int((~fine).sum())} diverge"
    )
    yield from rows(
        "quadratic_regression",
        seen("3 P", statement, "λ rises", measured, (rise[fine] > 1).all()),
        shows="progressive sharpening",
    )
    stuck = fine & ~down
    statement = "… up to the edge: mean ηλ over the last 500 of 2000 steps of those that have not yet reached a minimum"
    measured = (
        ", ".join(f"{v:.3f}" for v in end[stuck])
        + f"; the {down.sum()} at a minimum end at most at {end[down].max():.3f}"
    )
    yield from rows(
        "quadratic_regression",
        seen(
            "3 (new)",
            statement,
            "within 5 % of 2, the others below",
            measured,
            (abs(end[stuck] / 2 - 1) < 0.05).all() and end[down].max() <= 2,
        ),
        shows="oscillation at the edge",
    )


def figure(out: Path) -> list[Path]:
    drawn = new_figure(12, 3.8)
    first, second, third = drawn.subplots(1, 3)
    for color, kappa in zip(plot.LINES, (0.02, 0.01, 0.005)):
        one = orbit(maps.quadratic_regression, 4000, every=2, kappa=kappa, z=-0.5, lam=1.5)
        first.plot(one.step, one.lam, color=color, lw=1, label=f"ε = {kappa}")
        first.axhline(2 - kappa / 2, color=color, lw=0.8, ls=":")
    first.set(
        xlabel="step",
        ylabel="$\\eta\\lambda$",
        ylim=(1.96, 2.02),
        title="two parameters; dotted: 2 − ε/2",
        xscale="log",
    )
    first.legend(fontsize="small")
    over = {"z": np.linspace(-0.6, 0.9, 150), "lam": np.linspace(0.2, 4.5, 150)}
    found = sweep(
        maps.quadratic_regression,
        40_000,
        over,
        [measures.final("lam"), measures.final("z")],
        kappa=0.01,
        progress=False,
    )
    found["end"] = found.lam_final.where(abs(found.z_final) < 1e-3)
    found["end"].attrs = {"long_name": r"final $\eta\lambda$"}
    plot.phase_diagram(found, "end", ax=second, vmin=0, vmax=2)
    second.set(title="ε = 0.01, E = 0 (grey: no minimum)", xlabel="initial $z$", ylabel="initial $\\eta\\lambda$")
    model = objectives.quadratic_regression(*tasks.random_quadratics(32, 96, q=1.0, g=1.0, z=0.2, seed=0))
    top = float(residual_motion(model, 0, 0.1).lam[0])
    many = residual_motion(model, 800, np.array([0.3, 0.5, 0.7]) * 2 / top, every=10)
    for color, k in zip(plot.LINES, range(3)):
        one = many.isel(eta=k)
        third.plot(one.step, one.y + 2, color=color, lw=1, label=f"$\\eta\\lambda_0$ = {float(one.y[0]) + 2:.1f}")
    third.axhline(2, color="black", lw=0.8, ls="--")
    third.set(xlabel="step", ylabel="$\\eta\\lambda$", title="32 data points, 96 parameters", ylim=(0, 3))
    third.legend(fontsize="small")
    return [save(drawn, out / "quadratic_regression.png")]
