"""The largest Lyapunov exponent: the mean growth rate of a small deviation, per step.

    lyapunov = 1/(T + 1 − skip) · ln( ‖J_T … J_skip v‖ / ‖v‖ ),    J_t = ∂step/∂state at the state t

v is a tangent vector in general position at the start; it turns towards the fastest direction during the first `skip`
steps. Positive: chaos. Zero: a drift, a family of fixed points, or quasi-periodic motion. Negative: a stable fixed
point or cycle. NaN where the orbit diverges; −inf where the Jacobian is zero at some step. The Jacobian is derived by
sympy from the map's own step.

Source: Benettin et al. 1980, Meccanica 15, 9.
"""

from ..tangent import update

units = "1/step"
long_name = "largest Lyapunov exponent"


def made_for(map, /, skip=0):
    return update(map, [1], skipping=skip > 0)
