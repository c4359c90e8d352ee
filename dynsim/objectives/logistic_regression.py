"""Logistic regression, with o = Wᵀx + b: f(W, b) = (1/N) Σ_i ℓ(o_i, y_i) + ½ weight_decay ‖(W, b)‖².

    ℓ = −Σ_k y_k ln softmax(o)_k      for y of class numbers, or of rows of shares (multinomial)
    ℓ = Σ_k ln(1 + exp(−y_k o_k))     for y of −1 and 1 (binary)

Convex; where a hyperplane separates the data and there is no decay, it has no minimum, and its sharpness falls to 0.

Source: Cox 1958; McFadden 1974. As a test of stepsize tuners: Roulet et al. 2024, arXiv 2407.06183.
"""

import numpy as np

from ..training.dense import Network
from .network import network


def logistic_regression(x: np.ndarray, y: np.ndarray, *, biases: bool = True, weight_decay: float = 0.0) -> Network:
    """f = (1/N) Σ_i ℓ(Wᵀx_i + b, y_i) + ½ weight_decay ‖w‖² on x (N, n_in); w holds W row by row, then b.

    Parameters
    ----------
    x : inputs.
    y : N numbers −1 or 1, or rows of them: binary. N class numbers 0, 1, …, or rows of shares (one-hot, say):
        multinomial.
    biases : whether there is b.
    weight_decay : the coefficient of ½‖w‖², biases included.

    Raises
    ------
    ValueError : an array is not numbers, not finite or of another shape; y is none of these.

    Examples
    --------
    >>> import dynsim as ds
    >>> binary = ds.objectives.logistic_regression([[0.0], [1.0]], [-1, 1])
    >>> three = ds.objectives.logistic_regression([[0.0], [1.0], [2.0]], [0, 1, 2])
    >>> binary.size, three.size, binary.loss_name, three.loss_name
    (2, 6, 'logistic', 'cross_entropy')
    """
    signs = np.asarray(y)
    loss = "logistic" if signs.dtype.kind in "fiu" and np.isin(signs, (-1, 1)).all() else "cross_entropy"
    made = network(x, y, (), activation="linear", loss=loss, biases=biases, weight_decay=weight_decay)
    made.name = "logistic_regression"
    return made
