"""Pictures of training runs."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from .. import checks
from ..colours import LINES
from ..labels import symbol

#: What is drawn unless something else is asked for; what was not recorded is left out.
USUAL = ("f", "eta", "lam", "eta_lam")
#: A name longer than that does not fit beside a panel.
LONG = 20
_LOGARITHMIC = ("f", "eta", "lam", "grad_norm", "n")


def plot_training(runs: xr.Dataset, names: Sequence[str] = (), ax=None, label: str = "", **line):
    """Draw training runs against the step, a panel for each quantity and a line for each run.

    Parameters
    ----------
    runs : what ds.descend returns.
    names : what to draw; by default the loss, η, λ and ηλ, as far as they were recorded.
    ax : as many axes as names; a new figure by default.
    label : of the runs in the legend; by default the values of what was swept.
    **line : passed to ``Axes.plot``.

    Returns
    -------
    1-D numpy array of Axes. A dashed line in the panel of ηλ marks the optimizer's edge of stability.

    Examples
    --------
    >>> import dynsim as ds
    >>> bowl = ds.objectives.quadratic([1.0, 10.0])
    >>> runs = ds.descend(bowl, ds.tuners.cdat, 50, over={"sigma": [1.0, 1.9]}, sharpness=1)
    >>> axes = ds.plot.training(runs)
    >>> [axis.get_ylabel() for axis in axes[:2]]
    ['loss  $f$', 'learning rate  $\\\\eta$']
    """
    if not isinstance(runs, xr.Dataset) or "step" not in runs.dims or "lifetime" not in runs:
        raise ValueError("these are no training runs: draw what ds.descend returns.")
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        checks.known_name(name, [n for n in runs.data_vars if "step" in runs[n].dims], "name", " in these runs")
    names = names or tuple(n for n in USUAL if n in runs.data_vars and runs[n].notnull().any())
    if ax is None:
        _, ax = plt.subplots(1, len(names), figsize=(3.1 * len(names), 2.7), layout="constrained", squeeze=False)
    panels = np.ravel(ax)
    if panels.size < len(names):
        raise ValueError(f"{len(names)} names need {len(names)} axes, not {panels.size}; give ax= more.")
    for panel, name in zip(panels, names):
        _draw(panel, runs, name, label, line)
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(frameon=False, fontsize="small")
    return panels


def _draw(panel, runs, name, label, line):
    swept = [dim for dim in runs[name].dims if dim != "step"]
    stacked = runs[name].stack(run=swept) if swept else runs[name].expand_dims("run")
    drawn = sum(one.get_gid() == "run" for one in panel.lines)
    many = stacked.sizes["run"] > len(LINES)
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.9, stacked.sizes["run"]))
    for i in range(stacked.sizes["run"]):
        one = stacked.isel(run=i)
        one = one.where(np.abs(one) < 1e100).dropna("step")  # a log axis ends there
        text = label or ", ".join(f"${symbol(dim)}$ = {float(one[dim]):g}" for dim in swept if dim in one.coords)
        color = shades[i] if many else LINES[(drawn + i) % len(LINES)]
        shown = text and (not many or i in (0, stacked.sizes["run"] - 1))
        style = {"lw": 1.2, "color": color, "gid": "run", "label": text if shown else "_"}
        panel.plot(one.step, one.values, **style | line)
    attrs = runs[name].attrs
    panel.set_xlabel("step  $t$")
    what = attrs.get("long_name", "") if len(attrs.get("long_name", "")) <= LONG else ""
    panel.set_ylabel(f"{what}  ${attrs['symbol']}$".strip() if "symbol" in attrs else name)
    if name in _LOGARITHMIC and stacked.min() > 0:
        panel.set_yscale("log")
        # A run that diverges must not press the others flat.
        top = 30 * float(stacked.isel(step=0).max())
        if name != "eta" and stacked.max() > top:
            panel.set_ylim(float(stacked.min()) / 2, top)
    edge = runs.attrs.get("edge", np.nan)
    if name == "eta_lam" and np.isfinite(edge) and not drawn:
        panel.axhline(edge, color="0.5", lw=0.9, ls="--", zorder=0)
        panel.set_ylim(0, max(min(2 * edge, float(stacked.max()) * 1.1), edge * 1.1))
