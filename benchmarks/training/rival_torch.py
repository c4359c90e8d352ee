"""The CDAT step in PyTorch on the CPU, float64: a second backward pass, or two derivatives forward."""

from functools import partial

import numpy as np

from ..timing import CORES
from .problems import Problem, Trainer, flat


def trainers(problem: Problem) -> list[Trainer]:
    """d by a backward pass through the gradient, as autograd's documentation has it; and by torch.func.jvp twice."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(CORES)
    x, y = torch.tensor(problem.network.x), torch.tensor(problem.network.y)
    phi = {
        "tanh": torch.tanh, "relu": torch.relu, "gelu": partial(functional.gelu, approximate="tanh"),
    }[problem.activation]  # fmt: skip
    sigma = problem.runs[0][0]
    start = [torch.tensor(np.ascontiguousarray(part)) for part in problem.parts(problem.starts[0])]

    def loss(w1, b1, w2, b2):
        return functional.cross_entropy(torch.addmm(b2, phi(torch.addmm(b1, x, w1)), w2), y)

    def moved(w, g, d):
        n = sum((part * part).sum() for part in g)
        eta = sigma * torch.clamp(n, min=0) / torch.abs(d)
        return [part - eta * slope for part, slope in zip(w, g)]

    def backward_twice(w):
        w = [part.detach().requires_grad_() for part in w]
        g = torch.autograd.grad(loss(*w), w, create_graph=True)
        u = [-part.detach() for part in g]
        slope = sum((part * along).sum() for part, along in zip(g, u))
        hessian_u = torch.autograd.grad(slope, w)
        with torch.no_grad():
            d = sum((part * along).sum() for part, along in zip(hessian_u, u))
            return moved(w, [part.detach() for part in g], d)

    def forward_twice(w):
        w = [part.detach().requires_grad_() for part in w]
        g = torch.autograd.grad(loss(*w), w)
        w, u = tuple(part.detach() for part in w), tuple(-part for part in g)

        def along(*at):
            return torch.func.jvp(loss, at, u)[1]

        with torch.no_grad():
            return moved(w, g, torch.func.jvp(along, w, u)[1])

    def run(step, steps):
        w = start
        for _ in range(steps):
            w = step(w)
        return flat(part.detach().numpy() for part in w)[None]

    return [
        Trainer("PyTorch", "PyTorch, double backward", partial(run, backward_twice), usual=True),
        Trainer("PyTorch", "PyTorch, jvp of jvp", partial(run, forward_twice)),
    ]
