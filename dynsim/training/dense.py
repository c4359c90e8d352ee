"""Dense networks as objectives: any number of hidden layers, none for linear models."""

import threading

import numpy as np

from .. import checks
from . import dense_kernels as kernels
from .dense_math import ACTIVATIONS, LOSSES, activate
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

    def __init__(self, x, y, hidden, activation, loss, biases, weight_decay, scaling, name):
        self.name = name
        self.x, self.y = x, y
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


class DenseWorker:
    """The buffers of one network on one batch, and the passes through it."""

    def __init__(self, network: Network, cores: int):
        self.network, self.cores = network, cores
        self.here = None
        self.select(None)

    def select(self, rows: np.ndarray | None) -> None:
        """From now on, only these samples; None for all."""
        net = self.network
        self.x, self.y = (net.x, net.y) if rows is None else (net.x[rows], net.y[rows])
        blocks = -(-len(self.x) // net.rows)
        if rows is None or blocks != len(self.sums):
            self.buffers = np.zeros((blocks, kernels.SLOTS * net.rows * net.widths[1:].sum()))
            self.parts = np.zeros((blocks, 2 * net.size))
            self.sums = np.zeros(blocks)

    def _pass(self, task, u, out):
        net = self.network
        alone = self.cores == 1 or not _PARALLEL.acquire(blocking=False)
        run = kernels.serial if alone else kernels.parallel
        try:
            run(
                task, net.rows, self.here, u, net.widths, net.codes, net.scales, self.x, self.y, self.buffers,
                self.parts, self.sums,
            )  # fmt: skip
        finally:
            if not alone:
                _PARALLEL.release()
        vector = self.here if task == kernels.GRADIENT else u
        return kernels.gathered(self.parts, self.sums, net.weight_decay, out, vector)

    def loss(self, w):
        self.here = w
        found = self._pass(kernels.LOSS, w, w[:0])
        return found + self._decayed(w)

    def gradient(self, w, out):
        """∇f(w) into `out`; the loss there. What follows is asked of this point."""
        self.here = w.copy()
        return self._pass(kernels.GRADIENT, w, out) + self._decayed(w)

    def second(self, u):
        return self._pass(kernels.SECOND, u, u[:0]) + 2 * self._decayed(u)

    def hvp(self, v):
        out = np.empty(self.network.size)
        self._pass(kernels.HVP, v, out)
        return out

    def _decayed(self, w):
        decay = self.network.weight_decay
        return decay * float(w @ w) / 2 if decay else 0.0


def check_choice(value, known, what):
    checks.known_name(value, known, what)
    return value
