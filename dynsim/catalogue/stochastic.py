"""Noise (Liao, Kolomvaki, Kyrillidis 2026, arXiv 2604.21016): the gap that it keeps below the edge."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from .. import landscapes, maps, measures, plot
from ..ensembles import ensemble
from ..model import Map
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, rows, seen

TITLE = "Noise"
MAPS = ("stochastic", "damped_noisy")
NOISE = np.geomspace(1e-5, 0.2, 20)
SEEDS, STEPS, SKIP = 32, 200_000, 20_000
VALUES = {"eta": 1.0, "a": 1e-3, "b": 0.3, "lam": 1.99, "x": 0.05}


def _push(x, lam, eta):
    y = lam - 2 / eta
    return y * y * (x * x)


def _pull(x, a, b):
    rest = a - b * x * x
    return rest * rest


#: The stochastic map, with the two averages that the exact identity needs.
WATCHED = Map(
    maps.stochastic.step,
    "stochastic",
    {"p": landscapes.noisy_eigendirection.functions["p"], "push": _push, "pull": _pull},
)


@cache
def gaps() -> xr.Dataset:
    """Gap, exact identity and short formula over the noise, for each seed."""
    means = [measures.mean(name, skip=SKIP) for name in ("lam", "p", "push", "pull")]
    found = sweep(
        WATCHED, STEPS, {"s": NOISE, "seed": range(SEEDS)}, [*means, measures.lifetime()], progress=False, **VALUES
    )
    eta, a, b = (VALUES[n] for n in ("eta", "a", "b"))
    inside = found.lifetime > STEPS
    gap = 2 / eta - found.lam_mean
    exact = eta / (4 * a) * (2 * b * found.s**2 + 2 * b * found.push_mean + 2 * found.pull_mean)
    per_seed = {"gap": gap, "exact": exact, "apart": gap - exact, "p": found.p_mean}
    lasting = inside.all("seed")
    result = ensemble(xr.Dataset(per_seed).where(lasting))
    return result.assign(short=eta * b * found.s**2 / (2 * a), lasting=lasting, share=inside.mean("seed"))


def claims() -> Iterator[Row]:
    found = gaps()
    here = found.where(found.lasting, drop=True)
    yield from the_identity(found, here)
    off = abs(here.p * VALUES["b"] / VALUES["a"] - 1) / (here.p_error * VALUES["b"] / VALUES["a"])
    statement = f"E x² = 2α/β = a/b: largest distance in standard errors, {here.s.size} strengths of noise"
    yield from rows("stochastic", seen("3 D", statement, "≤ 3.5", f"{off.max().item():.2f}", off.max() <= 3.5))
    yield from the_short_formula(here)
    yield from the_ends(found)
    yield from damped()


def the_identity(found, here) -> Iterator[Row]:
    """Two readings of the standard error: of the gap, and of the paired difference, which is much smaller."""
    total, lo, hi = here.s.size, float(here.s.min()), float(here.s.max())
    own = abs(here.apart) / here.gap_error
    measured = f"{int((own <= 2).sum())} of {total}; largest {own.max().item():.2f}"
    statement = (
        f"gap = (η/4α)(βs² + βE[Y²x²] + 2E(α − βx²/2)²), s from {lo:.1g} to {hi:.2g}: within 2 standard "
        "errors of the gap"
    )
    yield from rows("stochastic", seen("3 D", statement, f"{total} of {total}", measured, (own <= 2).all()))
    paired = abs(here.apart) / here.apart_error
    within = int((paired <= 2).sum())
    statement = "… within 2 standard errors of the paired difference, of which 1 in 20 lies outside by chance"
    least = total - 3
    yield from rows(
        "stochastic",
        seen(
            "3 D",
            statement,
            f"≥ {least} of {total}, all ≤ 4",
            f"{within} of {total}; largest {paired.max().item():.2f}",
            within >= least and paired.max() <= 4,
        ),
    )


def the_short_formula(here) -> Iterator[Row]:
    ratio = here.gap / here.short
    error = here.gap_error / here.short
    statement = "the short formula ηβs²/(4α) is a lower bound of the gap: smallest gap/formula"
    yield from rows(
        "stochastic", seen("3 D", statement, "≥ 1", f"{ratio.min().item():.4g}", (ratio + 2 * error >= 1).all())
    )
    close = float(abs(ratio - 1).min())
    best = float(here.s[int(np.argmin(abs(ratio - 1).values))])
    statement = "gap ≈ ηβs²/(4α): within 10 % somewhere between weak and strong noise"
    measured = (
        f"closest at s = {best:.2g}, {close:.1%} above; at the ends {ratio[0].item():.3g} and "
        f"{ratio[-1].item():.3g} times it"
    )
    yield from rows("stochastic", seen("3 P", statement, "≤ 10 %", measured, close <= 0.1), shows="noise gap")


def the_ends(found) -> Iterator[Row]:
    gone = found.s.where(~found.lasting, drop=True)
    statement = f"the motion diverges under strong noise ({SEEDS} seeds, {STEPS} steps, α = 1e-3, β = 0.6, η = 1)"
    measured = f"some seeds from s = {gone.min().item():.3g} on; all at s = {NOISE[-1]:.2g}" if gone.size else "none"
    yield from rows(
        "stochastic", seen("3 D", statement, "yes", measured, gone.size > 0 and found.share[-1] == 0), shows="escape"
    )


def damped() -> Iterator[Row]:
    """Damping and noise together: the short formula, where the fluctuations that it leaves out are damped."""
    noise = np.array([0.0, 0.002, 0.005, 0.01, 0.02])
    late = [measures.mean(n, skip=SKIP) for n in ("lam", "p")]
    over = {"s": noise, "seed": range(16)}
    found = ensemble(sweep(maps.damped_noisy, STEPS, over, late, a=1e-3, zeta=0.7, lam=1.99, progress=False))
    calm, found = found.isel(s=0), found.isel(s=slice(1, None))
    off = abs(found.p_mean / 2e-3 - 1) / (found.p_mean_error / 2e-3)
    statement = "damped and noisy (ζ = 0.7): E x² = 2a all the same, largest distance in standard errors"
    yield from rows("damped_noisy", seen("3 D", statement, "≤ 3.5", f"{off.max().item():.2f}", off.max() <= 3.5))
    short = found.s**2 / (4 * 1e-3)
    ratio = ((calm.lam_mean - found.lam_mean) / short).values
    error = (found.lam_mean_error / short).values
    shown = [f"{r:.3g} ± {2 * e:.1g}" for r, e in zip(ratio, error)]
    statement = "… what stronger noise adds to its gap is the short formula ηβs²/(4α): their ratio at s = 0.01, 0.02"
    near = (abs(ratio[2:] - 1) <= 0.1).all()
    yield from rows(
        "damped_noisy", seen("3 (new)", statement, "1 ± 0.1", ", ".join(shown[2:]), near), shows="noise gap"
    )
    statement = "… and what weak noise adds, s = 0.002, 0.005"
    lowers = (ratio[:2] > 0).all()
    yield from rows("damped_noisy", seen("3 (new)", statement, "> 0", ", ".join(shown[:2]), lowers))


def figure(out: Path) -> list[Path]:
    found = gaps()
    here = found.where(found.lasting, drop=True)
    drawn = new_figure(7, 4.6)
    ax = drawn.subplots()
    ax.errorbar(
        here.s, here.gap, 2 * here.gap_error, fmt="o", ms=4, color=plot.LINES[0], label="measured, ± 2 standard errors"
    )
    ax.plot(here.s, here.exact, color=plot.LINES[1], label="exact identity, its averages measured")
    ax.plot(found.s, found.short, color=plot.LINES[2], ls="--", label="short formula ηβs²/(4α)")
    ax.set(xscale="log", yscale="log", xlabel="noise $s$", ylabel="gap $2/\\eta - E\\,\\lambda$", ylim=(1e-4, 10))
    gone = found.s.where(~found.lasting, drop=True)
    if gone.size:
        ax.axvspan(gone.min().item(), NOISE[-1], color="0.85", lw=0)
        ax.text(gone.min().item() * 1.05, 2e-4, "some seeds\ndiverge", size=8)
    ax.set_title(f"α = 0.001, β = 0.6, η = 1; {SEEDS} seeds of {STEPS:,} steps", fontsize="medium")
    ax.legend(loc="upper left", fontsize="small")
    return [save(drawn, out / "stochastic.png")]
