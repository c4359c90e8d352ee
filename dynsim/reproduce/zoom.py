"""A boundary of CDAT's regimes, refined, and magnified twice by a hundred."""

from pathlib import Path

import numpy as np

from .. import adaptive, maps, plot
from ..adaptive.refinement import refine
from .figures import new_figure, save

#: CDAT at σ = 2 with little in the second direction: what settles, and what escapes, over a and the start.
VALUES = {"sigma": 2, "lam": 2, "nu": 0.2, "b": 1, "u": 1e-3, "eta": 1}
STEPS = 2000
#: Where the tongues of what escapes begin; the windows are centred on the vertex of the boundary next to it.
TARGET = {"a": 1.0, "x": 1.0}


def zoomed(resolution: float = 1 / 2048) -> list:
    """Three diagrams: all of it, and windows 100 and 10,000 times smaller around a point of the boundary."""
    found, over = [], {"a": (0.1, 5.1), "x": (0.1, 3.1)}
    centre, span = TARGET, {name: high - low for name, (low, high) in over.items()}
    for magnified in (1, 100, 10_000):
        if magnified > 1:
            line = adaptive.boundary(found[-1], ("settled", "escaped"))
            near = int(np.argmin(sum(((line[n].values - centre[n]) / span[n]) ** 2 for n in over)))
            centre = {n: float(line[n][near]) for n in over}
            over = {n: (c - span[n] / magnified / 2, c + span[n] / magnified / 2) for n, c in centre.items()}
        found.append(refine(maps.cdat, STEPS, over, resolution=resolution, points=2_000_000, **VALUES))
    return found


def zoom(out: Path, resolution: float = 1 / 2048) -> list[Path]:
    """Each diagram; in it, the window of the next."""
    found = zoomed(resolution)
    figure = new_figure(12.5, 4.6)
    axes = figure.subplots(1, 3)
    for k, (ax, diagram) in enumerate(zip(axes, found)):
        plot.phase_diagram(diagram, "regime", ax=ax, colorbar=k == 2, lines=False)
        share = diagram.sizes["point"] / (diagram.cells + 1) ** 2
        ax.set_title(f"×{100**k}: {diagram.sizes['point']} points, {100 * share:.2g} % of {diagram.cells}²", size=9)
        ax.ticklabel_format(useOffset=False)
        ax.tick_params(labelsize=7)
        ax.locator_params(nbins=4)
        if k < 2:
            centre = [float(np.mean([found[k + 1][n].min(), found[k + 1][n].max()])) for n in ("a", "x")]
            ax.plot(*centre, "s", ms=9, mfc="none", mec="white", mew=2.6)
            ax.plot(*centre, "s", ms=9, mfc="none", mec="black", mew=1.2)
    figure.suptitle(f"CDAT at σ = 2 after {STEPS} steps (λ₀ = 2, ν = 0.2, b = 1, g₀ = 10⁻⁶): "
                    "a boundary, magnified at the square", size="medium")  # fmt: skip
    return [save(figure, out / "boundary_zoom.png")]
