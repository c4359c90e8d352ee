"""Flip normal form: any one-parameter map near the edge of stability, the edge itself drifting as δ² moves it.

    δ' = −(1 + μ) δ + c δ³            μ' = μ − κ δ²

δ is the distance from the minimum along the top eigenvector, μ = ηλ − 2. A map g with slope −1 at its fixed point has
c = ¼g''² + g'''/6, so GD on a loss F has c = ¼(ηF''')² − ηF''''/6. κ = 0: a stable 2-cycle iff c > 0, of squared
amplitude μ/c. κ > 0: μ falls along the 2-cycles and GD stops at μ = −κ/(2c), to first order in κ, however it began.
``self_stabilization`` has c = 0, with which nothing is selected.

Source: Gan 2026, arXiv 2606.15551 (the normal form); the stopping point derived for dynsim.
"""


def step(delta=0.1, mu=0.05, /, c=1.0, kappa=0.1):
    return -(1 + mu) * delta + c * delta * delta * delta, mu - kappa * delta * delta


def y(mu):
    return 1 * mu


def p(delta):
    return delta * delta
