"""Averaged momentum at the edge: the velocity is a mean of gradients, and the edge is at ηλ = 2(1 + β)/(1 − β).

    v' = βv + (1 − β)λx        x' = x − ηv'        m' = βm + (1 − β)(bx² − a)        λ' = λ − ηm'

on the loss ½λx² − aλ/(2b), whose gradient is (λx, (bx² − a)/√(2b)) in x and in λ/√(2b): both have a velocity, v and m.
The update along x is −v'; n = λx v', d = λv'² (truncated to x, as ``top_eigendirection`` has it). The edge is at

    ηλ = 2 (1 + β)/(1 − β)

Source: Polyak 1964, as optimizers with dampening have it; the edge derived for dynsim; on the model of Roulet et al.
2024, arXiv 2407.06183, eq. 4.
"""


def move(x=0.01, v=0, lam=37, m=0, /, *, eta, a=1e-3, b=0.3, beta=0.9):
    v1 = beta * v + (1 - beta) * (lam * x)
    m1 = beta * m + (1 - beta) * (b * x * x - a)
    return x - eta * v1, v1, lam - eta * m1, m1


def n(x, v, lam, beta):
    return lam * x * (beta * v + (1 - beta) * (lam * x))


def d(x, v, lam, beta):
    return lam * (beta * v + (1 - beta) * (lam * x)) * (beta * v + (1 - beta) * (lam * x))


def grad_sq(x, lam):
    return lam * x * (lam * x)


def sharpness(lam):
    return lam


def p(x):
    return x * x


def edge(beta):
    """The value of ηλ at which x neither grows nor dies out."""
    return 2 * (1 + beta) / (1 - beta)
