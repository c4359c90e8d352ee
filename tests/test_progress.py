"""Progress bars."""

import os
import subprocess
import sys
from operator import mul

import pytest

from dynsim.processes import side_by_side
from dynsim.progress import meter


def test_it_moves_and_says_what_is_done(capsys):
    with meter(total=3, desc="first") as advance:
        advance(1)
        advance(2, "second")
    assert "second" in (shown := capsys.readouterr().err) and "3/3" in shown


def test_what_is_not_shown_prints_nothing(capsys):
    with meter(False, total=3) as advance:
        advance(3)
    assert capsys.readouterr().err == ""


_KILLED = """
import os, signal
import numpy as np
from tqdm.auto import tqdm
import dynsim as ds

tqdm.get_lock()  # there before the fork, as after any bar
told, tell = os.pipe()
if not (pid := os.fork()):
    tqdm.get_lock().acquire()
    os.write(tell, b"held")
    signal.pause()
os.read(told, 4)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
signal.alarm(60)  # ends this process if it waits for the lock
ds.sweep(ds.maps.self_stabilization, 5, {"x": np.ones(3)}, ds.measures.final("x"), progress=False)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_sweep_goes_on_after_a_forked_process_was_killed_that_held_the_lock_of_the_bars():
    subprocess.run([sys.executable, "-c", _KILLED], check=True)


def test_what_is_made_side_by_side_comes_in_the_order_of_the_tasks():
    tasks = [("ab", 300_000), ("c", 1), ("de", 2)]
    assert side_by_side(mul, tasks, "word") == ["ab" * 300_000, "c", "dede"]


def test_an_error_beside_the_others_is_raised():
    with pytest.raises(TypeError, match="can't multiply sequence"):
        side_by_side(mul, [("a", 2), ("b", "c")], "word")
