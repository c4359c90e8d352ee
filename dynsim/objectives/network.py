"""Dense network: a_l = φ(a_{l−1} W_l + b_l), o = a_{L−1} W_L + b_L, of any depth and width.

    f(w) = (1/N) Σ_i ℓ(o_i, y_i) + ½ weight_decay ‖w‖²

Source: the fully connected networks of Cohen et al. 2021, arXiv 2103.00065, and Roulet et al. 2024, arXiv 2407.06183.
"""

from collections.abc import Sequence

import numpy as np

from .. import checks
from ..tasks import checked
from ..training.dense import SCALINGS, Network, check_choice
from ..training.dense_math import ACTIVATIONS, LOSSES


def network(
    x: np.ndarray,
    y: np.ndarray,
    hidden: Sequence[int] | int = 64,
    *,
    activation: str = "tanh",
    loss: str = "squared",
    biases: bool = True,
    weight_decay: float = 0.0,
    scaling: str = "standard",
) -> Network:
    """A dense network on the data x (N, n_in), y (N, n_out); the loss is a mean over the N samples.

    Parameters
    ----------
    x, y : inputs and targets. For "cross_entropy" y holds a distribution over the classes in each row (one-hot, say);
        a row of N class numbers will do. For "logistic" y holds −1 or 1.
    hidden : the widths of the hidden layers; a number for one, () for a linear model.
    activation : "linear", "tanh", "relu" or "gelu" (its tanh form, Hendrycks and Gimpel 2016).
    loss : "squared" (½‖o − y‖²), "cross_entropy" (softmax) or "logistic" (Σ ln(1 + exp(−y o))).
    biases : whether layers have them.
    weight_decay : the coefficient of ½‖w‖², biases included.
    scaling : "standard", with W ~ N(0, gain²/n), or "ntk", with W ~ N(0, gain²) and the products divided by √n.

    Raises
    ------
    ValueError : an array is not numbers, not finite or of another shape; a choice that is not known.

    Examples
    --------
    >>> import dynsim as ds, numpy as np
    >>> f = ds.objectives.network(*ds.tasks.chebyshev(20), hidden=8)
    >>> f
    <dynsim objective network: 25 parameters, 20 samples>
    >>> w = f.start(seed=1)
    >>> bool(f.second(w, np.ones(f.size)) == f.second(w, -np.ones(f.size)))
    True
    """
    check_choice(activation, ACTIVATIONS, "activation")
    check_choice(loss, LOSSES, "loss")
    check_choice(scaling, SCALINGS, "scaling")
    x, y = checked(x, y, loss)
    try:
        decay = float(weight_decay)
    except (TypeError, ValueError):
        decay = -1.0
    if not 0 <= decay < np.inf:
        raise ValueError(f"weight_decay must be a number >= 0, not {weight_decay!r}.")
    if not isinstance(biases, (bool, int, np.bool_, np.integer)):
        raise ValueError(f"biases must be True or False, not {biases!r}.")
    return Network(x, y, _widths(hidden), activation, loss, bool(biases), decay, scaling, "network")


def _widths(hidden):
    """The widths of the hidden layers as a tuple."""
    try:
        if isinstance(hidden, (str, bool)):
            raise TypeError
        return tuple(checks.whole(width, "hidden", least=1) for width in ((hidden,) if np.isscalar(hidden) else hidden))
    except (TypeError, ValueError):
        raise ValueError(f"hidden must be widths of at least 1, not {hidden!r}.") from None
