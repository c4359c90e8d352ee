"""UV model where its weights are balanced, λ = 2|f|/√n: one number u is left, and one parameter A = η·target/√n.

    u' = u (1 + A − u²)            ηλ = 2u²

u is scaled so that η|f|/√n = u². u² = A is fixed, of slope 1 − 2A: it flips at A = 1; the 2-cycle does so at A = √5 −
1; then a Feigenbaum cascade follows. Beyond A = 2, where the hump's image √(4/27)(1 + A)^{3/2} passes √(2 + A), it
escapes.

Source: derived for dynsim from Kalra, He, Barkeshli 2023, arXiv 2311.02076.
"""


def step(u=0.5, /, A=1.2):
    return u * (1 + A - u * u)


def edge(u):
    """ηλ, which is 2 at the edge of stability."""
    return 2 * u * u
