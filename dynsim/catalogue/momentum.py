"""Momentum on the edge model: heavy ball, averaged, Nesterov; their edges."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, order, rows, seen

TITLE = "Momentum"
MAPS = ("heavy_ball", "averaged_momentum", "nesterov")
EDGES = {
    "heavy_ball": ("2(1 + β)", lambda beta: 2 * (1 + beta)),
    "averaged_momentum": ("2(1 + β)/(1 − β)", lambda beta: 2 * (1 + beta) / (1 - beta)),
    "nesterov": ("2(1 + β)/(1 + 2β)", lambda beta: 2 * (1 + beta) / (1 + 2 * beta)),
}
BETAS = np.array([0.3, 0.6, 0.9])


def threshold(name: str, beta: float) -> float:
    """The ηλ at which x begins to grow, λ held still: bisection on 2000 steps from x = 1e-3."""
    low, high = 0.1 * EDGES[name][1](beta), 2 * EDGES[name][1](beta)
    for _ in range(4):
        lam = np.linspace(low, high, 101)
        found = sweep(
            getattr(maps, name),
            30_000,
            {"lam": lam},
            measures.final("x"),
            a=0.0,
            b=0.0,
            x=1e-3,
            beta=beta,
            progress=False,
        )
        grown = ~(np.abs(found.x_final.values) < 1e-3)
        first = int(np.argmax(grown))
        low, high = lam[first - 1], lam[first]
    return (low + high) / 2


def claims() -> Iterator[Row]:
    for name in MAPS:
        text, edge = EDGES[name]
        found = np.array([threshold(name, beta) for beta in BETAS])
        off = float(np.abs(found / edge(BETAS) - 1).max())
        measured = f"{', '.join(f'{v:.5f}' for v in found)} (largest error {off:.1g})"
        want = ", ".join(f"{v:.5f}" for v in edge(BETAS))
        yield from rows(
            name,
            seen(
                "3 P",
                f"the edge is at ηλ = {text}: where x grows, λ held still, β = 0.3, 0.6, 0.9",
                want,
                measured,
                off < 1e-4,
            ),
        )
        yield from about_the_edge(name)


def about_the_edge(name: str) -> Iterator[Row]:
    """With a and b, λ rises to that edge and swings about it."""
    b, beta = 0.3, 0.6
    edge = EDGES[name][1](beta)
    small, off, cycles = np.array([1e-5, 1e-6, 1e-7]), [], 0
    for a in small:
        one = orbit(getattr(maps, name), int(60 / np.sqrt(a)), a=a, b=b, beta=beta, x=np.sqrt(a / b) / 3, lam=edge)
        y = one.lam.values - edge
        up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
        cycles = len(up) - 1
        off.append(float(one.lam.values[up[0] + 1 : up[-1] + 1].mean()) / edge - 1)
    statement = (
        "… about which λ swings, as about 2/η without momentum: |mean of ηλ/edge − 1|, a = 1e-5, 1e-6, 1e-7, β = 0.6"
    )
    measured = (
        f"{', '.join(f'{abs(v):.1g}' for v in off)} over some {cycles} cycles (order in a: {order(small, off):.2f})"
    )
    yield from rows(
        name,
        seen("3 (new)", statement, "vanishes with a", measured, abs(off[-1]) < 1e-4 and order(small, off) > 0.4),
        shows="oscillation at the edge",
    )
    lasts = sweep(
        getattr(maps, name),
        300_000,
        {"a": [1e-3]},
        measures.lifetime(),
        b=b,
        beta=beta,
        x=1e-2,
        lam=edge - 0.01,
        progress=False,
    )
    life = int(lasts.lifetime[0])
    yield from rows(
        name,
        seen(
            "3 (new)",
            "… and escapes in the end, as in 2.1 (a = 1e-3, 300000 steps)",
            "yes",
            f"at step {life}" if life <= 300_000 else "no",
            life <= 300_000,
        ),
        shows="escape",
    )


def figure(out: Path) -> list[Path]:
    drawn = new_figure(11, 3.8)
    left, right = drawn.subplots(1, 2)
    fine = np.linspace(0, 0.95, 200)
    for color, name in zip(plot.LINES, MAPS):
        left.plot(fine, EDGES[name][1](fine), color=color, label=name.replace("_", " "))
        left.plot(BETAS, [threshold(name, beta) for beta in BETAS], "o", color=color)
        one = orbit(getattr(maps, name), 2500, a=1e-4, b=0.3, beta=0.6, x=0.01, lam=EDGES[name][1](0.6) * 0.99)
        right.plot(one.step, one.lam / one.edge, color=color, lw=1, label=name.replace("_", " "))
    left.set(
        yscale="log", xlabel="$\\beta$", ylabel="$\\eta\\lambda$ at the edge", title="lines: formulas; dots: measured"
    )
    left.set_yticks([1, 2, 4, 8, 16, 32, 64], labels=["1", "2", "4", "8", "16", "32", "64"])
    left.minorticks_off()
    right.axhline(1, color="black", lw=0.8, ls="--")
    right.set(xlabel="step", ylabel="$\\eta\\lambda$ / edge", title="β = 0.6, a = 0.0001, b = 0.3", ylim=(0.9, 1.1))
    left.legend(fontsize="small")
    right.legend(fontsize="small")
    return [save(drawn, out / "heavy_ball.png")]
