"""The open question (Roulet et al. 2024, arXiv 2407.06183): what gives CDAT a range of σ? One direction, four terms."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps
from ..labels import named
from ..orbits import orbit
from .open_question_pictures import damping, fourth_derivative
from .quartic import DELAYED, UNDELAYED, A, B, edge, fates, run, run_damped, settles_at, stays, width
from .rows import Row, below, compare, order, rows, seen

TITLE = "Open question: the quartic loss"
MAPS = ("quartic_cdat_undelayed", "quartic_cdat", "quartic_cdat_noisy")
FIGURES = ("open_question", "open_question_damping")
NOISY = maps.quartic_cdat_noisy
STEPS = 100_000
BESIDE = np.array([1.7, 1.8, 1.9, 1.95, 1.98, 2.02, 2.05, 2.1, 2.2, 2.4, 2.6])
SIZES = np.geomspace(3e-3, 1, 13)


def claims() -> Iterator[Row]:
    for map_ in (UNDELAYED, DELAYED):
        yield from the_state(map_)
        yield from where_it_attracts(map_)
        yield from how_wide(map_)
        yield from what_makes_none(map_)
    yield from damping_alone()
    yield from a_cycle_of_four()
    yield from noise_raises_it()
    yield from what_noise_leaves()
    yield from noise_alone()


def the_state(map_) -> Iterator[Row]:
    sigma, size = np.array([2.01, 2.05, 2.1, 2.15]), 0.2
    found = run(map_, STEPS, sigma, size)
    off = np.abs(found.lam_final.values[:, 0] / settles_at(sigma, size) - 1).max()
    statement = "λ settles at (6 − σ)qa/((σ − 2)b): largest relative error, σ = 2.01, 2.05, 2.1, 2.15, q√a/b = 0.2"
    yield from rows(map_.name, below("3 (new)", statement, off, 1e-9), shows="range of σ")
    q = size * B / np.sqrt(A)
    lam = settles_at(2.1, size)
    values = {"sigma": 2.1, "a": A, "b": B, "nu": 0, "zeta": 0, "q": q}
    state = {"x": np.sqrt(A / B), "u": 0.0, "lam": lam, "eta": 2 / (lam + q * A / B)}
    begun = after = [state[n] for n in map_.state]
    for _ in range(2):
        after = map_.step(*after, **values)
    off = np.abs(np.subtract(after, begun)).max()
    statement = "… and there x² = a/b, η(λ + qa/b) = 2, x changing sign: two steps from it come back within (σ = 2.1)"
    yield from rows(map_.name, below("3 (new)", statement, off, 1e-14), shows="2-cycles")


def where_it_attracts(map_) -> Iterator[Row]:
    """The smallest q at which an orbit from 1e-4 beside the state settles, and at all larger ones of the grid."""
    law = "λ² = a(6 − σ)³/(4(σ² − 6σ + 12))" if map_ is UNDELAYED else "a multiplier of modulus 1 (Jury)"
    for sigma in (2.02, 2.1, 2.3):
        want = edge(map_, sigma)
        grid = want * np.linspace(0.98, 1.02, 401)
        settled = named(run(map_, STEPS, sigma, grid, nudge=1 + 1e-4).regime).values[0] == "settled"
        statement = f"it attracts down to {law}: the smallest q√a/b that settles, σ = {sigma}"
        yield from rows(map_.name, compare("3 (new)", statement, want, _first(grid, settled), 1e-3))


def _first(grid, settled):
    """The smallest value from which on all of the grid settled; NaN where the grid does not reach both sides."""
    left = np.flatnonzero(~settled)
    return grid[left[-1] + 1] if left.size and left[-1] + 1 < grid.size else np.nan


def how_wide(map_) -> Iterator[Row]:
    sizes = np.array([0.04, 0.02, 0.01, 0.005])
    found = []
    for size in sizes:
        grid = width(map_, size) * np.linspace(1.03, 0.97, 301)
        regime = run(map_, STEPS, 2 + grid, size, nudge=1 + 1e-4).regime
        found.append(_first(grid, named(regime).values[:, 0] == "settled"))
    factor, text = (2, "2q√a/b") if map_ is UNDELAYED else (1, "q√a/b, half of that")
    ratio = np.array(found) / (factor * sizes)
    statement = f"the range is 2 < σ < 2 + {text}: ratio of the measured width at q√a/b = {sizes[-1]}"
    yield from rows(map_.name, compare("3 (new)", statement, 1.0, float(ratio[-1]), 1e-2), shows="range of σ")
    rate = order(sizes, ratio - 1)
    yield from rows(
        map_.name,
        seen("3 (new)", "… to first order: the order in q√a/b of what is left", "≥ 0.9", f"{rate:.2f}", rate >= 0.9),
    )


def what_makes_none(map_) -> Iterator[Row]:
    found = fates(run(map_, STEPS, BESIDE[BESIDE < 2], SIZES))
    statement = "q > 0, σ < 2: runs away (σ = 1.7 to 1.98, q√a/b = 0.003 to 1)"
    yield from rows(map_.name, seen("3 (new)", statement, "runaway", found, found == "runaway"))
    found = run(map_, STEPS, BESIDE, -SIZES)
    statement = "q < 0: no range (σ = 1.7 to 2.6 but for 2, −q√a/b = 0.003 to 1)"
    yield from _none_stays(map_.name, statement, found)


def _none_stays(name, statement, found):
    kept = stays(found)
    measured = f"{int(kept.sum())} of {kept.size} stay; {fates(found)}"
    yield from rows(name, seen("3 (new)", statement, "none stays", measured, not kept.any()))


def damping_alone() -> Iterator[Row]:
    found = run_damped(UNDELAYED, STEPS, BESIDE, np.linspace(0, 1.5, 16))
    statement = "½ζx³ alone, q = 0, no delay: no range (ζ = 0 to 1.5, b = ½, σ = 1.7 to 2.6 but for 2)"
    yield from _none_stays(UNDELAYED.name, statement, found)
    found = run_damped(DELAYED, STEPS, BESIDE[BESIDE < 2], np.linspace(0, 1.5, 16))
    yield from _none_stays(DELAYED.name, "½ζx³ alone, q = 0, delayed: none below σ = 2", found)


def a_cycle_of_four() -> Iterator[Row]:
    """With its delay and ½ζx³ CDAT has a cycle of period 4 above σ = 2; it is followed up in σ until it is lost."""
    ends = {}
    for zeta in (0.8, 1.0, 1.2):
        state = {"x": 1.05 * np.sqrt(A / B), "lam": 10 * zeta * np.sqrt(A / B)}
        state["eta"] = 2 / state["lam"]
        found = []
        for sigma in np.arange(2.005, 2.3, 0.005):
            values = {"a": A, "b": B, "q": 0, "zeta": zeta, "nu": 0, "u": 0, "sigma": sigma}
            late = orbit(DELAYED, 20_000, **values, **state).isel(step=slice(-9, None))
            x = late.x.values
            if not (np.abs(x[4:] - x[:-4]).max() < 1e-9 < 1e-3 < np.abs(x[2:] - x[:-2]).max()):
                break
            found.append((sigma, float(late.lam[-4:].mean()) / (zeta * np.sqrt(A / B))))
            state = {n: float(late[n][-1]) for n in ("x", "lam", "eta")}
        ends[zeta] = np.array(found).reshape(-1, 2)
    measured = ", ".join(f"to {e[-1, 0]:.3f} at ζ = {z}" if len(e) else f"none at ζ = {z}" for z, e in ends.items())
    statement = "½ζx³ alone, q = 0, delayed: a cycle of period 4 attracts from σ = 2.005 up, b = ½"
    held = all(len(e) > 1 for e in ends.values())
    yield from rows(DELAYED.name, seen("3 (new)", statement, "for an interval of σ", measured, held))
    every = np.concatenate([e[:, 1] for e in ends.values()])
    measured = f"{every.min():.3f} to {every.max():.3f}" if every.size else "none"
    statement = "… on it the mean of λ is about 9.4 ζ√(a/b), whatever σ: λ/(ζ√(a/b))"
    near = bool(every.size) and every.min() > 9.1 and every.max() < 9.5
    yield from rows(DELAYED.name, seen("3 (new)", statement, "9.1 to 9.5", measured, near))


def noisy(strength, sigma, size, steps=STEPS, seeds=16, go=run, **values):
    """The undelayed map in noise of strength S = s√b/a."""
    return go(NOISY, steps, sigma, size, over={"seed": range(seeds)}, s=strength * A / np.sqrt(B), **values)


def noise_raises_it() -> Iterator[Row]:
    """By s²b²/(2qa²), that is S²/(2Q) in units of √a: twice that from the spread of x, less once from the noise."""
    size, strength = 0.1, 0.3
    sigma = np.array([2.02, 2.04, 2.06])
    found = noisy(strength, sigma, size, steps=400_000).squeeze("Q")
    shift = (found.lam_mean - settles_at(found.sigma, size)) / (strength**2 / (2 * size) * np.sqrt(A))
    mean, error = shift.mean("seed"), shift.std("seed", ddof=1) / np.sqrt(shift.sizes["seed"])
    shown = ", ".join(f"{m:.3f} ± {2 * e:.1g}" for m, e in zip(mean.values, error.values))
    statement = (
        "weak noise raises the mean of λ by s²b²/(2qa²), whatever σ: ratio at s√b/a = 0.3, q√a/b = 0.1, "
        "σ = 2.02, 2.04, 2.06"
    )
    near = (abs(mean - 1) <= 0.1 + 2 * error).all()
    yield from rows(NOISY.name, seen("3 (new)", statement, "1 ± 0.1", shown, near))


def what_noise_leaves() -> Iterator[Row]:
    """The largest σ − 2, in parts of the width without noise, at which all seeds are held, and at all smaller ones."""
    share, size = np.geomspace(1e-3, 1, 70), 0.1
    full, kept = width(UNDELAYED, size), {}
    for strength in (0.1, 0.3, 1.0, 3.0):
        found = noisy(strength, 2 + share * full, size, steps=50_000)
        mean = settles_at(found.sigma, size) + strength**2 / (2 * size) * np.sqrt(A)
        near = (found.lam_mean > mean / 2) & (found.lam_mean < 2 * mean) & (named(found.regime) != "escaped")
        held = np.append(near.all("seed").values[:, 0], False)
        kept[strength] = share[np.argmin(held) - 1] if held[0] else 0.0
    measured = ", ".join(f"{100 * v:.2g} % at {s:g}" for s, v in kept.items())
    statement = (
        "the range survives noise, narrower: the part of 2 < σ < σ_c in which 16 of 16 seeds keep λ within a factor "
        "of 2 for 50000 steps, over s√b/a (q√a/b = 0.1)"
    )
    least = min(kept.values())
    yield from rows(NOISY.name, seen("3 (new)", statement, "> 0 at each", measured, least > 0), shows="range of σ")


def noise_alone() -> Iterator[Row]:
    """Noise makes no range of its own, with ½ζx³ or without, nor one below σ = 2 beside q > 0."""
    for zeta in (0.0, 0.7):
        found = noisy(0.3, BESIDE, zeta, seeds=4, go=run_damped)
        statement = f"q = 0, ζ = {zeta:g}: noise makes no range (no delay, s√b/a = 0.3, σ = 1.7 to 2.6 but for 2)"
        yield from _none_stays(NOISY.name, statement, found)
    found = noisy(0.3, BESIDE[BESIDE < 2], SIZES[::3], seeds=4)
    statement = "q > 0, σ < 2: none with noise either (s√b/a = 0.3, q√a/b = 0.003 to 1)"
    yield from _none_stays(NOISY.name, statement, found)


def figure(out: Path) -> list[Path]:
    return [fourth_derivative(out / "open_question.png"), damping(out / "open_question_damping.png")]
