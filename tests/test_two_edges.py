"""What the averaged motion of two edges rests on: one step of the maps, expanded in ε = a/λ²."""

import numpy as np
import pytest

import dynsim as ds
from dynsim.catalogue import two_edges


def drift(landscape, delay, eps, r, e, beyond=0.3):
    """Δr/√ε, ΔE/ε and Δln S/ε of one step at a = b = 1, S = 2; with the delay after a step that sets η."""
    loop = ds.closed_loop(landscape, ds.tuners.cdat, delay=delay, eps=0)
    lam, big_e, share = eps**-0.5, np.sqrt(eps) * e, 1 / (1 + np.exp(-r))
    state = [np.sqrt(2 * share), -np.sqrt(2 * (1 - share)), lam * (1 + big_e / 2), lam * (1 - big_e / 2)]
    values = {"sigma": 2 + beyond * eps, "a": 1, "b": 1, "alpha": 1, "beta": 1}
    if delay:
        state = loop.step(*state, 2 / lam, **values)
    after = loop.step(*state, **values)

    def seen(x, u, lam, mu, *_):
        return np.array([np.log(x * x / (u * u)), 2 * (lam - mu) / (lam + mu), np.log(x * x + u * u)])

    before, moved = seen(*state), seen(*after) - seen(*state)
    size = state[0] ** 2 + state[1] ** 2
    eps = 4 / (state[2] + state[3]) ** 2
    big_e, tanh = before[1], np.tanh(before[0] / 2)
    across = big_e**2 * (1 - tanh**2)
    d_ln_s = 2 * (values["sigma"] - 2) - across
    if delay:
        d_ln_s += 4 * across + 8 * eps - 4 * eps * size * (1 + tanh**2)
    if landscape is ds.landscapes.two_edges_loss:
        d_ln_s -= 6 * eps * tanh**2
    want = [
        4 * big_e * (1 + big_e * tanh / 2),
        -2 * eps * size * tanh * (1 - big_e * tanh / 2),
        d_ln_s,
    ]
    return moved, np.array(want)


@pytest.mark.parametrize("delay", [0, 1])
@pytest.mark.parametrize("name", ["two_edges", "two_edges_loss"])
@pytest.mark.parametrize("r, e", [(0.7, 0.9), (-2.5, 1.4), (4.0, -0.6)])
def test_one_step_is_the_expansion_to_second_order(name, delay, r, e):
    """What is left is of the third order, ε^1.5: Δr and ΔE count from √ε and ε, Δln S from ε."""
    sizes = np.array([1e-4, 1e-5, 1e-6])
    left = []
    for eps in sizes:
        moved, want = drift(getattr(ds.landscapes, name), delay, eps, r, e)
        left.append(np.abs(moved - want))
    order = np.log(np.array(left[0]) / left[-1]) / np.log(sizes[0] / sizes[-1])
    assert (order > [1.4, 1.9, 1.4]).all(), order


def test_the_energy_grows_without_the_delay_and_is_held_with_it():
    energies = np.geomspace(0.1, 500, 40)
    signs = {
        model: np.sign([two_edges.balance(h, *of)[0] for h in energies]) for model, of in two_edges.AVERAGED.items()
    }
    assert (signs.pop(two_edges.UNDELAYED) > 0).all() and (signs.pop(two_edges.TRUE_UNDELAYED) > 0).all()
    for sign in signs.values():
        assert sign[0] > 0 > sign[-1] and (np.diff(sign) != 0).sum() == 1
    thetas = [two_edges.balance(h, 1, 0, 0)[1] for h in energies]
    assert (np.diff(thetas) > 0).all() and 0 < thetas[0] < 0.02 and 0.98 < thetas[-1] < 1
