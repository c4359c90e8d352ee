"""Data to train on: inputs x of shape (N, n_in) and targets y of shape (N, n_out); random quadratic models."""

import numpy as np

from . import checks


def checked(x, y, loss: str = "squared") -> tuple[np.ndarray, np.ndarray]:
    """x and y as arrays that a network can take; class numbers become one-hot rows where the loss is over classes.

    Raises
    ------
    ValueError : not numbers, not finite, of another shape or length, or targets that the loss cannot take.
    """
    x, y = _numbers(x, "x"), _numbers(y, "y")
    if x.ndim != 2 or not x.size:
        raise ValueError(f"x must have shape (samples, inputs), not {x.shape}" + _hint(x) + ".")
    if y.ndim == 1 and loss == "cross_entropy":
        classes = y.astype(int)
        if (classes != y).any() or classes.min(initial=0) < 0:
            raise ValueError("y holds class numbers 0, 1, …, or one row of shares for each sample.")
        y = np.zeros((len(classes), classes.max(initial=0) + 1))
        y[np.arange(len(classes)), classes] = 1
    elif y.ndim == 1:
        y = y[:, None]
    if y.ndim != 2 or not y.shape[-1]:
        raise ValueError(f"y must have shape (samples, outputs), not {y.shape}.")
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} samples, but y has {len(y)}; they must be as many.")
    if loss == "cross_entropy" and y.shape[1] < 2:
        raise ValueError("for cross_entropy y must have two classes at least; class numbers go in a row, as y.ravel().")
    if loss == "cross_entropy" and ((y < 0).any() or not np.allclose(y.sum(1), 1)):
        raise ValueError("for cross_entropy each row of y must be shares >= 0 that add up to 1.")
    if loss == "logistic" and not np.isin(y, (-1, 1)).all():
        raise ValueError("for logistic y must hold -1 and 1 only.")
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def _numbers(array, name):
    array = checks.numbers(array, name)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite numbers; leave these samples out.")
    return array


def _hint(x):
    if x.ndim == 1 and x.size:
        return "; write x[:, None] for one input"
    return "; write x.reshape(len(x), -1) to flatten images" if x.ndim > 2 and x.size else ""


def digits(samples: int = 1797, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The UCI handwritten digits: x (samples, 64), each pixel with mean 0 and all with variance 1; y one-hot over 10.

    Parameters
    ----------
    samples : how many of the 1797, drawn at random without replacement.
    seed : of that draw.

    Raises
    ------
    ImportError : scikit-learn, which carries the data, is missing: ``pip install dynsim[data]``.

    Examples
    --------
    >>> import dynsim as ds
    >>> x, y = ds.tasks.digits(512)  # doctest: +SKIP
    """
    samples = checks.whole(samples, "samples", least=1)
    if samples > 1797:
        raise ValueError(f"there are 1797 digits, not {samples}.")
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("the digits come with scikit-learn: pip install 'dynsim[data]'.") from None
    data = load_digits()
    x = data.data - data.data.mean(0)
    rows = np.random.default_rng(checks.whole(seed, "seed")).permutation(1797)[:samples]
    return np.ascontiguousarray(x[rows] / x.std()), np.eye(10)[data.target[rows]]


def chebyshev(samples: int = 20, degree: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev regression: x evenly spaced on [−1, 1], shape (samples, 1), y = T_degree(x).

    Source: Cohen et al. 2021, arXiv 2103.00065, appendix (T₃, T₄ and T₅ on 20 points).

    Examples
    --------
    >>> x, y = chebyshev(3, degree=2)
    >>> y.ravel().tolist()
    [1.0, -1.0, 1.0]
    """
    samples, degree = checks.whole(samples, "samples", least=2), checks.whole(degree, "degree")
    x = np.linspace(-1, 1, samples)[:, None]
    return x, np.polynomial.chebyshev.Chebyshev.basis(degree)(x)


def teacher_student(
    samples: int = 256, inputs: int = 16, outputs: int = 1, width: int = 4, noise: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Teacher-student regression: x ~ N(0, 1), y = tanh(x A/√inputs) B/√width + noise · N(0, 1), A and B random normal.

    Source: the teacher-student setting of Seung, Sompolinsky, Tishby 1992, with a two-layer teacher.

    Examples
    --------
    >>> x, y = teacher_student(100, inputs=5)
    >>> x.shape, y.shape
    ((100, 5), (100, 1))
    """
    sizes = {"samples": samples, "inputs": inputs, "outputs": outputs, "width": width}
    samples, inputs, outputs, width = (checks.whole(v, n, least=1) for n, v in sizes.items())
    rng = np.random.default_rng(checks.whole(seed, "seed"))
    x = rng.normal(size=(samples, inputs))
    first, second = rng.normal(size=(inputs, width)), rng.normal(size=(width, outputs))
    y = np.tanh(x @ first / np.sqrt(inputs)) @ second / np.sqrt(width)
    return x, y + checks.scalar(noise, "noise") * rng.normal(size=y.shape)


def random_quadratics(
    samples: int = 64, parameters: int = 128, q: float = 1.0, g: float = 1.0, z: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q (D, P, P), G (D, P) and E (D,) for ``ds.objectives.quadratic_regression``, all Gaussian and independent.

    Q_a = q (A + Aᵀ)/√(2P) with A ~ N(0, 1), G ~ N(0, g²/P), E ~ N(0, z²): at the start θ = 0, where z_a = −E_a and
    J = G, each Q_a has norm 2q for large P, each row of J norm g, each residual the deviation z.

    Source: the random quadratic models of Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860; the scaling with P is
    dynsim's.

    Examples
    --------
    >>> Q, G, E = random_quadratics(3, 5)
    >>> Q.shape, G.shape, E.shape
    ((3, 5, 5), (3, 5), (3,))
    """
    samples, parameters = checks.whole(samples, "samples", least=1), checks.whole(parameters, "parameters", least=1)
    rng = np.random.default_rng(checks.whole(seed, "seed"))
    a = rng.normal(size=(samples, parameters, parameters))
    jacobian, residuals = rng.normal(size=(samples, parameters)), rng.normal(size=samples)
    q, g, z = (checks.scalar(value, name) for value, name in ((q, "q"), (g, "g"), (z, "z")))
    return q * (a + a.transpose(0, 2, 1)) / np.sqrt(2 * parameters), g * jacobian / np.sqrt(parameters), z * residuals


def two_quadratics(eps: float = 0.01, E: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q, G and E of z = ½(θ₁² − ε θ₂²) − E, one data point and two parameters: ω = (1, −ε).

    Source: Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860, section 2.

    Examples
    --------
    >>> Q, G, E = two_quadratics(0.5)
    >>> Q.tolist()
    [[[1.0, 0.0], [0.0, -0.5]]]
    """
    Q = np.diag([1.0, -checks.scalar(eps, "eps")])[None]
    return Q, np.zeros((1, 2)), np.array([checks.scalar(E, "E")])
