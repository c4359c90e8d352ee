"""The progress bar of everything that takes long: a line in a terminal, a widget in a notebook that can show one."""

import warnings


def meter(**options):
    """A ``tqdm`` bar of the kind that suits the place; `options` are its own."""
    with warnings.catch_warnings():
        # Without ipywidgets a notebook gets the bar of a terminal, which is no reason to warn.
        warnings.filterwarnings("ignore", message="IProgress not found")
        from tqdm.auto import tqdm

    return tqdm(**options)
