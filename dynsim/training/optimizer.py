"""A base optimizer: a function of scalars from the gradient to the update direction, applied to every parameter."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba.core.errors import NumbaError

from ..compilation import NotCompilable, load
from ..kernels import telling
from ..model import reads, roles


@dataclass(frozen=True, eq=False)
class Optimizer:
    """From the gradient to the update direction u, one parameter of the network at a time.

    Parameters
    ----------
    update : e.g. ``def momentum(velocity=0, /, *, gradient, momentum=0.9): return u, velocity``. State before the
        slash, with its start; the input ``gradient``; the optimizer's parameters with defaults. It returns u, then
        the next state.
    preconditioner : the entry of the diagonal P, of the state and the parameters; 1 where it is not given.
    edge : where ηλ, of the preconditioned Hessian, becomes unstable on a quadratic; of the parameters.

    Examples
    --------
    >>> def signed(gradient): return -gradient / (1e-8 + abs(gradient))
    >>> Optimizer(signed)
    <dynsim optimizer signed: no state; no parameters>
    """

    update: Callable
    preconditioner: Callable | None = None
    edge: Callable | None = None
    doc: str = ""

    def __post_init__(self):
        own = roles(self.update)
        if own.inputs != ("gradient",):
            raise TypeError(f"the optimizer {self.update.__name__!r} must take gradient= and nothing else undefaulted.")
        for name in {*own.state, *own.parameters} & {"i", "u", "out"}:
            raise TypeError(f"{name!r} is a reserved name; call it something else in {self.update.__name__!r}.")
        if None in own.state.values():
            raise TypeError(
                f"every state of {self.update.__name__!r} needs its start: write {next(iter(own.state))}=0, /, ... ."
            )
        results = self.update(*[0.5] * len(own.state), gradient=0.5, **own.parameters)
        if (len(results) if isinstance(results, tuple) else 1) != 1 + len(own.state):
            wanted = ", ".join(("u", *(f"next {name}" for name in own.state)))
            raise TypeError(f"the optimizer {self.update.__name__!r} returns {results!r}; it must return {wanted}.")

    @property
    def name(self) -> str:
        return self.update.__name__

    @property
    def state(self) -> dict:
        return roles(self.update).state

    @property
    def parameters(self) -> dict:
        return roles(self.update).parameters

    def edge_at(self, values: dict) -> float:
        """Where the edge of stability is with these parameters; NaN where it is not known."""
        return float(self.edge(*[values[n] for n in reads(self.edge)])) if self.edge else np.nan

    def __repr__(self):
        parameters = ", ".join(f"{n}={v:g}" for n, v in self.parameters.items())
        state = ", ".join(self.state)
        return f"<dynsim optimizer {self.name}: {state or 'no'} state; {parameters or 'no parameters'}>"


class Direction:
    """One run's optimizer: its state, an array for each name, and the compiled update."""

    def __init__(self, optimizer: Optimizer, size: int, values: dict):
        self.optimizer = optimizer
        self.state = [np.full(size, float(start)) for start in optimizer.state.values()]
        self.values = [float(values[name]) for name in optimizer.parameters]
        self.u = np.zeros(size)
        self.kernel = _kernels(optimizer)

    def update(self, gradient: np.ndarray) -> np.ndarray:
        """The direction for this gradient; the state moves on. The array is a new one."""
        self.u = np.empty_like(gradient)
        try:
            self.kernel.kernel_update(gradient, self.u, *self.state, *self.values)
        except NumbaError as error:
            raise NotCompilable(telling(self.optimizer.name, error)) from error
        return self.u

    def preconditioner(self) -> np.ndarray | None:
        """The diagonal of P, shape (P,); None where it is 1."""
        if self.optimizer.preconditioner is None:
            return None
        out = np.empty_like(self.u)
        self.kernel.kernel_preconditioner(out, *self.state, *self.values)
        return out


def optimizer(module) -> Optimizer:
    """The optimizer of a file in the room."""
    name = module.__name__.rpartition(".")[2]
    parts = {part: getattr(module, part, None) for part in ("preconditioner", "edge")}
    return Optimizer(getattr(module, name), doc=inspect.getdoc(module), **parts)


def _kernels(optimizer):
    state, parameters = list(optimizer.state), list(optimizer.parameters)
    arguments = ", ".join((*state, *parameters))
    called = _arguments(optimizer.update, state, gradient="gradient[i]")
    results = ", ".join(("u[i]", *(f"{name}[i]" for name in state)))
    source = f"def kernel_update(gradient, u, {arguments}):\n    for i in range(u.size):\n"
    source += f"        {results} = _update({called})\n"
    functions = {"_update": optimizer.update}
    if optimizer.preconditioner is not None:
        functions["_preconditioner"] = optimizer.preconditioner
        source += f"\n\ndef kernel_preconditioner(out, {arguments}):\n    for i in range(out.size):\n"
        source += f"        out[i] = _preconditioner({_arguments(optimizer.preconditioner, state)})\n"
    return load(source, functions)


def _arguments(function, state, **renamed):
    """What the function is called with at parameter i, in the order of its signature."""
    names = inspect.signature(function).parameters
    return ", ".join(renamed.get(n, f"{n}[i]" if n in state else n) for n in names)
