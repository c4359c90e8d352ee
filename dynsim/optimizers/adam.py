"""Adam: m' = β₁ m + (1 − β₁) ∇f, ν' = β₂ ν + (1 − β₂) (∇f)², u = −m̂/(√ν̂ + ε), each parameter by itself.

m̂ = m'/(1 − β₁ᵗ) and ν̂ = ν'/(1 − β₂ᵗ); the powers are carried as states. With P = diag(√ν̂ + ε) the edge of
λmax(P^{-1/2} ∇²f P^{-1/2}) is at 2(1 + β₁)/(1 − β₁).

Source: Kingma, Ba 2015, arXiv 1412.6980; the edge: Cohen et al. 2022, arXiv 2207.14484.
"""

from ..vocabulary import sqrt


def adam(m=0, nu=0, power1=1, power2=1, /, *, gradient, beta1=0.9, beta2=0.999, eps_nu=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    nu = beta2 * nu + (1 - beta2) * gradient * gradient
    power1 = power1 * beta1
    power2 = power2 * beta2
    update = -(m / (1 - power1)) / (sqrt(nu / (1 - power2)) + eps_nu)
    return update, m, nu, power1, power2


def preconditioner(nu, power2, eps_nu):
    return sqrt(nu / (1 - power2)) + eps_nu


def edge(beta1):
    return 2 * (1 + beta1) / (1 - beta1)
