"""Nesterov's momentum at the edge: the gradient is taken a stretch ahead, and the edge falls to ηλ = 2(1 + β)/(1 + 2β).

    x̂ = x − ηβv        λ̂ = λ − ηβm

    v' = βv + λ̂x̂        x' = x − ηv'        m' = βm + bx̂² − a        λ' = λ − ηm'

on the loss ½λx² − aλ/(2b), whose gradient is (λx, (bx² − a)/√(2b)) in x and in λ/√(2b): both have a velocity, v and m.
The update along x is −v', which depends on η itself, so no n and d are measured. The edge is at

    ηλ = 2 (1 + β)/(1 + 2β)

Source: Nesterov 1983; the edge as in Cohen et al. 2021, arXiv 2103.00065; on the model of Roulet et al. 2024, arXiv
2407.06183, eq. 4.
"""


def move(x=0.01, v=0, lam=1.3, m=0, /, *, eta, a=1e-3, b=0.3, beta=0.9):
    ahead, lam_ahead = x - eta * beta * v, lam - eta * beta * m
    v1 = beta * v + lam_ahead * ahead
    m1 = beta * m + b * ahead * ahead - a
    return x - eta * v1, v1, lam - eta * m1, m1


def grad_sq(x, lam):
    return lam * x * (lam * x)


def sharpness(lam):
    return lam


def p(x):
    return x * x


def edge(beta):
    """The value of ηλ at which x neither grows nor dies out."""
    return 2 * (1 + beta) / (1 + 2 * beta)
