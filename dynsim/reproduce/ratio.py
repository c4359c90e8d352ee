"""CDAT's ratio p/g below σ = 2 (theory 2.3): its limit while λ moves slowly, and how strongly it answers to itself."""


def quasi_static(sigma, lam, nu):
    """Theory 2.3's p/g."""
    return nu**2 * (sigma * (lam + nu) - 2 * nu) / (lam**2 * (2 * lam - sigma * (lam + nu)))


def gain(sigma, lam, nu):
    """How strongly ln(p/g) answers to itself one step before: K = 2(2σ − σ² − m)/(σ(1 − m)), m = 4λν/(λ+ν)².

    The limit attracts iff K < 2, and with CDAT's delay iff K < 1; see :func:`.claims_cdat.ratio_attracts`.
    """
    m = 4 * lam * nu / (lam + nu) ** 2
    return 2 * (2 * sigma - sigma**2 - m) / (sigma * (1 - m))
