"""Checks of a reader's prediction, for the notebooks."""

from numbers import Real

import numpy as np


def check(prediction, answer, within: float = 0.1, atol: float = 0.0) -> bool | None:
    """Hold the reader's prediction against what was computed, and print the verdict.

    A number agrees with the answer A if it is off by at most `within` times the size of A, and `atol`; a text if it is
    the same word, whatever its case; a list if every entry does.

    Parameters
    ----------
    prediction : a number, a text, or a list of them; ``...`` where there is none yet.
    answer : the same, as computed.
    within : how far a number may be off, as a share of the answer.
    atol : how far it may be off besides, in the answer's own units.

    Returns
    -------
    Whether the prediction agrees; None if there is none, or if it is of another kind than the answer. What a reader
    types raises no error: the verdict says what is asked for.

    Examples
    --------
    >>> from dynsim.teaching import check
    >>> check(1.9, 2.0)
    Right: 1.9, and the run says 2.
    True
    >>> check("settles", "escapes")
    Not so: you said settles, the run says escapes.
    False
    >>> check(..., 2.0)
    No prediction yet: put yours in place of the dots, and run this cell again.
    """
    expected = _entries(answer)
    if prediction is ... or (isinstance(prediction, (list, tuple)) and ... in prediction):
        print("No prediction yet: put yours in place of the dots, and run this cell again.")
        return None
    given = _entries(prediction)
    if asked := _mismatch(given, expected):
        print(f"That cannot be compared: {asked} is asked for.")
        return None
    right = all(_agree(mine, theirs, within, atol) for mine, theirs in zip(given, expected))
    mine, theirs = (", ".join(map(_shown, entries)) for entries in (given, expected))
    print(f"Right: {mine}, and the run says {theirs}." if right else f"Not so: you said {mine}, the run says {theirs}.")
    return right


def _entries(value):
    if isinstance(value, str) or np.ndim(value) == 0:
        return [value.item() if hasattr(value, "item") else value]
    return [_entries(entry)[0] for entry in value]


def _mismatch(given, expected):
    """What should have been given, if something else was."""
    for mine, theirs in zip(given, expected):
        if isinstance(theirs, str) != isinstance(mine, str) or not isinstance(mine, (str, Real)):
            return "a word" if isinstance(theirs, str) else "a number"
    return "" if len(given) == len(expected) else f"a list of {len(expected)}"


def _agree(mine, theirs, within, atol):
    if isinstance(theirs, str):
        return mine.strip().casefold() == theirs.strip().casefold()
    return bool(np.isclose(mine, theirs, rtol=within, atol=atol))


def _shown(entry):
    return entry if isinstance(entry, str) else f"{entry:.4g}"
