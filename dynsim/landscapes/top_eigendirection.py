"""Top eigendirection: the projection x on it, and its sharpness λ.

    x' = (1 − η λ) x            λ' = λ + η (a − b x²)

a > 0 drives progressive sharpening, b > 0 is the restoring feedback. There is no loss in this truncated model; its
gradient is λx and its curvature λ. See ``cubic_loss`` for the loss that moves like this.

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 4, after Damian, Nichani, Lee 2023, arXiv 2209.15594.
"""

from ..vocabulary import absolute, log

scale = {"x": 1}


def move(x=0.3, lam=1.9, /, *, eta, a=0.03, b=0.3):
    return (1 - eta * lam) * x, lam + eta * (a - b * x * x)


def gradient(x, lam):
    return (lam * x,)


def d(x, lam):
    return lam * (lam * x) * (lam * x)


def sharpness(lam):
    return lam


def p(x):
    return x * x


def log_p(x, log_scale):
    return 2 * (log(absolute(x)) + log_scale)
