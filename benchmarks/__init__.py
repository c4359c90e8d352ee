"""dynsim's benchmarks: ``python -m benchmarks`` prints them, ``--write`` makes docs/benchmarks.md of them."""
