"""What the tests share: every map that can be found, and an orbit in plain Python."""

import _thread
import itertools
import signal
import threading
from contextlib import contextmanager

import numpy as np
import pytest

import dynsim as ds
from dynsim.noise import normal

#: The landscapes whose every closed loop is tried in every way; the others' loops are run, with all tuners.
BASE = ("cubic_loss", "top_eigendirection", "two_eigendirections")


def pairs(landscapes, delays):
    """Every closed loop of a landscape and a tuner that makes sense."""
    for landscape, tuner, delay in itertools.product(landscapes, ds.tuners.__all__, delays):
        try:
            made = ds.closed_loop(getattr(ds.landscapes, landscape), getattr(ds.tuners, tuner), delay=delay)
        except ValueError:
            continue
        yield made


MAPS = {name: getattr(ds.maps, name) for name in ds.maps.__all__} | {m.name: m for m in pairs(BASE, (0, 1))}
OTHERS = {m.name: m for m in pairs([n for n in ds.landscapes.__all__ if n not in BASE], (0,))}


def plain_orbit(map_, steps, **values):
    """States and observables at 0..steps by plain Python on numpy scalars: no engine, no numba."""
    values = {k: np.float64(v) for k, v in map_.complete(values).items()}
    state = {n: values[n] for n in map_.state}
    parameters = {n: values[n] for n in map_.parameters}
    rows = []
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            rows.append(state | observe(map_, state, parameters))
            if t < steps:
                noise = {"xi": normal(0, 0, t)} if map_.noisy else {}
                after = map_.step(*state.values(), **parameters, **noise)
                state = dict(zip(state, after if isinstance(after, tuple) else (after,)))
    return {n: np.array([float(row[n]) for row in rows]) for n in rows[0]}


@contextmanager
def interrupted():
    """Ctrl-C every two seconds, as one may be lost in a compiler, until what is inside has stopped for it."""
    done = threading.Event()
    # A process that a shell has put in the background ignores it otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        while not done.wait(2):
            _thread.interrupt_main()

    keyboard = threading.Thread(target=press)
    keyboard.start()
    with pytest.raises(KeyboardInterrupt):
        try:
            yield
        finally:
            done.set()
            keyboard.join()
            signal.signal(signal.SIGINT, before)


def observe(map_, state, parameters):
    import inspect

    known = {**map_.fixed, **parameters, **state, "log_scale": np.float64(0)}

    def value(name):
        if name not in known:
            function = map_.observables[name]
            known[name] = function(**{n: value(n) for n in inspect.signature(function).parameters})
        return known[name]

    return {n: value(n) for n in map_.observables}


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Kernels of the tests go to a folder of their own, so that nothing left behind by another run is used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DYNSIM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def computed(monkeypatch):
    """The spans that a sweep computes for its store, as the engine delivers them."""
    from dynsim.store import sink

    spans, deliver = [], sink.Store.deliver

    def noted(self, start, stop, rows):
        spans.append((start, stop))
        deliver(self, start, stop, rows)

    monkeypatch.setattr(sink.Store, "deliver", noted)
    return spans
