"""Two Dask workers against one, in the same run: ``python -m benchmarks.scale.cluster``."""

import logging
import time

import numpy as np

import dynsim as ds

#: Rounds in which both take turns; the best of each counts.
ROUNDS = 3
POINTS, STEPS = 4_000_000, 10_000


def measure(points: int = POINTS, steps: int = STEPS, rounds: int = ROUNDS) -> dict:
    """Seconds of one sweep on one worker and on two, each a process with one thread; and on one thread without Dask."""
    from distributed import Client, LocalCluster

    over = {"x": np.geomspace(1e-3, 1, points)}
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
    return best | {"two over one": best["one worker"] / best["two workers"], "points": points, "steps": steps}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.3g}")
