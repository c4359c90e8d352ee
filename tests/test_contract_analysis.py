"""The analysis over every map found: its Jacobian, its fixed points, its scaling; or a sentence that says why not."""

import numpy as np
import pytest
from conftest import MAPS

import dynsim as ds
from dynsim.symbolic import NoClosedForm, equations


def numbers(map_, rng):
    """Parameters near their defaults, of the same sign, and a state in general position."""
    given = {n: 1.0 if v is None else v for n, v in map_.parameters.items()}
    parameters = {n: np.float64(v * rng.uniform(0.7, 1.3)) for n, v in given.items()}
    return {n: np.float64(rng.uniform(0.5, 1.5)) for n in map_.state}, parameters


def stepped(map_, state, parameters):
    noise = {"xi": np.float64(0)} if map_.noisy else {}
    with np.errstate(all="ignore"):
        after = map_.step(*state.values(), **parameters, **noise)
    return np.array(after if isinstance(after, tuple) else (after,), float)


@pytest.mark.parametrize("name", MAPS)
def test_the_jacobian_is_that_of_finite_differences(name):
    map_ = MAPS[name]
    if "linesearch" in name:
        with pytest.raises(NoClosedForm, match="no closed form"):
            ds.jacobian(map_)
        return
    state, parameters = numbers(map_, np.random.default_rng(11))
    found = np.array(ds.jacobian(map_, **{n: float(v) for n, v in (state | parameters).items()}), float)
    columns = []
    for n in state:
        high, low = (stepped(map_, state | {n: state[n] + h}, parameters) for h in (1e-6, -1e-6))
        columns.append((high - low) / 2e-6)
    np.testing.assert_allclose(found, np.array(columns).T, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in MAPS if "linesearch" not in n])
def test_fixed_points_stay_fixed_and_an_empty_list_says_what_it_means(name):
    map_ = MAPS[name]
    found = ds.fixed_points(map_)
    assert found or found.complete or found.note
    rng = np.random.default_rng(12)
    for point in found:
        for _ in range(20):
            state, parameters = numbers(map_, rng)
            free = {n: state[n] for n in point.free}
            values = {n: float(v) for n, v in (parameters | free).items()}
            if all(bool(c.subs({s: values[s.name] for s in c.free_symbols})) for c in point.conditions):
                break
        else:
            continue
        at = {n: np.float64(v) for n, v in point.at(**values).items()}
        after = stepped(map_, at, parameters)
        if np.isfinite(after).all():  # sympy cancels what is 0/0 in numbers
            np.testing.assert_allclose(after, list(at.values()), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", MAPS)
def test_the_nondimensional_map_is_the_map(name):
    map_ = MAPS[name]
    try:
        scaling = ds.stability.nondimensional(map_)
    except NoClosedForm as error:
        assert "closed form" in str(error) or "scaling" in str(error)
        return
    state, parameters = numbers(map_, np.random.default_rng(13))
    every = {n: float(v) for n, v in (state | parameters).items()}
    unit = {n: np.float64(v) for n, v in scaling.values(**every).items()}
    there = {n: unit[n] for n in state}
    factor = np.array([there[n] / state[n] for n in state])
    want = stepped(map_, state, parameters) * factor
    got = stepped(map_, there, {n: unit[n] for n in parameters})
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", ds.maps.__all__)
def test_the_named_maps_are_analysed_within_the_time_promised(name):
    """Each returns, or says that it has no closed form; its seconds are bounded by construction."""
    from dynsim.stability import points

    assert points.PATIENCE + points.PATIENCE_FOR_OTHERS <= 10
    found = ds.fixed_points(getattr(ds.maps, name), period=2)
    assert found or found.complete or found.note
    if equations(getattr(ds.maps, name)).note:
        assert "mean map" in found.note
