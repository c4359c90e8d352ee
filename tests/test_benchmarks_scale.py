"""The benchmarks of scale run from end to end, on tiny sizes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and their memory is counted in KiB")
def test_quick_run_reports_everything():
    pytest.importorskip("zarr")
    command = [sys.executable, "-m", "benchmarks.scale", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    for heading in ("Bars", "A sweep into a store", "Killed and gone on with", "Two Dask workers and one"):
        assert f"## {heading}" in ran.stdout
    for bar in ("a store over memory chunks", "peak memory", "kills: chunks lost | 0 | 0 |"):
        assert f"| {bar}" in ran.stdout
    assert "| kills that found the process alive | 3 |" in ran.stdout
    assert "bit for bit | yes |" in ran.stdout and "nan" not in ran.stdout
