"""Target sharpness: η = σ/λmax(∇²f), with σ = 2(1 − ε). It holds ηλ = σ, so y = σ − 2 = −2ε.

The base paper's model of the classical tuners (σ < 2), and its exact-sharpness baseline.

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 6 (where y = −ε is a slip for −2ε).
"""


def target_sharpness(sharpness, sigma=1.9):
    return sigma / sharpness
