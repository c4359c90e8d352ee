"""Bad input: an error at the door, in one sentence that says what to write."""

import functools

import numpy as np
import pytest
import xarray as xr

import dynsim as ds

M = ds.measures
EDGE = ds.maps.self_stabilization
ONE = M.final("lam")
GOOD = {"eta": [0.5, 1.0]}

SWEEPS = {
    "unknown swept name": (dict(over={"etta": [1]}), ValueError, r"'etta'.*Did you mean 'eta'\?"),
    "unknown value": (dict(over=GOOD, lamda=2), ValueError, r"'lamda'.*Did you mean 'lam'\?"),
    "unknown measured name": (dict(over=GOOD, measure=M.final("lan")), ValueError, r"'lan'.*Did you mean 'lam'\?"),
    "given twice": (dict(over=GOOD, eta=1.0), ValueError, "'eta' is given twice"),
    "array as a value": (
        dict(over=GOOD, a=[1, 2]),
        ValueError,
        r"give them to ds.sweep or ds.descend as over=\{'a': values\}",
    ),
    "text as a value": (dict(over=GOOD, a="big"), ValueError, "a must be a number, not 'big'"),
    "nan as a value": (dict(over=GOOD, a=np.nan), ValueError, "a is NaN"),
    "lengths on one dim": (
        dict(over={"eta": ("point", [1, 2]), "a": ("point", [1, 2, 3])}),
        ValueError,
        "'a' has 3 values along 'point', where there are 2 already",
    ),
    "unnamed dims": (dict(over={"eta": np.ones((2, 2))}), ValueError, r"name the dims of an array"),
    "ragged": (dict(over={"eta": [[1, 2], [3]]}), ValueError, "do not form an array"),
    "text in a grid": (dict(over={"eta": ["a", "b"]}), ValueError, "must be numbers"),
    "complex grid": (dict(over={"eta": [1j]}), ValueError, "must be numbers"),
    "nan in a grid": (dict(over={"eta": [1.0, np.nan]}), ValueError, "contain NaN"),
    "empty grid": (dict(over={"eta": []}), ValueError, "are empty"),
    "a scalar in over": (dict(over={"eta": 1.0}), ValueError, r"give it as eta=\.\.\. instead"),
    "no mapping": (dict(over=[1, 2]), TypeError, "over must be a mapping"),
    "dim of another": (dict(over={"eta": ("lam", [1, 2]), "lam": ("b", [1])}), ValueError, "rename the dim"),
    "reserved dim": (dict(over={"eta": ("step", [1, 2])}), ValueError, "reserved"),
    "negative steps": (dict(over=GOOD, steps=-1), ValueError, "steps must be a whole number >= 0, not -1"),
    "broken steps": (dict(over=GOOD, steps=2.5), ValueError, "steps must be a whole number >= 0, not 2.5"),
    "endless steps": (dict(over=GOOD, steps=1e20), ValueError, "steps must be at most 4,611"),
    "text steps": (dict(over=GOOD, steps="many"), ValueError, "steps must be a whole number"),
    "no threads": (dict(over=GOOD, threads=0), ValueError, "threads must be a whole number >= 1"),
    "device": (dict(over=GOOD, device="abacus"), ValueError, "unknown device 'abacus'"),
    "no measure": (dict(over=GOOD, measure=[]), TypeError, "measure must be a list of measures"),
    "uncalled measure": (dict(over=GOOD, measure=[M.regime]), TypeError, r"or call it: ds.measures.regime\(\)"),
    "two of a name": (dict(over=GOOD, measure=[M.mean("y"), M.mean("y", skip=3)]), ValueError, "two measures"),
    "named like a swept name": (dict(over=GOOD, measure=ONE.named("eta")), ValueError, "swept name or a dim"),
    "measure without a name": (lambda: M.final(), TypeError, r"ds.measures.final\(name\): missing"),
    "measure of a number": (lambda: M.final(3), TypeError, "takes the name of what to measure"),
    "unknown option": (lambda: M.mean("y", skp=3), TypeError, "skp"),
    "text as an option": (lambda: M.mean("y", skip="few"), ValueError, "skip must be a number"),
    "no map": (lambda: ds.sweep(lambda x, /: x, 1, {"x": [1.0]}, ONE), TypeError, "wrap your step"),
    "a map's name": (lambda: ds.orbit("cdat", 1), TypeError, "write ds.maps.NAME"),
    "a landscape": (lambda: ds.orbit(ds.landscapes.cubic_loss, 1), TypeError, "join it with a tuner"),
    "misspelt map": (lambda: ds.maps.cdta, AttributeError, "Did you mean 'cdat'"),
    "misspelt measure": (lambda: ds.measures.finl, AttributeError, "Did you mean 'final'"),
    "skip too much": (dict(over=GOOD, measure=M.mean("y", skip=11)), ValueError, "skip at most 10"),
    "skip less than none": (lambda: M.mean("y", skip=-3), ValueError, "skip must be a whole number >= 0"),
    "skip a part": (lambda: M.mean("y", skip=3.5), ValueError, "skip must be a whole number >= 0"),
    "no tolerance": (lambda: M.regime(tol=-1), ValueError, "tol must be positive"),
    "dim like a state": (dict(over={"eta": ("x", [1.0])}), ValueError, "called like a name of"),
    "uncalled alone": (dict(over=GOOD, measure=M.regime), TypeError, "or call it"),
    "plot of a sweep": (lambda: ds.plot.orbit(ds.sweep(EDGE, 1, GOOD, ONE)), ValueError, "this is no orbit"),
    "plot of an array": (
        lambda: ds.plot.phase_diagram(ds.sweep(EDGE, 1, GOOD, ONE).lam_final, "lam_final"),
        TypeError,
        "draws a variable of a dataset",
    ),
    "orbit every": (lambda: ds.orbit(EDGE, 10, every=0), ValueError, "every must be a whole number >= 1"),
    "orbit of many": (lambda: ds.orbit(EDGE, 10, x=[1, 2]), ValueError, "ds.sweep"),
    "orbit name": (lambda: ds.orbit(EDGE, 10, etq=1), ValueError, "Did you mean 'eta'"),
    "loop without a landscape": (lambda: ds.closed_loop(EDGE, ds.tuners.cdat), TypeError, "needs a landscape"),
    "loop without a tuner": (lambda: ds.closed_loop(ds.landscapes.cubic_loss, 2.0), TypeError, "needs a tuner"),
    "loop delay": (
        lambda: ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.cdat, delay=2),
        ValueError,
        "delay must be 0 or 1",
    ),
    "loop fixed name": (
        lambda: ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.cdat, sgma=2),
        ValueError,
        "Did you mean 'sigma'",
    ),
    "loop start name": (
        lambda: ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.cdat, start={"la": 2}),
        ValueError,
        "Did you mean 'lam'",
    ),
    "tuner without its state": (
        lambda: ds.closed_loop(ds.landscapes.cubic_loss, forgetful_tuner),
        TypeError,
        "'forgetful_tuner' returns 0.5; it must return eta, next rate",
    ),
    "pointless delay": (
        lambda: ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.constant, delay=1),
        ValueError,
        "use delay=0",
    ),
    "unknown attribute": (lambda: ds.landscape, AttributeError, "landscape"),
}


@pytest.mark.parametrize("case", SWEEPS)
def test_bad_calls_are_refused_in_one_sentence(case):
    call, error, message = SWEEPS[case]
    with pytest.raises(error, match=message) as caught:
        call() if callable(call) else ds.sweep(EDGE, **{"steps": 10, "measure": ONE} | call)
    assert "\n" not in str(caught.value)


def with_branch(x=0.5, /, r=3.0):
    values = {"a": [r]}
    return x * len(values["a"])


def no_slash(x, eta=1.0):
    return x * eta


def wrong_count(x, lam, /):
    return x


def wrong_name(x, /):
    return x * unknown  # noqa: F821


def star(x, /, *args):
    return x


def reserved(x, /, steps=3.0):
    return x


def forgets_return(x, lam, /):
    pass


def returns_list(x, lam, /):
    return [x, lam]


def forgetful_tuner(rate=1, /, *, n):
    return rate


STEPS = {
    "no return": (forgets_return, "returns None; return a number"),
    "a list": (returns_list, "returns .*; return a number, or several"),
    "no state": (no_slash, "put a slash after the state variables"),
    "too few outputs": (wrong_count, r"returns 1 values for 2 states \(x, lam\)"),
    "fails in Python": (wrong_name, "fails on plain numbers"),
    "star arguments": (star, "name every argument"),
    "reserved": (reserved, "'steps' .* is a reserved name"),
    "no function": (3, "needs a step function"),
    "a partial": (functools.partial(wrong_count, 1.0), "written with def or lambda"),
}


@pytest.mark.parametrize("case", STEPS)
def test_steps_that_do_not_fit_are_refused(case):
    step, message = STEPS[case]
    with pytest.raises(TypeError, match=message) as caught:
        ds.Map(step)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_compiled_is_said_in_one_sentence():
    import decimal

    def step(x=0.5, /):
        return float(decimal.Decimal(1)) * x

    with pytest.raises(
        TypeError, match=r"cannot be compiled; .* only arithmetic and the functions of dynsim.vocab"
    ) as caught:
        ds.sweep(ds.Map(step), 10, {"x": [1.0]}, M.final("x"))
    assert "\n" not in str(caught.value)


def test_observables_that_read_what_is_not_there():
    def step(x, /, r=1.0):
        return r * x

    with pytest.raises(ValueError, match=r"unknown name 'rr', read by the observable 'o'.*Did you mean 'r'\?"):
        ds.Map(step, observables={"o": lambda rr: rr})
    with pytest.raises(TypeError, match="is a state"):
        ds.Map(step, observables={"x": lambda r: r})
    with pytest.raises(ValueError, match="needs a value for x"):
        ds.orbit(ds.Map(step), 3)


def test_a_regime_needs_the_names_of_an_edge_map():
    def step(x=0.5, /, r=1.0):
        return r * x

    with pytest.raises(ValueError, match="the measure 'regime' reads 'y', which 'step' does not have"):
        ds.sweep(ds.Map(step), 10, {"r": [1.0]}, M.regime())


def test_plots_refuse_what_they_cannot_draw():
    line = ds.sweep(EDGE, 5, GOOD, ONE)
    with pytest.raises(ValueError, match="a phase diagram needs two"):
        ds.plot.phase_diagram(line, "lam_final")
    with pytest.raises(ValueError, match="Did you mean 'lam_final'"):
        ds.plot.phase_diagram(line, "lam_fina")
    with pytest.raises(ValueError, match="2 names need 2 axes"):
        import matplotlib.figure

        ax = matplotlib.figure.Figure().subplots()
        ds.plot.orbit(ds.orbit(EDGE, 5), ("x", "lam"), ax=ax)
    with pytest.raises(ValueError, match="unknown name 'lamb'"):
        ds.plot.orbit(ds.orbit(EDGE, 5), "lamb")
    flat = xr.Dataset({"v": (("a", "b"), np.ones((1, 3)))}, {"a": [1.0], "b": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match="a phase diagram needs two"):
        ds.plot.phase_diagram(flat, "v")
