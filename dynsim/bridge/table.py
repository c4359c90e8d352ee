"""The comparisons as Markdown: a summary for each loss, why predictions end, and every case."""

import numpy as np
import xarray as xr

from . import study

#: The columns, and their heads.
WHO = {
    "two_eigendirections": "truncated",
    "cubic_loss": "cubic loss",
    "local_cubic_1": "local, k = 1",
    "local_cubic_10": "local, k = 10",
    "unchanged": "unchanged",
    "linear": "linear",
}
CRITERIA = ("lam", "lam_change", "y")
BASELINES = ("unchanged", "linear")

HEAD = f"""# The reduced model beside training

Written by `dynsim train-compare`. For how many steps does a prediction made at the start hold? [How it was measured,
and what it says](../reduced-and-full.md).

Two-layer networks, width {study.WIDTH}, on {study.SAMPLES} digits, full batch; seeds {study.SEEDS[0]} and
{study.SEEDS[1]}. Each cell is **λ / change of λ / y**: up to which step λ, its change since the start, and y = ηλ − 2
stay within 10 % (of λ; of its largest change so far; of the largest \\|y\\| so far, or 0.02), without a break. −1: not
even at the start. At most {study.STEPS} steps, {study.LONG} where a constant rate is set at the edge.

Predictions: *truncated* and *cubic loss* are the closed loops of the landscapes `two_eigendirections` and
`cubic_loss` from what `ds.reduce` measures; *local, k* is the descent of the cubic expansion in the k top eigenvectors;
*unchanged* and *linear* (λ at its present rate) are the baselines."""


def horizon(case: xr.Dataset, who: str, criterion: str) -> int:
    return int(case.horizon.sel(who=who, criterion=criterion))


def stages(cases: list[xr.Dataset]) -> dict[str, list[xr.Dataset]]:
    """The cases by stage, in the order of the study."""
    found = {}
    for case in cases:
        found.setdefault(case.attrs["stage"], []).append(case)
    # A stage that the first network lacks has come in late.
    kinds = ["constant, set", "constant, tuned", "greedy", "CDAT σ = 1.9", "CDAT σ = 2,", "CDAT σ = 2.06"]
    return dict(sorted(found.items(), key=lambda item: [item[0].startswith(kind) for kind in kinds].index(True)))


def beats(cases: list[xr.Dataset], who: str, criterion: str) -> tuple[int, int, int]:
    """In how many cases a prediction outlasts both baselines, holds as long as the better one, and not so long."""
    signs = []
    for case in cases:
        best = max(horizon(case, base, criterion) for base in BASELINES)
        signs.append(np.sign(horizon(case, who, criterion) - best))
    return tuple(int(np.sum(np.array(signs) == sign)) for sign in (1, 0, -1))


def render(cases: list[xr.Dataset]) -> str:
    parts = [HEAD, "## Against the baselines", _against(cases)]
    for loss in study.LOSSES:
        own = [case for case in cases if case.attrs["loss"] == loss]
        parts += [f"## {_name(loss)}: medians over activations and seeds", _summary(own)]
    parts += ["## What was measured at the start, and how it changes", WHY, _why(cases)]
    parts += ["## Differences across kinks", _kinks(cases), "## Every case", _every(cases)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _name(loss):
    return loss.replace("_", "-").capitalize()


def _rows(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def _against(cases):
    rows = []
    for loss in study.LOSSES:
        for kind in ("constant, set", "constant, tuned", "greedy", "CDAT"):
            own = [c for c in cases if c.attrs["loss"] == loss and c.attrs["stage"].startswith(kind)]
            for criterion in ("lam_change", "y") if own else ():
                cells = ["{} / {} / {}".format(*beats(own, who, criterion)) for who in list(WHO)[:4]]
                rows.append([_name(loss), kind, {"lam_change": "change of λ", "y": "y"}[criterion], len(own), *cells])
    text = "In how many cases a prediction outlasts both baselines / holds as long as the better one / ends before it."
    return text + "\n\n" + _rows(["loss", "tuner", "what", "cases", *list(WHO.values())[:4]], rows)


def _summary(cases):
    rows = []
    for stage, own in stages(cases).items():
        cells = [
            " / ".join(f"{np.median([horizon(c, who, k) for c in own]):g}" for k in CRITERIA) for who in WHO
        ]  # fmt: skip
        rows.append([stage, len(own), *cells])
    return _rows(["start", "cases", *WHO.values()], rows)


WHY = """Medians. *unstable*: eigenvalues above 2/η. *ν⊥/λ*: near 1 where ∇f⊥ is itself an oscillation along other top
eigenvectors, so that a = −∇λ·∇f⊥ is that of the moment. *overlap*: \\|v·v₀\\| after 10 and 50 steps. *a, b*: measured
anew after 10 and 50 steps, over their value at the start."""


def _why(cases):
    rows = []
    for loss in study.LOSSES:
        for stage, own in stages([c for c in cases if c.attrs["loss"] == loss]).items():

            def median(values, digits=2):
                return f"{np.nanmedian(values):.{digits}g}"

            again = {
                name: [median([float(c.again.sel(number=name, after=t) / c[f"start_{name}"]) for c in own])
                       for t in (10, 50)]
                for name in ("a", "b")
            }  # fmt: skip
            rows.append([
                _name(loss), stage, median([study.unstable(c) for c in own]),
                median([float(c.start_nu_whole / c.start_lam) for c in own]),
                ", ".join(median([float(c.overlap[t]) for c in own]) for t in (10, 50)),
                ", ".join(again["a"]), ", ".join(again["b"]),
                f"{sum(bool(c.start_floor) for c in own)} of {len(own)}",
            ])  # fmt: skip
    return _rows(["loss", "start", "unstable", "ν⊥/λ", "overlap", "a/a₀", "b/b₀", "floor found"], rows)


def _kinks(cases):
    """ReLU: what the differences say of their own error."""
    rows = []
    for activation in study.ACTIVATIONS:
        own = [c for c in cases if c.attrs["activation"] == activation]
        errors = [[float(c[f"start_{n}_error"] / abs(c[f"start_{n}"])) for c in own] for n in ("a", "b")]
        rows.append([activation, *(f"{np.median(e):.1g}" for e in errors), *(f"{np.max(e):.1g}" for e in errors)])
    text = "Estimated relative errors of a and b: of the differences of Hessian-vector products that ∇λ is made from."
    return text + "\n\n" + _rows(["activation", "a, median", "b, median", "a, largest", "b, largest"], rows)


def _every(cases):
    rows = []
    for case in cases:
        attrs = case.attrs
        cells = [" / ".join(str(horizon(case, who, k)) for k in CRITERIA) for who in WHO]
        numbers = [float(case[f"start_{n}"]) for n in ("lam_here", "a", "b")]
        rows.append([
            f"{_name(attrs['loss'])}, {attrs['activation']}, {attrs['seed']}", attrs["stage"],
            f"{float(case.y.sel(who='training')[0]):.2f}", *(f"{number:.2g}" for number in numbers),
            study.unstable(case), *cells,
        ])  # fmt: skip
    return _rows(["network, seed", "start", "y₀", "λ₀", "a", "b", "unstable", *WHO.values()], rows)
