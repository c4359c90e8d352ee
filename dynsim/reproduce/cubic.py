"""Four pictures and a table of CDAT on the cubic loss with its true n and d, beside the truncated model: docs/cubic.md.

P = bp/a. Where nothing else is said a = b = 1 and u = 0, which are units once u is dead.
"""

from pathlib import Path

import numpy as np

from .. import landscapes, maps, measures, plot, tuners
from ..files import whole
from ..loop import closed_loop
from ..orbits import orbit
from ..sweeps import sweep
from .claims_cdat import paper_start
from .figures import new_figure, save

TRUE, TRUE_DELAYED = (closed_loop(landscapes.cubic_loss, tuners.cdat, delay=delay, eps=0) for delay in (0, 1))
NAMES = {
    TRUE: "true n, d",
    TRUE_DELAYED: "true n, d, delayed",
    maps.cdat_undelayed: "truncated",
    maps.cdat: "truncated, delayed",
}
#: The models whose line attracts for Λ² > (this) a.
EDGES = {TRUE: 4, TRUE_DELAYED: 16, maps.cdat: 8}
MODELS = (TRUE, TRUE_DELAYED, maps.cdat_undelayed, maps.cdat)
COLORS = dict(zip(MODELS, plot.LINES))
SIGMAS = (1.5, 1.9, 2, 2.001, 2.003, 2.01, 2.1, 2.5)
#: A decade each, for λ(t).
TIMES = (1_000, 10_000, 100_000, 1_000_000)


def watch(skip=0) -> list:
    """One list of measures for all sweeps, so that each map is compiled once."""
    late = [m for name in ("lam", "y") for m in (measures.minimum(name, skip=skip), measures.maximum(name, skip=skip))]
    return [measures.lifetime(), measures.final("p"), measures.final("lam"), *late]


def _from_core(map_, values):
    """a = b = 1 and u = 0 unless given; a delayed η starts at 2/λ."""
    values = {"a": 1, "b": 1, "nu": 0, "u": 0} | values
    return {"eta": 2 / np.asarray(values["lam"])} | values if "eta" in map_.state else values


def core(map_, steps, skip=0, **values):
    """A sweep from the core's values; arrays vary together along ``point``."""
    values = _from_core(map_, values)
    over = {name: ("point", value) for name, value in values.items() if np.ndim(value)}
    return sweep(map_, steps, over, watch(skip), **{n: v for n, v in values.items() if n not in over})


def follow(map_, steps, every=1, **values):
    """An orbit from the core's values."""
    return orbit(map_, steps, every=every, **_from_core(map_, values))


def across(map_, stiffness) -> np.ndarray:
    """The multipliers across the line at a/Λ² = `stiffness`."""
    gain = {TRUE: 8, TRUE_DELAYED: 16, maps.cdat: 8, maps.cdat_undelayed: 0}[map_] * stiffness
    return np.roots([1, -1, gain]) if "eta" in map_.state else np.array([1 - gain])


def floor(sigma, stiffness):
    """P* < 1 where y = 0 and σ < 2: the root of (2 − σ)P = ε(1 − P)[4P − σ(P − 1)/2], ε = a/λ² = `stiffness`."""
    square = stiffness * (4 - sigma / 2)
    linear = (2 - sigma) + stiffness * (sigma - 4)
    constant = stiffness * sigma / 2
    return 2 * constant / (linear + np.sqrt(linear * linear + 4 * square * constant))


def collapse_ratio(sigma, delayed=False):
    """λ'/λ of the self-similar fall p ∝ λ², far above the line; NaN where there is none."""
    linear, constant = (sigma + 8, 4 - 2 * sigma) if delayed else (3 * sigma - 8, 2 * sigma - 4)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(linear * linear - 4 * sigma * constant)
    # The smaller root without the delay, the positive one with it.
    q = (-linear + (root if delayed else -root)) / (2 * sigma)
    return (1 - q) / (1 + q)


def multiplier(map_, lam, steps=12) -> float:
    """The largest modulus of the multipliers across the line at σ = 2, from how an orbit 1e-5 beside it moves."""
    off = follow(map_, steps, x=1 + 5e-6, lam=lam, sigma=2).p.values - 1
    order = 2 if "eta" in map_.state else 1
    past = np.column_stack([off[order - 1 - k : -1 - k] for k in range(order)])
    size = np.abs(past).max(axis=1)
    above = size > 1e-12  # rounding below
    fit, *_ = np.linalg.lstsq(past[above] / size[above, None], off[order:][above] / size[above])
    return float(np.abs(np.roots([1, *-fit])).max())


def line(out: Path) -> list[Path]:
    """The line of fixed points at σ = 2: what restores it, and where λ lands."""
    figure = new_figure(11, 4.4)
    left, right = figure.subplots(1, 2)
    share, dots = np.geomspace(1.5, 300, 400), np.geomspace(1.7, 260, 22)
    for map_ in MODELS:
        color = COLORS[map_]
        left.plot(share, [np.abs(across(map_, 1 / s)).max() for s in share], color=color, lw=1.2)
        left.plot(dots, [multiplier(map_, np.sqrt(s)) for s in dots], "o", ms=4, color=color, label=NAMES[map_])
    left.axhline(1, color="0.4", lw=0.8, ls="--")
    left.text(290, 1.05, "repels above, attracts below", ha="right", size=8, color="0.3")
    left.set(xscale="log", ylim=(0, 2), xlabel=r"$\Lambda^2/a$", ylabel="largest multiplier across the line, modulus")
    left.set_xticks(2 ** np.arange(1, 9), 2 ** np.arange(1, 9))
    left.minorticks_off()
    left.set_title("What restores the line", fontsize="medium")
    left.legend(frameon=False, fontsize="small", loc="upper right")
    start = np.geomspace(0.05, 20, 17)
    fine = np.geomspace(0.04, 25, 200)
    laws = {
        TRUE: (4 / (3 * fine + 1)) ** (1 / 3),
        TRUE_DELAYED: (8 / (7 * fine + 1)) ** (1 / 7),
        maps.cdat: fine**-0.25,
    }
    for map_, law in laws.items():
        end = core(map_, 80_000, x=np.sqrt(start), lam=100, sigma=2).lam_final.values / 100
        right.plot(fine, law, color=COLORS[map_], lw=1.2)
        right.plot(start, end, "o", ms=4, color=COLORS[map_])
    right.set(xscale="log", yscale="log", xlabel=r"start  $P_0 = b p_0/a$", ylabel=r"$\lambda_\infty/\lambda_0$")
    right.set_yticks([0.4, 0.6, 1, 1.5, 2], ["0.4", "0.6", "1", "1.5", "2"])
    right.minorticks_off()
    right.text(0.045, 0.42, "truncated, no delay: lands nowhere", size=8, color=COLORS[maps.cdat_undelayed])
    right.set_title(r"Where it lands ($a/\lambda_0^2 = 10^{-4}$)", fontsize="medium")
    figure.suptitle("CDAT at σ = 2: lines are the theory, dots are orbits", fontsize="medium")
    return [save(figure, out / "cubic_line.png")]


def at_paper(map_, sigma, steps=TIMES[-1]) -> tuple[np.ndarray, np.ndarray, bool]:
    """Steps and λ from Figure 9's start, dense at first, up to the escape (λ < 0 and bp > a); whether it escapes."""
    start = paper_start(map_) | {"sigma": sigma}
    # An odd stride meets every phase of a cycle of even period.
    dense, coarse = orbit(map_, 20_000, **start), orbit(map_, steps, every=125, **start)
    kept = coarse.step.values > 20_000
    lam, p = (np.append(dense[n].values, coarse[n].values[kept]) for n in ("lam", "p"))
    times = np.append(dense.step.values, coarse.step.values[kept])
    with np.errstate(invalid="ignore"):
        gone = np.flatnonzero(~np.isfinite(lam) | ((lam < 0) & (start["b"] * p > start["a"])))
    return (times[: gone[0] + 1], lam[: gone[0] + 1], True) if gone.size else (times, lam, False)


def side_by_side(out: Path) -> list[Path]:
    """λ(t) of the four models at the base paper's parameters: a picture and a table."""
    figure = new_figure(11, 7.2)
    edge = np.sqrt(paper_start(TRUE)["a"])
    drawn = dict(zip((1.9, 2, 2.001, 2.003, 2.01, 2.1), plot.LINES))
    rows = {sigma: [] for sigma in SIGMAS}
    for ax, map_ in zip(figure.subplots(2, 2, sharex=True, sharey=True).flat, MODELS):
        for sigma in SIGMAS:
            times, lam, escaped = at_paper(map_, sigma)
            rows[sigma].append(cell(times, lam, escaped, 2 * edge))
            if sigma in drawn:
                _draw(ax, times, lam, escaped, drawn[sigma], f"σ = {sigma}")
        t = np.geomspace(1, TIMES[-1])
        ax.plot(t, np.sqrt(18**2 + 4 * edge**2 * t), color="0.4", lw=0.8, ls="--", zorder=0)
        if map_ in EDGES:
            ax.axhline(np.sqrt(EDGES[map_]) * edge, color="0.4", lw=0.8, ls=":", zorder=0)
        ax.set(xscale="log", yscale="log", xlim=(1, 1.5e6), ylim=(0.1, 1e3))
        ax.set_title(NAMES[map_], fontsize="medium")
        if map_ in MODELS[2:]:
            ax.set_xlabel("step  $t$")
        if map_ in MODELS[::2]:
            ax.set_ylabel(r"$\lambda$")
    figure.axes[1].legend(frameon=False, fontsize="small", loc="upper left")
    figure.suptitle(
        "CDAT from Figure 9's start (a = 0.05, b = ν = 0.1, λ₀ = 18, p₀ = g₀ = 4; delayed: η₀ = 0.05). "
        "×: escape;  dashed: √(λ₀² + 4at);  dotted: end of the line",
        fontsize="medium",
    )
    return [save(figure, out / "cubic_side_by_side.png"), _table(rows, out / "cubic_table.md")]


def _draw(ax, times, lam, escaped, color, label):
    """λ(t) as the band between its extremes in bins even in log t: a line where it is smooth."""
    edges = np.unique(np.geomspace(1, times[-1] + 1, 240).astype(int))
    first = np.flatnonzero(np.diff(np.digitize(times, edges), prepend=-1))
    low, high = np.minimum.reduceat(lam, first), np.maximum.reduceat(lam, first)
    low, middle = np.maximum(low, 0.01), np.maximum(np.sqrt(np.abs(low * high)), 0.01)
    ax.fill_between(times[first], low, high, color=color, alpha=0.35, lw=0)
    ax.plot(times[first], np.where(high > 1.2 * low, np.nan, middle), color=color, lw=1.2, label=label)
    ax.plot(times[first], low, color=color, lw=0.6)
    ax.plot(times[first], high, color=color, lw=0.6)
    if escaped:
        ax.plot(times[-1], 0.13, "x", color=color, ms=7, mew=1.8)


def cell(times, lam, escaped, low):
    """How one orbit goes, in words for the table."""
    if escaped:
        # From there on λ may be thrown up and fall again: when the orbit leaves for good hangs on the last bits.
        return f"below 2√a at {times[np.flatnonzero(lam < low)[0]]}, escapes"
    late = lam[times > times[-1] // 2]
    if late.max() / late.min() > 2:
        return f"stays between {late.min():.3g} and {late.max():.3g}"
    return " ".join(f"{lam[np.flatnonzero(times == t)[0]]:.4g}" for t in TIMES)


def _table(rows, path):
    lines = ["| σ | " + " | ".join(NAMES[m] for m in MODELS) + " |", "| --- " * (1 + len(MODELS)) + "|"]
    lines += [f"| {sigma} | " + " | ".join(cells) + " |" for sigma, cells in rows.items()]
    with whole(path) as file:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def window(out: Path) -> list[Path]:
    """Above σ = 2: a narrow bounded window, or none."""
    figure = new_figure(12, 4.2)
    axes = figure.subplots(1, 3)
    starts = {TRUE: (4e-3, 0.6225, 1.466, (0.9, 3e2)), maps.cdat: (3e-3, 1, 3, (0.7, 1e2))}
    for ax, (map_, (top, x, lam, limits)) in zip(axes, starts.items()):
        state = start = {"x": x, "lam": lam}
        for s in np.linspace(top / 240, top, 240):
            # An odd stride meets every phase of a cycle of even period.
            run = follow(map_, 80_000, every=299, sigma=2 + s, **state)
            late = run.lam.values[80:]
            # Each σ goes on from the end of the one before: transients from elsewhere can be very long.
            end = {n: run[n].values[-1] for n in map_.state if n != "u"}
            state = end if np.isfinite(list(end.values())).all() and 0 < end["lam"] < 1e6 else start
            late = late[(late > 0) & (late < 1e6)]
            ax.plot(np.full(late.size, s), late, ".", ms=0.8, mew=0, color=COLORS[map_])
        ax.set(yscale="log", xlim=(0, top), ylim=limits, xlabel=r"$\sigma - 2$", ylabel=r"$\lambda/\sqrt{a}$")
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-3, -3))
        ax.set_title(NAMES[map_] + ": followed up from σ = 2", fontsize="medium")
    s = np.geomspace(1e-5, 1e-1, 60)
    for map_ in (TRUE_DELAYED, maps.cdat, TRUE):
        life = core(map_, 1_000_000, x=1.0, lam=6, sigma=2 + s).lifetime.values
        done = life <= 1_000_000
        axes[2].plot(s[done], life[done], "o", ms=3, color=COLORS[map_], label=NAMES[map_])
    axes[2].plot(s, 1.6 / s, color="0.4", lw=0.8, ls="--", label=r"$1.6/(\sigma-2)$")
    axes[2].set(xscale="log", yscale="log", xlabel=r"$\sigma - 2$", ylabel="steps to the escape", ylim=(5, 2e6))
    axes[2].set_title(r"How soon it escapes, from $\lambda = 6\sqrt{a}$", fontsize="medium")
    axes[2].legend(frameon=False, fontsize="small", loc="lower left")
    return [save(figure, out / "cubic_window.png")]


def floor_mean(sigma, steps=20_000) -> np.ndarray:
    """⟨h⟩ of R' = R(1 − h)², h' = σ(1 + 1/R): the delayed rule where n's floor rules, h = ηλ, R = 2bpλ²/a²."""
    log_r, h = np.log(sigma / (2 - sigma)) + 0.3, np.full(np.shape(sigma), 2.0)
    total = np.zeros(np.shape(sigma))
    for t in range(steps):
        log_r, h = log_r + 2 * np.log(np.abs(1 - h)), sigma * (1 + np.exp(-log_r))
        total += h if t >= steps // 2 else 0
    return total / (steps - steps // 2)


def below(out: Path) -> list[Path]:
    """σ < 2: the floor of n, the runaway, and the Boole map."""
    figure = new_figure(12, 4.2)
    left, middle, right = figure.subplots(1, 3)
    for map_, name in ((TRUE, "no delay"), (TRUE_DELAYED, "delayed")):
        color, delayed = COLORS[map_], map_ is TRUE_DELAYED
        sigma = np.linspace(1.16 if delayed else 0.6, 1.99, 1500)
        end = core(map_, 20_000 + 1, x=1e-5, lam=1e5, sigma=sigma)
        left.plot(sigma, 2 * (end.p_final * end.lam_final**2).values, ".", ms=2, color=color, label=name)
        sigma = np.linspace(1.2 if delayed else 1.02, 1.97, 40)
        end = core(map_, 300_000, x=np.sqrt(floor(sigma, 1e-4)), lam=100, sigma=sigma)
        middle.plot(sigma, end.lam_final.values**2 / (1e4 + 1.2e6), "o", ms=4, color=color, label=name)
    fine = np.linspace(0.6, 1.99, 200)
    left.plot(fine, fine / (2 - fine), color="black", lw=1, label=r"$\sigma/(2-\sigma)$")
    left.set(yscale="log", ylim=(1e-3, 1e4), ylabel=r"$2bp\lambda^2/a^2$ after 20001 steps")
    left.set_title("The floor of n holds x up", fontsize="medium")
    fine = np.linspace(1.2, 1.97, 150)
    middle.plot(fine, floor_mean(fine) / 2, color="black", lw=1, label="delayed: ⟨h⟩/2 of the scaled map")
    middle.set(ylim=(0.8, 4), ylabel=r"$\lambda^2/(\lambda_0^2 + 4at)$ at $t = 3\cdot 10^5$")
    middle.set_title("The runaway is kept", fontsize="medium")
    for ax, place in ((left, "lower right"), (middle, "upper right")):
        ax.set_xlabel(r"$\sigma$")
        ax.axvline(1, color=COLORS[TRUE], lw=0.8, ls=":")
        ax.axvline(1.5, color=COLORS[TRUE_DELAYED], lw=0.8, ls=":")
        ax.legend(frameon=False, fontsize="small", loc=place)
    edges = np.linspace(-6, 6, 61)
    for s, color in zip((0.3, 0.5, 0.8), plot.LINES[2:]):
        run = follow(TRUE, 200_000, x=0.3e-8, lam=1e8, sigma=s)
        at = run.x.values * run.lam.values * np.sqrt(2)
        counts = np.histogram(at, edges)[0] / (at.size * np.diff(edges))
        right.plot((edges[1:] + edges[:-1]) / 2, counts, "o", ms=3, color=color, label=f"σ = {s}")
    at = np.linspace(-6, 6, 300)
    right.plot(at, 1 / (np.pi * (1 + at * at)), color="black", lw=1, label=r"$1/\pi(1+\xi^2)$")
    right.set(xlabel=r"$\xi = \lambda x\sqrt{2b}/a$", ylabel="density", ylim=(0, None))
    right.set_title("σ < 1, no delay: the Boole map", fontsize="medium")
    right.legend(frameon=False, fontsize="small")
    return [save(figure, out / "cubic_floor.png")]
