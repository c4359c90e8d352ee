"""Several unstable directions under CDAT: they take turns at the edge, and make a range of σ above 2.

To leading order in ε = a/λ² the two directions (α = β = 1) are an oscillator in r = ln p/g and E = (λ − μ)/λ,

    ṙ = 4E        Ė = −4ε tanh(r/2)        H = ε h = 2E² + 8ε ln cosh(r/2),   bp + bg = 2a

With e = E²/ε, T = tanh²(r/2) and averages ⟨⟩ over a cycle, θ(h) = ⟨T⟩, the next order holds p + g and h where

    σ − 2 = c ε θ        16⟨e⟩ + 32θ + 8⟨ln cosh(r/2) (2cθ + k e (1 − T) − m T)⟩ = 0

Truncated n and d: c = 1, and (k, m) = (−1, 0) without the delay, (3, 8) with it. The true n and d of the loss: c = 4,
and (−1, 6) or (3, 14). So λ² = c θ a/(σ − 2), for σ > 2 only.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from scipy.optimize import brentq

from .. import landscapes, maps, measures, plot, tuners
from ..labels import named
from ..loop import closed_loop
from ..orbits import orbit
from ..reproduce.figures import new_figure, regime_key, save
from ..sweeps import sweep
from .rows import Row, compare, order, rows, seen

TITLE = "Two edges"
MAPS = ("two_edges_cdat",)
DELAYED = maps.two_edges_cdat
TRUE = closed_loop(landscapes.two_edges_loss, tuners.cdat, delay=1, eps=0, name="two_edges_loss_cdat")
TRUE_UNDELAYED = closed_loop(landscapes.two_edges_loss, tuners.cdat, eps=0, name="two_edges_loss_cdat_undelayed")
UNDELAYED = closed_loop(landscapes.two_edges, tuners.cdat, eps=0, name="two_edges_cdat_undelayed")
#: One direction: without the second, the base paper's model and the cubic loss.
ALONE = {DELAYED: maps.cdat, TRUE: closed_loop(landscapes.cubic_loss, tuners.cdat, delay=1, eps=0)}
NAMES = {DELAYED: "n and d as in eq. 10", TRUE: "true n and d of the loss"}
#: c, k, m of the averaged motion.
AVERAGED = {UNDELAYED: (1, -1, 0), TRUE_UNDELAYED: (4, -1, 6), DELAYED: (1, 3, 8), TRUE: (4, 3, 14)}
WATCH = [measures.regime(bound=1e6), *[measures.mean(n, skip=150_000) for n in ("lam", "mu")], measures.final("lam")]
STEPS, STARTS = 300_000, 16


def balance(h, c, k, m):
    """What is left of the second condition at energy h, and θ."""
    turn = 2 * np.arccosh(np.exp(h / 8))
    phase = (np.arange(4000) + 0.5) * np.pi / 4000 - np.pi / 2
    r = turn * np.sin(phase)
    log_cosh = np.logaddexp(r / 2, -r / 2) - np.log(2)
    e, across = h / 2 - 4 * log_cosh, np.tanh(r / 2) ** 2
    weight = np.cos(phase) / np.sqrt(e)
    weight /= weight.sum()
    theta = weight @ across
    rest = 16 * (weight @ e) + 32 * theta
    return rest + 8 * (weight @ (log_cosh * (2 * c * theta + k * e * (1 - across) - m * across))), theta


def constant(map_):
    """λ √((σ − 2)/a) as σ → 2: √(cθ); NaN where no energy is held."""
    of = AVERAGED[map_]
    if balance(600, *of)[0] > 0:
        return np.nan
    energy = brentq(lambda h: balance(h, *of)[0], 0.1, 600)
    return float(np.sqrt(of[0] * balance(energy, *of)[1]))


def swept(map_, sigma, lam=20.0, steps=STEPS, **values):
    """A sweep over σ from random starts about λ = μ = `lam`: 10 % of spread in λ, half an e-fold in |x|. a = b = 1."""
    rng = np.random.default_rng(0)
    sigma = np.atleast_1d(sigma).astype(float)
    lam = np.broadcast_to(lam, sigma.shape)
    dims = ("sigma", "start")
    grid = {"sigma": sigma, "lam": (dims, lam[:, None] * (1 + 0.1 * rng.standard_normal(STARTS)))}
    grid["x"] = (dims, np.exp(0.5 * rng.standard_normal((sigma.size, STARTS))))
    if "mu" in map_.state:
        grid["mu"] = (dims, lam[:, None] * (1 + 0.1 * rng.standard_normal(STARTS)))
        grid["u"] = (dims, np.exp(0.5 * rng.standard_normal((sigma.size, STARTS))))
    if "eta" in map_.state:
        grid["eta"] = ("sigma", 2 / lam)
    values = {"a": 1, "b": 1} | values
    watch = WATCH if "mu" in map_.state else WATCH[:1]
    return sweep(map_, steps, grid, watch, progress=False, **values)


def held(map_, sigma, **values):
    """At which σ the motion stays at the edge from all starts."""
    return (named(swept(map_, sigma, **values).regime) == "edge").all("start").values


def held_up_to(map_, sigma, **values):
    """The last σ up to which all are held; NaN where the first is not."""
    kept = held(map_, sigma, **values)
    return sigma[np.argmin(kept) - 1] if kept[0] else np.nan


def claims() -> Iterator[Row]:
    yield from held_above_two()
    yield from the_law()
    yield from a_torus_and_chaos()
    yield from none_below_two()
    yield from not_without_the_delay()
    yield from unequal()


def held_above_two() -> Iterator[Row]:
    sigma = np.round(np.arange(2.005, 2.2, 0.005), 3)
    for map_ in (DELAYED, TRUE):
        top = held_up_to(map_, sigma)
        statement = (
            f"delayed, {NAMES[map_]}: from 16 of 16 random starts the motion stays at the edge for 300000 steps, σ = "
            "2.005 up to"
        )
        yield from rows(
            "two_edges_cdat",
            seen("3 (new)", statement, "an interval of σ", f"σ = {top}", top > 2.05),
            shows="range of σ",
        )
        alone = named(swept(ALONE[map_], sigma, u=0, nu=0).regime)
        lost = float((alone == "escaped").mean())
        statement = "… while one direction alone escapes: share of the starts, all these σ"
        yield from rows("two_edges_cdat", seen("3 (new)", statement, "1", f"{lost:.3g}", lost == 1))


@cache
def law(map_, far=2) -> xr.DataArray:
    """λ √((σ − 2)/a) over small σ − 2, from about `far` times its value."""
    beyond = np.geomspace(1e-4, 1.6e-3, 5)
    found = swept(map_, 2 + beyond, lam=far * constant(map_) / np.sqrt(beyond), steps=STEPS * 4)
    return found.lam_mean * np.sqrt(found.sigma - 2)


def the_law() -> Iterator[Row]:
    for map_, within in ((DELAYED, 5e-3), (TRUE, 1e-3)):
        scaled, want = law(map_), constant(map_)
        low = scaled.min("start")
        statement = f"delayed, {NAMES[map_]}: λ√((σ − 2)/a) → √(cθ) as σ → 2; at σ = 2.0001"
        yield from rows(
            "two_edges_cdat",
            compare("3 (new)", statement, want, float(low[0]), within),
            shows="oscillation at the edge",
        )
        rate = order(low.sigma - 2, low.values - want)
        statement = "… its error vanishes with σ − 2: the order, five values to 2.0016"
        yield from rows("two_edges_cdat", seen("3 (new)", statement, "≥ 0.9", f"{rate:.2f}", rate >= 0.9))
        on = float((scaled < 1.02 * low).mean())
        statement = "… from 16 random starts about twice that high, all five values: the share that ends on it"
        yield from rows("two_edges_cdat", seen("3 (new)", statement, "1", f"{on:.3g}", on == 1))
    other = law(TRUE, 5)
    other = other.where(other >= 1.02 * law(TRUE).min("start"))
    share = float(other.notnull().mean())
    statement = f"delayed, {NAMES[TRUE]}: from 5 times as high some end on a second motion; λ√((σ − 2)/a) there"
    measured = f"{100 * share:.2g} % of them; {float(other.min()):.3g} to {float(other.max()):.3g}"
    yield from rows("two_edges_cdat", seen("3 (new)", statement, "some", measured, 0 < share < 1))


def a_torus_and_chaos() -> Iterator[Row]:
    start = {"a": 1, "b": 1, "lam": 20, "mu": 21, "x": 1.3, "u": 0.7, "eta": 0.1}
    found = sweep(
        DELAYED, STEPS, {"sigma": [2.002, 2.005, 2.02, 2.05]}, measures.lyapunov(), progress=False, **start
    ).lyapunov.values
    measured = ", ".join(f"{v:.2g}" for v in found)
    statement = "delayed, n and d as in eq. 10: regular near σ = 2, chaotic further off; Lyapunov exponent at {}"
    yield from rows(
        "two_edges_cdat",
        seen(
            "3 (new)",
            statement.format("σ = 2.002, 2.005, 2.02, 2.05"),
            "0, 0, > 0, > 0",
            measured,
            np.abs(found[:2]).max() < 1e-3 and found[2:].min() > 1e-2,
        ),
        shows="chaos",
    )


def none_below_two() -> Iterator[Row]:
    sigma = np.array([1.7, 1.8, 1.9, 1.95, 1.98, 1.99])
    for map_ in (DELAYED, TRUE, UNDELAYED):
        found = swept(map_, sigma)
        ratio = found.lam_final / np.sqrt(20**2 + 4 * STEPS)
        lost = named(found.regime) == "escaped"
        least, share = float(ratio.where(~lost).min()), float(lost.mean())
        statement = (
            f"σ < 2, {_called(map_)}: λ runs away; the least λ/√(λ0² + 4at) after 300000 steps, σ = 1.7 to 1.99, of "
            "those that do not escape"
        )
        measured = f"{least:.3g}; {100 * share:.2g} % escape"
        yield from rows("two_edges_cdat", seen("3 (new)", statement, "≥ 0.9", measured, least >= 0.9))


def _called(map_):
    return "no delay" if map_ is UNDELAYED else f"delayed, {NAMES[map_]}"


def not_without_the_delay() -> Iterator[Row]:
    sigma = np.array([2.002, 2.005, 2.01, 2.02, 2.05, 2.1])
    lost = float((named(swept(UNDELAYED, sigma).regime) == "escaped").mean())
    statement = "no delay, n and d as in eq. 10: no energy is held, the orbit escapes above σ = 2; share of the starts"
    none = np.isnan(constant(UNDELAYED))
    yield from rows("two_edges_cdat", seen("3 (new)", statement, "1", f"{lost:.3g}", lost == 1 and none))
    sigma = np.round(np.arange(2.005, 2.105, 0.005), 3)
    none = np.isnan(constant(TRUE_UNDELAYED))
    kept = {}
    for alpha in (1.0, 0.8):
        kept[alpha] = ", ".join(map(str, sigma[held(TRUE_UNDELAYED, sigma, alpha=alpha)])) or "none"
    statement = (
        "no delay, true n and d, equal directions: no energy is held either, but another motion is; those of σ = "
        "2.005, 2.01, … 2.1 at which 16 of 16 random starts stay at the edge"
    )
    some = none and kept[1.0] != "none"
    yield from rows("two_edges_cdat", seen("3 (new)", statement, "some", kept[1.0], some))
    statement = "… and that is lost where they differ: the same with α = 0.8"
    yield from rows("two_edges_cdat", seen("3 (new)", statement, "none", kept[0.8], kept[0.8] == "none"))


def unequal() -> Iterator[Row]:
    """The second direction with less drive and feedback."""
    sigma = np.round(np.arange(2.005, 2.15, 0.005), 3)
    ends = {}
    for name, value in (("alpha", 0.5), ("alpha", 0.1), ("beta", 0.5), ("beta", 0.1)):
        ends[f"{'α' if name == 'alpha' else 'β'} = {value}"] = held_up_to(DELAYED, sigma, **{name: value})
    measured = ", ".join(f"{top} ({what})" for what, top in ends.items())
    statement = "delayed, unequal directions, αa and βb in the second: held from all starts up to σ ="
    yield from rows("two_edges_cdat", seen("3 (new)", statement, "> 2.005 at each", measured, min(ends.values()) > 2))


def figure(out: Path) -> list[Path]:
    """One cycle, the law for λ, and regimes over σ and the second direction's drive."""
    drawn = new_figure(11, 8)
    axes = drawn.subplots(2, 2)
    _cycle(axes[0])
    _law(axes[1, 0])
    sigma, alpha = np.linspace(1.9, 2.2, 121), np.geomspace(0.01, 1, 61)
    found = sweep(
        DELAYED,
        20_000,
        {"sigma": sigma, "alpha": alpha},
        WATCH[:1],
        a=1,
        b=1,
        lam=20,
        mu=19,
        x=1.3,
        u=0.7,
        eta=0.1,
        progress=False,
    )
    found.alpha.attrs = {"long_name": "drive of the second direction", "symbol": r"\alpha"}
    plot.phase_diagram(found, "regime", ax=axes[1, 1], colorbar=False)
    axes[1, 1].set_title("20,000 steps from λ₀ = 20√a, μ₀ = 19√a")
    there = set(np.unique(named(found.regime).values))
    meanings = {
        "settled": "λ settles",
        "edge": "bounded, y swings about the edge",
        "runaway": "λ rises without end",
        "escaped": "a state beyond 10⁶",
        "undecided": "none of these yet",
    }
    regime_key(drawn, {name: text for name, text in meanings.items() if name in there})
    drawn.suptitle("Two unstable directions under CDAT with its delay: held for a range of σ above 2, without q")
    return [save(drawn, out / "two_edges_cdat.png")]


def _cycle(axes):
    one = orbit(DELAYED, 100_400, a=1, b=1, sigma=2.005, lam=20, mu=20, x=1.3, u=0.7, eta=0.1)
    one = one.isel(step=slice(100_000, None))
    left, right = axes
    time = one.step - one.step[0]
    for ax, names in ((left, ("lam", "mu")), (right, ("p", "g"))):
        for name, color in zip(names, plot.LINES):
            values = one.eta * one[name] if ax is left else one[name]
            label = {"lam": r"$\eta\lambda$", "mu": r"$\eta\mu$", "p": "$bp/a$", "g": "$bg/a$"}[name]
            ax.plot(time, values, color=color, lw=1.4, label=label)
        ax.set_xlabel("steps, after 100,000")
        ax.legend(loc="upper right", frameon=False, ncols=2)
    left.axhline(2, color="0.4", lw=0.9, ls="--", zorder=0)
    left.set(ylabel="curvature times rate", ylim=(1.3, 3), title="σ = 2.005: the two take turns at the edge")
    right.set(ylabel="squared amplitude", ylim=(-0.1, 4.2), title="... and one oscillates at a time")


def _law(ax):
    handles = []
    for map_, color in zip((DELAYED, TRUE), plot.LINES):
        beyond = np.geomspace(3e-4, 0.09, 16)
        found = swept(map_, 2 + beyond, lam=2 * constant(map_) / np.sqrt(beyond))
        ax.plot(beyond, found.lam_mean * np.sqrt(beyond)[:, None], "o", ms=4, color=color, mfc="none")
        ax.axhline(constant(map_), color=color, lw=1.2, ls="--")
        handles.append(Line2D([], [], color=color, marker="o", mfc="none", ls="--", label=NAMES[map_]))
    ax.set(xscale="log", ylim=(0, 3), xlabel="$\\sigma - 2$", ylabel=r"mean $\lambda\,\sqrt{(\sigma-2)/a}$")
    ax.set_title("Dashed: derived for σ → 2. Circles: 16 starts each")
    ax.legend(handles=handles, frameon=False, loc="upper left")
