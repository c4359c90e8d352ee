"""The progress bar of everything that takes long: a line in a terminal, a widget in a notebook that can show one."""

import threading
import warnings
from contextlib import contextmanager


@contextmanager
def meter(shown: bool = True, **options):
    """A function ``advance(count, doing="")`` that moves a ``tqdm`` bar, from any thread; `options` are the bar's own.

    What is not shown makes no bar: tqdm's lock is shared with the processes forked from this one, and stays locked
    when one that holds it is killed.
    """
    if not shown:
        yield lambda count, doing="": None
        return
    with warnings.catch_warnings():
        # Without ipywidgets a notebook gets the bar of a terminal, which is no reason to warn.
        warnings.filterwarnings("ignore", message="IProgress not found")
        from tqdm.auto import tqdm

    lock = threading.Lock()
    with tqdm(**options) as bar:

        def advance(count, doing=""):
            with lock:
                if doing:
                    bar.set_description(doing)
                bar.update(count)

        yield advance
