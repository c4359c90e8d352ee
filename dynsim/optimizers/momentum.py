"""Heavy-ball momentum: v' = μ v + ∇f, u = −v'. Its edge of stability is ηλ = 2(1 + μ).

Source: Polyak 1964; Roulet et al. 2024, arXiv 2407.06183, with μ = 0.9.
"""


def momentum(velocity=0, /, *, gradient, momentum=0.9):
    velocity = momentum * velocity + gradient
    return -velocity, velocity


def edge(momentum):
    return 2 * (1 + momentum)
