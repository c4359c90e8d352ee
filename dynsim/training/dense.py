"""Dense networks as objectives: any number of hidden layers, none for linear models."""

import threading
from contextlib import contextmanager
from functools import cache

import numba
import numpy as np

from .. import checks
from . import dense_kernels as kernels
from .dense_math import ACTIVATIONS, LOSSES, activate
from .dense_steps import steps
from .objective import Derivatives

#: Only one thread at a time may use the parallel kernels; others do the same work alone, with the same result.
_PARALLEL = threading.Lock()
SCALINGS = ("standard", "ntk")


class Network(Derivatives):
    """A dense network on data: z_l = s_l a_{l−1} W_l + b_l, a_l = φ(z_l), o = z_L.

    f(w) = (1/N) Σ_i ℓ(o_i, y_i) + ½ weight_decay ‖w‖², with ℓ = ½‖o − y‖², −Σ_k y_k ln softmax(o)_k or
    Σ_k ln(1 + exp(−y_k o_k)). s_l = 1 and W ~ gain² N(0, 1/n) (standard), or s_l = 1/√n and W ~ gain² N(0, 1) (NTK),
    n the width of the layer below; gain² = 2 for relu and gelu, else 1, and 1 for the last layer. Biases start at 0.

    w holds W_1 (row by row), b_1, W_2, b_2, … . Made by :func:`dynsim.objectives.network` and its kin.
    """

    steps_compiled = True

    def __init__(self, x, y, hidden, activation, loss, biases, weight_decay, scaling, name):
        self.name = name
        self.x, self.y = (np.require(part, float, "CW") for part in (x, y))
        self.samples = len(x)
        self.widths = np.array([x.shape[1], *hidden, y.shape[1]], np.int64)
        self.activation, self.loss_name, self.scaling = activation, loss, scaling
        self.biases, self.weight_decay = bool(biases), float(weight_decay)
        self.codes = np.array([ACTIVATIONS.index(activation), LOSSES.index(loss), int(biases)], np.int64)
        below = self.widths[:-1].astype(float)
        self.scales = 1 / np.sqrt(below) if scaling == "ntk" else np.ones(len(below))
        self.size = int(((self.widths[:-1] + self.biases) * self.widths[1:]).sum())
        # A block's arrays should stay in a core's own cache.
        self.rows = 128 if self.widths[1:].max() <= 256 else 64

    def start(self, seed: int = 0) -> np.ndarray:
        """Random initial parameters, shape (P,)."""
        rng = np.random.default_rng(checks.whole(seed, "seed"))
        parts = []
        for layer, (n, m) in enumerate(zip(self.widths[:-1], self.widths[1:])):
            inner = layer < len(self.widths) - 2
            gain = np.sqrt(2.0) if inner and self.activation in ("relu", "gelu") else 1.0
            deviation = gain if self.scaling == "ntk" else gain / np.sqrt(n)
            parts += [rng.normal(0, deviation, n * m), np.zeros(m if self.biases else 0)]
        return np.concatenate(parts)

    def worker(self, cores: int = 1) -> "DenseWorker":
        """What computes; one for each thread. With several cores it spreads the blocks of samples over them."""
        return DenseWorker(self, cores)

    def outputs(self, w: np.ndarray, x: np.ndarray) -> np.ndarray:
        """o for the inputs `x`, shape (N, n_out)."""
        a, w = checks.numbers(x, "x"), self._point(w)
        if a.ndim != 2 or a.shape[1] != self.widths[0]:
            raise ValueError(f"x must have shape (N, {self.widths[0]}), not {a.shape}.")
        for layer in range(1, len(self.widths)):
            matrix, bias = kernels.weights(w, self.widths, int(self.biases), layer)
            a = self.scales[layer - 1] * (a @ matrix) + (bias if self.biases else 0.0)
            if layer < len(self.widths) - 1:
                activate(self.codes[0], a.ravel(), np.empty(a.size), np.empty(a.size))
        return a

    def accuracy(self, w: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
        """The share of samples whose largest output is that of the largest target, or of the class number.

        With one output: the share of samples whose output has the sign of the target, -1 or 1.
        """
        o, y = self.outputs(w, x), checks.numbers(y, "y")
        if len(y) != len(o):
            raise ValueError(f"x has {len(o)} samples, but y has {len(y)}; they must be as many.")
        if o.shape[1] == 1:
            if not np.isin(y, (-1, 1)).all():
                raise ValueError("with one output, accuracy needs targets of -1 and 1.")
            return float(np.mean(np.sign(o[:, 0]) == y.reshape(len(y), -1)[:, 0]))
        return float(np.mean(o.argmax(1) == (y if y.ndim == 1 else y.argmax(1))))


@cache
def _start_threads():
    """numba does so when it compiles a parallel function, but not where a cached one is called by another."""
    numba.get_num_threads()


class DenseWorker:
    """The buffers of one network on one batch, and the passes through it."""

    def __init__(self, network: Network, cores: int):
        _start_threads()
        self.network, self.cores = network, cores
        self.here, self.size, self.everything = None, 0, None
        self.select(None)

    def select(self, rows: np.ndarray | None) -> None:
        """From now on, only these samples; None for all."""
        net = self.network
        self._room(net.samples if rows is None else len(rows), rows is None)
        if rows is not None:
            self.net[5][:], self.net[6][:] = net.x[rows], net.y[rows]

    def _room(self, samples, everything):
        """Buffers for so many samples, and a place for those samples where they are not all of the data."""
        net = self.network
        if samples != self.size:
            self.size, blocks = samples, -(-samples // net.rows)
            groups = min(blocks, kernels.GROUPS)
            room = kernels.SLOTS * net.rows * net.widths[1:].sum()
            threads = numba.config.NUMBA_NUM_THREADS if self.cores > 1 else 1
            buffers, scratch = np.zeros((blocks, room)), np.zeros((threads, room))
            self.buffers = buffers, scratch, np.zeros((groups, net.size)), np.zeros(groups)
        elif everything == self.everything:
            return
        self.everything = everything
        x, y = (net.x, net.y) if everything else (np.empty((samples, part.shape[1])) for part in (net.x, net.y))
        self.net = (net.rows, net.widths, net.codes, net.scales, net.weight_decay, x, y, *self.buffers)

    @contextmanager
    def _alone(self):
        """Whether this thread has to do all by itself: with one group of blocks there is nothing to share out."""
        groups = self.buffers[-1].size
        alone = self.cores == 1 or groups == 1 or not _PARALLEL.acquire(blocking=False)
        try:
            yield alone
        finally:
            if not alone:
                _PARALLEL.release()

    def _pass(self, task, u, out):
        with self._alone() as alone:
            return (kernels.serial if alone else kernels.parallel)(task, self.here, u, self.net, out)

    def steps(self, first, last, plan, tuner, update, drawn, vectors, *states):
        """Many steps in one compiled call (:mod:`dynsim.training.dense_steps`); `drawn` holds the batches' rows."""
        self.here = vectors[0]
        self._room(drawn.shape[1] or self.network.samples, not drawn.size)
        with self._alone() as alone:
            return steps(
                first, last, (*plan, alone), tuner, update, self.net, (self.network.x, self.network.y), drawn, vectors,
                *states,
            )  # fmt: skip

    def loss(self, w):
        self.here = w
        return self._pass(kernels.LOSS, w, w[:0])

    def gradient(self, w, out):
        """∇f(w) into `out`; the loss there. What follows is asked of this point."""
        self.here = w.copy()
        return self._pass(kernels.GRADIENT, w, out)

    def second(self, u):
        return self._pass(kernels.SECOND, u, u[:0])

    def hvp(self, v):
        out = np.empty(self.network.size)
        self._pass(kernels.HVP, v, out)
        return out


def check_choice(value, known, what):
    checks.known_name(value, known, what)
    return value
