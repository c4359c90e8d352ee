"""RMSProp: ν' = β₂ ν + (1 − β₂) (∇f)², u = −∇f/√(ν' + ε), each parameter by itself.

It descends in coordinates scaled by P = diag √(ν' + ε): its edge is that of λmax(P^{-1/2} ∇²f P^{-1/2}), at 2.

Source: Tieleman, Hinton 2012; Cohen et al. 2022, arXiv 2207.14484; Roulet et al. 2024, arXiv 2407.06183.
"""

from ..vocabulary import sqrt


def rmsprop(nu=0, /, *, gradient, beta2=0.999, eps_nu=1e-8):
    nu = beta2 * nu + (1 - beta2) * gradient * gradient
    return -gradient / sqrt(nu + eps_nu), nu


def preconditioner(nu, eps_nu):
    return sqrt(nu + eps_nu)


def edge():
    return 2
