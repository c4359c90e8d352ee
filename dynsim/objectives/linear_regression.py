"""Linear least squares: f(W, b) = (1/N) Σ_i ½‖Wᵀx_i + b − y_i‖² + ½ weight_decay ‖(W, b)‖².

Its Hessian is constant: (1/N) Σ_i x̄_i x̄_iᵀ for each output, x̄ = (x, 1), plus the decay. Nothing can sharpen.

Source: Gauss 1809. Roulet et al. 2024, arXiv 2407.06183, find that the classical tuners do well on a linear model.
"""

import numpy as np

from ..training.dense import Network
from .network import network


def linear_regression(x: np.ndarray, y: np.ndarray, *, biases: bool = True, weight_decay: float = 0.0) -> Network:
    """f = (1/N) Σ_i ½‖Wᵀx_i + b − y_i‖² + ½ weight_decay ‖w‖² on x (N, n_in), y (N, n_out); w holds W row by row, b.

    Raises
    ------
    ValueError : an array is not numbers, not finite or of another shape.

    Examples
    --------
    >>> import dynsim as ds
    >>> f = ds.objectives.linear_regression([[0.0], [1.0]], [1.0, 3.0])
    >>> f.loss([2.0, 1.0]), f.gradient([0.0, 0.0])
    (0.0, array([-1.5, -2. ]))
    """
    made = network(x, y, (), activation="linear", loss="squared", biases=biases, weight_decay=weight_decay)
    made.name = "linear_regression"
    return made
