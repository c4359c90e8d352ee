"""Product maps of even losses: the threshold neuron's (arXiv 2212.07469, 2307.04204), the minimalist (2210.03294)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sympy as sp

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, below, compare, order, rows, seen

TITLE = "Product maps: threshold neuron, minimalist"
MAPS = ("log_cosh", "square_root", "minimalist")
ETAS = np.array([0.08, 0.04, 0.02])
#: What the sheet says of the final sharpness, 2/η − kη, and ηs at the start: 2.2 in units of the edge's s.
FINAL = {"log_cosh": (1.5, 2.2), "square_root": (1.0, 2.2), "minimalist": (0.5, 1.1)}
STEPS = 300_000


def claims() -> Iterator[Row]:
    yield from the_invariant()
    for name in MAPS:
        yield from final_sharpness(name)
    yield from coefficients()
    yield from the_printed_loss()
    yield from the_bound()
    yield from the_cycle()


def the_invariant() -> Iterator[Row]:
    """x² − y² is multiplied by 1 − η²ℓ'² on each step."""
    p, s, eta, slope = sp.symbols("p s eta slope", real=True)
    after = (p - eta * s * slope + eta**2 * p * slope**2, s - 4 * eta * p * slope + eta**2 * s * slope**2)
    rest = sp.expand(after[1] ** 2 - 4 * after[0] ** 2 - (1 - eta**2 * slope**2) ** 2 * (s**2 - 4 * p**2))
    yield from rows(
        "log_cosh",
        seen(
            "3 D", "x² − y² is multiplied by 1 − η²ℓ'² (its square, in symbols: remainder)", "0", str(rest), rest == 0
        ),
    )


def ends(name: str, etas=ETAS, starts=(1.0, 1.03)):
    """The distance (2/η − λ)/η at the end, from two starts above the edge."""
    high = FINAL[name][1]
    grid = np.array([[high * k / eta for k in starts] for eta in etas])
    over = {"eta": etas, "s": (("eta", "start"), grid)}
    p = 1.05 if name == "minimalist" else 0.05
    found = sweep(getattr(maps, name), STEPS, over, measures.final("lam"), p=p, progress=False)
    return ((2 / found.eta - found.lam_final) / found.eta).transpose("eta", "start").values


def final_sharpness(name: str) -> Iterator[Row]:
    want, tag = FINAL[name][0], "3 D"
    found = ends(name)
    statement = f"final λ = 2/η − kη + …: (2/η − λ)/η at η = {ETAS[-1]:g}"
    yield from rows(name, compare(tag, statement, want, found[-1, 0], 5e-3), shows="catapult")
    rate = order(ETAS, found[:, 0] - want)
    statement = "… what is left of 2/η − kη − λ vanishes as η² or faster (fitted order, two starts)"
    others = order(ETAS, found[:, 1] - want)
    measured = f"{rate + 1:.2f}, {others + 1:.2f}"
    yield from rows(name, seen(tag, statement, "≥ 2", measured, min(rate, others) + 1 >= 1.95))


def coefficients() -> Iterator[Row]:
    """η/|r''(0)| [M] against the coefficients stated, and all three from the flip normal form."""
    p = sp.Symbol("p", real=True)
    for name, ratio in (("log_cosh", sp.tanh(p) / p), ("square_root", 1 / sp.sqrt(1 + p**2))):
        bent = sp.limit(sp.diff(ratio, p, 2), p, 0)
        statement = "[M] the coefficient is 1/|r''(0)|, r(p) = ℓ'(p)/p: in symbols"
        want = FINAL[name][0]
        yield from rows(name, seen("3 M", statement, f"{want:g}", str(1 / abs(bent)), float(1 / abs(bent)) == want))
    losses = {
        "log_cosh": (sp.log(sp.cosh(p)), 0),
        "square_root": (sp.sqrt(1 + p**2), 0),
        "minimalist": ((p**2 - 1) ** 2 / 4, 1),
    }
    for name, (loss, at) in losses.items():
        found = selected(loss, at)
        statement = "k = ℓ''²/c, c = (ℓ'''/ℓ'')² − ℓ''''/(3ℓ''), from the flip normal form: in symbols"
        yield from rows(
            name, seen("3 (new)", statement, f"{FINAL[name][0]:g}", str(found), float(found) == FINAL[name][0])
        )


def selected(loss: sp.Expr, at) -> sp.Expr:
    """k in λ = 2/η − kη at the end, of a loss of p with its minimum at p = `at`.

    At the edge, ηℓ''s = 2, p moves by a flip with c = (ℓ'''/ℓ'')² − ℓ''''/(3ℓ'') to lowest order in η. On its 2-cycle
    ±δ the mean of pℓ' is ℓ''δ², as the shift of the mean of p cancels pℓ'''δ²/2, so s changes by η²sℓ'² − 4ηpℓ' =
    −2ηℓ''δ² a step and ηλ by −κδ² with κ = 2η²ℓ''². It stops at ηλ = 2 − κ/(2c).
    """
    p = sp.Symbol("p", real=True)
    second, third, fourth = (sp.diff(loss, p, k).subs(p, at) for k in (2, 3, 4))
    return sp.nsimplify(second**2 / ((third / second) ** 2 - fourth / (3 * second)))


def the_printed_loss() -> Iterator[Row]:
    """Which loss has the map that the sheet writes."""
    x, y, eta = sp.symbols("x y eta", real=True)
    stated = x - eta * (x**2 * y**2 - 1) * x * y**2
    for share, name in ((sp.Rational(1, 4), "¼"), (sp.Rational(1, 2), "½")):
        made = x - eta * sp.diff(share * (1 - x**2 * y**2) ** 2, x)
        same = sp.expand(made - stated) == 0
        statement = f"x' = x − η(x²y² − 1)xy² is gradient descent on {name}(1 − x²y²)²"
        yield from rows(
            "minimalist",
            seen(
                "3 D" if name == "¼" else "3 (sheet)",
                statement,
                "yes",
                "yes" if same else "no: its step is twice as long",
                same,
            ),
        )


def the_bound() -> Iterator[Row]:
    """[M] the paper's bound, over many starts."""
    etas = np.array([0.02, 0.04, 0.08])
    grid = {"eta": etas, "ratio": ("ratio", np.linspace(1.02, 1.5, 25)), "p": np.array([0.8, 0.95, 1.02, 1.1])}
    s = grid["ratio"][1][None, :] / etas[:, None]
    over = {"eta": etas, "s": (("eta", "ratio"), s), "p": grid["p"]}
    found = sweep(maps.minimalist, STEPS, over, [measures.final("lam"), measures.final("f")], progress=False)
    there = found.f_final < 1e-20
    k = ((2 / found.eta - found.lam_final) / found.eta).where(there)
    share, low, high = float(there.mean()), float(k.min()), float(k.max())
    statement = f"[M] final sharpness between 2/η − 20η/3 and 2/η, {there.size} starts with λ0 from 1.02 to 1.5 of 2/η"
    measured = f"(2/η − λ)/η from {low:.3g} to {high:.3g}; {share:.0%} converged"
    yield from rows(
        "minimalist", seen("3 M", statement, "0 to 20/3", measured, low > 0 and high < 20 / 3 and share == 1)
    )
    statement = "… 2/η − η/2 whatever the start: share of these starts within 10 % of η/2"
    close = float((abs(k / 0.5 - 1) < 0.1).mean())
    yield from rows("minimalist", seen("3 D", statement, "100 %", f"{close:.0%}", close == 1))


def the_cycle() -> Iterator[Row]:
    """Above the edge p is on a 2-cycle whose amplitude follows s."""
    eta = 0.01
    one = orbit(maps.log_cosh, 60_000, eta=eta, p=0.3, s=2.3 / eta)
    p, s = one.p.values[200:1000], one.s.values[200:1000]
    off = np.abs(np.tanh(p) / p * eta * s / 2 - 1).max()
    yield from rows(
        "log_cosh",
        below(
            "3 D",
            "above the edge p follows the 2-cycle ηs r(p) = 2, η = 0.01: largest relative error",
            float(off),
            1e-2,
        ),
        shows="2-cycles",
    )
    fell = float(one.s.values[0] * eta), float(one.s.values[-1] * eta)
    turned = bool((np.sign(p[1:]) == -np.sign(p[:-1])).all())
    yield from rows(
        "log_cosh",
        seen(
            "3 D",
            "… and ηλ falls to the edge while p changes sign at each step",
            "yes",
            f"ηs from {fell[0]:.3g} to {fell[1]:.3g} in 60000 steps",
            turned and fell[1] < 2.01,
        ),
        shows="oscillation at the edge",
    )


def figure(out: Path) -> list[Path]:
    drawn = new_figure(12, 3.8)
    first, second, third = drawn.subplots(1, 3)
    for color, k in zip(plot.LINES, (2.1, 2.3, 2.5)):
        one = orbit(maps.log_cosh, 30_000, every=2, eta=0.05, p=0.05, s=k / 0.05)
        first.plot(one.s * 0.05, np.abs(one.p), color=color, lw=1, label=f"$\\eta s_0$ = {k}")
    s = np.linspace(1.98, 2.5, 200)
    p = np.linspace(1e-3, 1.5, 300)
    first.plot(2 * p / np.tanh(p), p, "k:", label="2-cycles")
    first.set(xlabel="$\\eta s$", ylabel="$|p|$", xlim=(s[0], s[-1]), ylim=(0, 1.2), title="ln cosh(xy), η = 0.05")
    first.legend(fontsize="small")
    etas = np.geomspace(0.02, 0.3, 10)
    for color, name in zip(plot.LINES, MAPS):
        gap = ends(name, etas)[:, 0]
        second.plot(etas, gap, "o-", ms=3, color=color, label=name)
        second.axhline(FINAL[name][0], color=color, ls=":", lw=1)
    second.set(xlabel="$\\eta$", ylabel="$(2/\\eta - \\lambda)/\\eta$ at the end", xscale="log", ylim=(0, 1.8))
    second.set_xticks([0.02, 0.05, 0.1, 0.3], labels=["0.02", "0.05", "0.1", "0.3"])
    second.minorticks_off()
    second.set_title("final sharpness; dotted: theory")
    second.legend(fontsize="small")
    over = {"p": np.linspace(0.5, 1.5, 140), "s": np.linspace(20.1, 32, 140)}
    found = sweep(maps.minimalist, 40_000, over, [measures.final("lam"), measures.final("f")], eta=0.05, progress=False)
    found["end"] = ((2 / 0.05 - found.lam_final) / 0.05).where(found.f_final < 1e-9)
    found["end"].attrs = {"long_name": r"$(2/\eta - \lambda)/\eta$ at the end"}
    plot.phase_diagram(found, "end", ax=third, vmin=0.4, vmax=0.6)
    third.set(
        title="minimalist, η = 0.05 (grey: no minimum)", xlabel="initial $p = xy$", ylabel="initial $s = x^2 + y^2$"
    )
    return [save(drawn, out / "log_cosh.png")]
