"""An objective: a loss of parameters w with its gradient, Hessian-vector product and second derivative along u."""

from collections.abc import Callable, Sequence

import numpy as np

from .. import checks
from .blas import one_thread
from .differences import along
from .plain import check_functions, check_mean, checked_data

#: The relative difference up to which a derivative that is given agrees with differences of the one below it.
AGREES = 1e-5


class Derivatives:
    """What every objective answers at a point; a subclass has ``size``, ``start`` and ``worker``."""

    #: How many samples the loss is a mean over; 0 where there is no data to draw batches from.
    samples = 0
    #: Whether its worker can make many steps in one compiled call.
    steps_compiled = False

    def loss(self, w: np.ndarray) -> float:
        """f(w)."""
        with one_thread():
            return self.worker().loss(self._point(w))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """∇f(w), shape (P,)."""
        with one_thread():
            out = np.empty(self.size)
            self.worker().gradient(self._point(w), out)
        return out

    def hvp(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """∇²f(w) v, shape (P,)."""
        with one_thread():
            return self._at(w).hvp(self._point(v, "v"))

    def second(self, w: np.ndarray, u: np.ndarray) -> float:
        """uᵀ∇²f(w) u, the second derivative along u."""
        with one_thread():
            return self._at(w).second(self._point(u, "u"))

    def third(self, w: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, float]:
        """∇³f(w)[v, v, ·], shape (P,), and an estimate of its error: differences of the Hessian-vector product."""
        w, v = self._point(w), self._point(v, "v")
        with one_thread():
            worker, scratch = self.worker(), np.empty(self.size)

            def product(at):
                worker.gradient(at, scratch)
                return worker.hvp(v)

            return along(product, w, v)

    def fourth(self, w: np.ndarray, v: np.ndarray) -> tuple[float, float]:
        """∇⁴f(w)[v, v, v, v], and an estimate of its error: differences of ∇³f[v, v, v]."""
        w, v = self._point(w), self._point(v, "v")
        found, error = along(lambda at: self.third(at, v)[0] @ v, w, v)
        return float(found), error

    def _at(self, w):
        worker = self.worker()
        worker.gradient(self._point(w), np.empty(self.size))
        return worker

    def _point(self, w, name="w"):
        w = checks.numbers(w, name)  # a copy: what is asked for leaves the caller's array alone
        if w.shape != (self.size,):
            raise ValueError(f"{name} must have shape ({self.size},) for {self.name!r}, not {w.shape}.")
        return w

    def __repr__(self):
        data = f", {self.samples} samples" if self.samples else ""
        return f"<dynsim objective {self.name}: {self.size} parameters{data}>"


class Objective(Derivatives):
    """An objective made of plain functions.

    Parameters
    ----------
    loss : ``loss(w, *data)``, a number.
    gradient : ``gradient(w, *data)``, shape (P,). Where it is not given, JAX makes it from `loss`, which must then be
        written with jax.numpy.
    hvp : ``hvp(w, v, *data)`` = ∇²f v. Where it is not given: JAX, if it can differentiate `gradient`; otherwise
        differences of `gradient`, whose error is measured and must stay below 1e-5 of the result.
    second : ``second(w, u, *data)`` = uᵀ∇²f u; by default uᵀ hvp(u).
    start : initial parameters, shape (P,), or a function of the seed that returns them.
    data : what the functions take after w. With `samples`, arrays whose first axis runs over the samples.
    samples : how many there are; then the loss must be a mean over them, and mini-batches can be drawn.
    name : by default that of `loss`.

    The functions must depend on their arguments alone, and leave them as they are: what JAX makes of them remembers
    arrays that they close over, so an array that changes belongs in `data`, and a random draw nowhere.

    Raises
    ------
    ValueError : a derivative that is given does not agree with differences of the one below it at the start; a function
        changes its arguments, or gives something else when it is asked again; the loss is not a mean over `samples`.

    Examples
    --------
    >>> import dynsim as ds
    >>> def bowl(w): return (w[0]**2 + 10 * w[1]**2) / 2
    >>> def slope(w): return np.array([w[0], 10 * w[1]])
    >>> f = ds.Objective(bowl, slope, start=[1.0, 1.0])
    >>> float(round(f.second(np.ones(2), np.array([0.0, 2.0])), 6))
    40.0
    """

    def __init__(
        self,
        loss: Callable,
        gradient: Callable | None = None,
        hvp: Callable | None = None,
        second: Callable | None = None,
        *,
        start: Sequence[float] | Callable[[int], np.ndarray],
        data: tuple = (),
        samples: int = 0,
        name: str = "",
    ):
        self.functions = {"loss": loss, "gradient": gradient, "hvp": hvp, "second": second}
        self.name = name or getattr(loss, "__name__", type(loss).__name__)
        for what, function in self.functions.items():
            if not callable(function) and (function is not None or what == "loss"):
                raise TypeError(f"{what} must be a function of w, not {' '.join(repr(function).split())[:60]}.")
        self.samples = checks.whole(samples, "samples")
        self.data = checked_data(self.name, data, self.samples)
        self._start = start if callable(start) else checks.numbers(start, "start")
        first = self.start(0)
        self.size = first.size
        self._fill_in(first)
        self._check(first)

    def start(self, seed: int = 0) -> np.ndarray:
        """Initial parameters, shape (P,)."""
        w = np.array(self._start(seed) if callable(self._start) else self._start, float)
        if w.ndim != 1 or not w.size:
            raise ValueError(f"the start of {self.name!r} must have shape (P,), not {w.shape}.")
        if w.size != getattr(self, "size", w.size):
            raise ValueError(f"the start of {self.name!r} has {self.size} numbers for seed 0, but {w.size} for {seed}.")
        return w

    def worker(self, cores: int = 1) -> "PlainWorker":
        """What computes; one for each thread."""
        return PlainWorker(self)

    def _fill_in(self, first):
        if self.functions["gradient"] is None or self.functions["hvp"] is None:
            from .by_jax import derivatives

            self.functions |= derivatives(self.name, self.functions, first, self.data)
        from .by_jax import doubled

        self.functions |= doubled(self.functions, first, self.data)

    def _check(self, first):
        rng = np.random.default_rng(0)
        u = rng.normal(size=first.size)
        # Off the start, where a wrong derivative may vanish by symmetry.
        w = first + 0.01 * max(np.abs(first).max(), 0.1) * rng.normal(size=first.size)
        worker = self.worker()
        check_functions(self, w, u)
        value = worker.loss(w)
        if not np.isfinite(value):
            raise ValueError(f"the loss of {self.name!r} is {value} near its start; start where it is finite.")
        check_mean(self, w)
        worker.gradient(w, g := np.empty(self.size))
        self._compare("gradient", g @ u, along(worker.loss, w, u), np.linalg.norm(g) * np.linalg.norm(u))

        def gradient(at):
            worker.gradient(at, out := np.empty(self.size))
            return out

        product, found = worker.hvp(u), along(gradient, w, u)
        self._compare("hvp", product, found, np.linalg.norm(product))
        worker.gradient(w, g)
        self._compare("second", worker.second(u), (u @ found[0], found[1] * np.linalg.norm(u)), abs(u @ product))

    def _compare(self, name, given, found, size):
        value, error = found
        apart = np.linalg.norm(np.asarray(given) - value)
        if not apart <= 10 * error + AGREES * max(size, np.linalg.norm(value)) + 1e-12:
            raise ValueError(
                f"the {name} given for {self.name!r} is not the derivative of its "
                f"{'loss' if name == 'gradient' else 'gradient'}: they are {apart:.2g} apart, where the size is "
                f"{np.linalg.norm(value):.2g} and differences are good to {error:.1g}."
            )


class PlainWorker:
    """Evaluates plain functions; remembers where the gradient was taken last."""

    def __init__(self, objective: Objective):
        self.objective = objective
        self.functions = objective.functions
        self.here, self.data = None, objective.data

    def select(self, rows: np.ndarray | None) -> None:
        """From now on, only these samples; None for all."""
        everything = self.objective.data
        self.data = everything if rows is None else tuple(array[rows] for array in everything)

    def loss(self, w):
        return float(self.functions["loss"](w, *self.data))

    def gradient(self, w, out):
        """∇f(w) into `out`; the loss there. What follows is asked of this point."""
        self.here = w.copy()
        out[:] = self.functions["gradient"](w, *self.data)
        return self.loss(w)

    def second(self, u):
        if self.functions["second"] is None:
            return float(u @ self.hvp(u))
        return float(self.functions["second"](self.here, u, *self.data))

    def hvp(self, v):
        if self.functions["hvp"] is not None:
            return np.array(self.functions["hvp"](self.here, v, *self.data), float)
        product, error = along(lambda w: self.functions["gradient"](w, *self.data), self.here, v)
        if np.isfinite(product).all() and not error <= AGREES * max(np.linalg.norm(product), 1e-12 * np.linalg.norm(v)):
            raise ArithmeticError(
                f"the Hessian of {self.objective.name!r} cannot be told from differences of its gradient here (error "
                f"{error:.1g} of {np.linalg.norm(product):.1g}); give hvp=."
            )
        return product
