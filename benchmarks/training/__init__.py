"""Training: ``python -m benchmarks.training`` prints the benchmark, ``--write`` makes docs/benchmarks-training.md."""
