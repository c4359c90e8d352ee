"""Claims about slow sharpening and target sharpness: theory 1.2 (tuner), 2.2, 2.4 and 2.5."""

from collections.abc import Iterator

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from .. import landscapes, maps, measures, tuners
from ..loop import closed_loop
from ..model import Map
from ..orbits import orbit
from ..sweeps import sweep
from .figures import tuner
from .table import Claim, below, compare, number, seen

EDGE = maps.self_stabilization


def claims() -> Iterator[Claim]:
    yield from figure_4()
    yield from target()
    yield from delayed_loss()
    yield from underflow()
    yield from cubic_loss()


def figure_4() -> Iterator[Claim]:
    run = tuner(1000)
    first, last = run.isel(step=0), run.isel(step=-1)
    yield seen(
        "1.2 P",
        "Figure 4, tuner: y < 0 stays fixed, p → 0, λ rises, η falls",
        "y = −0.1",
        f"y = {number(last.y.item())}, ln p = {last.log_p.item():.0f}, "
        f"λ {first.lam.item():.3g} → {last.lam.item():.3g}, "
        f"η {first.eta.item():.3g} → {last.eta.item():.3g} in 1000 steps",
        abs(last.y + 0.1) < 1e-9 and last.log_p < -100 and last.lam > first.lam and last.eta < first.eta,
    )


def target() -> Iterator[Claim]:
    sigma, a, steps = 1.9, 1.0, 10**6
    run = orbit(maps.target_sharpness, steps, every=steps // 100, sigma=sigma, a=a, b=0.5, x=0.3, lam=1.9)
    lam = run.lam.values
    fall = np.diff(run.log_p.values)[0] / (steps // 100)
    yield compare("2.2 D", "p falls by (σ − 1)² a step, at σ = 1.9 (its logarithm)", 2 * np.log(sigma - 1), fall, 1e-6)
    growth = (lam[-1] ** 2 - lam[50] ** 2) / (steps // 2)
    yield compare(
        "2.2 D", "λ² ≈ λ0² + 2σat: slope of λ² over the second half of 10⁶ steps", 2 * sigma * a, growth, 1e-3
    )
    yield compare(
        "2.2 D",
        "η ≈ σ/λ → 0: η·√(2σat)/σ after 10⁶ steps",
        1,
        run.eta.values[-1] * np.sqrt(2 * sigma * a * steps) / sigma,
        1e-3,
    )


def integral(eta, low, high):
    """∫ ln|1 − ηλ| dλ, exact: with s = ηλ − 1 it is (s ln|s| − s)/η."""

    def primitive(lam):
        s = eta * lam - 1
        return (s * np.log(abs(s)) - s if s else 0.0) / eta

    return primitive(high) - primitive(low)


def exit_sharpness(eta, a, b, x0, lam0):
    """λ_exit of the entry-exit relation."""

    def balance(lam):
        return np.log(x0**2) + 2 / (eta * a) * integral(eta, lam0, lam) - np.log(a / b)

    return brentq(balance, 2 / eta, 12 / eta)


def delayed_loss() -> Iterator[Claim]:
    """Delayed loss of stability: x shrinks all the way to the edge and must regrow before the feedback bites."""
    check = quad(lambda s: np.log(abs(s - 1)), 0.5, 2.5, points=[1])[0] - integral(1, 0.5, 2.5)
    yield below("2.4 D", "the integral in the entry-exit relation, closed form against quadrature", abs(check), 1e-9)
    eta, b = 1.0, 0.3
    for lam0 in (1.5, 0.0005):
        for a, within in ((1e-3, 0.03), (1e-5, 0.001)):
            x0 = np.sqrt(a / b) / 10
            predicted = exit_sharpness(eta, a, b, x0, lam0)
            steps = int(1.2 * (predicted - lam0) / (eta * a))
            run = orbit(EDGE, steps, x=x0, lam=lam0, eta=eta, a=a, b=b)
            turn = int(np.argmax(run.lam.values[1:] < run.lam.values[:-1]))
            text = f"λ_exit from the entry-exit relation: first turn of λ, a = {a:g}, λ0 = {lam0:g}"
            yield compare("2.4 D", text, predicted, run.lam.values[turn], within)
            if lam0 < 1:
                deepest = run.log_p.values[: turn + 1].min()
                text = f"ln x² on the way reaches −4·10^{int(np.log10(4 / a))} (a = {a:g}, from λ0 ≈ 0)"
                yield compare("2.4 D", text, -4 / a, deepest, 0.05)
    exits = [exit_sharpness(eta, a, b, np.sqrt(a / b) / 10, 1.5) for a in (1e-4, 1e-7)]
    scaled = exit_sharpness(0.1, 1e-5, b, np.sqrt(1e-5 / b) / 10, 15)
    yield below(
        "2.4 D", "for a → 0, ηλ_exit depends on ηλ0 alone: change from a = 1e-4 to 1e-7", abs(exits[1] - exits[0]), 1e-2
    )
    yield compare("2.4 D", "… and from η = 1, λ0 = 1.5 to η = 0.1, λ0 = 15", exits[1], 0.1 * scaled, 1e-3)


def underflow() -> Iterator[Claim]:
    """The artefact of plain doubles, and what the carried exponent makes of it."""
    a, b, lam0 = 1e-5, 0.3, 0.0005
    steps = int(6 / a)
    plain = Map(EDGE.step, "plain_doubles", EDGE.observables)
    measure = [measures.final("x"), measures.final("lam"), measures.maximum("lam")]
    start = {"x": np.sqrt(a / b) / 10, "lam": lam0, "a": a, "b": b}
    lost, kept = (sweep(map_, steps, over={"eta": [1.0]}, measure=measure, **start) for map_ in (plain, EDGE))
    unopposed = lam0 + a * steps
    yield seen(
        "2.4 D",
        "in plain doubles x becomes 0, never returns, and λ grows for ever",
        f"x = 0, λ = {unopposed:.5g} after {steps} steps",
        f"x = {abs(lost.x_final.item()):g}, λ = {lost.lam_final.item():.5g}; "
        f"with the exponent carried, λ turns at {kept.lam_maximum.item():.5g}",
        lost.x_final.item() == 0
        and abs(lost.lam_final.item() - unopposed) < 1e-4
        and kept.lam_maximum.item() < unopposed - 1,
    )


def cubic_loss() -> Iterator[Claim]:
    """Plain gradient descent on the loss of 2.5, in its own variables, against the reduced map."""
    k, c, ref, nu, eta, steps = 0.8, 0.05, 0.3, 0.1, 1.0, 100
    w = np.array([0.3, (1.9 - ref) / k, 2.0])
    path = [w]
    for _ in range(steps):
        x, z, u = w
        w = w - eta * np.array([(ref + k * z) * x, k * x * x / 2 - c, nu * u])
        path.append(w)
    x, z, u = np.array(path).T
    loop = closed_loop(landscapes.cubic_loss, tuners.constant)
    run = orbit(loop, steps, x=0.3, lam=1.9, u=2, eta=eta, a=k * c, b=k * k / 2, nu=nu)
    error = max(np.abs(run.x - x).max(), np.abs(run.lam - (ref + k * z)).max(), np.abs(run.u - u).max())
    yield below(
        "2.5 D",
        "GD on ½(λ_ref+kz)x² − cz + ½νu² is eq. 4's motion with a = kc, b = k²/2: deviation over 100 steps",
        float(error),
        1e-9,
    )
    hessian = np.array([[ref + k * z[50], k * x[50], 0], [k * x[50], 0, 0], [0, 0, nu]])
    slope = np.array([(ref + k * z[50]) * x[50], k * x[50] ** 2 / 2 - c, nu * u[50]])
    at = run.isel(step=50)
    errors = (
        abs(at.n - slope @ slope),
        abs(at.d - slope @ hessian @ slope),
        abs(at.sharpness - np.linalg.eigvalsh(hessian)[-1]),
    )
    yield below("2.5 D", "its n, d and λmax, against the gradient and Hessian written out", float(max(errors)), 1e-9)
