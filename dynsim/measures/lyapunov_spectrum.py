"""All Lyapunov exponents, largest first, along the dim ``order``.

    Σ_{i ≤ k} exponent_i = growth rate of the volume spanned by k tangent vectors

The volume's components, the k × k minors, move by the compound of the Jacobian; no orthogonalization is needed.

Source: Benettin et al. 1980, Meccanica 15, 9.
"""

from ..tangent import update

units = "1/step"
long_name = "Lyapunov exponents"


def made_for(map, /, skip=0):
    return update(map, range(1, len(map.state) + 1), skipping=skip > 0)
