"""Two Dask workers against one, in the same run: ``python -m benchmarks.scale.cluster POINTS STEPS ROUNDS``.

The grid has POINTS × POINTS points."""

import json
import logging
import sys
import time

import numpy as np

import dynsim as ds


def measure(points: int, steps: int, rounds: int) -> dict:
    """The best seconds of one sweep on one worker and on two, each of one thread, and on one thread without Dask."""
    from distributed import Client, LocalCluster

    over = {"a": np.geomspace(1e-4, 1, points), "x": np.geomspace(1e-3, 1, points)}
    measures = [ds.measures.final("lam"), ds.measures.mean("y")]

    def timed(count, **where):
        begun = time.perf_counter()
        found = ds.sweep(ds.maps.self_stabilization, count, over, measures, progress=False, **where)
        return time.perf_counter() - begun, found

    spent, found = {"one worker": [], "two workers": [], "one thread": []}, {}
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    clusters = {name: LocalCluster(n_workers=n, silence_logs=logging.ERROR, **options)
                for name, n in (("one worker", 1), ("two workers", 2))}  # fmt: skip
    clients = {name: Client(cluster) for name, cluster in clusters.items()}
    try:
        for client in clients.values():
            timed(8, client=client)  # compiles
        for _ in range(rounds):
            for name, client in clients.items():
                seconds, found[name] = timed(steps, client=client)
                spent[name].append(seconds)
            seconds, found["one thread"] = timed(steps, threads=1)
            spent["one thread"].append(seconds)
    finally:
        for client, cluster in zip(clients.values(), clusters.values()):
            client.close()
            cluster.close()
    assert all(found[name].equals(found["one thread"]) for name in clients)
    best = {name: min(seconds) for name, seconds in spent.items()}
    gain = best["one worker"] / best["two workers"]
    return best | {"two over one": gain, "points": points**2, "steps": steps, "rounds": rounds}


if __name__ == "__main__":
    logging.getLogger("distributed").setLevel(logging.ERROR)
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
