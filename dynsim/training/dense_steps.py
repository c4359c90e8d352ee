"""Many steps of a dense network in one compiled call, which holds no lock.

The tuner and the optimizer come as the addresses of functions that were compiled by themselves, so that this loop is
compiled once for all of them. It is the loop of :mod:`dynsim.training.run`, step for step.
"""

import numpy as np

from . import dense_kernels as kernels
from .caching import kept
from .stepping import ASKED, ETA, F, call_tuner, call_update, cosine, dot, move, place
from .tuning import MEASURED


@kept
def _select(batch, data, net):
    """The batch's samples into the network's own."""
    x, y = net[5], net[6]
    for i in range(batch.size):
        x[i] = data[0][batch[i]]
        y[i] = data[1][batch[i]]


@kept
def _pass(alone, task, w, u, net, out):
    return kernels.serial(task, w, u, net, out) if alone else kernels.parallel(task, w, u, net, out)


@kept
def steps(first, last, plan, tuner, update, net, data, batches, vectors, tuning, optimizing, numbers, records):
    """Steps `first` to `last`: the last is measured, but not moved from.

    plan holds (every, delay, whether d is needed, whether one core does all); vectors w, ∇f, u and the u before; tuning
    and optimizing the states and the parameters. Returns the step at which f or η was not finite; -1 where there was
    none.
    """
    every, delay, curved, alone = plan
    w, g, u, before = vectors
    measured = np.empty(len(MEASURED))
    for t in range(first, last + 1):
        if t > 0:
            move(w, numbers[ETA], u, before)
        if batches.size:
            _select(batches[t - first], data, net)
        f = _pass(alone, kernels.GRADIENT, w, w, net, g)
        numbers[F] = f
        if not np.isfinite(f):
            return t
        call_update(update, (g.size, place(g), place(u), place(optimizing[0]), place(optimizing[1])))
        recording = t % every == 0
        n, squared = -dot(g, u), dot(g, g)
        d = _pass(alone, kernels.SECOND, w, u, net, w[:0]) if recording or curved else np.nan
        measured[0], measured[1], measured[2], measured[3] = n, d, f, squared
        asked = call_tuner(tuner, (place(measured), place(tuning[0]), place(tuning[1])))
        eta = numbers[ASKED] if delay and t > 0 else asked
        numbers[ETA], numbers[ASKED] = eta, asked
        if recording:
            at = t // every
            records[0, at], records[1, at], records[2, at] = f, eta, np.sqrt(squared)
            records[3, at], records[4, at] = n, d
            if t > 0:
                records[5, at] = cosine(u, before)
        if not np.isfinite(eta):
            return t
    return -1
